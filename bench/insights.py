"""Insights, project activity, team and person pages with 2,000 projects, 5,000 people and 3 million commits.

Needs PostgreSQL: BENCH_DATABASE_URL=postgres://… (an empty one, emptied again), or one is started where it is there.
Sums are generated straight into their tables; only the project that is looked at has its commits as well.
BENCH_REQUESTS: how often each page is asked for. Milliseconds are those of the clock, with the database's time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress

GOAL_MS = 100
GOAL_QUERIES = 10
PROJECTS, RESTRICTED, PEOPLE, TEAMS, WEEKS = 2000, 100, 5000, 300, 300
ROWS = 600_000  # before rows of one week and pair are put together; five commits each
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "15"))
WINDOWS = "(30), (90), (365), (0)"
MONDAY = "CAST(date_trunc('week', now() AT TIME ZONE 'UTC') AS date)"
PAGES = {
    f"{name}, {days or 'all'}": f"{address}?window={days or 'all'}"
    for name, address in {
        "insights": "/insights/",
        "activity": "/projects/project-3/activity/",
        "team": "/teams/team-3/",
        "person": "/people/person-3/",
    }.items()
    for days in (30, 90, 365, 0)
} | {"pair": "/insights/commits/?from=team-4&to=team-3&window=all"}
# Six in ten contributions come from the owner's team, one in ten from nowhere; a few projects have most of all.
STEPS = {
    "people": f"""
        INSERT INTO activity_person (key, name, name_chosen, is_bot, bot_chosen)
        SELECT lpad(n::text, 40, '0'), 'Person ' || n, false, n % 200 = 0, false FROM generate_series(1, {PEOPLE}) n""",
    "identities": """
        INSERT INTO activity_identity (digest, name, email, key, person_id)
        SELECT key, name, id || '@example.com', key, id FROM activity_person""",
    "weeks": f"""
        INSERT INTO activity_flowweek
            (project_id, person_id, week, team, owner, kind, precedence_id, commits, coauthored)
        SELECT project, person, {MONDAY} - 7 * week, team, owner,
            CASE WHEN person % 200 = 0 THEN 4 WHEN team = 0 THEN 3 WHEN team = owner THEN 1 ELSE 2 END,
            CASE WHEN project % 50 = 7 THEN 1 END, SUM(commits), 0
        FROM (
            SELECT project, owner, week, commits, person,
                CASE WHEN person % 10 = 9 THEN 0 ELSE 1 + person % {TEAMS} END AS team
            FROM (
                SELECT project, 1 + project % {TEAMS} AS owner, week, commits,
                    CASE WHEN dice < 0.6 THEN 1 + (project + {TEAMS} * member - 1) % {PEOPLE}
                        ELSE 1 + (project * 37 + member) % {PEOPLE} END AS person
                FROM (
                    SELECT 1 + floor({PROJECTS} * power(random(), 2))::int AS project,
                        floor({WEEKS} * power(random(), 1.5))::int AS week, random() AS dice,
                        floor(15 * random())::int AS member, 1 + floor(9 * random())::int AS commits
                    FROM generate_series(1, {ROWS}) n) a) b) c
        GROUP BY project, person, week, team, owner""",
    "participations": """
        INSERT INTO activity_participation
            (project_id, person_id, commits, coauthored, merges, added, removed, commits_90d, first_day, last_day)
        SELECT project_id, person_id, SUM(commits), 0, 0, 0, 0, 0, MIN(week), MAX(week)
        FROM activity_flowweek GROUP BY project_id, person_id""",
    "areas": """
        INSERT INTO activity_personarea (project_id, person_id, path, commits, last_day)
        SELECT project_id, person_id, 'area' || person_id % 7, commits, last_day FROM activity_participation""",
    "states": """
        INSERT INTO activity_flowstate (project_id, inputs, counted)
        SELECT id, 'x', visibility = 'internal' FROM projects_project""",
    "teams": """
        INSERT INTO activity_teamweek (week, team, owner, kind, contributions)
        SELECT week, team, owner, kind, SUM(commits) FROM activity_flowweek f
        JOIN activity_flowstate s ON s.project_id = f.project_id AND s.counted WHERE precedence_id IS NULL
        GROUP BY week, team, owner, kind""",
    "classes": """
        INSERT INTO activity_kindweek (week, kind, contributions)
        SELECT week, kind, SUM(contributions) FROM activity_teamweek GROUP BY week, kind""",
    "starts": f"""
        INSERT INTO activity_standingstart ("window", first)
        SELECT days, CASE days WHEN 0 THEN DATE '0001-01-01'
            ELSE CAST(date_trunc('week', (now() AT TIME ZONE 'UTC') - (days - 1) * INTERVAL '1 day') AS date) END
        FROM (VALUES {WINDOWS}) w (days)""",
    "windows": """
        INSERT INTO activity_teamstanding ("window", team, owner, kind, contributions)
        SELECT s."window", team, owner, kind, SUM(contributions) FROM activity_teamweek
        JOIN activity_standingstart s ON week >= s.first GROUP BY 1, 2, 3, 4""",
    "standings": f"""
        INSERT INTO activity_standing (project_id, "window", inside, outside, unmapped, bots, people, absence)
        SELECT project_id, days, SUM(CASE WHEN kind = 1 THEN commits ELSE 0 END),
            SUM(CASE WHEN kind = 2 THEN commits ELSE 0 END), SUM(CASE WHEN kind = 3 THEN commits ELSE 0 END),
            SUM(CASE WHEN kind = 4 THEN commits ELSE 0 END), COUNT(DISTINCT person_id), 1 + project_id % 4
        FROM activity_flowweek, (VALUES {WINDOWS}) w (days)
        WHERE days = 0 OR week > {MONDAY} - days - 7 GROUP BY project_id, days""",
    "commits": """
        INSERT INTO activity_commit (repository_id, oid, author_id, raw_author_id, committer_id, raw_committer_id,
            authored_at, committed_at, author_zone, committer_zone, parents, coauthors, title, areas, files, added,
            removed)
        SELECT p.repository_id, decode(md5(f.id || ' ' || n) || substr(md5(f.id::text), 1, 8), 'hex'), i.id, i.id, i.id,
            i.id, at, at, 60, 60, 1, 0, 'Change ' || n, 'a', 1, 1, 1
        FROM activity_flowweek f JOIN projects_project p ON p.id = f.project_id AND p.slug = 'project-3'
        JOIN activity_identity i ON i.person_id = f.person_id, generate_series(1, f.commits) n,
        LATERAL (SELECT (extract(epoch FROM f.week) + (f.id * 7919 + n * 3600) % 604800)::bigint AS at) t""",
}


def main():
    """Measure in a process of its own; returns the goals missed."""
    from tests.servers import running_postgresql

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = os.environ.get("BENCH_DATABASE_URL") or stack.enter_context(running_postgresql())
        if not url:
            print("Insights: left out, there is no PostgreSQL here.")
            return []
        environment = os.environ | {"DATABASE_URL": url, "PORTAL_SECRET_KEY": "b" * 50, "PORTAL_DATA_DIR": folder}
        command = [sys.executable, "-W", "ignore", "-m", "bench.insights"]
        result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    *lines, figures = result.stdout.rstrip().splitlines()
    print("\n".join(lines))
    return judge(json.loads(figures))


def judge(figures):
    """figures: page to [median ms, queries]. Goals are for insights and activity; the others stand beside."""
    figures = {page: row for page, row in figures.items() if page.startswith(("insights", "activity"))}
    slow = [f"{page}: {ms:.0f} ms > {GOAL_MS}" for page, (ms, _) in figures.items() if ms > GOAL_MS]
    return slow + [f"{page}: {n} queries > {GOAL_QUERIES}" for page, (_, n) in figures.items() if n > GOAL_QUERIES]


def measure():
    import django
    from django.conf import settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "innersource_portal.settings"
    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from projects.models import Project

    if Project.objects.exists():
        sys.exit("This database holds projects. Give an empty one: it is emptied at the end.")
    from innersource_portal import wsgi  # noqa: F401 a web process as it is served

    try:
        viewer = build()
        figures = time_pages(viewer)
    finally:
        call_command("flush", interactive=False, verbosity=0)
    print(json.dumps(figures))


def build():
    """Everything, and the person who asks."""
    from django.db import ProgrammingError, connection

    from activity.models import FlowWeek, Person, TeamWeek

    viewer = build_organisation()
    with connection.cursor() as cursor:
        with suppress(ProgrammingError):  # only the owner of a server may: checking keys costs most of the time
            cursor.execute("SET session_replication_role = replica")
        for step in STEPS.values():
            cursor.execute(step)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT SUM(commits) FROM activity_flowweek")
        commits = cursor.fetchone()[0]
    Person.objects.filter(name="Person 3").update(user=viewer)
    counts = f"{FlowWeek.objects.count():,} weeks, {TeamWeek.objects.count():,} by team"
    print(f"Insights, {PROJECTS:,} projects, {PEOPLE:,} people, {commits:,} commits, {counts}")
    return viewer


def build_organisation():
    from accounts.models import Membership, Team, User
    from activity.models import Precedence, PrecedenceProject
    from projects.models import Project, Repository

    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(1, TEAMS + 1))
    viewer = User.objects.create(username="person-3", name="Person 3")
    Membership.objects.create(user=viewer, team=teams[3])
    keys = [f"git.example.com/{n}" for n in range(PROJECTS)]
    repositories = Repository.objects.bulk_create(
        Repository(clone_url=f"https://{key}", address_key=key) for key in keys
    )
    projects = Project.objects.bulk_create(
        Project(
            slug=f"project-{n}",
            name=f"Project {n}",
            repository=repository,
            owner=teams[n % TEAMS],
            visibility="restricted" if n % (PROJECTS // RESTRICTED) == 5 else "internal",
        )
        for n, repository in enumerate(repositories, start=1)
    )
    precedence = Precedence.objects.create(key="first")
    PrecedenceProject.objects.create(precedence=precedence, project=projects[0])
    return viewer


def time_pages(viewer):
    """Median milliseconds and the number of queries of each page; the first answer warms up."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(viewer)
    figures = {}
    for name, address in PAGES.items():
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
            number = len(queries)
        times, own = [], []
        for _ in range(REQUESTS):
            begun, used = time.perf_counter(), time.process_time()
            client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
            own.append((time.process_time() - used) * 1000)
        figures[name] = [statistics.median(times), number]
        middle, lowest = figures[name][0], min(times)
        python = statistics.median(own)
        print(f"  {name:<15} median {middle:6.1f} ms, lowest {lowest:6.1f}, {python:6.1f} Python, {number:2} queries")
    return figures


if __name__ == "__main__":
    measure()
