import pytest

from sync.folders import find_repositories
from sync.registration import RegistrationError
from tests.sync.conftest import build, git


class TestFindRepositories:
    def test_bare_ones_work_trees_and_deep_ones_but_nothing_inside_them(self, tmp_path):
        bare = build(tmp_path / "code" / "a.git", commits=1)
        git(tmp_path, "clone", "--quiet", str(bare), str(tmp_path / "code" / "deep" / "work"))
        build(tmp_path / "code" / "deep" / "work" / "vendored.git", commits=1)
        (tmp_path / "code" / "nothing").mkdir()
        assert find_repositories(tmp_path / "code") == [
            tmp_path / "code" / "a.git",
            tmp_path / "code" / "deep" / "work",
        ]

    def test_links_are_not_followed_not_even_in_a_loop(self, tmp_path):
        build(tmp_path / "outside" / "secret.git", commits=1)
        code = tmp_path / "code"
        code.mkdir()
        (code / "loop").symlink_to(code)
        (code / "out").symlink_to(tmp_path / "outside")
        assert find_repositories(code) == []

    def test_a_link_may_not_lead_out_of_the_allowed_folders(self, tmp_path, settings):
        (tmp_path / "allowed").mkdir()
        settings.GIT_LOCAL_ROOTS = [tmp_path / "allowed"]
        build(tmp_path / "outside" / "secret.git", commits=1)
        (tmp_path / "allowed" / "door").symlink_to(tmp_path / "outside")
        for folder in ("allowed/door", "allowed/../outside", "outside"):
            with pytest.raises(RegistrationError):
                find_repositories(tmp_path / folder)

    def test_without_allowed_folders_there_is_nothing_to_look_at(self, tmp_path, settings):
        settings.GIT_LOCAL_ROOTS = []
        with pytest.raises(RegistrationError) as caught:
            find_repositories(tmp_path)
        assert "PORTAL_GIT_LOCAL_ROOTS" in caught.value.hint

    def test_administrators_only(self, tmp_path, owner, administrator):
        with pytest.raises(RegistrationError):
            find_repositories(tmp_path, by=owner)
        assert find_repositories(tmp_path, by=administrator) == []

    def test_depth_is_bounded(self, tmp_path):
        build(tmp_path / "/".join("abcdefghij") / "r.git", commits=1)
        assert find_repositories(tmp_path) == []
