"""A viewer never learns of a restricted project: the whole portal is crawled for a word that only it contains."""

import re
from html import unescape
from urllib.parse import urldefrag, urljoin

import pytest

from accounts.models import Team
from projects import catalog
from projects.models import (
    FieldValue,
    FormerSlug,
    Language,
    Licence,
    Package,
    Project,
    Readme,
    Release,
    Repository,
    Topic,
)
from sync.models import SyncJob

pytestmark = pytest.mark.django_db
CANARY = "zanzibarine"


@pytest.fixture
def restricted(team):
    """A restricted project of the team `payments` with the canary wherever a viewer could meet it."""
    repository = Repository.objects.create(
        clone_url=f"https://git.example/{CANARY}.git", address_key=f"git.example/{CANARY}", problems=[[CANARY, CANARY]]
    )
    SyncJob.objects.create(repository=repository, error_message=CANARY)
    project = Project.objects.create(
        slug=CANARY,
        name=CANARY.title(),
        tagline=f"{CANARY} tagline",
        repository=repository,
        owner=team,
        visibility="restricted",
        language=f"{CANARY}lang",
        licence=f"{CANARY}-1.0",
    )
    project.topics.add(Topic.objects.create(name=f"{CANARY}-topic"))
    Language.objects.create(project=project, name=f"{CANARY}lang", bytes=5, share=1, colour="#123456")
    Licence.objects.create(project=project, spdx=f"{CANARY}-1.0", confidence=1, path="LICENSE", method="text")
    Readme.objects.create(project=project, path="README.md", oid="0" * 40, html=CANARY, text=CANARY)
    Package.objects.create(project=project, ecosystem="pypi", name=CANARY, path="pyproject.toml")
    Release.objects.create(
        project=project, tag=CANARY, version="1", at="2026-01-01T00:00Z", commit="0" * 40, position=0
    )
    FieldValue.objects.create(project=project, field="tagline", source="derived", value=f"{CANARY} tagline")
    FormerSlug.objects.create(project=project, slug=f"old-{CANARY}")
    catalog.refresh([project.pk])
    return project


@pytest.fixture
def neighbour(other_team):
    repository = Repository.objects.create(clone_url="https://git.example/open.git", address_key="git.example/open")
    SyncJob.objects.create(repository=repository)
    project = Project.objects.create(slug="open", name="Open", repository=repository, owner=other_team)
    catalog.refresh([project.pk])
    return project


def crawl(client, starts, limit=300):
    """Yield (address, response) for everything reachable by links and GET forms from the start addresses."""
    seen, queue = set(), list(starts)
    while queue and len(seen) < limit:
        address = queue.pop(0)
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address)
        yield address, response
        if response.status_code == 200 and "html" in response["Content-Type"]:
            for link in re.findall(r'(?:href|hx-get|src)="([^"#][^"]*)"', response.content.decode()):
                target = urldefrag(urljoin(address, unescape(link)))[0]
                if target.startswith("/") and not target.startswith(("/static/", "/admin/", "/accounts/")):
                    queue.append(target)


STARTS = [
    "/",
    "/projects/",
    "/projects/?view=table",
    "/projects/export.json",
    "/projects/export.csv",
    f"/projects/?q={CANARY[:6]}",
    f"/projects/?language={CANARY}lang",
    f"/projects/?topic={CANARY}-topic",
    f"/projects/?licence={CANARY}-1.0",
    "/projects/?team=payments",
    "/sync/",
    "/projects/register/",
    "/styleguide/",
]


def body(response):
    return b"".join(response) if response.streaming else response.content


class TestStranger:
    def test_finds_no_trace_anywhere(self, client, stranger, restricted, neighbour):
        client.force_login(stranger)
        for address, response in crawl(client, STARTS):
            text = body(response).decode().lower()
            for echoed in (address.lower(), CANARY[:6] + '"'):
                text = text.replace(echoed, "")
            asked = re.findall(rf"{CANARY}[-\w.]*", address)
            for word in asked:
                text = text.replace(word, "")
            assert CANARY not in text, f"{address} tells of the restricted project"

    @pytest.mark.parametrize("tail", ["", "edit/", "star/", "follow/"])
    def test_pages_do_not_exist(self, client, stranger, restricted, tail):
        client.force_login(stranger)
        for slug in (CANARY, f"old-{CANARY}"):
            missing = client.get("/projects/never-was/" + tail)
            response = client.get(f"/projects/{slug}/{tail}")
            assert response.status_code == missing.status_code
            assert "Location" not in response
            assert client.post(f"/projects/{slug}/{tail}").status_code in {404, 405}

    def test_the_sync_page_of_its_repository_does_not_exist(self, client, stranger, restricted):
        client.force_login(stranger)
        missing = client.get("/sync/999999/")
        response = client.get(f"/sync/{restricted.repository_id}/")
        assert response.status_code == missing.status_code == 404

    def test_counts_and_facets_are_those_of_a_portal_without_it(self, client, stranger, neighbour, team):
        client.force_login(stranger)
        without = client.get("/projects/").content.decode()
        repository = Repository.objects.create(clone_url="https://git.example/h.git", address_key="git.example/h")
        hidden = Project.objects.create(
            slug="hidden", name="Hidden", repository=repository, owner=team, visibility="restricted", licence="MIT"
        )
        catalog.refresh([hidden.pk])
        assert strip_tokens(client.get("/projects/").content.decode()) == strip_tokens(without)


def strip_tokens(html):
    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken[^,}]*?(?::|&quot;: &quot;)\s*"?)[\w]+', "", html)


@pytest.mark.parametrize(
    "address", ["/projects/a%00b/", "/projects/a%00b/edit/", "/sync/?q=a%00b", "/projects/?q=a%00b"]
)
def test_nul_in_an_address_is_no_error(client, administrator, address):
    client.force_login(administrator)
    assert client.get(address).status_code in {200, 404}


class TestThoseWhoMayRead:
    def test_owner_team_and_administrator_see_it(self, client, owner, administrator, restricted):
        for viewer in (owner, administrator):
            client.force_login(viewer)
            assert CANARY in client.get("/projects/").content.decode().lower()
            assert client.get(f"/projects/{CANARY}/").status_code == 200

    def test_anonymous_readers_see_internal_projects_only(self, client, settings, restricted, neighbour):
        settings.ANONYMOUS_READ = True
        page = client.get("/projects/").content.decode()
        assert "Open" in page
        assert CANARY not in page.lower()
        assert client.get(f"/projects/{CANARY}/").status_code == 404

    def test_leaving_the_team_ends_it_at_once(self, client, owner, restricted, django_user_model):
        client.force_login(owner)
        assert client.get(f"/projects/{CANARY}/").status_code == 200
        owner.memberships.update(ended_on="2021-01-01")
        assert client.get(f"/projects/{CANARY}/").status_code == 404
        assert CANARY not in client.get("/projects/").content.decode().lower()
        assert Team.objects.filter(slug="payments").exists()
