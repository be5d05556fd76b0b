import pytest

from projects.models import Project, Repository
from tests.gitstore.builder import RepositoryBuilder


@pytest.fixture
def repository_builder(tmp_path):
    def build(name="origin.git", **options):
        return RepositoryBuilder(tmp_path / "remotes" / name, **options)

    return build


@pytest.fixture
def planted(db, settings, tmp_path):
    """Gives a function that makes an internal project out of a RepositoryBuilder, its mirror being the repository."""
    folder = str(tmp_path / "code-cache")
    settings.CACHES = {**settings.CACHES, "code": {**settings.CACHES["code"], "LOCATION": folder}}

    def plant(builder, slug="widget", branch="main", **fields):
        repository = Repository.objects.create(clone_url=f"https://git.example/{slug}.git", address_key=slug)
        repository.default_branch = branch
        mirror = repository.mirror_path
        mirror.parent.mkdir(parents=True, exist_ok=True)
        builder.path.rename(mirror)
        builder.path = mirror
        repository.head_commit = (builder.oid(f"refs/heads/{branch}".encode()) if branch else None) or ""
        repository.save()
        return Project.objects.create(slug=slug, name=slug, repository=repository, **fields)

    return plant
