"""Teams to read: the tree, and one team with its people and projects."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Membership, Team, User
from accounts.teams import Node, Tree, tree
from activity.flow.figures import PAIRS, team_sums, visible_people
from activity.models import Kind, Person
from activity.people import key_of
from pages.figures import Made, Table, Window, respond
from pages.insights import figures, matrix_table, share_of, trend, weeks_table
from projects.models import Project

SHOWN_PROJECTS = 50
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One team of the tree. `depth` from 0; people today and projects that the viewer may read, of this team alone."""

    node: Node
    depth: int
    people: int
    projects: int


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    rows = _rows(request.user)
    context = {
        "rows": [row for row in rows if row.node.closed_on is None],
        "closed": [row for row in rows if row.node.closed_on is not None],
        "administrator": _is_administrator(request.user),
    }
    return render(request, "pages/teams.html", context)


def _rows(user: User | AnonymousUser) -> list[Row]:
    """Four queries however many teams there are."""
    people = dict(Membership.objects.current().order_by().values_list("team").annotate(Count("pk")))
    owned = Project.objects.visible_to(user).exclude(owner=None).order_by()
    projects = dict(owned.values_list("owner").annotate(Count("pk")))
    return [
        Row(node, min(depth, DEEPEST), people.get(node.id, 0), projects.get(node.id, 0))
        for depth, node in tree().walk()
    ]


@require_safe
def team(request: HttpRequest, slug: str) -> HttpResponse:
    shown = None if "\0" in slug else Team.objects.filter(slug=slug).first()
    if shown is None:
        raise Http404("No team has this address.")
    now = tree()
    window = Window.of(request)
    flow = team_sums(request.user, PAIRS, window.first, team=shown.pk)
    chart, _, _ = trend(request, window, shown.pk)
    received = share_of(Counter({key: n for key, n in flow.items() if key[1] == shown.pk}))
    earlier = team_sums(request.user, ("owner", "kind"), window.before, window.first, shown.pk) if window.first else {}
    before = share_of(Counter({key: n for key, n in earlier.items() if key[0] == shown.pk}))
    tables = [
        _side(flow, now, window, shown.pk, 0),
        _side(flow, now, window, shown.pk, 1),
        weeks_table(chart, "To or from other teams"),
    ]
    projects = Project.objects.visible_to(request.user).filter(owner=shown)
    context = {
        "team": shown,
        "above": [now.nodes[pk] for pk in reversed(now.ancestors(shown.pk))],
        "below": [node for _, node in now.walk() if node.parent == shown.pk and node.closed_on is None],
        "projects": list(projects.order_by("-last_commit_at", "name").defer("motivation")[:SHOWN_PROJECTS]),
        "project_count": projects.count(),
        "administrator": _is_administrator(request.user),
        "window": window,
        "chart": chart,
        "flows": any(chart.totals),
        "received": any(received.kinds.values()),
        "figures": figures(received, before, window),
        **_people(shown, request.user),
    }
    return respond(request, "pages/team.html", context, tables)


def _side(flow: Counter[tuple[Any, ...]], names: Tree, window: Window, team: int, side: int) -> Table:
    """What the team gives (`side` 0) or receives (1): the matrix without the column that is always this team."""
    mine = Counter({key: n for key, n in flow.items() if key[side] == team})
    whole = matrix_table(mine, names, window, ("gives", "receives")[side])
    other, words = ("Receives", "to another team") if side == 0 else ("Gives", Kind.OUTSIDE.label)

    def make(row: Sequence[Any]) -> list[Any]:
        kind = words if row[2] == Kind.OUTSIDE.label else row[2]
        return [row[1 - side], kind, row[3]]

    return Table(
        whole.name,
        whole.title,
        [(other, False), *whole.columns[2:]],
        Made(whole.rows, make),
        whole.about,
    )


def _people(team: Team, user: User | AnonymousUser) -> dict[str, Any]:
    """Who is in the team and who was, by name; only people who are signed in see people."""
    if not isinstance(user, User):
        return {"now": [], "before": [], "people_shown": False}
    order = F("ended_on").desc(nulls_first=True)
    rows = list(team.memberships.select_related("user").order_by(order, "pk"))
    urls = _urls(rows, user)
    people = [(row, _name(row), urls.get(row.pk, "")) for row in rows]
    now = sorted((one for one in people if one[0].is_current), key=lambda one: one[1].casefold())
    today_out = [one for one in people if not one[0].is_current and one[0].ended_on is not None]
    return {"now": now, "before": today_out, "people_shown": True}


def _urls(rows: list[Membership], viewer: User) -> dict[int, str]:
    """Pages of people by membership: of accounts, and of addresses in commits that the viewer may know of."""
    keys = {row.pk: key_of("", row.email) for row in rows if row.user is None and "@" in row.email}
    urls = {
        row.pk: reverse("pages:person", args=[row.user.username]) for row in rows if row.user and row.user.is_active
    }
    if keys:
        wanted = set(keys.values())
        people = Person.objects.filter(key__in=wanted).values_list("key", "pk", "merged_into_id")
        standing = {key: into or pk for key, pk, into in people}
        seen = set(visible_people(viewer).filter(pk__in=set(standing.values())).values_list("pk", flat=True))
        found = {pk: standing[key] for pk, key in keys.items() if standing.get(key) in seen}
        urls |= {pk: reverse("pages:person", args=[str(person)]) for pk, person in found.items()}
    return urls


def _name(row: Membership) -> str:
    """What to call somebody; of an address only what stands before the @."""
    if row.user:
        return row.user.display_name
    return row.name or row.login or row.email.partition("@")[0]


def _is_administrator(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_administrator
