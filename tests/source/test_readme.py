"""The README of a project's page leads into its code, for those who may read it."""

import pytest

from projects.models import Readme
from source.addresses import address
from tests.projects.planting import plant, read

TEXT = b"# Widget\n\n[guide](docs/guide.md#start) ![pic](img/a.png) [up](../../x) <a href='/.code/blob/y'>z</a>\n"


@pytest.fixture
def project(db):
    project = plant("widget", files={b"README.md": TEXT})
    read(project)
    return project


def page_of(browser, slug="widget"):
    return browser.get(f"/projects/{slug}/").content.decode()


def test_links_lead_to_the_default_branch_and_images_to_the_commit(project, browser):
    page = page_of(browser)
    assert f'href="{address(project, "blob", b"main", b"docs/guide.md")}#start"' in page
    head = project.repository.head_commit.encode()
    assert f'src="{address(project, "raw", head, b"img/a.png")}"' in page
    assert "/.code/" not in page.replace(address(project, "blob", b"main", b".code/blob/y"), "")


def test_links_follow_a_new_address(project, browser):
    project.rename_slug("gadget")
    assert 'href="/projects/gadget/blob/main/docs/guide.md#start"' in page_of(browser, "gadget")


def test_words_that_look_like_a_stored_link_stay_words(project, browser):
    Readme.objects.filter(project=project).update(html='<p>write &lt;a href="/.code/blob/x"</p>')
    assert 'write &lt;a href="/.code/blob/x"' in page_of(browser)


def test_the_page_has_a_tab_for_the_code(project, browser):
    assert f'href="{address(project, "tree", b"main")}"' in page_of(browser)


def test_where_the_code_is_not_to_be_read_there_is_no_link_to_it(project, browser, stranger, monkeypatch):
    monkeypatch.setattr("pages.project.visible_code", lambda *_: False)
    page = page_of(browser)
    assert "/blob/" not in page
    assert "/raw/" not in page
    assert "/tree/" not in page
    assert "guide" in page
