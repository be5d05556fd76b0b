import socket

import pytest

from gitstore import errors
from gitstore.fastimport import FastImport
from sync.access import HINTS, check_access, hint_for


@pytest.fixture
def name_server(monkeypatch):
    """Answers of the name server, by name."""

    def answer(name, *_args, **_options):
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[name], 443))]

    known = {}
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


class TestCheckAccess:
    def test_a_readable_repository(self, bare):
        report = check_access(str(bare))
        assert (report.ok, report.refs, report.head) == (True, 1, "main")

    def test_an_empty_repository_is_fine(self, tmp_path):
        with FastImport(tmp_path / "empty.git"):
            pass
        report = check_access(str(tmp_path / "empty.git"))
        assert report.ok and "empty" in report.words

    def test_a_name_that_is_not_known(self, name_server):
        report = check_access("https://git.example/a.git")
        assert not report.ok
        assert "name" in report.words and report.hint

    def test_a_name_that_leads_inside_is_refused_before_git_sees_it(self, name_server, monkeypatch):
        name_server["git.example"] = "10.1.2.3"
        monkeypatch.setattr("sync.policy.list_remote", lambda *_: pytest.fail("git was started"))
        report = check_access("https://git.example/a.git")
        assert not report.ok and "private" in report.words

    def test_nothing_answers(self, name_server, settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        name_server["git.example"] = "127.0.0.1"
        settings.GIT_ALLOWED_HOSTS = ["git.example"]
        report = check_access(f"https://git.example:{port}/a.git")
        assert not report.ok and report.words and report.hint

    def test_a_folder_without_repository_and_one_that_is_not_there(self, tmp_path):
        (tmp_path / "plain").mkdir()
        for name in ("plain", "missing"):
            report = check_access(str(tmp_path / name))
            assert not report.ok and report.words and report.hint

    def test_more_refs_than_allowed(self, bare, settings):
        settings.GIT_MAX_REFS = 0
        report = check_access(str(bare))
        assert not report.ok and "1 branches and tags" in report.words

    def test_folders_of_the_server_are_for_administrators(self, bare, owner):
        assert not check_access(str(bare), by=owner).ok

    @pytest.mark.parametrize("kind", [kind for kind, _ in HINTS])
    def test_every_kind_of_error_has_advice(self, kind):
        assert issubclass(kind, errors.GitError)
        assert hint_for(kind("x"))
