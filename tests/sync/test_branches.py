import pytest
from django.utils import timezone

from projects.models import Project, Role
from search.models import IndexState
from sync import pipeline
from tests.sync.conftest import commit, git


@pytest.fixture
def page(job):
    return f"/sync/{job.repository_id}/branches/"


@pytest.fixture
def maintainer(client, project, stranger):
    Role.objects.create(project=project, user=stranger, kind=Role.Kind.OWNER)
    client.force_login(stranger)
    return client


def run(job):
    pipeline.run_job(job.pk, from_waiting=True)
    return [name for name, _ in IndexState.objects.get(repository=job.repository_id).refs]


def test_a_choice_is_searchable_after_the_run_it_asks_for(maintainer, page, project, job, bare, tmp_path):
    commit(bare, tmp_path)
    for name in ("release/1", "hotfix-a", "other"):
        git(bare, "branch", name, "main")
    git(bare, "tag", "v2.1", "main")
    assert run(job) == ["main"]
    assert page in maintainer.get(f"/search/indexed/{project.slug}/").text
    assert page in maintainer.get(f"/sync/{job.repository_id}/").text
    answer = maintainer.post(f"{page}choose/", {"branches": "release/*\r\nhotfix-?\r\n", "tags": " v2.* "}, follow=True)
    assert "Saved." in answer.text
    assert "hotfix-?" in maintainer.get(page).text
    job.refresh_from_db()
    assert job.reason == "branches chosen"
    assert run(job) == ["main", "hotfix-a", "release/1", "v2.1"]
    maintainer.post(f"{page}choose/", {"branches": "", "tags": ""})
    assert run(job) == ["main"]


def test_others_may_not(client, page, stranger, project):
    client.force_login(stranger)
    assert client.get(page).status_code == 403
    assert client.post(f"{page}choose/", {"branches": "*", "tags": ""}).status_code == 403
    assert page not in client.get(f"/search/indexed/{project.slug}/").text
    Project.objects.update(visibility="restricted")
    assert client.get(page).status_code == client.post(f"{page}choose/").status_code == 404
    assert not IndexState.objects.exists()


def test_nor_whoever_maintains_but_a_folder_beside_others(client, page, stranger, project, job, other_team):
    part = Project.objects.create(
        repository=project.repository, slug="part", name="Part", subdirectory="part", owner=other_team
    )
    client.force_login(stranger)
    assert page not in client.get(f"/sync/{job.repository_id}/").text
    assert page not in client.get(f"/search/indexed/{part.slug}/").text
    assert client.get(page).status_code == 403
    assert client.post(f"{page}choose/", {"branches": "*", "tags": ""}).status_code == 403
    assert not IndexState.objects.exists()
    Project.objects.filter(pk=project.pk).update(removed_at=timezone.now())
    assert page in client.get(f"/sync/{job.repository_id}/").text
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("typed", [" ".join(f"b{number}" for number in range(21)), "x" * 201, "a\0b"])
def test_too_many_or_too_long_are_refused_and_kept(maintainer, page, typed):
    answer = maintainer.post(f"{page}choose/", {"branches": typed, "tags": "v1"})
    assert answer.status_code == 422
    assert typed in answer.text or "\0" in typed
    assert not IndexState.objects.exists()
