"""Whoever was erased is named nowhere: pages of code and search, before and after the next sync."""

import re

import pytest

from activity import erasure
from activity.models import Commit, Identity
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.fields import set_edited
from projects.models import FieldValue, Project
from source.addresses import address
from tests.activity.histories import imported

NAME, EMAIL = "Zoë Quietly", "zoe.q@x.example"
ZOE, LOGIN = f"{NAME} <{EMAIL}>", "zq <7+zoeq@users.noreply.forge.example>"
TRACES = re.compile(r"quietly|zoe\.q|zoeq|(?<![\w-])zq(?![\w-])|zoë", re.IGNORECASE)
SIGNED = f"Undo what ZOE QUIETLY did\n\nAsked by {EMAIL}, and @zoeq: Quietly, Zoe wrote it.\n\nSigned-off-by: {LOGIN}\n"


@pytest.fixture
def project(builder, planted):
    builder.commit({"a.txt": "0\n"}, author=ZOE)
    builder.tag("v1", message=f"By {NAME}")
    builder.commit({"a.txt": "1\n"}, author=LOGIN, message=f"Merge branch of {EMAIL}")
    builder.commit({"b.txt": "1\n"}, author="Bo <bo@x.example>", message=SIGNED)
    builder.commit({"c.txt": "1\n"}, author="Bo <bo@x.example>", committer=ZOE, message="Quiet zqueue for zoes")
    project = planted(builder)
    imported(project)
    return project


def erase(administrator):
    zoe, other = (Identity.objects.get(email=email).person for email in (EMAIL, "7+zoeq@users.noreply.forge.example"))
    for person in (zoe, other):
        erasure.erase(person.pk, administrator)


def pages(project):
    found = [address(project, kind, b"main", b"") for kind in ("commits", "tree")]
    found += [address(project, "lasts", b"main", b""), address(project, "compare", b"v1...main")]
    found += [address(project, kind, b"main", b"a.txt") for kind in ("blame", "commits")]
    found += [address(project, "blob", b"main", b"a.txt") + "?part=people", f"/projects/{project.slug}/tags/"]
    found += [f"/projects/{project.slug}/{page}" for page in ("branches/", "", "activity/")]
    for commit in Commit.objects.filter(repository=project.repository):
        place = address(project, "commit", commit.oid.encode())
        found += [place, f"{place}.patch", f"{place}?part=of"]
    return [*found, "/search/?q=undo&type=commit", "/search/?q=erased&type=commit", "/people/", "/insights/"]


def shown(browser, page):
    answer = browser.get(page)
    content = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code == 200, page
    return re.sub(r'href="[^"]*"|/search/\?[^"]*', "", content.decode())


def traces(browser, project):
    found = {page: TRACES.findall(shown(browser, page)) for page in pages(project)}
    return {page: words for page, words in found.items() if words}


def test_nor_after_the_next_sync(browser, project, builder, administrator):
    erase(administrator)
    builder.commit(
        {"d.txt": "1\n"}, author=f"Another Name <{EMAIL.upper()}>", message=f"Again by {NAME}\n\nFor\nzq <{EMAIL}>"
    )
    imported(project)
    project.repository.head_commit = builder.oid(b"refs/heads/main")
    project.repository.save()
    assert traces(browser, project) == {}
    assert [page for page in pages(project) if "Another Name" in shown(browser, page)] == []
    titles = Commit.objects.order_by("pk").values_list("title", flat=True)
    assert re.fullmatch(r"Again by Erased person \d+", titles[4])


def test_what_a_project_says_of_itself_names_them_no_more(project, administrator):
    FieldValue.objects.create(project=project, field="contact", source="edited", value=f"Ask {NAME}")
    Project.objects.update(contact=f"Ask {NAME}", motivation=f"Write to {EMAIL}")
    erase(administrator)
    project.refresh_from_db()
    assert re.fullmatch(r"Ask Erased person \d+", project.contact)
    assert re.fullmatch(r"Write to Erased person \d+", project.motivation)
    assert FieldValue.objects.get(field="contact").value == project.contact


def test_what_a_project_was_called_does_not_lead_to_it(project, administrator):
    for name in (f"Tools of {NAME}", "Tools"):
        set_edited(project, "name", name, administrator)
    assert select(CatalogQuery(text="quietly"), administrator).ids == [project.pk]
    erase(administrator)
    assert select(CatalogQuery(text="quietly"), administrator).ids == []


def test_asking_for_their_commits_does_not_tell_the_pseudonym(browser, project, administrator):
    page = address(project, "commits", b"main")
    assert "Erased person" not in shown(browser, f"{page}?author=quietly")
    assert "Merge branch" in shown(browser, f"{page}?author=zoeq")
    erase(administrator)
    for name in ("quietly", "zoeq", "zoe.q", "zo"):
        assert "Erased person" not in shown(browser, f"{page}?author={name}"), name
    assert "Quiet zqueue" in shown(browser, f"{page}?author=bo")


def test_pages_kept_before_are_drawn_anew(browser, project, administrator):
    page = address(project, "commit", project.repository.head_commit.encode())
    answer = browser.get(page)
    erase(administrator)
    again = browser.get(page, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 200
    assert "Quietly" not in again.content.decode()


def test_namesakes_and_addresses_of_nobody_stay(project, builder, administrator):
    builder.commit({"d.txt": "1\n"}, author=f"{NAME} <other@x.example>", message=f"By {NAME}")
    builder.commit({"e.txt": "1\n"}, author="Cy Root <root@localhost>", message="As root@localhost")
    imported(project)
    erase(administrator)
    erasure.erase(Identity.objects.get(name="Cy Root").person_id, administrator)
    assert Commit.objects.filter(title=f"By {NAME}").exists()
    assert Commit.objects.filter(title="As root@localhost").exists()


def test_a_sync_that_was_killed_between_titles_and_words_leaves_none(project, builder, administrator, monkeypatch):
    class Stop(Exception):
        pass

    def stop(*_args):
        raise Stop

    builder.commit({"d.txt": "1\n"}, author="Bo <bo@x.example>", message=f"Thanks {NAME}")
    monkeypatch.setattr("activity.importing.read_all_messages", stop)
    with pytest.raises(Stop):
        imported(project)
    assert Commit.objects.filter(title=f"Thanks {NAME}").exists()
    monkeypatch.undo()
    erase(administrator)
    assert not Commit.objects.filter(title__contains="Quietly").exists()
    imported(project)
    assert not Commit.objects.filter(words__contains="quietly").exists()
