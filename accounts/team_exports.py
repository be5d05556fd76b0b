"""Writing teams out, in the formats that the import reads: reading an export again changes nothing."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import yaml
from django.db.models import F

from accounts.models import Membership, Team
from accounts.team_csv import COLUMNS, FORMULA_STARTS
from accounts.teams import tree


def team_records() -> Iterator[dict[str, str]]:
    """One record a team, a parent before its children; columns of the CSV."""
    texts = dict(Team.objects.values_list("pk", "description"))
    now = tree()
    for _, node in now.walk():
        past = now.past.get(node.id)
        yield {
            "team": node.slug,
            "team_name": node.name,
            "parent": now.nodes[node.parent].slug if node.parent else "",
            "since": _day(past[-1][0]) if past else "",
            "description": texts[node.id],
            "closed": _day(node.closed_on),
        }


def member_records() -> Iterator[dict[str, str]]:
    """One record a membership, in order of team, person and start."""
    rows = Membership.objects.select_related("user", "team").order_by(
        "team__slug", "user__username", "email", "login", F("started_on").asc(nulls_first=True)
    )
    for row in rows:
        yield {
            "team": row.team.slug,
            "login": row.user.username if row.user else row.login,
            "email": "" if row.user else row.email,
            "name": "" if row.user else row.name,
            "start": _day(row.started_on),
            "end": _day(row.ended_on),
            "primary": "yes" if row.is_primary else "no",
        }


def as_csv() -> str:
    """Teams first, then memberships, in one table."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for record in (*team_records(), *member_records()):
        writer.writerow({name: _harmless(text) for name, text in record.items()})
    return out.getvalue()


def as_yaml() -> str:
    members: dict[str, list[dict[str, str]]] = {}
    for record in member_records():
        members.setdefault(record.pop("team"), []).append({name: text for name, text in record.items() if text})
    teams: list[dict[str, Any]] = []
    for record in team_records():
        team: dict[str, Any] = {"slug": record["team"], "name": record["team_name"], "parent": record["parent"] or None}
        team |= {name: record[name] for name in ("since", "description", "closed") if record[name]}
        if record["team"] in members:
            team["members"] = members[record["team"]]
        teams.append(team)
    return yaml.safe_dump({"teams": teams}, sort_keys=False, allow_unicode=True, width=120)


def _harmless(text: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; the import takes the apostrophe away again."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
