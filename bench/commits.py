"""Searching commits by words, author and project among a million, and what the index costs the import.

BENCH_DATABASE_URL and BENCH_COMMITS_HELD change the PostgreSQL (`bench._databases`) and the number of commits.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

from bench._databases import databases
from bench.catalog import database_seconds

GOAL_P95_MS = 250
COMMITS = int(os.environ.get("BENCH_COMMITS_HELD", "1000000"))
REPOSITORIES = 200
PEOPLE = 2000
BATCH = 5000
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vo", "xi"]
COMMON = ["fix", "add", "remove", "update", "test", "the", "in", "for", "refactor", "docs"]
WORDS = ["".join(SYLLABLES[n // 14**place * 5 % 14] for place in range(4)) + "nrs"[n % 3] for n in range(20_000)]


def main():
    """Measure each database in a process of its own; returns the goals missed."""
    missed = []
    with tempfile.TemporaryDirectory() as folder, databases(folder) as targets:
        for name, url in targets.items():
            environment = os.environ | {"DATABASE_URL": url, "PORTAL_SECRET_KEY": "bench", "PORTAL_DATA_DIR": folder}
            print(f"\nCommit search, {COMMITS:,} commits, {name}", flush=True)
            command = [sys.executable, "-W", "ignore", "-m", "bench.commits"]
            result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            *lines, p95 = result.stdout.rstrip().splitlines()
            print("\n".join(lines))
            missed += [f"{name}: p95 {json.loads(p95)} ms > {GOAL_P95_MS}"] if json.loads(p95) > GOAL_P95_MS else []
    return missed


def measure():
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from projects.models import Project

    if Project.objects.exists():
        sys.exit("This database holds projects. Give an empty one: it is emptied at the end.")
    try:
        viewer, people, projects = build()
        if connection.vendor == "postgresql":
            connection.cursor().execute("VACUUM ANALYZE activity_commit")
        p95 = ask(viewer, people, projects)
    finally:
        call_command("flush", interactive=False, verbosity=0)
    print(json.dumps(p95))


def build():
    from accounts.models import User
    from activity.models import Identity, Person
    from projects.models import Project, Repository

    urls = [f"https://git.example.com/{n}.git" for n in range(REPOSITORIES)]
    repositories = Repository.objects.bulk_create(Repository(clone_url=url, address_key=url) for url in urls)
    projects = Project.objects.bulk_create(
        Project(slug=f"p{n}", name=f"p{n}", repository=one, visibility="restricted" if n % 20 == 0 else "internal")
        for n, one in enumerate(repositories)
    )
    people = Person.objects.bulk_create(Person(key=str(n), name=f"Person {n}") for n in range(PEOPLE))
    identities = Identity.objects.bulk_create(
        Identity(digest=str(n), key=str(n), name=f"Person {n}", email=f"{n}@example.com", person=one)
        for n, one in enumerate(people)
    )
    insert(repositories, [one.pk for one in identities])
    return User.objects.create_user("bench", "bench@example.com", "x"), people, projects


def insert(repositories, identities):
    """As the import does, batch by batch; prints what the words cost."""
    from django.db import connection, transaction

    from activity import commit_words
    from activity.bulk import insert_missing
    from activity.commits import COLUMNS, newest_commit
    from activity.models import Commit

    chance = random.Random(5)
    rows_took = words_took = 0.0
    for start in range(0, COMMITS, BATCH):
        repository = repositories[start // BATCH % REPOSITORIES].pk
        rows = [row(chance, start + n, repository, identities) for n in range(BATCH)]
        with transaction.atomic():
            began = time.process_time()
            before = newest_commit()
            insert_missing(Commit, COLUMNS, rows)
            stored = time.process_time()
            commit_words.store(Commit.objects.filter(pk__gt=before).values_list("pk", flat=True))
            rows_took += stored - began
            words_took += time.process_time() - stored
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(length(block)) FROM commit_text_data")
            size = cursor.fetchone()[0]
        print(f"  processor time: rows {rows_took:.1f} s, words {words_took:.1f} s; words take {size / 2**20:.0f} MiB")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_relation_size('commit_words_index')")
            print(f"  words take {cursor.fetchone()[0] / 2**20:.0f} MiB")


def row(chance, number, repository, identities):
    author = identities[int(PEOPLE * chance.random() ** 3)]
    title = " ".join([chance.choice(COMMON), *(WORDS[int(len(WORDS) * chance.random() ** 4)] for _ in range(6))])
    when = 1_200_000_000 + chance.randrange(500_000_000)
    who = (author, author, author, author)
    return (repository, number.to_bytes(20, "big"), *who, when, 0, when, 0, 1, title, "", 0)


def ask(viewer, people, projects):
    from django.db import connection

    from activity.commit_search import search_commits

    served = database_seconds(connection)
    chance = random.Random(6)
    rare = lambda: WORDS[chance.randrange(2000, len(WORDS))]  # noqa: E731
    often = lambda: WORDS[chance.randrange(100)]  # noqa: E731
    few = lambda: chance.sample(projects, 3)  # noqa: E731
    kinds = {
        "a rare word": lambda: search_commits(viewer, rare()),
        "a common word": lambda: search_commits(viewer, chance.choice(COMMON[:5])),
        "common and other": lambda: search_commits(viewer, f"{chance.choice(COMMON[:5])} {often()}"),
        "two others": lambda: search_commits(viewer, f"{often()} {rare()}"),
        "a beginning": lambda: search_commits(viewer, rare()[:4]),
        "common, three projects": lambda: search_commits(viewer, "fix", projects=few()),
        "common, one author": lambda: search_commits(viewer, "fix", author=chance.choice(people)),
        "newest of an author": lambda: search_commits(viewer, "", author=chance.choice(people)),
        "newest of all": lambda: search_commits(viewer, ""),
        "nothing": lambda: search_commits(viewer, "fix nosuchword"),
    }
    everything = []
    for name, kind in kinds.items():
        times, used, late = [], [], 0
        for _ in range(20):
            began, busy = time.perf_counter(), time.process_time() + served()
            late += not kind().complete
            times.append((time.perf_counter() - began) * 1000)
            used.append((time.process_time() + served() - busy) * 1000)
        everything += times
        last = statistics.quantiles(times, n=20)[-1]
        own = f"processor time {statistics.median(used):.0f} ms"
        print(f"  {name}: median {statistics.median(times):.0f} ms, p95 {last:.0f} ms, {own}, cut short {late}")
    p95 = round(statistics.quantiles(everything, n=20)[-1], 1)
    print(f"  all: median {statistics.median(everything):.0f} ms, p95 {p95} ms")
    return p95


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innersource_portal.settings")
    measure()
