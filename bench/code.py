"""Code pages beside klaus, cgit and git itself on the same repository; memory over many mixed requests.

BENCH_REPOSITORY (comma-separated paths of bare repositories) takes the place of the generated history of BENCH_COMMITS
commits; BENCH_REQUESTS sets the length of the memory run. Server time is the wall time of one call of the WSGI
application (of the CGI program for cgit), in milliseconds; first views are measured with the code cache emptied.
"""

import html
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._apart import run_apart

COMMITS = int(os.environ.get("BENCH_COMMITS", "52000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "10000"))
FIRSTS = int(os.environ.get("BENCH_FIRSTS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "15"))
GOALS = {  # (page, view): milliseconds
    ("tree", "first"): 700,
    ("tree", "second"): 60,
    ("file", "first"): 80,
    ("file", "second"): 15,
    ("commit", "first"): 120,
    ("history", "first"): 60,
    ("blame", "first"): 300,
}
KLAUS_TIMES = 3
LOADED = re.compile(r'hx-get="([^"]+)" hx-trigger="load')
GOAL_GROWTH_MIB = 30
CGIT = Path("/usr/lib/cgit/cgit.cgi")
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}
KLAUS_PROGRAM = """
import io, json, statistics, sys, time
import klaus
application = klaus.make_app([sys.argv[1]], "bench")
def ask(path):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
               "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False,
               "wsgi.run_once": False, "SERVER_PROTOCOL": "HTTP/1.1"}
    status = []
    start = time.perf_counter()
    body = b"".join(application(environ, lambda line, headers, *rest: status.append(line)))
    return (time.perf_counter() - start) * 1000, status[0], len(body)
for line in sys.stdin:
    print(json.dumps(ask(json.loads(line))), flush=True)
"""


def main():
    """Measure in a process of its own with a data folder of its own; returns the goals missed."""
    return run_apart("bench.code", PORTAL_EMBEDDED="1")


def git(path, *args):
    """Output of git in a repository, and its wall time in milliseconds."""
    start = time.perf_counter()
    done = subprocess.run(["git", f"--git-dir={path}", *args], env=ENVIRONMENT, capture_output=True, check=True)
    return done.stdout, (time.perf_counter() - start) * 1000


def write_repository(path, commits):
    """A folder of 300 files, a file of 2,000 lines, one of 3,000, and a last commit of 20 files."""
    from gitstore.fastimport import FastImport, Modify, Signature

    def body(name, number, lines):
        rows = (f"def step_{line}(value):  # {name} {line if line % 9 else line + number}" for line in range(lines))
        return "\n".join(rows).encode() + b"\n"

    start = datetime.now(UTC) - timedelta(minutes=30 * commits)
    with FastImport(path) as stream:
        for number in range(commits):
            who = Signature(
                f"Person {number % 90}", f"p{number % 90}@example.com", start + timedelta(minutes=30 * number)
            )
            names = (
                [f"lib/module_{file:03}.py" for file in range(300)]
                if not number
                else [f"lib/module_{number % 300:03}.py"]
            )
            changes = [Modify(name.encode(), body(name, number, 30)) for name in names]
            if number % 200 == 0:
                changes += [
                    Modify(b"src/long.py", body("long", number, 2000)),
                    Modify(b"src/older.py", body("o", number, 3000)),
                ]
            if number == commits - 1:
                changes += [Modify(b"app/part_%d.py" % part, body("part", number, 40)) for part in range(20)]
            stream.commit("main", f"Change {number}", who, changes=changes)


class Targets:
    """What to look at in a repository: all chosen by size from its tree and its latest history."""

    def __init__(self, path):
        self.path = path
        self.head = git(path, "rev-parse", "HEAD")[0].decode().strip()
        self.commits = int(git(path, "rev-list", "--count", "HEAD")[0])
        rows = git(path, "ls-tree", "-r", "-l", "-z", "HEAD")[0].split(b"\0")[:-1]
        files = [(row.split(b"\t", 1)[1].decode("utf-8", "replace"), row.split()[3]) for row in rows]
        sizes = {name: int(size) for name, size in files if size.isdigit() and 20_000 < int(size) < 400_000}
        source = {
            n: s for n, s in sizes.items() if n.endswith((".c", ".py", ".go", ".js", ".rb", ".java", ".h"))
        } or sizes
        counts = {}
        for name in sorted(source, key=source.get)[:: max(1, len(source) // 400)]:
            counts[name] = git(path, "cat-file", "blob", f"HEAD:{name}")[0].count(b"\n")
        self.file = min(counts, key=lambda name: abs(counts[name] - 2000))
        self.blamed = min(counts, key=lambda name: abs(counts[name] - 3000))
        self.lines = counts[self.file], counts[self.blamed]
        folders = {}
        for name, _ in files:
            parts = name.split("/")
            for depth in range(len(parts)):
                folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
        big = {name: len(children) for name, children in folders.items() if len(children) >= 250}
        self.folder = min(big, key=big.get) if big else max(folders, key=lambda name: len(folders[name]))
        self.entries = len(folders[self.folder])
        self.commit = self._commit_of(20)

    def _commit_of(self, files):
        output = git(self.path, "log", "--no-merges", "-400", "--format=%x01%H", "--name-only", "HEAD")[0].decode(
            "utf-8", "replace"
        )
        blocks = [block.split("\n") for block in output.split("\x01")[1:]]
        found = min(blocks, key=lambda block: abs(len([line for line in block[1:] if line]) - files))
        return found[0]


def portal(path, name):
    """A function that asks the portal for a page of the repository and gives milliseconds and status."""
    from django.core.cache import caches
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import Client

    from accounts.models import User
    from projects.models import Project, Repository

    user, _ = User.objects.get_or_create(username="bench")
    repository = Repository.objects.create(clone_url=f"https://git.example/{name}", address_key=name)
    repository.default_branch = git(path, "symbolic-ref", "--short", "HEAD")[0].decode().strip()
    repository.head_commit = git(path, "rev-parse", "HEAD")[0].decode().strip()
    repository.save()
    repository.mirror_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(path, repository.mirror_path)
    mirror = repository.mirror()
    with mirror.locked():
        mirror.maintain()
    project = Project.objects.create(slug=name, name=name, repository=repository)
    client = Client()
    client.force_login(user)
    application = WSGIHandler()
    client.get("/")  # gives the cookie against forged requests, which every browser has from then on
    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items())

    def ask(words, first=False, fragment=False):
        if first:
            caches["code"].clear()
            caches["pages"].clear()
        path, _, query = words.partition("?")
        where = {"PATH_INFO": f"/projects/{project.slug}/{path}", "QUERY_STRING": query, "HTTP_COOKIE": cookie}
        environ = client._base_environ(**where, **({"HTTP_HX_REQUEST": "true"} if fragment else {}))
        status = []
        start = time.perf_counter()
        response = application(environ, lambda line, *_: status.append(line))
        body = b"".join(response)
        response.close()
        return (time.perf_counter() - start) * 1000, status[0], body

    return ask


def settle(ask, words):
    """Ask for what a browser asks for by itself once it has the page, until nothing is left to come."""
    seen, waiting = set(), [(words, False)]
    while waiting:
        where, fragment = waiting.pop()
        body = ask(where, fragment=fragment)[2].decode("utf-8", "replace")
        for address in map(html.unescape, LOADED.findall(body)):
            path, _, query = address.partition("?")
            found = f"{path.split('/', 3)[3] if path else words}?{query}"
            if found not in seen:
                seen.add(found)
                waiting.append((found, True))


class Klaus:
    """klaus in its own Python, called as a WSGI application like the portal."""

    def __init__(self, path):
        self.name = Path(path).name.removesuffix(".git")
        command = ["/usr/bin/python3", "-W", "ignore", "-c", KLAUS_PROGRAM, str(path)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, words):
        self.process.stdin.write(json.dumps(f"/{self.name}/{words}") + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def cgit(path, config, words, query=""):
    """Milliseconds of one CGI call and the size of the answer."""
    config.write_text(f"enable-blame=1\ncache-size=0\nmax-blob-size=0\nrepo.url=bench\nrepo.path={path}\n")
    environ = ENVIRONMENT | {
        "CGIT_CONFIG": str(config),
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/bench/{words}",
        "QUERY_STRING": query,
    }
    start = time.perf_counter()
    done = subprocess.run([str(CGIT)], env=environ, capture_output=True, check=False)
    return (time.perf_counter() - start) * 1000, done.returncode, len(done.stdout)


def median(ask, times, *args, **more):
    answers = [ask(*args, **more) for _ in range(times)]
    bad = [answer[1] for answer in answers if str(answer[1])[:3] not in ("200", "0")]
    return None if bad else statistics.median(answer[0] for answer in answers)


def raw(path, *args):
    return statistics.median(git(path, *args)[1] for _ in range(FIRSTS))


def compare(path, name, folder):
    """One table for one repository; prints what misses a goal."""
    targets = Targets(path)
    ask, peer = portal(path, name), Klaus(path) if shutil.which("klaus") else None
    print(f"{name}: {targets.commits:,} commits; folder of {targets.entries} entries ({targets.folder or '/'}),")
    print(f"  file of {targets.lines[0]:,} lines ({targets.file}), blame of {targets.lines[1]:,} ({targets.blamed})")
    pages, missed = _pages(targets), []
    for warm in ("tree/HEAD/", pages["file"][0]):  # a process loads code first, and starts a renderer
        ask(warm)
    print("  milliseconds, medians first second    klaus     cgit      git   klaus / our second, first")
    for page, (ours, theirs, third, command) in pages.items():
        first = median(ask, FIRSTS, ours, first=True)
        settle(ask, ours)
        second = median(ask, SECONDS, ours)
        klaus = median(peer.ask, 3, theirs) if peer else None
        other = median(cgit, FIRSTS, path, folder / "cgitrc", *third) if CGIT.exists() else None
        figures = [first, second, klaus, other, raw(path, *command)]
        row = " ".join(f"{'-' if figure is None else f'{figure:.1f}':>8}" for figure in figures)
        print(f"  {page:16} {row}   " + (f"{klaus / second:.1f} x, {klaus / first:.1f} x" if klaus and first else ""))
        missed += _missed(name, page, first, second, klaus, other)
    if peer:
        peer.close()
    print(*(f"  missed: {line}" for line in missed), sep="\n")
    return ask, targets


def _pages(targets):
    """By page: our address, klaus's, cgit's with its query, and what git is asked for the same."""
    at, folder, file, blamed, commit = targets.head, targets.folder, targets.file, targets.blamed, targets.commit
    tree, blob = f"HEAD:{folder}", f"HEAD:{file}"
    return {
        "tree": (f"tree/HEAD/{folder}", f"tree/{at}/{folder}", (f"tree/{folder}", ""), ("ls-tree", "-l", tree)),
        "file": (f"blob/HEAD/{file}", f"blob/{at}/{file}", (f"tree/{file}", ""), ("cat-file", "blob", blob)),
        "commit": (f"commit/{commit}", f"commit/{commit}/", ("commit/", f"id={commit}"), ("show", "--patch", commit)),
        "history": ("commits/HEAD", f"tree/{at}/", ("log/", ""), ("log", "-50", "HEAD")),
        "blame": (
            f"blame/HEAD/{blamed}",
            f"blame/{at}/{blamed}",
            (f"blame/{blamed}", ""),
            ("blame", "HEAD", "--", blamed),
        ),
    }


def _missed(name, page, first, second, klaus, other):
    for view, figure in (("first", first), ("second", second)):
        goal = GOALS.get((page, view))
        if goal and (figure is None or figure > goal):
            words = "no answer" if figure is None else f"{figure:.0f} ms"
            yield f"{name}, {page} at the {view} view: {words}, goal {goal}"
    if klaus and second and klaus < KLAUS_TIMES * second:
        yield f"{name}, {page} at the second view: {klaus / second:.1f} times as fast as klaus, goal {KLAUS_TIMES}"
    if page in ("tree", "file") and other and second and second > other:
        yield f"{name}, {page} at the second view: {second:.0f} ms, cgit {other:.0f}"


def memory(ask, targets):
    """Resident memory, open files and child processes over mixed requests in one process."""
    draw = random.Random(7)
    names = (
        git(targets.path, "ls-tree", "-r", "--name-only", "-z", "HEAD")[0].decode("utf-8", "replace").split("\0")[:-1]
    )
    names = [name for name in names if "?" not in name and "#" not in name]
    commits = git(targets.path, "log", "-500", "--format=%H", "HEAD")[0].decode().split()
    makers = [
        lambda: f"blob/HEAD/{draw.choice(names)}",
        lambda: f"tree/HEAD/{draw.choice(names).rpartition('/')[0]}",
        lambda: f"commit/{draw.choice(commits)}",
        lambda: f"commits/HEAD/{draw.choice(names)}",
        lambda: f"blame/HEAD/{draw.choice(names)}",
        lambda: f"raw/HEAD/{draw.choice(names)}",
        lambda: "blob/HEAD/not-there",
    ]
    rows, statuses = [], {}
    for number in range(1, REQUESTS + 1):
        status = ask(draw.choice(makers)())[1][:3]
        statuses[status] = statuses.get(status, 0) + 1
        if number in (REQUESTS // 10, REQUESTS // 2, REQUESTS):
            rows.append((number, _resident_mib(), len(list(Path("/proc/self/fd").iterdir())), _children()))
    print(
        "  mixed requests: "
        + "; ".join(f"after {n:,}: {mib:.0f} MiB, {fds} handles, {kids} processes" for n, mib, fds, kids in rows)
    )
    print(f"  answers: {dict(sorted(statuses.items()))}")
    if rows[-1][1] - rows[0][1] > GOAL_GROWTH_MIB:
        growth = rows[-1][1] - rows[0][1]
        print(f"  missed: memory grew by {growth:.0f} MiB over {REQUESTS:,} requests, goal {GOAL_GROWTH_MIB}")
    if rows[-1][2] > rows[0][2] + 5 or rows[-1][3] > rows[0][3] + 2:
        print("  missed: handles or processes are left behind")
    if any(status.startswith("5") for status in statuses):
        print(f"  missed: answers of the server's fault: {statuses}")


def _resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _children():
    return sum(len((task / "children").read_text().split()) for task in Path("/proc/self/task").iterdir())


def _measure():
    import django

    django.setup()
    from django.core.management import call_command

    folder = Path(os.environ["BENCH_FOLDER"])
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    paths = [Path(path) for path in os.environ.get("BENCH_REPOSITORY", "").split(",") if path]
    if not paths:
        paths = [folder / "generated.git"]
        write_repository(paths[0], COMMITS)
    for number, path in enumerate(paths):
        name = "".join(c for c in path.name.removesuffix(".git").lower() if c.isalnum()) or f"r{number}"
        ask, targets = compare(path, name, folder)
    memory(ask, targets)


if __name__ == "__main__":
    _measure()
