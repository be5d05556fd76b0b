"""The weeks of one project, computed and compared within the database: no memory grows with the history."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from django.db import connection
from django.db.models import Q

from accounts.teams import Spells
from activity.flow.people import people_spells
from activity.flow.teams import Teams
from activity.models import Kind, PersonDay

TABLES = ("flow_spell", "flow_owner", "flow_turn", "flow_side", "flow_part", "flow_wanted", "flow_delta")
END = "9999-12-31"
_MADE = {
    "flow_spell": "person_id integer, first date, until date, team integer",
    "flow_owner": "first date, until date, team integer",
    "flow_turn": "day date",
    "flow_side": "team integer, owner integer, turn integer, kind integer",
}
_TURN = "(SELECT COUNT(*) FROM flow_turn t WHERE t.day <= d.day)"
_PART = """
    CREATE TEMP TABLE flow_part AS
    SELECT d.person_id, {monday} AS week, COALESCE(s.team, 0) AS team, o.team AS owner, {turn} AS turn,
        d.precedence_id, SUM(d.commits) AS commits, SUM(d.coauthored) AS coauthored
    FROM activity_personday d
    LEFT JOIN flow_spell s ON s.person_id = d.person_id AND d.day >= s.first AND d.day < s.until
    JOIN flow_owner o ON d.day >= o.first AND d.day < o.until
    WHERE d.project_id = {project} AND (d.commits > 0 OR d.coauthored > 0) GROUP BY 1, 2, 3, 4, 5, 6
"""
_KEEP = """
    UPDATE flow_part SET team = COALESCE((SELECT MAX(f.team) FROM activity_flowweek f WHERE f.project_id = {project}
        AND f.person_id = flow_part.person_id AND f.week = flow_part.week), 0) WHERE person_id IN ({people})
"""
_WANTED = """
    CREATE TEMP TABLE flow_wanted AS
    SELECT w.*, f.id AS stored, f.commits AS old_commits, f.coauthored AS old_coauthored FROM (
        SELECT x.person_id, x.week, x.team, x.owner, x.precedence_id,
            CASE WHEN p.is_bot THEN {bot} ELSE COALESCE(s.kind, {unmapped}) END AS kind,
            SUM(x.commits) AS commits, SUM(x.coauthored) AS coauthored
        FROM flow_part x JOIN activity_person p ON p.id = x.person_id
        LEFT JOIN flow_side s ON s.team = x.team AND s.owner = x.owner AND s.turn = x.turn GROUP BY 1, 2, 3, 4, 5, 6
    ) w LEFT JOIN activity_flowweek f ON f.project_id = {project} AND f.person_id = w.person_id AND f.week = w.week
        AND f.team = w.team AND f.owner = w.owner AND f.kind = w.kind
        AND COALESCE(f.precedence_id, 0) = COALESCE(w.precedence_id, 0)
"""
_DELTA = """
    CREATE TEMP TABLE flow_delta AS SELECT week, team, owner, kind, SUM(number) AS number FROM (
        SELECT week, team, owner, kind, commits + coauthored AS number FROM flow_wanted
        WHERE precedence_id IS NULL AND {is_counted}
        UNION ALL SELECT week, team, owner, kind, -(commits + coauthored) FROM activity_flowweek
        WHERE precedence_id IS NULL AND {was_counted} AND project_id = {project}
    ) AS parts GROUP BY 1, 2, 3, 4 HAVING SUM(number) <> 0
"""
_GONE = """
    DELETE FROM activity_flowweek WHERE project_id = {project}
    AND id NOT IN (SELECT stored FROM flow_wanted WHERE stored IS NOT NULL)
"""
_MOVED = """
    UPDATE activity_flowweek SET (commits, coauthored) = (SELECT w.commits, w.coauthored FROM flow_wanted w
        WHERE w.stored = activity_flowweek.id)
    WHERE id IN (SELECT stored FROM flow_wanted
        WHERE stored IS NOT NULL AND (commits <> old_commits OR coauthored <> old_coauthored))
"""
_FRESH = """
    INSERT INTO activity_flowweek (project_id, person_id, week, team, owner, kind, precedence_id, commits, coauthored)
    SELECT {project}, person_id, week, team, owner, kind, precedence_id, commits, coauthored
    FROM flow_wanted WHERE stored IS NULL ORDER BY person_id, week, team, owner, kind
"""


def rewrite_weeks(project: int, teams: Teams, held: Spells, *, was_counted: bool, is_counted: bool) -> bool:
    """Make `FlowWeek` what days, teams and owners say; whether a week changed. In the caller's transaction.

    What sums over counted projects gain and lose by it is left in `flow_delta`, for `activity.flow.sums`. Of erased
    people the teams of weeks that are stored stay.
    """
    with connection.cursor() as cursor:

        def run(statement: str, **words: str | int) -> int:
            cursor.execute(statement.format(project=int(project), **words))
            return int(cursor.rowcount)

        drop_tables()
        _lay_out(project, teams, held, run)
        run(_DELTA, is_counted=str(is_counted).lower(), was_counted=str(was_counted).lower())
        return sum([run(_GONE), run(_MOVED), run(_FRESH)]) > 0


def drop_tables() -> None:
    """Forget what `rewrite_weeks` left in `flow_wanted` and beside it; nobody else sees these tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL client_min_messages = warning")
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {table if connection.vendor == 'postgresql' else 'temp.' + table}")


def _lay_out(project: int, teams: Teams, held: Spells, run: Callable[..., int]) -> None:
    """Make `flow_wanted`: the weeks as they should be, each beside the stored row it stands for."""
    for table, columns in _MADE.items():
        run(f"CREATE TEMP TABLE {table} ({columns})")
    people = PersonDay.objects.filter(Q(commits__gt=0) | Q(coauthored__gt=0), project=project)
    spells, erased = people_spells(people.order_by().values("person_id").distinct(), teams.timeline)
    own = ((pk, *row) for pk, theirs in spells.items() if pk not in erased for row in _rows(theirs))
    _fill("flow_spell", 4, own)
    _fill("flow_owner", 3, _rows(held))
    _fill("flow_turn", 1, [(day.isoformat(),) for day in teams.turns])
    postgres = connection.vendor == "postgresql"
    monday = "CAST(date_trunc('week', d.day) AS date)" if postgres else "date(d.day, 'weekday 0', '-6 days')"
    run(_PART, monday=monday, turn=_TURN if teams.turns else "0")
    if erased:
        run(_KEEP, people=", ".join(str(int(pk)) for pk in erased))
    _fill("flow_side", 4, _sides(teams))
    run(_WANTED, bot=int(Kind.BOT), unmapped=int(Kind.UNMAPPED))


def _rows(spells: Spells) -> list[tuple[str, str, int]]:
    ends = [end.isoformat() if end else END for end in spells.ends]
    return [(start.isoformat(), end, team) for start, end, team in zip(spells.starts, ends, spells.teams, strict=True)]


def _sides(teams: Teams) -> list[tuple[int, int, int, int]]:
    """Each pair of teams that meets, with the number of changes of the tree until then, and its class."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT team, owner, turn FROM flow_part WHERE team > 0 AND owner > 0")
        met = cursor.fetchall()
    days = [dt.date.min, *teams.turns]
    return [(team, owner, turn, int(teams.kind(team, owner, days[turn]))) for team, owner, turn in met]


def _fill(table: str, width: int, rows: Iterable[Sequence[int | str]]) -> None:
    marks = ", ".join(["%s"] * width)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", list(rows))  # noqa: S608
