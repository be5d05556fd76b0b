import re

import pytest

from source.addresses import address

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def parted(builder):
    """`main` has two commits that `feature/x.y` has not, which has one that `main` has not."""
    base = builder.commit({"a": "1\n", "shared/c": "1\n"})
    builder.commit({"side": "s\n"}, branch="feature/x.y", parents=[base], message="Aside")
    builder.tag("v1.0", base)
    builder.commit({"a": "2\n"}, message="Second")
    builder.commit({"a": "3\n"}, message="Third")
    return builder


def get(browser, project, tail, query="", **more):
    return browser.get(address(project, "compare", tail.encode()) + query, **more)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_three_dots_begin_where_the_two_parted(planted, parted, browser):
    html = text(get(browser, planted(parted), "main...feature/x.y"))
    assert "1 commit ahead of" in html and "2 behind" in html and "Aside" in html and "Third" not in html
    assert "1 file changed" in html and ">side</h2>" in html and ">a</h2>" not in html


def test_two_dots_compare_both_ends(planted, parted, browser):
    html = text(get(browser, planted(parted), "main..feature/x.y"))
    assert "2 files changed" in html and ">a</h2>" in html and ">side</h2>" in html


def test_names_with_dots_and_a_side_left_out(planted, parted, browser):
    project = planted(parted)
    assert "2 commits ahead" in text(get(browser, project, "v1.0...main"))
    assert "2 commits ahead" in text(get(browser, project, "v1.0..."))
    assert "1 commit ahead" in text(get(browser, project, "feature/x.y"))


def test_swapping_and_the_same_commit(planted, parted, browser):
    project = planted(parted)
    html = text(get(browser, project, "v1.0...main"))
    assert f'href="{address(project, "compare", b"main...v1.0")}"' in html
    assert "not ahead of" in text(get(browser, project, "main...v1.0"))
    assert "same commit" in text(get(browser, project, "main...main"))


def test_histories_without_a_common_commit(planted, parted, browser):
    parted.commit({"b": "x\n"}, branch="alone", parents=())
    html = text(get(browser, planted(parted), "main...alone"))
    assert "no commit in common" in html and ">b</h2>" in html and ">a</h2>" in html


def test_one_file_of_a_comparison(planted, parted, browser):
    project = planted(parted)
    html = text(get(browser, project, "v1.0...main/a"))
    assert ">a</h2>" in html
    part = get(browser, project, "v1.0...main/a", headers={"HX-Request": "true"})
    assert "<html" not in text(part)
    assert get(browser, project, "v1.0...main/shared/c").status_code == 404


def test_its_text_is_that_of_git(planted, parted, browser):
    project = planted(parted)
    for spelling in ("main...feature/x.y", "main..feature/x.y", "v1.0...main"):
        answer = get(browser, project, spelling + ".diff")
        assert b"".join(answer.streaming_content) == parted.git("diff", spelling)
        assert answer["Cache-Control"] == "private, no-cache"


def test_the_form_leads_to_an_address(planted, parted, browser):
    project = planted(parted)
    assert get(browser, project, "", "?old=v1.0&new=feature/x.y&dots=..")["Location"] == address(
        project, "compare", b"v1.0..feature/x.y"
    )
    html = text(get(browser, project, ""))
    assert 'value="main"' in html


@pytest.mark.parametrize(
    "tail", ["nope...main", "main...nope", "--all...main", "main...main~1", "%00...x", "a....b", "nope"]
)
def test_unknown_names_are_404_with_the_form_kept(planted, parted, browser, tail):
    project = planted(parted)
    answer = browser.get(f"/projects/widget/compare/{tail}")
    assert answer.status_code == 404 and b"There is no branch, tag or commit named" in answer.content
    assert project.slug in answer.content.decode()


def test_near_names_are_suggested_in_their_place(planted, parted, browser):
    project = planted(parted)
    for tail, meant in (("feature/x.z...main", b"feature/x.y...main"), ("main..feature/x.z", b"main..feature/x.y")):
        answer = get(browser, project, tail)
        assert answer.status_code == 404
        assert f'<a href="{address(project, "compare", meant)}">feature/x.y</a>' in answer.content.decode()


def test_unknown_names_cannot_hurt(planted, parted, browser):
    answer = get(browser, planted(parted), f"{HOSTILE}\u202e...main")
    assert answer.status_code == 404
    assert b"<script>alert" not in answer.content


def test_fields_are_completed_with_names_that_can_be_typed(planted, parted, browser):
    for name in ("topic/new", "topic/\u202edlo", "same"):
        parted.set_ref(f"refs/heads/{name}", parted.oid("refs/heads/main"))
    parted.tag("same")
    parted.tag("topic-1.0")
    project = planted(parted)
    form = text(get(browser, project, ""))
    assert f'hx-get="{address(project, "refs", b"main")}?as=options"' in form
    options = address(project, "refs", b"main") + "?as=options&"
    found = re.findall('<option value="([^"]*)">', text(browser.get(options + "new=topic")))
    assert found == ["topic/new", "topic-1.0"]
    assert re.findall('<option value="([^"]*)">', text(browser.get(options + "old=same"))) == ["same", "refs/tags/same"]


def test_commits_come_in_pages(planted, builder, browser):
    builder.commit({"a": "1"})
    builder.tag("start")
    builder.commits(120)
    project = planted(builder)
    html = text(get(browser, project, "start...main"))
    assert "120 commits ahead" in html and "Step 120<" in html and "Step 70<" not in html
    html = text(get(browser, project, "start...main", "?commits=3"))
    assert "Step 20<" in html and "Older commits" not in html and "Newer commits" in html


def test_same_queries_for_any_number_of_commits(planted, builder, browser, django_assert_max_num_queries):
    builder.commit({"a": "1"})
    builder.tag("start")
    builder.commits(40)
    project = planted(builder)
    get(browser, project, "start...start")
    with django_assert_max_num_queries(6):
        get(browser, project, "start...main")
