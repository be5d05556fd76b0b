"""Thanks: drafted from what landed, edited and sent by a maintainer, never by the portal."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User, record_event
from accounts.notifications import notify
from common.markdown import render_document
from contributions.models import ChangeRequest, Manager, StateError, Thanks
from contributions.outside_work import Piece, Work, outside_work
from projects.fields import lock
from projects.models import Project

WINDOW = dt.timedelta(days=90)
NAMED = 5
KEPT = 30
SHOWN = 3
MOST_SHOWN = 20
State = Thanks.State


def newest_thanks(project: Project) -> list[Thanks]:
    """The last few words of thanks in a project, for those who may see it."""
    return list(Thanks.objects.sent().filter(project=project).select_related("person", "author")[:SHOWN])


def thanks_to(person: User | None, viewer: User) -> list[Thanks]:
    """The last words of thanks to a person, as far as the viewer may read the projects."""
    if person is None:
        return []
    rows = Thanks.objects.visible_to(viewer).filter(person=person).select_related("project", "person", "author")
    return list(rows.only(*_SHOWN_OF_THANKS)[:MOST_SHOWN])


_SHOWN_OF_THANKS = (
    *("html", "sent_at", "project__slug", "project__name"),
    *(f"{who}__{name}" for who in ("person", "author") for name in ("name", "username", "first_name", "last_name")),
)


def to_thank(project: Project) -> list[Work]:
    """People of other teams whose work of the last 90 days nobody has thanked them for."""
    works = {work.user: work for work in outside_work(project, timezone.now().date() - WINDOW)}
    for change in _landed(project):
        _add(works, change)
    thanked = Thanks.objects.filter(project=project, sent_at__gte=timezone.now() - 2 * WINDOW).sent()
    known: dict[int, set[str]] = {}
    for person, evidence in thanked.values_list("person_id", "evidence"):
        known.setdefault(person, set()).update(item["commit"] for item in evidence)
    left = []
    for work in works.values():
        pieces = [piece for piece in work.pieces if piece.oid not in known.get(work.user.pk, ())]
        if pieces:
            left.append(Work(work.user, pieces))
    return left


def _landed(project: Project) -> QuerySet[ChangeRequest]:
    """Changes of other teams that landed lately, also where the commit names somebody else as its author."""
    team = Membership.objects.current().filter(team=project.owner_id, user__isnull=False).values("user_id")
    rows = ChangeRequest.objects.for_project(project).filter(state=ChangeRequest.State.LANDED, author__is_active=True)
    return rows.filter(closed_at__gte=timezone.now() - WINDOW).exclude(author__in=team).select_related("author")


def _add(works: dict[User, Work], change: ChangeRequest) -> None:
    """Put a landed change to the work of its author, unless a commit of theirs stands for it."""
    work = works.setdefault(change.author, Work(change.author))
    if change.landed_at is None or any(piece.request == change.pk for piece in work.pieces):
        return
    areas = tuple(sorted({"/".join(path.split("/")[:-1][:2]) or "." for path in change.paths}))
    work.pieces.insert(
        0, Piece(change.landed_commit, change.title, change.landed_at.date(), areas, change.pk, reverted=False)
    )


def draft(project: Project, person: User, author: User) -> Thanks:
    """A draft for this person; the one that is there, if there is one. Raises StateError where nothing landed."""
    work = next((one for one in to_thank(project) if one.user == person), None)
    there = Thanks.objects.drafts().filter(project=project, person=person).first()
    if there is not None:
        return there
    if work is None:
        raise StateError(f"Nothing of {person.display_name} has landed here lately that was not thanked for.")
    made = Thanks(project=project, person=person, author=author, text=_words(project, work))
    made.evidence = [_kept(piece) for piece in work.pieces[:KEPT]]
    made.draw()
    with transaction.atomic():
        lock(project)
        there = Thanks.objects.drafts().filter(project=project, person=person).first()
        if there is None:
            made.save()
    return there or made


def edit(thanks: Thanks, text: str) -> None:
    """Change the words of a draft. Raises StateError when it is none any more."""
    html = render_document(text, "markdown")
    if Thanks.objects.drafts().filter(pk=thanks.pk).update(text=text, html=html) != 1:
        raise _settled(thanks)


def send(thanks: Thanks, text: str, author: User) -> None:
    """Publish and mail it, to the person and to the manager whom they named. Raises StateError."""
    project, person = thanks.project, thanks.person
    if not person.is_active or not Project.objects.visible_to(person).filter(pk=project.pk).exists():
        raise StateError(f"{person.display_name} has left, or may no longer read the project.")
    html = render_document(text, "markdown")
    with transaction.atomic():
        columns = {"text": text, "html": html, "author": author, "sent_at": timezone.now(), "state": State.SENT}
        if Thanks.objects.drafts().filter(pk=thanks.pk).update(**columns) != 1:
            raise _settled(thanks)
        record_event(author, "thanks.sent", project, {"person": [None, person.username]})
        url = f"{reverse('contributions:project_thanks', args=[project.slug])}#thanks-{thanks.pk}"
        title = f"{author.display_name} thanks you for your work on {project.name}"
        notify([person], "thanks", title, url, "you are thanked", project=project, text=text, actor=author)
        named = Manager.objects.filter(person=person).select_related("manager").first()
        if named:
            title = f"{author.display_name} thanks {person.display_name} for their work on {project.name}"
            reason = f"{person.display_name} named you their manager"
            notify([named.manager], "thanks-report", title, url, reason, project=project, text=text, actor=author)


def discard(thanks: Thanks, editor: User) -> None:
    """Throw a draft away. Raises StateError when it is none any more."""
    with transaction.atomic():
        if Thanks.objects.drafts().filter(pk=thanks.pk).update(state=State.DISCARDED) != 1:
            raise _settled(thanks)
        record_event(editor, "thanks.discarded", thanks.project, {"person": [thanks.person.username, None]})


def set_manager(person: User, manager: User | None) -> None:
    """Name the manager who hears of thanks, or nobody."""
    with transaction.atomic():
        if manager is None:
            Manager.objects.filter(person=person).delete()
        else:
            Manager.objects.update_or_create(person=person, defaults={"manager": manager})
        record_event(person, "person.manager_named", person, {"manager": [None, manager.username if manager else None]})


def _settled(thanks: Thanks) -> StateError:
    now = Thanks.objects.select_related("author").get(pk=thanks.pk)
    words = f"{now.author.display_name} has sent it already." if now.state == State.SENT else "It was discarded."
    return StateError(words)


def _words(project: Project, work: Work) -> str:
    """Named and specific; the maintainer makes it personal."""
    number, first = len(work.pieces), work.user.display_name.split(" ")[0]
    lines = [f"Thank you, {first}, for {'a change' if number == 1 else f'{number} changes'} to {project.name}:", ""]
    for piece in work.pieces[:NAMED]:
        where = f", in `{piece.areas[0]}`" if piece.areas and piece.areas[0] != "." else ""
        lines.append(f"- {_escaped(piece.title)} (`{piece.oid[:10]}`{where})")
    if number > NAMED:
        lines.append(f"- and {number - NAMED} more")
    return "\n".join([*lines, ""])


def _escaped(title: str) -> str:
    """A title as text, whatever it holds."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#!|~&" else c for c in title)


def _kept(piece: Piece) -> dict[str, Any]:
    return {
        "commit": piece.oid,
        "title": piece.title,
        "day": piece.day.isoformat(),
        "paths": [area for area in piece.areas if area != "."][:5],
        "request": piece.request,
    }
