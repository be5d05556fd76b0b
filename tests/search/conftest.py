import pytest

from projects import catalog
from projects.models import Language, Project, Repository, Topic
from tests.search.plain_engine import PlainEngine


@pytest.fixture
def plain_engine(monkeypatch):
    """An engine that knows only what the test adds to it."""
    made = PlainEngine()
    monkeypatch.setattr("search.engines.chosen", lambda: made)
    return made


@pytest.fixture
def client_of(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def company(planted_project, plain_engine, team, other_team):
    """Three projects: two that everybody may read, one that is restricted to the team `payments`."""
    made = {}
    for slug, owner, restricted in (("ledger", team, False), ("fleet", other_team, False), ("vault", team, True)):
        made[slug] = planted_project(slug, owner, restricted)
        plain_engine.add(made[slug], b"src/main.py", f"import os\ndef retry_{slug}():\n    common_word()\n", "Python")
        plain_engine.add(made[slug], b"LICENSE", "The same licence everywhere\n")
    plain_engine.add(made["vault"], b"secret.rs", "common_word only here\n", "Rust")
    return made


@pytest.fixture
def planted_project(db):
    def plant(slug, owner, restricted=False, subdirectory="", repository=None, **fields):
        repository = repository or Repository.objects.create(
            clone_url=f"https://git.example/{slug}.git", address_key=slug, head_commit="a" * 40, default_branch="main"
        )
        visibility = "restricted" if restricted else "internal"
        project = Project.objects.create(
            slug=slug,
            name=slug.title(),
            owner=owner,
            visibility=visibility,
            repository=repository,
            subdirectory=subdirectory,
            **fields,
        )
        project.topics.add(Topic.objects.get_or_create(name=f"{slug}-topic")[0])
        language = "Rust" if restricted else "Python"
        Language.objects.create(project=project, name=language, bytes=5, share=1, colour="#123456")
        catalog.refresh([project.pk])
        return project

    return plant
