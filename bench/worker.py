"""The worker: its memory over many full syncs, and how a sweep scales with the number of worker processes.

BENCH_SYNCS sets the number of full syncs, BENCH_REMOTES how many remotes the scaling sweep asks, BENCH_WORKER which
of the two is measured.
"""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench._apart import run_apart

SYNCS = int(os.environ.get("BENCH_SYNCS", "1000"))
REMOTES = int(os.environ.get("BENCH_REMOTES", "240"))
LATENCY_SECONDS = 0.15
HOSTS = 30
# Fewer than a worker really has, so that waiting is measured, and not how many processors this machine has.
LOOKS_AT_ONCE = 2
BATCH = 15
GOAL_GROWTH_MIB = 30
GOALS_SPEED = {2: 1.5, 4: 2.0}  # two processors also carry the remotes and git
COMMIT = "1234567890123456789012345678901234567890"
SWEEP = [sys.executable, "-W", "ignore", "-m", "bench.worker", "sweep"]
SETTINGS = {
    "PORTAL_GIT_LOCAL_ROOTS": "/",
    "PORTAL_GIT_PROTOCOLS": "http",
    "PORTAL_GIT_ALLOWED_HOSTS": "127.0.0.0/8",
    "PORTAL_EMBEDDED": "1",
}


def main():
    """Measure in processes of their own with a data folder of their own; returns the goals missed."""
    parts = os.environ.get("BENCH_WORKER", "memory,scaling").split(",")
    return [goal for part in parts for goal in run_apart("bench.worker", part, **SETTINGS)]


def judge(name, good, figure, goal):
    if not good:
        print(f"  missed: {name} {figure:.2f}, goal {goal}")


def memory(folder):
    """Full syncs of one repository whose branch moves between two commits: fetch, facts, activity, each time."""
    from bench.sync import resident_mib, write_repository
    from projects.models import Project
    from sync import pipeline, queue, registration
    from sync.models import SyncRun

    source = folder / "small.git"
    write_repository(source, 30, files=5)
    heads = git(source, "rev-list", "-2", "main").split()
    repository = registration.register(str(source), by=None).repository
    seen = {}
    for number in range(1, SYNCS + 1):
        git(source, "update-ref", "refs/heads/main", heads[number % 2])
        queue.make_due(repository, "bench")
        pipeline.run_job(repository.sync_job.pk, from_waiting=True)
        if number in {100, 500, SYNCS}:
            seen[number] = resident_mib()
    assert SyncRun.objects.filter(outcome="ok").count() == SYNCS
    assert Project.objects.get().commits_total == 30 - SYNCS % 2
    growth = seen[SYNCS] - seen[min(seen)]
    print(f"Memory of a worker over {SYNCS} full syncs (fetch, facts, activity)")
    print("  " + ", ".join(f"{mib:.1f} MiB after {number}" for number, mib in seen.items()))
    print(f"  grew by {growth:.1f} MiB (goal {GOAL_GROWTH_MIB})")
    judge("memory growth MiB", growth <= GOAL_GROWTH_MIB, growth, GOAL_GROWTH_MIB)


def git(path, *arguments):
    return subprocess.run(["git", "--git-dir", path, *arguments], capture_output=True, check=True, text=True).stdout


class SlowRemote(BaseHTTPRequestHandler):
    """A git server far away: one branch, told after `LATENCY_SECONDS`, in the old protocol that needs one answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(LATENCY_SECONDS)
        capabilities = f"{COMMIT} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=bench\n"
        lines = ["# service=git-upload-pack\n", None, capabilities, f"{COMMIT} refs/heads/main\n", None]
        body = b"".join(packet(line) for line in lines)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def packet(line):
    return b"0000" if line is None else b"%04x" % (len(line) + 4) + line.encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def scaling(_folder):
    """The same due sweep, asked by 1, 2 and 4 worker processes at once; wall time from start to the last stamp."""
    from django.utils import timezone

    from projects.models import Repository
    from sync import policy
    from sync.models import SyncJob

    server = Server(("0.0.0.0", 0), SlowRemote)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    # Many hosts: a sweep asks at most a few at a time of each.
    urls = [f"http://127.0.0.{2 + n % HOSTS}:{port}/r{n}.git" for n in range(REMOTES)]
    rows = [Repository(clone_url=url, address_key=url) for url in urls]
    SyncJob.objects.bulk_create(SyncJob(repository=one) for one in Repository.objects.bulk_create(rows))
    state = policy.ask(policy.check(urls[0]), None)
    known = {"remote_digest": state.digest, "remote_head": policy.head_words(state.head)}
    seconds = {}
    for workers in (1, 2, 4):
        SyncJob.objects.update(due_at=timezone.now(), checked_at=None, state="waiting", **known)
        processes = [
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "bench.worker", "sweep"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(workers)
        ]
        for process in processes:
            process.stdout.readline()  # loaded and ready
        began = time.perf_counter()
        for process in processes:
            process.stdin.close()
        for process in processes:
            process.wait()
        seconds[workers] = time.perf_counter() - began
        assert SyncJob.objects.filter(state="waiting", error_code="", checked_at__isnull=False).count() == REMOTES
    print(f"Sweep over {REMOTES} unchanged remotes that answer after {LATENCY_SECONDS * 1000:.0f} ms")
    print(f"  worker processes with {LOOKS_AT_ONCE} looks at once each, {os.cpu_count()} processors")
    for workers, taken in seconds.items():
        print(f"  {workers}: {taken:.1f} s, {seconds[1] / taken:.2f} times as fast as one")
    for workers, goal in GOALS_SPEED.items():
        speed = seconds[1] / seconds[workers]
        judge(f"{workers} workers against one", speed >= goal, speed, goal)


def sweep(_folder):
    """One worker process of the above."""
    from sync import sweep as sweeping

    sweeping.THREADS, sweeping.BATCH = LOOKS_AT_ONCE, BATCH
    print("ready", flush=True)
    sys.stdin.read()
    sweeping.sweep()


def measure(part):
    import django

    django.setup()
    from django.core.management import call_command

    if part != "sweep":
        call_command("migrate", verbosity=0)
    {"memory": memory, "scaling": scaling, "sweep": sweep}[part](Path(os.environ["BENCH_FOLDER"]))


if __name__ == "__main__":
    measure(sys.argv[1])
