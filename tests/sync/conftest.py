"""Real repositories on disk, and registered ones."""

import datetime as dt
import subprocess

import pytest

from gitstore.fastimport import FastImport, Modify, Signature
from sync.registration import register

ADA = Signature("Ada Lindqvist", "ada@example.com", dt.datetime(2025, 5, 4, 10, 0, tzinfo=dt.UTC))
BO = Signature("Bo Okafor", "bo@example.com", dt.datetime(2025, 6, 4, 10, 0, tzinfo=dt.UTC))


def git(folder, *arguments):
    """Run git as somebody at their own machine would; returns its output."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Cy",
        "GIT_AUTHOR_EMAIL": "cy@example.com",
        "GIT_COMMITTER_NAME": "Cy",
        "GIT_COMMITTER_EMAIL": "cy@example.com",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def build(path, files=None, commits=2):
    """A bare repository whose last commit holds `files`."""
    files = files or {b"README.md": b"# Billing\n\nSends invoices to customers every night.\n"}
    with FastImport(path) as stream:
        for number in range(commits):
            who = (ADA, BO)[number % 2]
            when = who.when + dt.timedelta(days=number)
            changes = [Modify(name, content) for name, content in files.items()] if number == 0 else []
            changes.append(Modify(b"notes.txt", f"{number}\n".encode()))
            stream.commit("main", f"Change {number}", Signature(who.name, who.email, when), changes=changes)
    return path


@pytest.fixture
def bare(tmp_path):
    return build(tmp_path / "remotes" / "billing.git")


@pytest.fixture
def project(db, bare, team):
    return register(str(bare), by=None, team=team)


@pytest.fixture
def job(project):
    return project.repository.sync_job


def commit(bare, tmp_path, name="more.txt", content="more\n"):
    """Push one more commit to a bare repository; returns its id."""
    work = tmp_path / f"work-{bare.stem}"
    if not work.exists():
        git(tmp_path, "clone", "--quiet", str(bare), str(work))
    (work / name).write_text(content)
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", f"Change {name}")
    git(work, "push", "--quiet", "origin", "HEAD")
    return git(work, "rev-parse", "HEAD")
