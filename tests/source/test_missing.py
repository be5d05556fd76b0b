"""Pages for what is not there."""

import pytest

from source.addresses import address


@pytest.fixture
def project(planted, repository_builder):
    builder = repository_builder()
    builder.commit(
        {
            "src/render/template.py": "1",
            "docs/index.md": "1",
            "current": ("120000", "src/render"),
            "outside": ("120000", "../../etc"),
        }
    )
    builder.set_ref("refs/heads/feature/login", builder.oid("refs/heads/main"))
    builder.tag("v1.10.0")
    return planted(builder)


def page_of(browser, project, revision, path=b""):
    answer = browser.get(address(project, "tree", revision, path))
    assert answer.status_code == 404
    return answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "meant"), [(b"mian", b"main"), (b"feature/logn", b"feature/login"), (b"v1.10", b"v1.10.0")]
)
def test_a_revision_much_like_another(browser, project, typed, meant):
    assert f'href="{address(project, "tree", meant)}"' in page_of(browser, project, typed)


@pytest.mark.parametrize("typed", [b"src/template.py", b"src/render/tmplate.py", b"SRC/RENDER/TEMPLATE.PY"])
def test_a_path_much_like_another(browser, project, typed):
    page = page_of(browser, project, b"main", typed)
    assert f'href="{address(project, "blob", b"main", b"src/render/template.py")}"' in page


def test_the_last_folder_that_is_there_is_offered(browser, project):
    page = page_of(browser, project, b"main", b"docs/deep/er/x.md")
    assert f'href="{address(project, "tree", b"main", b"docs")}"' in page


def test_a_path_through_a_link_says_where_it_leads(browser, project):
    page = page_of(browser, project, b"main", b"current/template.py")
    assert "symbolic link" in page
    assert f'href="{address(project, "blob", b"main", b"src/render/template.py")}"' in page


def test_a_link_out_of_the_repository_leads_nowhere(browser, project):
    page = page_of(browser, project, b"main", b"outside/passwd")
    assert "outside the repository" in page
    assert 'href="/etc' not in page


@pytest.mark.parametrize(
    "path", [b"x" * 4000, b"a/" * 2000 + b"b", b"..", b"../../etc/passwd", b"a\x00b", b"\xff", b"~"]
)
def test_strange_paths_are_just_not_there(browser, project, path):
    page_of(browser, project, b"main", path)


def test_another_branch_of_a_repository_whose_default_is_unborn(browser, planted, repository_builder):
    builder = repository_builder()
    builder.commit({"a.txt": "1"}, branch="topic")
    project = planted(builder, branch="")
    assert b"No code yet" in browser.get(address(project, "tree", b"HEAD")).content
    assert b"a.txt" in browser.get(address(project, "tree", b"topic")).content


def test_a_project_that_was_never_fetched(browser, planted, repository_builder):
    builder = repository_builder()
    builder.commit({"a.txt": "1"})
    project = planted(builder)
    builder.path.rename(builder.path.with_name("gone"))
    answer = browser.get(address(project, "tree", b"main"))
    assert answer.status_code == 404
    assert b"No code yet" in answer.content
