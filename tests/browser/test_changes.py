"""Commits, comparisons, branches and tags in a browser: axe, narrow screens, themes, loading on demand, no script."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from projects.models import Project, Repository
from source.addresses import address
from tests.gitstore.builder import RepositoryBuilder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
PROSE = "".join(f"line {number} with some words\n" for number in range(60))


@pytest.fixture
def repository(tmp_path, settings):
    """A project `widget` whose last commit on main has everything a diff can show; its id."""
    settings.CACHES = {**settings.CACHES, "code": {**settings.CACHES["code"], "LOCATION": str(tmp_path / "code-cache")}}
    record = Repository.objects.create(clone_url="https://git.example/widget.git", address_key="widget")
    builder = RepositoryBuilder(record.mirror_path)
    now = int(time.time())
    base = builder.commit(
        {
            "src/deep/folder/a.py": PROSE,
            "old name.txt": PROSE,
            "bin": b"\0" * 99,
            "link": ("120000", "a"),
            "big": "x\n",
        },
        when=now - 200 * 86_400,
    )
    builder.commit({"aside": "1\n"}, branch="feature/aside", parents=[base], when=now - 86_400, message="Aside")
    builder.commit({"aside": "2\n"}, branch="forgotten", parents=[base], when=now - 150 * 86_400)
    builder.tag("v1.0", base, message="First\n\nwith a long message that says " + "much " * 80)
    oid = builder.commit(
        {
            "src/deep/folder/a.py": PROSE.replace("line 7 with some", "line seven with other"),
            "old name.txt": None,
            "x" * 180 + ".txt": PROSE + "more\n",
            "bin": b"\0" * 98,
            "link": "no link\n",
            "big": "".join(f"{number}\n" for number in range(2000)),
            "long": "word " * 2000,
        },
        when=now,
        message=f"Change {'all at once ' * 20}\n\nSee https://example.org/{'x' * 90}, {base}.\n\nBug: 7\n",
    )
    builder.set_ref("refs/heads/unreadable", _without_its_tree(builder, oid))
    record.default_branch, record.head_commit = "main", oid
    record.save()
    return Project.objects.create(slug="widget", name="Widget", repository=record), oid


def _without_its_tree(builder, parent):
    tree = builder.git("mktree", "--missing", stdin=b"040000 tree %s\tgone\n" % (b"1" * 40)).decode().strip()
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    oid = builder.git(*who, "commit-tree", tree, "-p", parent, "-m", "Lose it").decode().strip()
    (builder.path / "objects" / tree[:2] / tree[2:]).unlink()
    return oid


@pytest.fixture
def window(signed_in):
    """A function that opens a window in which a stranger is signed in, at a path."""

    def open_at(path, **options):
        page = signed_in(path, **options)
        page.wait_for_load_state("networkidle")
        return page

    return open_at


PATHS = (
    *(
        "commit/{oid}",
        "commit/{oid}?view=split",
        "commit/{oid}?part=refs",
        "compare/v1.0...main",
        "compare/nope...main",
    ),
    *("compare/", "tree/unreadable", "branches/?show=all", "tags/"),
)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light"), (320, "dark"), (1440, "light")])
def test_axe_finds_nothing_and_nothing_sticks_out(window, repository, width, scheme):
    _, oid = repository
    page = window("/projects/widget/", viewport={"width": width, "height": 900}, color_scheme=scheme)
    for path in PATHS:
        page.goto(f"/projects/widget/{path.format(oid=oid)}")
        page.wait_for_load_state("networkidle")
        result = Axe().run(page)
        assert result.violations_count == 0, f"{path}: {result.generate_report()}"
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_a_large_file_is_loaded_on_demand(window, repository):
    project, oid = repository
    page = window(address(project, "commit", oid.encode()))
    page.get_by_role("link", name="Show it").first.click()
    page.get_by_text("1999", exact=True).first.wait_for()
    assert page.url.endswith(oid)


def test_fields_of_a_comparison_are_completed(window, repository):
    page = window("/projects/widget/compare/")
    page.get_by_label("Compared with it").fill("asi")
    expect(page.locator("#compare-new-refs option")).to_have_count(1)
    expect(page.locator("#compare-new-refs option")).to_have_attribute("value", "feature/aside")
    page.get_by_label("Compared with it").fill("feature/aside")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/main...feature/aside")


def test_all_files_fold_at_once(window, repository):
    project, oid = repository
    page = window(address(project, "commit", oid.encode()))
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert page.locator("details.file-diff[open]").count() == 0
    page.get_by_role("button", name="Unfold all").click()
    assert page.locator("details.file-diff:not([open])").count() == 0


def test_without_script_everything_is_a_link(window, repository):
    project, oid = repository
    page = window(address(project, "commit", oid.encode()), java_script_enabled=False)
    page.get_by_role("link", name="Branches, tags and commits on top of it").click()
    page.get_by_role("heading", name="is part of").wait_for()
    page.goto(address(project, "commit", oid.encode()))
    page.get_by_role("link", name="Show it").first.click()
    page.get_by_text("1999", exact=True).first.wait_for()
    page.goto("/projects/widget/branches/?show=all")
    page.get_by_role("link", name="count").first.click()
    page.get_by_text("+1", exact=True).first.wait_for()
