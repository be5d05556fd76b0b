import pytest
from django.test import Client

from source.addresses import address


@pytest.fixture
def browser(stranger):
    client = Client()
    client.force_login(stranger)
    return client


def page(browser, project, oid, path=b"", query=""):
    return browser.get(address(project, "commit", oid.encode(), path) + query)


def test_a_commit_page_shows_its_changes(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "one\ntwo\n", "b.txt": "x\n"})
    oid = builder.commit({"a.txt": "one\nzwei\n", "c.txt": "new\n"}, message="Say it in German\n\nBecause.\n")
    project = planted(builder)
    answer = page(browser, project, oid)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Say it in German" in text and "Because." in text
    assert "2 files changed" in text and 'class="del"' in text and "zwei" in text
    assert "b.txt" not in text
