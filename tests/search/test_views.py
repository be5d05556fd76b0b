"""The search page through its addresses."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


BAD = [
    *(
        "x (foo",
        "a )",
        '"foo',
        "/(/",
        "/(?<=a)b/",
        "x" * 10_000,
        "a\0b",
        "lang:klingon x",
        "project:nope x",
        "repo:nope x",
    ),
    *(
        "team:nope x",
        "topic:nope x",
        "count:-1",
        "type:kode x",
        "case:maybe",
        "a OR",
        "NOT",
        "(case:yes a)",
        r"/(a)\1/",
    ),
]
KINDS = ["", "projects", "code", "symbols", "people", "commits", "nonsense"]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_query_keeps_what_was_typed_and_points_at_the_place(client_of, stranger, text):
    response = client_of(stranger).get("/search/", {"q": text})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="search-mistake"' in page
    assert response.context["q"] == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_tab_takes_every_query(client_of, stranger, kind):
    client = client_of(stranger)
    assert client.get("/search/", {"q": "/(a+)+$/", "type": kind}).status_code == (422 if kind == "symbols" else 200)
    for text in ("", " ", "word", "-word", "lang:go", "a OR b", "<script>", "unknown:x"):
        assert client.get("/search/", {"q": text, "type": kind}).status_code == 200, text
    for text in BAD[::3]:
        assert client.get("/search/", {"q": text, "type": kind}).status_code == 422, text
    for more in ({"after": "nonsense"}, {"page": "999999999999"}, {"page": "-1"}, {"all": "1"}):
        assert client.get("/search/", {"q": "word", "type": kind, **more}).status_code == 200, more
