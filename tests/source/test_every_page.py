"""Every code address there is, now and later: who may open it, what may be kept of it, what hostile names do to it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from projects.models import Access, Project
from source import urls
from source.addresses import address
from tests.conftest import make_user

SCRIPT = b"<script>alert(1)</script>"
NAMES = [
    b"line\nfeed.txt",
    SCRIPT + b".txt",
    b'"onmouseover="x.txt',
    "right\u202eto left.txt".encode(),
    b"not utf-8 \xff\xfe.txt",
    b"x" * 4000,
    b"refs/heads/x",
    b"-rf",
    b"100%.txt",
    b"%FF",
    b"tab\tand\x1bescape",
    b"  blanks  ",
]
# What an address needs behind the page's word; pages that take something else are named here.
TAILS = {
    "commit": "{oid}",
    "compare": "{oid}...main",
    "archive": "main.tar.gz",
    "branches": "",
    "tags": "",
    "find": "main",
    "paths": "main",
    "tree": "main",
    "lasts": "main",
    "commits": "main/README.md",
    "refs": "main/README.md",
}


def every_page():
    return [pattern.name for pattern in urls.urlpatterns]


def sample(page, oid):
    return f"/projects/widget/{page}/" + TAILS.get(page, "main/README.md").format(oid=oid)


def client_of(user):
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def builder(repository_builder):
    made = repository_builder()
    made.commit({"README.md": "# Widget\n", "src/a.py": "print(1)\n"})
    made.commit({"README.md": "# Widget\n\nMore.\n"})
    return made


@pytest.fixture
def oid(builder):
    return builder.oid("refs/heads/main")


@pytest.fixture
def closed(monkeypatch):
    """Answers that are streamed are taken to their end, as a browser does."""
    get = Client.get

    def get_all(*args, **options):
        answer = get(*args, **options)
        if answer.streaming:
            answer.getvalue()
            answer.close()
        return answer

    monkeypatch.setattr(Client, "get", get_all)


@pytest.mark.parametrize("page", every_page())
@pytest.mark.usefixtures("closed")
class TestVisibility:
    def test_open_to_everyone_signed_in(self, page, planted, builder, oid, stranger):
        planted(builder)
        answer = client_of(stranger).get(sample(page, oid))
        assert answer.status_code == 200, answer.content[:500] if not answer.streaming else ""

    def test_restricted_code_is_not_there_for_a_stranger(self, page, planted, builder, oid, stranger):
        planted(builder, visibility="restricted")
        answer = client_of(stranger).get(sample(page, oid))
        nothing = client_of(stranger).get(sample(page, oid).replace("/widget/", "/nothing/"))
        assert answer.status_code == nothing.status_code == 404
        mask = re.compile(rb'X-CSRFToken": "\w+|csrfmiddlewaretoken" value="\w+|/(widget|nothing)/')
        assert mask.sub(b"", answer.content) == mask.sub(b"", nothing.content)

    def test_restricted_code_is_there_for_those_named(self, page, planted, builder, oid, other_team, owner, team):
        project = planted(builder, visibility="restricted", owner=team)
        reader = make_user("rita")
        Access.objects.create(project=project, user=reader)
        assert client_of(owner).get(sample(page, oid)).status_code == 200
        assert client_of(reader).get(sample(page, oid)).status_code == 200

    def test_nobody_without_an_account(self, page, planted, builder, oid):
        planted(builder)
        answer = client_of(None).get(sample(page, oid))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_login"))

    def test_anonymous_reading_stops_at_restricted_code(self, page, planted, builder, oid, settings):
        settings.ANONYMOUS_READ = True
        project = planted(builder)
        assert client_of(None).get(sample(page, oid)).status_code == 200
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        assert client_of(None).get(sample(page, oid)).status_code in (302, 404)

    def test_a_folder_project_does_not_open_a_restricted_repository(self, page, planted, builder, oid, stranger):
        project = planted(builder, visibility="restricted")
        Project.objects.create(slug="part", name="Part", repository=project.repository, subdirectory="src")
        assert client_of(stranger).get(sample(page, oid).replace("widget", "part")).status_code == 404

    def test_a_kept_page_is_not_confirmed_to_who_may_no_longer_read_it(self, page, planted, builder, oid, owner, team):
        project = planted(builder, visibility="restricted", owner=team)
        client = client_of(owner)
        first = client.get(sample(page, oid))
        Membership.objects.filter(user=owner).delete()
        held = first.headers.get("ETag", '"x"')
        assert client.get(sample(page, oid), headers={"If-None-Match": held}).status_code == 404
        assert project.visibility == "restricted"

    def test_never_publicly_cacheable(self, page, planted, builder, oid, owner, team):
        planted(builder, visibility="restricted", owner=team)
        control = client_of(owner).get(sample(page, oid)).headers["Cache-Control"]
        assert "public" not in control
        assert "private" in control

    def test_only_reading(self, page, planted, builder, oid, stranger):
        planted(builder)
        for verb in ("post", "put", "delete"):
            assert getattr(client_of(stranger), verb)(sample(page, oid)).status_code == 405

    def test_a_former_address_leads_on(self, page, planted, builder, oid, stranger):
        planted(builder).rename_slug("gadget")
        answer = client_of(stranger).get(sample(page, oid))
        assert answer.status_code == 301
        assert answer.headers["Location"] == sample(page, oid).replace("/widget/", "/gadget/")


@pytest.mark.parametrize("page", every_page())
@pytest.mark.usefixtures("closed")
def test_hostile_names_stay_words(page, planted, repository_builder, stranger):
    builder = repository_builder()
    hostile = f"{SCRIPT.decode()} \u202e{'y' * 300}"
    builder.commit(
        dict.fromkeys(NAMES, f"{hostile}\n") | {"README.md": SCRIPT},
        message=f"{hostile}\n\n{hostile}",
        author='"Eve" <script@example.org>',
    )
    builder.set_ref('refs/heads/<img/src=x>"&', builder.oid("refs/heads/main"))
    builder.tag("<b>1.0</b>", message=hostile)
    planted(builder)
    tail = TAILS.get(page, "main/README.md")
    asked = [sample(page, builder.oid("refs/heads/main"))]
    if tail.startswith("main/"):
        asked += [address(Project.objects.get(), page, b"main", name) for name in NAMES]
    for url in asked:
        answer = client_of(stranger).get(url)
        assert answer.status_code == 200, url[:200]
        kind = answer.headers["Content-Type"]
        if answer.streaming or not kind.startswith("text/html"):
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            continue
        assert SCRIPT not in answer.content
        assert b"\xff" not in answer.content
        assert "\u202e".encode() not in answer.content
        assert b"\x1b" not in answer.content
        assert b"<img/src" not in answer.content
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
