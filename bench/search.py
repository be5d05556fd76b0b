"""The embedded code search beside ripgrep, git grep, csearch and Zoekt over the same source, in one run.

BENCH_SOURCE: a folder below which bare repositories are looked for; without it, the libraries of this Python are put
into one. BENCH_MEGABYTES of text are indexed (450).

"Index" is everything but the table of compressed texts: trigrams, symbols, paths, files; the sum with the texts is told
beside it. Speed is megabytes of text for each second of processor time of the indexing process, in which the answers of
ctags are read; what ctags and git use in their own processes is told beside it. Other times are wall times in
milliseconds. Clients come from as many processes as the web server has. Ratios are the figures to compare between
machines: all tools ask the same questions in turn, on the same loaded or idle machine.
"""

import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench._zoekt import zoekt_beside

MEGABYTES = int(os.environ.get("BENCH_MEGABYTES", "450"))
SOURCE = os.environ.get("BENCH_SOURCE", "")
GOAL_INDEX, GOAL_SPEED, GOAL_MEDIAN, GOAL_P95 = 0.3, 8.0, 20.0, 150.0
GOAL_RIPGREP, GOAL_CLIENTS, GOAL_PUSH = 50, 3.0, 5.0
CLIENTS, THINKING = 8, 0.25
GIT_QUESTIONS = 6
SKIPPED = {}  # files that are not indexed, with the reason
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}


def main():
    """Measure in a process of its own with a data folder of its own; returns the goals missed."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        settings = {
            "DJANGO_SETTINGS_MODULE": "innersource_portal.settings",
            "PORTAL_SECRET_KEY": "b" * 50,
            "PORTAL_DATA_DIR": f"{folder}/data",
            "PORTAL_EMBEDDED": "1",
            "BENCH_FOLDER": folder,
        }
        command = [sys.executable, "-u", "-W", "ignore", "-m", "bench.search"]
        process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
        missed = []
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith("  missed: "):
                missed.append(line.removeprefix("  missed: ").strip())
        if process.wait():
            missed.append("the measurement ended early")
    return missed


def goal(words, value, limit, *, least=False):
    ok = value >= limit if least else value <= limit
    print(f"  {'met' if ok else 'missed'}: {words} {value:.3g} (goal: {'at least' if least else 'at most'} {limit:g})")


def git(path, *arguments, **options):
    command = ["git", f"--git-dir={path}", *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, **options).stdout


def repositories(folder):
    """Bare repositories: those of BENCH_SOURCE, else one made of Python's libraries."""
    if SOURCE:
        heads = sorted(Path(SOURCE).glob("*/HEAD")) + sorted(Path(SOURCE).glob("*/*/HEAD"))
        return [head.parent for head in heads if (head.parent / "objects").is_dir()]
    made = folder / "python.git"
    subprocess.run(["git", "init", "-q", "--bare", str(made)], check=True, env=ENVIRONMENT)
    who = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.com"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    library = Path(json.__file__).parents[1]
    command = ["git", f"--git-dir={made}", f"--work-tree={library}"]
    subprocess.run([*command, "add", "-A", "-f", "."], check=True, env=ENVIRONMENT)
    subprocess.run([*command, "commit", "-q", "-m", "libraries"], check=True, env=ENVIRONMENT | who)
    return [made]


def build(engine, folder):
    """Index repositories until there is enough text; returns {number: (git folder, commit)}."""
    from search.engine import IndexedRef, IndexPlan

    held, text, wall, processor, others = {}, 0, 0.0, 0.0, spent_by_others()
    for number, path in enumerate(repositories(folder), 1):
        try:
            commit = git(path, "rev-parse", "HEAD").decode().strip()
            began, used = time.perf_counter(), time.process_time()
            outcome = engine.index(IndexPlan(number, path, (IndexedRef("main", commit),)))
            SKIPPED.update(
                {f"{number}/{skip.path.decode('utf-8', 'replace')}": skip.reason for skip in outcome.skipped}
            )
        except Exception as error:
            print(f"  {path.parent.name}: left out, {type(error).__name__}")
            continue
        wall, processor = wall + time.perf_counter() - began, processor + time.process_time() - used
        held[number] = (path, commit)
        text += outcome.text_bytes
        if text >= MEGABYTES * 1e6:
            break
    began, used = time.perf_counter(), time.process_time()
    engine.tidy()
    wall, processor = wall + time.perf_counter() - began, processor + time.process_time() - used
    return held, text / 1e6, wall, processor, spent_by_others() - others


def spent_by_others():
    """Seconds of processor time of the programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sizes(engine):
    """Megabytes of the index alone, and of all files with the table of compressed texts."""
    alone = everything = 0
    for shard in engine.shards:
        with shard.writing() as db:
            db.execute("SELECT 1")
        import sqlite3

        db = sqlite3.connect(shard.path)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = db.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'piece'").fetchone()[0]
        free, page = db.execute("PRAGMA freelist_count").fetchone()[0], db.execute("PRAGMA page_size").fetchone()[0]
        db.close()
        size = shard.path.stat().st_size - free * page
        everything, alone = everything + size, alone + size - content
    return alone / 1e6, everything / 1e6


def check_out(held, folder):
    """The same files as trees, each repository in a folder of its number."""
    trees = folder / "trees"
    for number, (path, commit) in held.items():
        target = trees / str(number)
        target.mkdir(parents=True)
        environment = ENVIRONMENT | {"GIT_INDEX_FILE": f"{folder}/checkout-{number}"}
        for words in (["read-tree", commit], ["checkout-index", "-a", "-f", "-q"]):
            command = ["git", f"--git-dir={path}", f"--work-tree={target}", *words]
            subprocess.run(command, env=environment, capture_output=True, check=False, cwd=target)
    return trees


def questions(trees, chance):
    """(kind, matcher, arguments of grep) with literals taken from the source itself."""
    from search.engine import AllOf, Language, Literal, Regex

    files = [path for path in trees.rglob("*.*") if path.is_file() and 2_000 < path.stat().st_size < 200_000]
    names = []
    for path in chance.sample(files, min(len(files), 400)):
        names += re.findall(r"[A-Za-z_][A-Za-z0-9_]{7,30}", path.read_text("utf-8", "ignore"))
    rare = chance.sample(sorted(set(names)), 24)
    phrases = []
    for path in chance.sample(files, min(len(files), 300)):
        lines = [line.strip() for line in path.read_text("utf-8", "ignore").split("\n") if 20 < len(line.strip()) < 80]
        phrases += [line for line in lines[:50] if line.isascii() and line.isprintable()]
    asked = [("identifier", Literal(name, True), ("-F", name)) for name in rare[:12]]
    asked += [("identifier, any case", Literal(name), ("-F", "-i", name)) for name in rare[12:18]]
    asked += [("line of code", Literal(line, True), ("-F", line)) for line in chance.sample(sorted(set(phrases)), 8)]
    common = ["return", "import ", "class ", "self.", "();", "=> ", "!= ", "TODO", "http://", "::"]
    asked += [("common", Literal(word, True), ("-F", word)) for word in common[:9]]
    asked += [("nowhere", Literal(name[::-1] + "qzx", True), ("-F", name[::-1] + "qzx")) for name in rare[:3]]
    expressions = [r"def \w+_init\(", r"(get|set)Timeout\(", r"[Ee]rror: .*failed", r"func \(\w+ \*\w+\) Close"]
    expressions += [
        rf"\b{rare[18]}\b",
        rf"{rare[19]}\s*\(",
        rf"({rare[20]}|{rare[21]})",
        r"TODO\(\w+\)",
        r"^#include <std",
    ]
    asked += [("expression", Regex(each, True), (each,)) for each in expressions]
    asked.append(("language", AllOf((Literal("timeout"), Language("Python"))), ("-F", "-i", "-tpy", "timeout")))
    return asked


def timed(call, *arguments, **named):
    began = time.perf_counter()
    result = call(*arguments, **named)
    return result, (time.perf_counter() - began) * 1000


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def compare(engine, held, trees, asked, zoekt):
    """Each question to each tool in turn; rows of (kind, ours, ripgrep's, csearch's, git grep's, Zoekt's, files)."""
    from search.engine import Request

    everybody = frozenset(held)
    index = trees.parent / "csearchindex"
    csearch = shutil.which("csearch") and shutil.which("cindex")
    if csearch:
        environment = ENVIRONMENT | {"CSEARCHINDEX": str(index)}
        subprocess.run(["cindex", str(trees)], env=environment, capture_output=True, check=False)
    rows, differing = [], []
    for position, (kind, matcher, words) in enumerate(asked):
        answer, first = timed(engine.search, Request(matcher, everybody))
        _, ours = timed(engine.search, Request(matcher, everybody))
        ripgrep = other = grep = None
        if shutil.which("rg"):
            command = ["rg", "-l", "--no-ignore", "--hidden", "--max-filesize", "1M", *words, str(trees)]
            found, ripgrep = timed(output, command)
            differing += difference(engine, matcher, everybody, words, found.decode("utf-8", "replace"), trees)
        if csearch and "-tpy" not in words:
            pattern = re.escape(words[-1]) if "-F" in words else words[-1]
            command = ["csearch", "-l", *(["-i"] if "-i" in words else []), pattern]
            _, other = timed(output, command, CSEARCHINDEX=str(index))
        if position % max(1, len(asked) // GIT_QUESTIONS) == 0 and "-tpy" not in words:
            _, grep = timed(grep_git, held, words)
        rows.append((kind, first, ours, ripgrep, other, grep, zoekt and zoekt.ask(matcher), answer.total))
    return rows, differing


def difference(engine, matcher, everybody, words, found, trees):
    """Files that only ripgrep or only the index names, with the reason where the index has left them out; as lines."""
    from search.engine import Request

    request = Request(matcher, everybody, limit=10**6, lines=1, context=0, deadline_seconds=120)
    hits = [(hit.repository_id, hit.path, *hit.copies) for hit in engine.search(request).files]
    places = [place for number, path, *copies in hits for place in ((number, path), *copies)]
    ours = {f"{number}/{path.decode('utf-8', 'replace')}" for number, path in places}
    theirs = {line.removeprefix(f"{trees}/") for line in found.splitlines()}
    told = [f"only ripgrep: {name} ({SKIPPED.get(name, 'indexed')})" for name in sorted(theirs - ours)]
    told += [f"only the index: {name}" for name in sorted(ours - theirs)]
    return [f"{words[-1]!r}: {len(told)} files, {'; '.join(told[:4])}"] if told else []


def output(command, **more):
    return subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT | more).stdout


def grep_git(held, words):
    options = [*words[:-1], *([] if "-F" in words else ["-E"])]
    for path, commit in held.values():
        output(["git", f"--git-dir={path}", "grep", "-l", "-I", *options, "-e", words[-1], commit])


def show(rows):
    kinds = dict.fromkeys(row[0] for row in rows)
    tools = "".join(f"{name:>10}" for name in ("ripgrep", "csearch", "git grep", "zoekt"))
    print(f"  {'question':22} {'asked':>5} {'first':>8} {'again':>8}{tools}")
    for kind in [*kinds, "all"]:
        chosen = [row for row in rows if kind in (row[0], "all")]
        cells = []
        for column in range(1, 7):
            values = [row[column] for row in chosen if row[column] is not None]
            cells.append(f"{statistics.median(values):9.1f}" if values else "        -")
        print(f"  {kind:22} {len(chosen):5} {cells[0][1:]} {cells[1][1:]} {' '.join(cells[2:])}")


CLIENT = """
import json, sys, threading, time, pickle
import django
django.setup()
from pathlib import Path
from search.embedded.engine import EmbeddedEngine
from search.engine import Request
folder, shards, size, held, asked, clients, thinking = pickle.loads(sys.stdin.buffer.read())
engine = EmbeddedEngine(Path(folder), shards, file_bytes=size)
times = []
def client(number):
    for matcher in asked[number:] + asked[:number]:
        began = time.perf_counter()
        engine.search(Request(matcher, held))
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(thinking)
for matcher in asked:
    engine.search(Request(matcher, held))
threads = [threading.Thread(target=client, args=(n * 7,)) for n in range(clients)]
[t.start() for t in threads]
[t.join() for t in threads]
print(json.dumps(times))
"""


def together(engine, held, asked, clients, thinking):
    """Times of so many clients at as many processes as the web server has."""
    import pickle

    from innersource_portal import gunicorn

    matchers = [matcher for _, matcher, _ in asked]
    processes = min(gunicorn.workers, clients)
    given = (str(engine.folder.parent), len(engine.shards), engine.file_bytes, frozenset(held), matchers,
             clients // processes, thinking)  # fmt: skip
    running = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    answers = []
    feeders = [
        threading.Thread(target=lambda process=process: answers.append(process.communicate(pickle.dumps(given))[0]))
        for process in running
    ]
    for feeder in feeders:
        feeder.start()
    for feeder in feeders:
        feeder.join()
    return [each for answer in answers for each in json.loads(answer)]


def push(engine, folder):
    """Seconds until 100 changed files of a repository with 5,000 are found."""
    from gitstore.fastimport import FastImport, Modify, Signature
    from search.engine import IndexedRef, IndexPlan, Literal, Request

    path = folder / "pushed.git"
    chance = random.Random(5)
    from datetime import UTC, datetime

    who = Signature("B", "b@example.com", datetime(2026, 1, 1, tzinfo=UTC))
    words = [f"word{n}" for n in range(3000)]

    def body():
        return ("\n".join(" ".join(chance.choices(words, k=9)) for _ in range(120)) + "\n").encode()

    with FastImport(path) as stream:
        stream.commit("main", "one", who, changes=[Modify(b"f%d.py" % n, body()) for n in range(5000)])
    first = git(path, "rev-parse", "main").decode().strip()
    engine.index(IndexPlan(9999, path, (IndexedRef("main", first),)))
    second = change(path, {f"f{n}.py": body() + b"freshly pushed\n" for n in range(100)})
    began = time.perf_counter()
    engine.index(IndexPlan(9999, path, (IndexedRef("main", second),)))
    found = engine.search(Request(Literal("freshly pushed"), frozenset({9999}), wants_total=True, limit=10))
    seconds = time.perf_counter() - began
    engine.forget(9999)
    return seconds if found.total == 100 else float("inf")


def change(path, files):
    """Commit new contents of files; the id of the commit."""
    parts = [b"commit refs/heads/main\ncommitter B <b@example.com> 1780000000 +0000\ndata 3\ntwo\n"]
    parts.append(b"from refs/heads/main^0\n")
    for name, content in files.items():
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content))
    git(path, "fast-import", "--quiet", "--force", input=b"".join(parts))
    return git(path, "rev-parse", "main").decode().strip()


def run(folder):
    import django

    django.setup()
    from search.embedded.engine import EmbeddedEngine

    engine = EmbeddedEngine(folder / "index", 2, file_bytes=1024**2)
    held, text, wall, processor, others = build(engine, folder)
    print(f"Source: {len(held)} repositories, {text:.0f} MB of text, {engine.status().files:,} files")
    alone, everything = sizes(engine)
    print(
        f"  index {alone:.0f} MB, with the compressed texts {everything:.0f} MB = {everything / text:.2f} of the text"
    )
    print(f"  built in {wall:.0f} s: {processor:.0f} s of processor time here, {others:.0f} s in git and ctags")
    goal("index / text", alone / text, GOAL_INDEX)
    goal("MB a second and core", text / processor, GOAL_SPEED, least=True)
    trees = check_out(held, folder)
    asked = questions(trees, random.Random(3))
    with zoekt_beside(folder, held, engine.file_bytes) as zoekt:
        rows, differing = compare(engine, held, trees, asked, zoekt)
    show(rows)
    if zoekt:
        zoekt.show()
    print(f"  questions whose files differ from ripgrep's: {len(differing)} of {len(rows)}")
    for line in differing:
        print(f"    {line}")
    ours = [row[2] for row in rows]
    goal("first page of 50, median ms", statistics.median(ours), GOAL_MEDIAN)
    goal("first page of 50, 95th percentile ms", percentile(ours, 0.95), GOAL_P95)
    if rows[0][3] is not None:
        ratio = statistics.median(row[3] for row in rows) / statistics.median(ours)
        goal("times faster than ripgrep at the median", ratio, GOAL_RIPGREP, least=True)
    clients_and_pushes(engine, held, asked, folder)


def clients_and_pushes(engine, held, asked, folder):
    single = percentile(together(engine, held, asked, 1, 0), 0.95)
    for thinking in (THINKING, 0):
        many = percentile(together(engine, held, asked, CLIENTS, thinking), 0.95)
        print(f"  {CLIENTS} clients, {thinking:g} s apart: 95th percentile {many:.0f} ms, one: {single:.0f} ms")
        if thinking:
            goal(f"{CLIENTS} clients against one, 95th percentile", many / single, GOAL_CLIENTS)
    from search.engine import Regex, Request

    answer, took = timed(engine.search, Request(Regex(r"z\w\wq\dx"), frozenset(held), wants_total=True))
    print(f"  without a usable literal: {took:.0f} ms, {'; '.join(note.words for note in answer.notes) or 'all of it'}")
    goal("push of 100 files searchable, s", push(engine, folder), GOAL_PUSH)


if __name__ == "__main__":
    run(Path(os.environ["BENCH_FOLDER"]))
