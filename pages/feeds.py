"""Atom feeds: notifications, open tasks, and what goes on in a project or in the projects of a team.

A page leads to the address with the person's token; what a feed shows is looked for with that person's eyes each time.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from accounts.feed_keys import feed_reader, feed_token
from accounts.models import Notification, Team, User
from common.feeds import Entry, atom, feed_response
from contributions.models import Opportunity, TimelineEntry
from contributions.opportunity_list import Question, find
from projects.models import Project, ProjectQuerySet

SHOWN = 50
KINDS = (TimelineEntry.Kind.CREATED, TimelineEntry.Kind.STATE)

Reader = User | AnonymousUser


@require_safe
def notifications_feed(request: HttpRequest) -> HttpResponse:
    return _to_token(request, "pages:notifications_atom")


@require_safe
def opportunities_feed(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return _opportunities(request, request.user)
    return _to_token(request, "pages:opportunities_atom")


@require_safe
def project_feed(request: HttpRequest, slug: str) -> HttpResponse:
    if not isinstance(request.user, User):
        return _project_news(request, request.user, slug)
    return _to_token(request, "pages:project_atom", _project(request.user, slug).slug)


@require_safe
def team_feed(request: HttpRequest, slug: str) -> HttpResponse:
    if not isinstance(request.user, User):
        return _team_news(request, request.user, slug)
    return _to_token(request, "pages:team_atom", get_object_or_404(Team, slug=slug).slug)


@require_safe
def notifications_atom(request: HttpRequest, token: str) -> HttpResponse:
    reader = _reader(token)
    rows = Notification.objects.visible_to(reader).select_related("actor")[:SHOWN]
    entries = [
        Entry(
            f"notification-{row.pk}",
            row.title,
            row.get_absolute_url(),
            row.created_at,
            row.actor.display_name if row.actor else "",
            format_html("<p>{}</p><p>Because {}.</p>", row.text, row.reason),
        )
        for row in rows
    ]
    return _answer(request, "notifications", "Your notifications", reverse("notifications:notifications"), entries)


@require_safe
def opportunities_atom(request: HttpRequest, token: str) -> HttpResponse:
    return _opportunities(request, _reader(token))


@require_safe
def project_atom(request: HttpRequest, token: str, slug: str) -> HttpResponse:
    return _project_news(request, _reader(token), slug)


@require_safe
def team_atom(request: HttpRequest, token: str, slug: str) -> HttpResponse:
    return _team_news(request, _reader(token), slug)


def _opportunities(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Open tasks, the newest first, narrowed by the same parameters as their list."""
    question = replace(Question.from_parameters(request.GET), sort="newest", page=1)
    entries = [_task_entry(one) for one, _ in find(question, reader).lines]
    page = reverse("contributions:opportunities") + question.query_string()
    return _answer(request, f"opportunities{question.query_string()}", "Open tasks", page, entries)


def _task_entry(task: Opportunity) -> Entry:
    facts = [task.project.name, task.get_kind_display(), task.get_effort_display(), *task.languages, *task.skills]
    words = format_html("<p>{}</p>", ", ".join(facts))
    title = f"{task.project.name}: {task.title}"
    return Entry(f"task-{task.pk}", title, task.get_absolute_url(), task.created_at, task.project.name, words)


def _project_news(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    project = _project(reader, slug)
    entries = _news(Project.objects.filter(pk=project.pk))
    return _answer(request, f"project-{project.pk}", project.name, project.get_absolute_url(), entries)


def _team_news(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    team = get_object_or_404(Team, slug=slug)
    entries = _news(Project.objects.visible_to(reader).filter(owner=team))
    return _answer(request, f"team-{team.pk}", team.name, team.get_absolute_url(), entries)


def _news(projects: ProjectQuerySet) -> list[Entry]:
    """What happened lately to tasks and offered changes of these projects, the newest first."""
    lines = TimelineEntry.objects.filter(kind__in=KINDS).order_by("-at", "-pk")
    wanted = projects.values("pk")
    tasks = lines.filter(opportunity__project__in=wanted).select_related("actor", "opportunity__project")
    requests = lines.filter(request__project__in=wanted).select_related("actor", "request__project")
    both = [*tasks[:SHOWN], *requests[:SHOWN]]
    both.sort(key=lambda line: (line.at, line.pk), reverse=True)
    return [_line_entry(line) for line in both[:SHOWN]]


def _line_entry(line: TimelineEntry) -> Entry:
    about = line.opportunity or line.request
    if about is None:  # a constraint of the table forbids it
        raise ValueError("A line of a timeline belongs to something.")
    new = "New task" if line.opportunity_id else "Offered change"
    what = new if line.kind == TimelineEntry.Kind.CREATED else line.to_words.capitalize()
    title = f"{about.project.name}: {what}: {about.title}"
    author = line.actor.display_name if line.actor else ""
    return Entry(f"line-{line.pk}", title, about.get_absolute_url(), line.at, author, line.html)


def _project(reader: Reader, slug: str) -> Project:
    """By its address or a former one: readers keep addresses for years."""
    if "\0" not in slug:
        visible = Project.objects.visible_to(reader)
        for known in (Q(slug=slug), Q(former_slugs__slug=slug)):
            if project := visible.filter(known).first():
                return project
    raise Http404("No project has this address.")


def _reader(token: str) -> User:
    """Whose token it is. Raises Http404 for one that is not, or no longer, in force."""
    reader = feed_reader(token)
    if reader is None:
        raise Http404("No feed has this address.")
    return reader


def _to_token(request: HttpRequest, name: str, *arguments: str) -> HttpResponse:
    """To the address that a feed reader can keep."""
    if not isinstance(request.user, User):
        raise Http404("Feeds are for people who are signed in.")
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse(name, args=[feed_token(request.user), *arguments]) + query)


def _answer(request: HttpRequest, key: str, title: str, page: str, entries: Sequence[Entry]) -> HttpResponse:
    return feed_response(request, atom(key, f"{title} · InnerSource Portal", page, request.get_full_path(), entries))
