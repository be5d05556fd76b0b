import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from projects.models import Project, Repository
from tests.gitstore.builder import RepositoryBuilder


@pytest.fixture
def repository_builder(tmp_path):
    def build(name="origin.git", **options):
        return RepositoryBuilder(tmp_path / "remotes" / name, **options)

    return build


@pytest.fixture
def builder(repository_builder):
    return repository_builder()


@pytest.fixture
def browser(stranger):
    """The client of someone who belongs to no project."""
    client = Client()
    client.force_login(stranger)
    return client


@pytest.fixture(autouse=True)
def kept_connection(monkeypatch):
    """Closing a streamed answer ends its request, and would close the connection of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    monkeypatch.setattr("django.test.client.close_old_connections", _keep_open)
    yield
    for signal in (request_started, request_finished):
        signal.disconnect(_keep_open)
        signal.connect(close_old_connections)


def _keep_open(**_signal):
    pass


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
