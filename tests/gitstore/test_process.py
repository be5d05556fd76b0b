import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gitstore import environment
from gitstore.complaints import explain
from gitstore.errors import Broken, Busy, GitError, Killed, LimitExceeded, NotFound, Refused, StorageFull, Unreachable
from gitstore.process import GitProcess, git_version, run_git, stream_git
from gitstore.records import Limits

LIMITS = Limits(seconds=30)


@pytest.fixture
def fake_git(tmp_path, monkeypatch):
    """Puts a script in git's place: the body of a shell script."""

    def put(body):
        script = tmp_path / "bin" / "git"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n")
        script.chmod(0o755)
        git_version()  # asked of the real one
        monkeypatch.setattr("gitstore.process.executable", lambda: str(script))

    return put


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_gone(pid):
    deadline = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.01)


class TestOutcome:
    def test_output_and_input(self, origin):
        oid = run_git(["hash-object", "-w", "--stdin"], git_dir=origin.path, limits=LIMITS, input=b"x" * 3_000_000)
        content = run_git(["cat-file", "blob", oid.decode().strip()], git_dir=origin.path, limits=LIMITS)
        assert content == b"x" * 3_000_000

    def test_failure_has_plain_words(self, tmp_path):
        with pytest.raises(GitError) as caught:
            run_git(["rev-list", "nothing"], git_dir=tmp_path, limits=LIMITS)
        assert "fatal" not in str(caught.value)

    def test_leaving_a_stream_early_stops_git(self, origin):
        origin.commits(2000)
        with stream_git(["log", "-p", "main"], git_dir=origin.path, limits=LIMITS) as chunks:
            assert next(chunks)

    def test_output_limit(self, origin):
        origin.commits(200)
        with pytest.raises(LimitExceeded):
            run_git(["log", "main"], git_dir=origin.path, limits=Limits(output_bytes=1000))

    def test_git_is_missing(self, monkeypatch):
        git_version()
        monkeypatch.setattr("gitstore.process.executable", lambda: "/nonexistent/git")
        with pytest.raises(GitError, match="not installed"):
            run_git(["version"], limits=LIMITS)


class TestLimits:
    def test_time_limit_kills_the_whole_group(self, fake_git, tmp_path):
        fake_git(f"sleep 300 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/parent; wait")
        with pytest.raises(LimitExceeded, match="longer"):
            run_git(["x"], limits=Limits(seconds=0.5))
        assert_gone(int((tmp_path / "child").read_text()))
        assert_gone(int((tmp_path / "parent").read_text()))

    def test_who_ignores_sigterm_is_killed(self, fake_git, tmp_path):
        fake_git(f"trap '' TERM; echo $$ > {tmp_path}/parent; while :; do sleep 1; done")
        with pytest.raises(LimitExceeded):
            run_git(["x"], limits=Limits(seconds=0.5))
        assert_gone(int((tmp_path / "parent").read_text()))

    def test_an_exception_of_the_caller_kills_the_group(self, fake_git, tmp_path):
        fake_git(f"echo $$ > {tmp_path}/parent; echo line; sleep 300")
        with pytest.raises(ZeroDivisionError), stream_git(["x"], limits=LIMITS) as chunks:
            next(chunks)
            raise ZeroDivisionError
        assert_gone(int((tmp_path / "parent").read_text()))

    def test_a_child_that_holds_the_pipes_is_killed_when_git_dies(self, fake_git, tmp_path):
        fake_git(f"sleep 300 & echo $! > {tmp_path}/child; kill -9 $$")
        with pytest.raises(Killed):
            run_git(["x"], limits=LIMITS)
        assert_gone(int((tmp_path / "child").read_text()))

    def test_limits_of_the_system(self, fake_git):
        fake_git("sleep 0.3; ulimit -f; ulimit -v; ulimit -c")
        words = run_git(["x"], limits=Limits(file_bytes=1024 * 1024, memory_bytes=2 * 1024**3)).split()
        assert int(words[0]) == 2048 and int(words[1]) == 2 * 1024**2

    def test_a_slow_reader_is_not_punished(self, origin):
        origin.commits(3000)
        size = 0
        with stream_git(["log", "main"], git_dir=origin.path, limits=Limits(seconds=2)) as chunks:
            for number, chunk in enumerate(chunks):
                size += len(chunk)
                if number == 0:
                    time.sleep(2.5)
        assert size > 300_000

    def test_standard_error_is_bounded(self, fake_git):
        fake_git(
            "i=0; while [ $i -lt 3000 ]; do echo 'a line of a hundred letters or so, again and again' >&2; "
            "i=$((i+1)); done; echo 'fatal: Could not resolve host: x' >&2; exit 128"
        )
        with pytest.raises(Unreachable):
            run_git(["x"], limits=LIMITS)

    def test_no_descriptor_or_process_stays(self, origin):
        origin.commit({"a": "1"})
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
        family = children.read_text() if children.exists() else ""
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            run_git(["rev-parse", "main"], git_dir=origin.path, limits=LIMITS)
            with pytest.raises(GitError):
                run_git(["rev-parse", "--verify", "none"], git_dir=origin.path, limits=LIMITS)
        assert len(os.listdir("/proc/self/fd")) == before
        assert not children.exists() or children.read_text() == family


class TestEnvironment:
    def test_nothing_of_ours_reaches_git(self, fake_git, monkeypatch):
        monkeypatch.setenv("PORTAL_SECRET_KEY", "canary-1")
        monkeypatch.setenv("GIT_DIR", "/canary-2")
        monkeypatch.setenv("GIT_TRACE", "canary-3")
        monkeypatch.setenv("https_proxy", "http://canary-4")
        fake_git("env")
        shown = run_git(["x"], limits=LIMITS).decode()
        assert "canary" not in shown
        lines = dict(line.partition("=")[::2] for line in shown.splitlines())
        assert lines["GIT_CONFIG_GLOBAL"] == "/dev/null" and lines["GIT_TERMINAL_PROMPT"] == "0"
        assert "GIT_DIR" not in lines and "GIT_TRACE" not in lines

    def test_hostile_surroundings_change_nothing(self, origin, tmp_path, monkeypatch):
        oid = origin.commit({"a": "1"})
        config = tmp_path / "home" / ".gitconfig"
        config.parent.mkdir()
        config.write_text("[alias]\nrev-parse = !false\n[log]\nshowSignature = true\n")
        for name, value in {
            "HOME": str(config.parent),
            "GIT_DIR": "/nonexistent",
            "GIT_OBJECT_DIRECTORY": "/nonexistent",
            "GIT_INDEX_FILE": "/nonexistent",
            "GIT_WORK_TREE": "/nonexistent",
            "GIT_CONFIG_PARAMETERS": "'core.bare=nonsense'",
        }.items():
            monkeypatch.setenv(name, value)
        assert run_git(["rev-parse", "main"], git_dir=origin.path, limits=LIMITS).decode().strip() == oid

    @pytest.mark.parametrize("version", [(2, 30, 2), (2, 39, 5)])
    def test_configuration_reaches_old_and_new_git(self, origin, monkeypatch, version):
        monkeypatch.setattr("gitstore.process.git_version", lambda: version)
        config = [("http.https://a.example/.extraHeader", "X-It's: 'a' \"b\" $c")]
        words = ["config", "--get-urlmatch", "http.extraHeader", "https://a.example/x"]
        shown = run_git(words, git_dir=origin.path, limits=LIMITS, config=config)
        assert shown.decode().strip() == config[0][1]
        assert run_git(["config", "protocol.allow"], git_dir=origin.path, limits=LIMITS) == b"never\n"

    @pytest.mark.parametrize("url", ["ext::sh -c id", "file:///tmp", "git://127.0.0.1/x", "ssh://127.0.0.1/x", "/tmp"])
    def test_git_itself_refuses_every_protocol_not_opened(self, url):
        with pytest.raises(Refused, match="protocol"):
            run_git(["ls-remote", "--", url], limits=LIMITS)

    def test_certificates_of_a_company_are_kept(self, fake_git, monkeypatch):
        monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/company.pem")
        fake_git("env")
        assert b"GIT_SSL_CAINFO=/etc/company.pem" in run_git(["x"], limits=LIMITS)
        assert environment.executable().endswith("git")


class TestConversation:
    def test_questions_and_answers(self, origin):
        oid = origin.commit({"a": "hello"})
        process = GitProcess(["cat-file", "--batch"], LIMITS, git_dir=origin.path, stdin=True)
        try:
            process.send(f"{oid}:a\n".encode())
            assert process.receive_line().endswith(b"blob 5")
            assert process.receive(6) == b"hello\n"
            process.send(b"missing\n")
            assert process.receive_line() == b"missing missing"
        finally:
            process.stop()
            process.stop()
        assert_gone(process.pid)

    def test_git_that_dies_in_between(self, fake_git):
        fake_git("exec 0<&-; exit 3")
        process = GitProcess(["x"], LIMITS, stdin=True)
        with pytest.raises(GitError):
            process.receive_line()
        process.stop()

    def test_git_that_never_answers(self, fake_git):
        fake_git("sleep 300")
        process = GitProcess(["x"], Limits(seconds=0.3), stdin=True)
        with pytest.raises(LimitExceeded):
            process.receive(1)
        process.stop()
        assert_gone(process.pid)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", Unreachable),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443: Connection refused", Unreachable),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", Unreachable),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 429", Busy),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", Refused),
        ("fatal: Authentication failed for 'https://x/'", Refused),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", Refused),
        ("fatal: repository 'https://x/' not found", NotFound),
        ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", NotFound),
        ("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.", Refused),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", Refused),
        ("fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", Refused),
        ("fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none", Refused),
        ("fatal: write error: No space left on device", StorageFull),
        ("fatal: Out of memory, malloc failed (tried to allocate 9 bytes)", LimitExceeded),
        ("error: index-pack died of signal 25\nfatal: index-pack failed", LimitExceeded),
        ("error: index-pack died of signal 9\nfatal: index-pack failed", Killed),
        ("fatal: fetch-pack: invalid index-pack output", Killed),
        ("error: inflate: data stream error\nfatal: fetch-pack: invalid index-pack output", Broken),
        ("fatal: the remote end hung up unexpectedly\nfatal: early EOF", Unreachable),
        ("fatal: Unable to create '/m/HEAD.lock': File exists.", Busy),
        ("remote: Repository not found, your token is canary\nfatal: something else", GitError),
    ],
)
def test_complaints_become_errors(text, kind):
    error = explain(128, text.encode())
    assert type(error) is kind
    assert "canary" not in str(error) and "fatal" not in error.message
    assert error.hint


def test_a_worker_that_exits_takes_git_along(tmp_path, origin):
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from gitstore.process import stream_git\nfrom gitstore.records import Limits\n"
        "path = Path(sys.argv[1])\n"
        "with stream_git(['cat-file', '--batch'], git_dir=path, limits=Limits(), input=b'x') as chunks:\n"
        "    next(chunks)\n    sys.exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(origin.path)], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
