"""Catalog and project pages with 20,000 projects: server time through the test client, beside plain SQL counts.

BENCH_DATABASE_URL changes the PostgreSQL (`bench._databases`), BENCH_PROJECTS and BENCH_REQUESTS the size.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._databases import databases

GOAL_MEDIAN_MS = 40
GOAL_P95_MS = 100
GOAL_SEARCH_P95_MS = 60
GOAL_PRECISION = 0.9
GOAL_HELD_OUT = 0.8
GOAL_QUERIES = 8
GOAL_PROJECT_PAGE_MS = 60
PROJECTS = int(os.environ.get("BENCH_PROJECTS", "20000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "300"))
NOUNS = [
    *("ledger", "gateway", "index", "parser", "broker", "cache", "router", "scheduler"),
    *("console", "billing", "search", "mail", "audit", "queue", "token", "map"),
]
LANGUAGES = ["Python", "Go", "Java", "TypeScript", "Rust", "Kotlin", "C", "C++", "Shell", "Ruby", "Scala", "HCL"]
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vo", "xi"]
WORDS = ["".join(SYLLABLES[n // 14**place * 5 % 14] for place in range(4)) + "nrs"[n % 3] for n in range(3000)]
LICENCES = ["MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-only", ""]


def main():
    """Measure each database in a process of its own, so that settings are read afresh."""
    missed = []
    with tempfile.TemporaryDirectory() as folder, databases(folder) as targets:
        for name, url in targets.items():
            environment = os.environ | {"DATABASE_URL": url, "PORTAL_SECRET_KEY": "bench", "PORTAL_DATA_DIR": folder}
            print(f"\nCatalog, {PROJECTS:,} projects, {name}", flush=True)
            command = [sys.executable, "-W", "ignore", "-m", "bench.catalog"]
            result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            *lines, figures = result.stdout.rstrip().splitlines()
            print("\n".join(lines))
            missed += [f"{name}: {goal}" for goal in judge(json.loads(figures))]
    return missed


def judge(figures):
    goals = {"median ms": GOAL_MEDIAN_MS, "p95 ms": GOAL_P95_MS, "queries": GOAL_QUERIES}
    goals["project page ms"] = GOAL_PROJECT_PAGE_MS
    goals["search p95 ms"] = GOAL_SEARCH_P95_MS
    least = {"precision": GOAL_PRECISION, "precision held out": GOAL_HELD_OUT}
    missed = [f"{key} {figures[key]} < {goal}" for key, goal in least.items() if figures[key] < goal]
    return missed + [f"{key} {figures[key]} > {limit}" for key, limit in goals.items() if figures[key] > limit]


def measure():
    import django
    from django.conf import settings

    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from projects.models import Project

    if Project.objects.exists():
        sys.exit("This database holds projects. Give an empty one: it is emptied at the end.")
    try:
        user = build()
        figures = time_requests(user)
        time_searches(user, figures)
        time_project_pages(user, figures)
        baseline(user, figures)
        judge_answers(figures)
    finally:
        call_command("flush", interactive=False, verbosity=0)
    print(json.dumps(figures))


def build():
    """Teams, topics and projects as a large company has them: few big values, many small ones, 5 percent restricted."""
    from accounts.models import Membership, Team, User
    from projects.catalog import refresh
    from projects.models import Language, Licence, Project, Readme, Repository, Topic

    chance = random.Random(7)
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(200))
    topics = Topic.objects.bulk_create(Topic(name=f"topic-{n}") for n in range(2000))
    urls = [f"https://git.example.com/{n}.git" for n in range(PROJECTS)]
    rows = [Repository(clone_url=url, address_key=url, default_branch="main") for url in urls]
    repositories = Repository.objects.bulk_create(rows, batch_size=500)
    now = datetime.now(UTC)
    projects = Project.objects.bulk_create(
        (project_row(chance, n, repository, teams, now) for n, repository in enumerate(repositories)), batch_size=500
    )
    Readme.objects.bulk_create(
        (
            Readme(project=p, path="README.md", oid="0", html="", text=" ".join(skewed(chance, WORDS, 150)))
            for p in projects
        ),
        batch_size=500,
    )
    Language.objects.bulk_create(
        (
            Language(project=p, name=name, bytes=10, share=0.5, colour="#3572A5")
            for p in projects
            for name in {p.language, chance.choice(LANGUAGES)}
        ),
        batch_size=500,
    )
    Licence.objects.bulk_create(
        (
            Licence(project=p, spdx=p.licence, confidence=1, path="LICENSE", method="exact")
            for p in projects
            if p.licence
        ),
        batch_size=500,
    )
    through = Project.topics.through
    through.objects.bulk_create(
        (
            through(project_id=p.pk, topic_id=t.pk)
            for p in projects
            for t in set(skewed(chance, topics, chance.randrange(6)))
        ),
        batch_size=500,
    )
    started = time.perf_counter()
    refresh(p.pk for p in projects)
    print(f"  writing the catalog: {time.perf_counter() - started:.1f} s")
    user = User.objects.create_user("bench", "bench@example.com", "x")
    Membership.objects.create(user=user, team=teams[0])
    return user


def skewed(chance, values, count):
    return [values[int(len(values) * chance.random() ** 3)] for _ in range(count)]


def project_row(chance, number, repository, teams, now):
    from projects.models import Project

    noun, other = skewed(chance, NOUNS, 2)
    return Project(
        slug=f"{noun}-{other}-{number}",
        name=f"{noun}-{other}-{number}",
        tagline=f"A {noun} for the {other} of {chance.choice(WORDS)}",
        repository=repository,
        owner=skewed(chance, teams, 1)[0],
        visibility="restricted" if chance.random() < 0.05 else "internal",
        lifecycle=chance.choice(["production", "production", "experimental", "deprecated", ""]),
        welcomes=chance.random() < 0.3,
        language=skewed(chance, LANGUAGES, 1)[0],
        licence=skewed(chance, LICENCES, 1)[0],
        readiness=chance.randrange(101),
        star_count=int(100 * chance.random() ** 6),
        commits_90d=int(300 * chance.random() ** 3),
        contributors_90d=chance.randrange(20),
        weeks=[int(20 * chance.random() ** 3) for _ in range(52)],
        last_commit_at=now - timedelta(days=800 * chance.random() ** 2),
    )


def questions(chance):
    """What people ask: one word, several words, facets, both, other orders, deep pages, other views."""
    facet = [
        lambda: f"team=team-{chance.randrange(20)}",
        lambda: f"language={skewed(chance, LANGUAGES, 1)[0].replace('+', '%2B')}",
        lambda: f"topic=topic-{chance.randrange(20)}",
        lambda: "welcomes=yes",
        lambda: "lifecycle=production",
        lambda: "activity=90d",
        lambda: "readiness=high",
    ]
    word = lambda: skewed(chance, [*NOUNS, *WORDS[:300]], 1)[0]  # noqa: E731
    shapes = [
        lambda: "",
        lambda: f"q={word()}",
        lambda: f"q={word()}+{word()[:5]}",
        *facet,
        lambda: "&".join({chance.choice(facet)() for _ in range(3)}),
        lambda: f"q={word()}&{chance.choice(facet)()}",
        lambda: f"q={word()}&{chance.choice(facet)()}&{chance.choice(facet)()}",
        lambda: f"sort={chance.choice(['name', 'stars', 'commits', 'newest'])}&page={chance.randrange(1, 400)}",
        lambda: f"view={chance.choice(['table', 'grid'])}&{chance.choice(facet)()}",
    ]
    while True:
        yield "/projects/?" + chance.choice(shapes)()


def time_requests(user):
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from innersource_portal import gunicorn

    client = Client(headers={"accept": "text/html"})
    client.force_login(user)
    started = time.perf_counter()
    gunicorn.post_worker_init(None)
    taken = (time.perf_counter() - started) * 1000
    print(f"  a new process before it answers, reading views and the catalog: {taken:.0f} ms")
    started = time.perf_counter()
    client.get("/projects/")
    print(f"  its first page: {(time.perf_counter() - started) * 1000:.0f} ms")
    served = database_seconds(connection)
    asked = questions(random.Random(11))
    times, processor, slowest, most = [], [], (0, ""), 0
    for number in range(REQUESTS):
        path = next(asked)
        started, used = time.perf_counter(), time.process_time() + served()
        response = client.get(path)
        taken = (time.perf_counter() - started) * 1000
        processor.append((time.process_time() + served() - used) * 1000)
        assert response.status_code == 200, response.status_code
        times.append(taken)
        slowest = max(slowest, (taken, path))
        if number % 10 == 0:
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            most = max(most, len(captured))
    p95 = statistics.quantiles(times, n=20)[-1]
    figures = {"median ms": round(statistics.median(times), 1), "p95 ms": round(p95, 1), "queries": most}
    print(f"  {REQUESTS} pages: median {figures['median ms']} ms, p95 {figures['p95 ms']} ms, at most {most} queries")
    cpu_p95 = statistics.quantiles(processor, n=20)[-1]
    cpu = statistics.median(processor)
    print(f"  of that processor time, the database's included: median {cpu:.1f} ms, p95 {cpu_p95:.1f} ms")
    print(f"  slowest {slowest[0]:.0f} ms: {slowest[1]}")
    return figures


def time_searches(user, figures):
    """Searching alone, of words that were not looked up before, and the pages of the same words, by kinds of words."""
    from django.db import connection
    from django.test import Client

    from projects.catalog.index import INDEX
    from projects.catalog.query import CatalogQuery
    from projects.catalog.selection import select

    client = Client(headers={"accept": "text/html"})
    client.force_login(user)
    chance = random.Random(13)
    every = [*NOUNS, *WORDS[:300]]
    kinds = {
        "one word": lambda: skewed(chance, every, 1)[0],
        "two words": lambda: " ".join(skewed(chance, every, 2)),
        "a beginning": lambda: chance.choice(every)[: chance.randrange(2, 6)],
        "misspelled": lambda: misspelled(chance, chance.choice([word for word in every if len(word) > 5])),
        "a sentence": lambda: " ".join(["a library for", *skewed(chance, every, 4), "nosuchword"]),
    }
    served = database_seconds(connection)
    searches, pages, processor = [], [], []
    for name, words in kinds.items():
        own, whole = [], []
        for _ in range(REQUESTS // 5):
            asked = words()
            INDEX.kept.clear()
            started, used = time.perf_counter(), time.process_time() + served()
            select(CatalogQuery(text=asked), user)
            answered = time.perf_counter()
            processor.append((time.process_time() + served() - used) * 1000)
            assert client.get("/projects/", {"q": asked}).status_code == 200
            own.append((answered - started) * 1000)
            whole.append((time.perf_counter() - answered) * 1000)
        print(f"  {name}: search {shown(own)}; page {shown(whole)}")
        searches, pages = searches + own, pages + whole
    print(f"  all words: search {shown(searches)}; page {shown(pages)}")
    print(f"  searching alone, processor time, the database's included: {shown(processor)}")
    figures["search p95 ms"] = round(statistics.quantiles(searches, n=20)[-1], 1)


def shown(times):
    return f"median {statistics.median(times):.0f} ms, p95 {statistics.quantiles(times, n=20)[-1]:.0f} ms"


def misspelled(chance, word):
    at = chance.randrange(1, len(word) - 1)
    return chance.choice([word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]])


def judge_answers(figures):
    """Precision at 5 of judged questions over shelves of their own, in place of the many projects: the questions that
    ranking was tuned on, and others that it was not."""
    tuned = precision_over("judged")
    figures["precision"], figures["precision held out"] = round(tuned, 3), round(precision_over("heldout"), 3)


def precision_over(shelf):
    from django.core.management import call_command

    from accounts.models import User
    from projects.catalog.query import CatalogQuery
    from projects.catalog.selection import select
    from projects.models import Project
    from tests.projects.judged import judged, plant, precision

    call_command("flush", interactive=False, verbosity=0)
    plant(shelf)
    user = User.objects.create_user("judge", "judge@example.com", "x")
    slugs = dict(Project.objects.values_list("pk", "slug"))
    scores = [
        precision([slugs[pk] for pk in select(CatalogQuery(text=words), user).ids], relevant)
        for words, relevant in judged(shelf)
    ]
    result = statistics.mean(scores)
    told = "held out, " if shelf == "heldout" else ""
    goal = GOAL_HELD_OUT if told else GOAL_PRECISION
    print(f"  {len(scores)} judged questions, {told}precision at 5 is {result:.3f} (goal {goal})")
    return result


def database_seconds(connection):
    """A function for the processor seconds of PostgreSQL's process for us, where it runs on this machine."""
    if connection.vendor != "postgresql":
        return lambda: 0.0
    connection.ensure_connection()
    counter = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return lambda: int(counter.read_text().split()[0]) / 1e9 if counter.exists() else 0.0


def time_project_pages(user, figures):
    """The page of every hundredth visible project, whose catalog holds as many as above."""
    from django.test import Client

    from projects.models import Project

    client = Client(headers={"accept": "text/html"})
    client.force_login(user)
    slugs = list(Project.objects.visible_to(user).order_by("pk").values_list("slug", flat=True)[:: PROJECTS // 100])
    client.get(f"/projects/{slugs[0]}/")
    times = []
    for slug in slugs:
        started = time.perf_counter()
        assert client.get(f"/projects/{slug}/").status_code == 200
        times.append((time.perf_counter() - started) * 1000)
    figures["project page ms"] = round(statistics.median(times), 1)
    print(f"  {len(times)} project pages: median {figures['project page ms']} ms")


def baseline(user, figures):
    """The facet counts of one page as GROUP BY over the visible projects, without text, rows or template."""
    from django.db.models import Count

    from projects.models import Project

    times = []
    for _ in range(5):
        started = time.perf_counter()
        visible = Project.objects.visible_to(user).filter(welcomes=True)
        for column in (
            "owner__slug",
            "lifecycle",
            "welcomes",
            "readiness",
            "languages__name",
            "topics__name",
            "licence",
        ):
            list(visible.order_by().values_list(column).annotate(count=Count("pk", distinct=True)))
        times.append((time.perf_counter() - started) * 1000)
    plain = statistics.median(times)
    ratio = figures["median ms"] / plain
    print(f"  facet counts alone in plain SQL: {plain:.0f} ms; whole page / plain counts: {ratio:.2f}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innersource_portal.settings")
    measure()
