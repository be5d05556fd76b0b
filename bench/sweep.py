"""Sweep over unchanged repositories against plain `git ls-remote` on each: ratio of processor time (user + system).

    .venv/bin/python bench/sweep.py [REPOSITORIES]

Makes its own data folder and SQLite file in a temporary folder.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
FOLDER = Path(tempfile.mkdtemp(prefix="portal-sweep-"))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "innersource_portal.settings",
    "PORTAL_DEBUG": "0",
    "PORTAL_EMBEDDED": "1",
    "PORTAL_SECRET_KEY": "only-for-this-measurement",
    "PORTAL_DATA_DIR": str(FOLDER / "data"),
    "PORTAL_GIT_LOCAL_ROOTS": str(FOLDER),
}
(FOLDER / "data").mkdir()
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from gitstore.fastimport import FastImport, Modify, Signature  # noqa: E402
from projects.models import Repository  # noqa: E402
from sync import policy, sweep  # noqa: E402
from sync.models import SyncJob  # noqa: E402


def spent() -> float:
    """Processor seconds of this process and its ended children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(words: str, call) -> float:
    cpu, wall = spent(), time.monotonic()
    result = call()
    cpu, wall = spent() - cpu, time.monotonic() - wall
    print(f"{words:24} {cpu:7.2f} s CPU {wall:7.2f} s wall {cpu / COUNT * 1000:6.2f} ms CPU each  {result}")
    return cpu


def prepare() -> list[Path]:
    call_command("migrate", verbosity=0)
    who = Signature("Ada", "ada@example.com", datetime(2025, 1, 1, tzinfo=UTC))
    paths = [FOLDER / f"{number}.git" for number in range(min(COUNT, 100))]
    for path in paths:
        with FastImport(path) as stream:
            for number in range(5):
                mark = stream.commit("main", f"Change {number}", who, changes=[Modify(b"a", b"%d" % number)])
                stream.tag(f"v{number}", mark)
    for number in range(COUNT):
        path = paths[number % len(paths)]
        repository = Repository.objects.create(clone_url=str(path), address_key=f"file:{number}")
        state = policy.ask(policy.check(str(path)), None) if number < len(paths) else None
        if state is None:
            known = SyncJob.objects.get(repository__address_key=f"file:{number % len(paths)}")
            digest, head = known.remote_digest, known.remote_head
        else:
            digest, head = state.digest, policy.head_words(state.head)
        SyncJob.objects.create(repository=repository, remote_digest=digest, remote_head=head)
    return [paths[number % len(paths)] for number in range(COUNT)]


def plain(paths: list[Path]) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    for path in paths:
        subprocess.run(
            ["git", "ls-remote", "--symref", str(path)], env=environment, stdout=subprocess.DEVNULL, check=True
        )


def main() -> None:
    paths = prepare()
    ratios = []
    for _ in range(3):
        base = measure("git ls-remote on each", lambda: plain(paths))
        SyncJob.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        ratios.append(measure("sweep", sweep.sweep) / base)
    print(f"ratios {', '.join(f'{ratio:.2f}' for ratio in ratios)}; goal: at most 1.50")


if __name__ == "__main__":
    main()
