import pytest

from contributions import landing, warranties
from projects.models import Project, Repository, Role
from tests.conftest import make_user
from tests.gitstore.builder import RepositoryBuilder

LINES = [f"line number {number}" for number in range(1, 31)]


def text(**changed):
    """A file of thirty lines with some replaced: text(l7="seven")."""
    rows = list(LINES)
    for key, line in changed.items():
        rows[int(key[1:]) - 1] = line
    return "\n".join(rows) + "\n"


@pytest.fixture
def trusted(project, other_team):
    """A trusted committer who belongs to another team."""
    person = make_user("tess", other_team)
    Role.objects.create(project=project, user=person, kind=Role.Kind.TRUSTED_COMMITTER)
    return person


@pytest.fixture
def author(other_team):
    return make_user("erin", other_team)


@pytest.fixture
def code(tmp_path):
    """The repository that the portal has a mirror of; here both are the same files."""
    builder = RepositoryBuilder(tmp_path / "origin.git")
    builder.commit({"src/a.py": text(), "README.md": "# Widget\n"}, message="Begin")
    return builder


@pytest.fixture
def project(db, team, code):
    repository = Repository.objects.create(
        clone_url="https://git.example/widget.git",
        address_key="widget",
        default_branch="main",
        head_commit=code.oid("refs/heads/main"),
    )
    repository.mirror_path.parent.mkdir(parents=True)
    code.path.rename(repository.mirror_path)
    code.path = repository.mirror_path
    return Project.objects.create(slug="widget", name="Widget", repository=repository, owner=team)


@pytest.fixture
def patch_of(code):
    """`patch_of(files, …)`: the mail of a change on top of the default branch, which stays where it is."""

    def make(*steps, branch="work", message="Count from seven"):
        base = tip = code.oid("refs/heads/main")
        for number, files in enumerate(steps):
            said = message if number == 0 else f"{message} {number + 1}"
            tip = code.commit(files, branch=branch, parents=[tip], message=said, author="Erin <erin@example.com>")
        patch = code.git("format-patch", "--stdout", f"{base}..{tip}")
        code.delete_branch(branch)
        return patch

    return make


@pytest.fixture
def synced(project, code):
    """What the sync does for contributions once new commits were fetched."""

    def run():
        repository = Repository.objects.get(pk=project.repository_id)
        repository.head_commit = code.oid("refs/heads/main")
        repository.save(update_fields=["head_commit"])
        mirror = repository.mirror()
        with mirror.locked():
            landed = landing.follow(repository, mirror, repository.head_commit)
            warranties.look_after(repository, mirror, repository.head_commit)
        return landed

    return run
