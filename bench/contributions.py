"""Pages about contributions at a large company's size: server time and queries of each through the test client.

And how long it takes to check a large patch. PostgreSQL is measured as well where it is at hand (`bench._databases`).
BENCH_TASKS changes the number of open opportunities, BENCH_REQUESTS how often each page is asked for.
"""

import contextlib
import datetime as dt
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench._databases import databases

GOAL_MS = 60
GOAL_QUERIES = 12
GOAL_CHECK_SECONDS = 1.0
PATCH_BYTES = 200_000
FILES = 2000
PROJECTS = 400
RESTRICTED = 40
PEOPLE = 300
TASKS = int(os.environ.get("BENCH_TASKS", "5000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "40"))
LANGUAGES = ["Python", "Go", "Java", "TypeScript", "Rust", "Kotlin", "C", "Shell", "Ruby", "Scala"]
SKILLS = ["sql", "kubernetes", "accessibility", "testing", "writing", "caching", "parsing", "security", "css", "ci"]
PAGES = {
    "list": "/contribute/",
    "list, filtered": "/contribute/?language=Python&effort=day&effort=hour&first=yes",
    "list, words": "/contribute/?q=retry&sort=deadline",
    "list, last page": "/contribute/?page=9999&sort=newest",
    "opportunity": "/contribute/1/",
    "home": "/",
    "notifications": "/notifications/",
    "contribute tab": "/projects/project-1/contribute/",
}


def main():
    """Measure each database in a process of its own, so that settings are read afresh."""
    missed = []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for name, url in stack.enter_context(databases(folder)).items():
            environment = os.environ | {"DATABASE_URL": url, "PORTAL_SECRET_KEY": "bench", "PORTAL_DATA_DIR": folder}
            print(f"\nContributions, {TASKS:,} open opportunities, {name}", flush=True)
            command = [sys.executable, "-W", "ignore", "-m", "bench.contributions"]
            result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            *lines, figures = result.stdout.rstrip().splitlines()
            print("\n".join(lines))
            missed += [f"{name}: {goal}" for goal in judge(json.loads(figures))]
        seconds = check_patch(Path(folder) / "patched.git")
    if seconds > GOAL_CHECK_SECONDS:
        missed.append(f"checking a patch: {seconds:.2f} s > {GOAL_CHECK_SECONDS}")
    return missed


def check_patch(path):
    """Seconds by the clock of reading and trying a patch of 200 kB on a repository of 2,000 files, the median."""
    from gitstore.patch_mails import read_patches
    from gitstore.patches import check_patches
    from tests.gitstore.builder import RepositoryBuilder

    builder = RepositoryBuilder(path)
    dice = random.Random(7)
    files = {f"src/part{n % 40}/module{n}.py": "".join(f"{dice.random()}\n" for _ in range(200)) for n in range(FILES)}
    base = builder.commit(files)
    changed, size = {}, 0
    for name, text in files.items():
        if size < PATCH_BYTES:
            changed[name] = text.replace("0.1", "one tenth and ")
            size += 2 * sum(len(line) + 1 for line in text.split("\n") if "0.1" in line) + 2300
    tip = builder.commit(changed)
    patch = builder.git("format-patch", "--stdout", f"{base}..{tip}")
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        checked = check_patches(path, base, read_patches(patch))
        times.append(time.perf_counter() - begun)
    assert checked.applies
    print(f"\nChecking a patch of {len(patch) / 1000:.0f} kB to {len(changed)} files: {statistics.median(times):.2f} s")
    return statistics.median(times)


def judge(figures):
    """figures: page to [median ms, queries]."""
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
    try:
        figures = time_pages(build())
    finally:
        call_command("flush", interactive=False, verbosity=0)
    print(json.dumps(figures))


def build():
    """The person who asks: knows some projects, starred others, may read some restricted ones."""
    from accounts.models import Membership, Team, User
    from activity.models import Participation, Person
    from projects.models import Access, Star

    dice = random.Random(7)
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(30))
    people = User.objects.bulk_create(User(username=f"person-{n}", name=f"Person {n}") for n in range(PEOPLE))
    Membership.objects.bulk_create(Membership(user=user, team=dice.choice(teams)) for user in people)
    projects = build_projects(teams, dice)
    build_tasks(projects, people, dice)
    build_agenda(projects, people, dice)
    user = people[0]
    person = Person.objects.create(key="a" * 40, name=user.name, user=user)
    mine = dice.sample(projects, 30)
    Participation.objects.bulk_create(
        Participation(project=p, person=person, commits=dice.randint(1, 99)) for p in mine
    )
    Star.objects.bulk_create(Star(project=project, user=user) for project in dice.sample(projects, 20))
    Access.objects.bulk_create(Access(project=project, user=user) for project in projects[: RESTRICTED // 2])
    return user


def build_projects(teams, dice):
    from projects.models import Project, Repository

    repositories = Repository.objects.bulk_create(
        Repository(clone_url=f"https://git.example.com/{n}.git", address_key=f"git.example.com/{n}")
        for n in range(PROJECTS)
    )
    return Project.objects.bulk_create(
        Project(
            slug=f"project-{n}",
            name=f"Project {n}",
            repository=repository,
            owner=dice.choice(teams),
            language=dice.choice(LANGUAGES),
            visibility="restricted" if n < RESTRICTED and n != 1 else "internal",
        )
        for n, repository in enumerate(repositories)
    )


def build_agenda(projects, people, dice):
    """What goes on: requests and taken tasks of everybody, late commits, notifications; some of each are the user's."""
    from django.utils import timezone

    from accounts.models import Notification
    from contributions.models import ChangeRequest, Opportunity
    from projects.models import Project

    now, states = timezone.now(), ChangeRequest.State
    for project in projects:
        project.last_commit_at = now - dt.timedelta(hours=dice.randint(1, 2000))
        project.weeks = [dice.randint(0, 20) for _ in range(52)]
    Project.objects.bulk_update(projects, ["last_commit_at", "weeks"], batch_size=100)
    ChangeRequest.objects.bulk_create(
        ChangeRequest(
            project=dice.choice(projects),
            author=people[0] if n % 400 == 0 else dice.choice(people),
            title=f"Round up {n}",
            why="It is wrong.",
            state=dice.choice([states.OFFERED, states.WELCOMED, states.CHANGES_WANTED, states.DECLINED]),
        )
        for n in range(2000)
    )
    Opportunity.objects.bulk_create(
        Opportunity(
            project=dice.choice(projects),
            title=f"Taken {n}",
            kind="bug",
            effort="day",
            state=dice.choice([Opportunity.State.TAKEN, Opportunity.State.IN_REVIEW]),
            taken_by=people[0] if n % 100 == 0 else dice.choice(people),
            taken_at=now,
            created_by=people[1],
        )
        for n in range(500)
    )
    Notification.objects.bulk_create(
        Notification(
            user=people[n % 20],
            kind="request-offered",
            title=f"Somebody offers a change {n}",
            url="/requests/1/",
            reason="you maintain it",
            project=dice.choice(projects),
            way="here",
            created_at=now - dt.timedelta(minutes=n),
        )
        for n in range(20_000)
    )


def build_tasks(projects, people, dice):
    from django.utils import timezone

    from contributions.models import Opportunity

    kinds, efforts = Opportunity.Kind.values, Opportunity.Effort.values
    today = timezone.localdate()
    Opportunity.objects.bulk_create(
        (
            Opportunity(
                project=dice.choice(projects),
                title=f"{dice.choice(['Retry', 'Explain', 'Test', 'Split'])} part {n}",
                description="What is missing, and how one sees that it is done. " * 20,
                html="<p>What is missing, and how one sees that it is done.</p>" * 20,
                kind=dice.choice(kinds),
                effort=dice.choice(efforts),
                languages=dice.sample(LANGUAGES, dice.randint(1, 2)),
                skills=dice.sample(SKILLS, dice.randint(0, 3)),
                mentor=dice.choice(people) if dice.random() < 0.5 else None,
                good_first=dice.random() < 0.2,
                deadline=today + dt.timedelta(days=dice.randint(1, 90)) if dice.random() < 0.2 else None,
                created_by=people[1],
            )
            for n in range(TASKS)
        ),
        batch_size=500,
    )


def time_pages(user):
    """Median milliseconds and the number of queries of each page; the first answer warms up."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(user)
    figures = {}
    for name, address in PAGES.items():
        first = client.get(address)
        if first.status_code == 404:
            print(f"  {name:<16} is not there")
            continue
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
            number = len(queries)
        times = []
        for _ in range(REQUESTS):
            begun = time.process_time()
            assert client.get(address).status_code == 200
            times.append((time.process_time() - begun) * 1000)
        figures[name] = [statistics.median(times), number]
        print(f"  {name:<16} {statistics.median(times):6.1f} ms   {number:2} queries")
    return figures


if __name__ == "__main__":
    measure()
