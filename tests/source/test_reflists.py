import time

import pytest

from source.addresses import address

DAY = 86_400
HOSTILE = "x<script>alert(1)</script>"


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


class TestBranches:
    @pytest.fixture
    def several(self, builder):
        now = int(time.time())
        base = builder.commit({"a": "1"}, when=now - 200 * DAY)
        builder.commit({"a": "old"}, branch="forgotten", parents=[base], when=now - 100 * DAY, message="Long ago")
        builder.commit({"a": "2"}, when=now - 5 * DAY)
        builder.commit({"a": "3"}, branch="feature/new", parents=[base], when=now - DAY, message="Fresh")
        builder.set_ref("refs/heads/done", base)
        return builder

    def test_default_on_top_and_stale_ones_apart(self, planted, several, browser):
        planted(several)
        html = text(browser.get("/projects/widget/branches/"))
        assert html.index(">main<") < html.index(">feature/new<") and "forgotten" not in html and "Fresh" in html
        html = text(browser.get("/projects/widget/branches/?show=stale"))
        assert "forgotten" in html and "Long ago" in html and "feature/new" not in html
        html = text(browser.get("/projects/widget/branches/?show=all&q=FEAT"))
        assert "feature/new" in html and "forgotten" not in html
        assert "No branch has this name" in text(browser.get("/projects/widget/branches/?q=nothing"))

    def test_distances_come_when_asked_for_and_stay(self, planted, several, browser):
        planted(several)
        url = "/projects/widget/branches/?show=all"
        html = text(browser.get(url))
        assert "counts=1" in html and "merged" not in html
        part = text(browser.get(f"{url}&counts=1", headers={"HX-Request": "true"}))
        assert "<html" not in part and "merged" in part
        html = text(browser.get(url))
        assert "counts=1" not in html
        flat = " ".join(html.split())
        assert ">−1</span>" in flat and ">+1</span>" in flat

    def test_names_are_shown_and_linked_whatever_they_are(self, planted, builder, browser):
        oid = builder.commit({"a": "1"}, message=f"{HOSTILE}\u202e", author="b\u202e <a@b>", when=int(time.time()))
        for name in (HOSTILE, "caf\u00e9", "100%", "refs/heads/x", "a#b"):
            builder.set_ref(f"refs/heads/{name}", oid)
        project = planted(builder)
        html = text(browser.get("/projects/widget/branches/"))
        assert "<script>alert" not in html and "\u202e" not in html
        assert f'href="{address(project, "tree", b"a#b")}"' in html
        assert f'href="{address(project, "tree", b"refs/heads/refs/heads/x")}"' in html

    def test_same_queries_and_pages_for_very_many(self, planted, builder, browser, django_assert_max_num_queries):
        oid = builder.commit({"a": "1"}, when=int(time.time()))
        rows = "".join(f"create refs/heads/b/{number:04d} {oid}\n" for number in range(1200))
        builder.git("update-ref", "--stdin", stdin=rows.encode())
        builder.git("pack-refs", "--all")
        planted(builder)
        browser.get("/projects/widget/branches/")
        with django_assert_max_num_queries(6):
            html = text(browser.get("/projects/widget/branches/?page=25"))
        assert html.count('class="ref"') == 1 and text(browser.get("/projects/widget/branches/?page=abc"))

    def test_a_new_branch_appears_at_once(self, planted, builder, browser):
        oid = builder.commit({"a": "1"}, when=int(time.time()))
        planted(builder)
        assert ">later<" not in text(browser.get("/projects/widget/branches/"))
        builder.set_ref("refs/heads/later", oid)
        assert ">later<" in text(browser.get("/projects/widget/branches/"))


class TestTags:
    def test_newest_first_with_message_and_archives(self, planted, builder, browser):
        old = builder.commit({"a": "1"})
        builder.tag("v1", old)
        builder.tag("v2", old, message=f"Second {HOSTILE}\n\nWith \u202e much in it")
        project = planted(builder)
        html = text(browser.get("/projects/widget/tags/"))
        assert html.index(">v2<") < html.index(">v1<") and "Tess" in html
        assert "Second x&lt;script" in html and "<script>alert" not in html and "\u202e" not in html
        assert f'href="{address(project, "archive", b"v2")}.zip"' in html and "signed" not in html

    def test_signatures_are_told_and_not_shown(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        raw = f"object {oid}\ntype commit\ntag s\ntagger T <t@e> 1700000000 +0000\n\nSigned one\n"
        raw += "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
        builder.set_ref("refs/tags/s", builder.git("mktag", stdin=raw.encode()).decode().strip())
        planted(builder)
        html = text(browser.get("/projects/widget/tags/"))
        assert "signed, not verified" in html and "Signed one" in html and "AAAA" not in html

    def test_tags_of_other_things_are_shown_as_what_they_are(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        builder.tag("file", builder.git("rev-parse", "main:a").decode().strip())
        builder.tag("folder", "main^{tree}", message="A tree")
        builder.tag("nested", oid, message="One")
        builder.tag("twice", "nested", message="Two")
        planted(builder)
        html = text(browser.get("/projects/widget/tags/"))
        assert "names a file" in html and "names a folder" in html
        assert html.count("tar.gz</a>") == 2 and html.count(f">{oid[:10]}</a>") == 2

    def test_a_tag_that_a_branch_hides_keeps_its_address(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        builder.set_ref("refs/heads/v1", oid)
        builder.tag("v1/x", oid)
        builder.tag("v2/x", oid)
        project = planted(builder)
        html = text(browser.get("/projects/widget/tags/"))
        assert f'href="{address(project, "tree", b"refs/tags/v1/x")}"' in html
        assert f'href="{address(project, "tree", b"v2/x")}"' in html

    def test_filter_and_pages(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        rows = "".join(f"create refs/tags/v1.{number} {oid}\n" for number in range(120))
        builder.git("update-ref", "--stdin", stdin=rows.encode())
        planted(builder)
        html = text(browser.get("/projects/widget/tags/"))
        assert html.index(">v1.119<") < html.index(">v1.99<") and ">v1.2<" not in html
        assert ">v1.2<" in text(browser.get("/projects/widget/tags/?page=3"))
        assert ">v1.77<" in text(browser.get("/projects/widget/tags/?q=77"))
        assert "No tag has this name" in text(browser.get("/projects/widget/tags/?q=zzz"))

    def test_no_tags(self, planted, builder, browser):
        builder.commit({"a": "1"})
        planted(builder)
        assert "No tags" in text(browser.get("/projects/widget/tags/"))
