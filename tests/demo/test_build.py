import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from contributions.mining import AGED
from contributions.mining_rules import broken_paths, notes_in
from demo.build import build_demo_repositories
from demo.organisation import DEMO_ACCOUNTS, ORGANISATION

NOW = datetime(2026, 3, 18, 14, 5, tzinfo=UTC)


def git(path, *arguments):
    done = subprocess.run(["git", f"--git-dir={path}", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def heads(folder):
    return {path.name: git(path, "for-each-ref", "--format=%(refname) %(objectname)") for path in folder.iterdir()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    build_demo_repositories(folder, NOW)
    return folder


@pytest.fixture(scope="module")
def logs(folder):
    """Per repository (author e-mail, author time, committer time, subject, parents) of each commit on main."""
    form = "--format=%ae%x00%at%x00%ct%x00%s%x00%P"
    return {
        path.stem: [line.split("\0") for line in git(path, "log", form, "main").splitlines()]
        for path in sorted(folder.iterdir())
    }


class TestOrganisation:
    def test_has_the_people_teams_and_repositories_promised(self):
        assert len(ORGANISATION.people) == 40
        assert len(ORGANISATION.teams) == 5
        assert len(ORGANISATION.repositories) == 14
        assert len({person.emails[0] for person in ORGANISATION.people}) == 40
        assert {person.team for person in ORGANISATION.people} == {team.slug for team in ORGANISATION.teams}
        assert [repo.slug for repo in ORGANISATION.repositories if repo.visibility == "restricted"] == [
            "invoice-engine"
        ]

    def test_everyone_named_exists(self):
        names = {person.username for person in ORGANISATION.people}
        for repo in ORGANISATION.repositories:
            assert {*repo.owners, *repo.trusted, *repo.readers} <= names
        assert {account.username for account in DEMO_ACCOUNTS if not account.administrator} <= names


class TestRepositories:
    def test_are_sound(self, folder):
        for path in folder.iterdir():
            done = subprocess.run(["git", f"--git-dir={path}", "fsck", "--strict"], capture_output=True, check=False)
            assert (done.returncode, done.stderr) == (0, b""), path.name

    def test_repeat_exactly(self, folder, tmp_path):
        build_demo_repositories(tmp_path / "again", NOW)
        assert heads(tmp_path / "again") == heads(folder)

    def test_a_second_build_changes_nothing_and_mends_what_was_cut_short(self, tmp_path, folder):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        (copy / "tide-cli.git").rename(copy / "tide-cli.partial")
        (copy / "tide-cli.partial" / "HEAD").write_text("ref: refs/heads/gone")
        build_demo_repositories(copy, NOW)
        assert heads(copy) == heads(folder)
        build_demo_repositories(copy, NOW + timedelta(days=3))
        assert heads(copy) == heads(folder)

    def test_have_sixty_to_nine_hundred_commits_over_their_whole_age(self, logs):
        for repo in ORGANISATION.repositories:
            commits = logs[repo.slug]
            assert 60 <= len(commits) <= 900, repo.slug
            first = min(int(commit[2]) for commit in commits)
            assert abs(NOW.timestamp() - first - repo.age * 86400) < 2 * 86400

    def test_nothing_happens_after_now_and_the_company_is_alive(self, logs):
        newest = {slug: max(int(commit[2]) for commit in commits) for slug, commits in logs.items()}
        assert max(newest.values()) <= NOW.timestamp()
        assert sum(NOW.timestamp() - at < 7 * 86400 for at in newest.values()) >= 10
        assert NOW.timestamp() - newest["legacy-billing-export"] > 150 * 86400

    def test_all_forty_people_commit_and_only_while_employed(self, logs):
        seen = {commit[0] for commits in logs.values() for commit in commits}
        for person in ORGANISATION.people:
            assert seen & set(person.emails), person.username
        left = {email: person.left for person in ORGANISATION.people for email in person.emails if person.left}
        for commits in logs.values():
            for email, _written, landed, subject, _parents in commits:
                if email in left:
                    assert int(landed) < NOW.timestamp() - (left[email] - 20) * 86400, (email, subject)

    def test_people_rest_at_weekends_and_at_the_turn_of_the_year(self, logs):
        days = Counter()
        for commits in logs.values():
            for _email, _written, landed, _subject, _parents in commits:
                days[datetime.fromtimestamp(int(landed), UTC).weekday()] += 1
        assert days[5] + days[6] < 0.15 * sum(days.values())

    def test_one_person_has_two_addresses_and_bots_work_too(self, logs):
        emails = Counter(commit[0] for commits in logs.values() for commit in commits)
        assert all(emails[email] > 5 for email in ORGANISATION.person("oluwaseun").emails)
        assert sum(count for email, count in emails.items() if "[bot]" in email) > 100

    def test_teams_help_each_other(self, logs):
        team_of = {email: person.team for person in ORGANISATION.people for email in person.emails}
        shares = {}
        for repo in ORGANISATION.repositories:
            teams = [team_of[commit[0]] for commit in logs[repo.slug] if commit[0] in team_of]
            shares[repo.slug] = sum(team != repo.team for team in teams) / len(teams)
        assert shares["engineering-handbook"] > 0.35
        assert shares["invoice-engine"] < 0.1
        assert sum(share > 0.1 for share in shares.values()) >= 7

    def test_merges_and_releases(self, folder, logs):
        assert sum(len(commit[4].split()) == 2 for commit in logs["tideway-web"]) > 40
        tags = git(folder / "route-planner.git", "tag", "--list", "v*").split()
        assert len(tags) == len(set(tags)) >= 8

    def test_files_that_pages_are_made_of(self, folder):
        files = {path.stem: git(path, "ls-tree", "-r", "--name-only", "main").split() for path in folder.iterdir()}
        assert "README.md" not in files["label-printer"]
        assert "innersource.json" in files["resilient-http"]
        assert "publiccode.yml" in files["postal-address"]
        assert ".mailmap" in files["parcel-tracker"]
        assert len([name for name in files["tideway-web"] if name.endswith("/catalog-info.yaml")]) == 4
        assert sum("CODEOWNERS" in " ".join(names) for names in files.values()) >= 5
        declared = git(folder / "legacy-billing-export.git", "show", "main:catalog-info.yaml")
        assert "lifecycle: deprecated" in declared

    @pytest.mark.parametrize(
        ("slug", "path"), [("resilient-http", "resilient_http/retry.py"), ("route-planner", "src/distance.rs")]
    )
    def test_suggests_starter_tasks(self, folder, slug, path):
        repository = folder / f"{slug}.git"
        (note,) = notes_in(path, git(repository, "show", f"main:{path}"))
        blame = git(repository, "blame", "--porcelain", f"-L{note.line},{note.line}", "main", "--", path)
        written = next(int(line.split()[1]) for line in blame.splitlines() if line.startswith("author-time"))
        assert NOW - datetime.fromtimestamp(written, UTC) > AGED
        files = set(git(repository, "ls-tree", "-r", "--name-only", "main").split())
        dead = list(broken_paths("README.md", git(repository, "show", "main:README.md"), files.__contains__))
        assert len(dead) == (slug == "resilient-http")

    def test_placeholders_are_filled_in(self, folder):
        for path in folder.iterdir():
            words = "@VERSION@|@CHANGELOG@|^%% |^=== "
            arguments = ["git", f"--git-dir={path}", "grep", "-lE", words, "main"]
            found = subprocess.run(arguments, capture_output=True, check=False)
            assert found.stdout == b"", path.name
