import re
from html.parser import HTMLParser

import pytest

from common.markdown import render_document, render_markdown, render_plain, render_rst, slugify
from common.safe_html import Links, cap_nesting, sanitise

LINKS = Links(blob="/projects/a/blob/main/", raw="/projects/a/raw/main/", directory="docs")


class Elements(HTMLParser):
    def __init__(self, rendered):
        super().__init__()
        self.found = []
        self.feed(rendered)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(rendered, tag=None):
    return [attrs if tag else (name, attrs) for name, attrs in Elements(rendered).found if tag in (None, name)]


def text(rendered):
    return re.sub(r"<[^>]*>", "", rendered)


class TestMarkdown:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("~~a~~", "<s>a</s>"),
            ("see https://example.org/x now", 'href="https://example.org/x"'),
            ("| a |\n|:-:|\n| b |", '<td align="center">b</td>'),
            ("- [x] done", "☑"),
            ("- [ ] open", "☐"),
            ("> [!WARNING]\n> careful", "markdown-alert-warning"),
            ("a[^1]\n\n[^1]: note", 'href="#user-content-fn1"'),
            ("# A *b* `c`", '<h1 id="user-content-a-b-c">'),
            ("[up](#a-b)", 'href="#user-content-a-b"'),
            ("<kbd>Ctrl</kbd>", "<kbd>Ctrl</kbd>"),
            ("<details><summary>s</summary>x</details>", "<summary>s</summary>"),
            ("```python\nimport x\n```", '<code class="language-python"><span class="tok-kn">import</span>'),
            ("```no-such-language\n<b>\n```", '<code class="language-no-such-language">&lt;b&gt;'),
            ("---\ntitle: x\n---\n# T", '<h1 id="user-content-t">T</h1>'),
        ],
    )
    def test_github_flavour(self, source, expected):
        assert expected in render_markdown(source)

    def test_equal_headings_get_different_anchors(self):
        found = [attrs["id"] for attrs in elements(render_markdown("# A\n\n# A"), "h1")]
        assert len(set(found)) == 2

    def test_long_code_is_not_highlighted(self):
        assert "tok-" not in render_markdown("```python\n" + "x = 1\n" * 20_000 + "```")

    def test_slugs_are_those_forges_make(self):
        assert [slugify(title) for title in ("Hello, World!", "日本語 の題", "a_b-c  d")] == [
            "hello-world",
            "日本語-の題",
            "a_b-c--d",
        ]


class TestLinks:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("guide.md", "/projects/a/blob/main/docs/guide.md"),
            ("./guide.md#top", "/projects/a/blob/main/docs/guide.md#top"),
            ("../src/a b.py", "/projects/a/blob/main/src/a%20b.py"),
            ("/LICENSE", "/projects/a/blob/main/LICENSE"),
            ("a%20b.md", "/projects/a/blob/main/docs/a%20b.md"),
            ("caf%C3%A9.md", "/projects/a/blob/main/docs/caf%C3%A9.md"),
            ('x"onmouseover=y', "/projects/a/blob/main/docs/x%22onmouseover%3Dy"),
            ("https://example.org/a?b=c&d", "https://example.org/a?b=c&d"),
            ("mailto:a@example.org", "mailto:a@example.org"),
        ],
    )
    def test_relative_addresses_lead_into_the_portal(self, address, expected):
        assert [attrs["href"] for attrs in elements(render_markdown(f"[a](<{address}>)", LINKS), "a")] == [expected]

    @pytest.mark.parametrize(
        "address",
        [
            "../../etc/passwd",
            "..%2f..%2fetc",
            "//evil.example/x",
            "\\\\evil.example",
            "https:evil",
            "javascript:x",
            "a\\..\\b",
        ],
    )
    def test_addresses_that_lead_elsewhere_become_text(self, address):
        rendered = sanitise(f'<a href="{address}">word</a>', LINKS)
        assert "href" not in rendered and "word" in rendered

    def test_without_bases_relative_links_are_text_and_images_their_words(self):
        rendered = render_markdown("[guide](guide.md) ![a cat](cat.png)")
        assert elements(rendered, "a") == elements(rendered, "img") == []
        assert "guide" in rendered and "a cat" in rendered

    def test_images_of_the_repository_are_shown(self):
        assert elements(render_markdown("![cat](cat.png)", LINKS), "img") == [
            {"src": "/projects/a/raw/main/docs/cat.png", "alt": "cat", "loading": "lazy"}
        ]

    def test_remote_images_are_named_but_not_loaded(self):
        rendered = render_markdown('![cat](https://e.example/cat.png) <img src="http://e.example/d.png">', LINKS)
        assert elements(rendered, "img") == []
        assert "image: cat" in rendered and "https://e.example/cat.png" in rendered

    def test_badge_in_a_link_stays_one_link(self):
        rendered = render_markdown("[![build](https://e.example/b.svg)](https://ci.example/)", LINKS)
        assert [attrs["href"] for attrs in elements(rendered, "a")] == ["https://ci.example/"]
        assert "build" in rendered

    def test_every_link_is_marked_as_a_strangers(self):
        rendered = render_markdown('[a](https://a.example) <a href="https://b.example" rel="opener">b</a>')
        assert {attrs["rel"] for attrs in elements(rendered, "a")} == {"nofollow noopener"}


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#x0a;script:alert(1))",
    "[a](&#1;javascript:alert(1))",
    "<a href='java\tscript:alert(1)'>a</a>",
    "<a href='\u2028javascript:alert(1)'>a</a>",
    "<a href='&nbsp;javascript:alert(1)'>a</a>",
    "<a href='vbscript:x'>a</a><a href='data:text/html,<script>alert(1)</script>'>b</a>",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "<a href='https://x' onclick=alert(1) style='position:fixed' target=_blank>a</a>",
    "<div hx-get='/sync/' hx-trigger=load data-hx-post='/x' data-controller=x>a</div>",
    "<form action='/accounts/logout/' method=post><button formaction=x>b</button><input name=q></form>",
    "<style>*{display:none}</style><link rel=stylesheet href=//e><meta http-equiv=refresh content='0;url=//e'>",
    "<base href='//evil.example/'>",
    "<h1 id='csrfmiddlewaretoken'>a</h1><a name='location'>b</a><img name=getElementById src=x>",
    "<p class='nav modal is-open'>a</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title>",
    "<a href='x'><a href='javascript:alert(1)'>nested</a></a>",
    "`<img src=x onerror=alert(1)>` <!-- --><img src=x onerror=alert(1)> -->",
    "<table background='javascript:alert(1)'><td background='//e'>x",
    "<video src=//e><source onerror=alert(1)></video><audio src=//e onplay=x>",
    "<img srcset='//evil.example/a 2x' src='a.png'>",
    "<picture><source srcset=//evil.example/b><img src=//evil.example/c></picture>",
    '```a"onmouseover=alert(1)\nx\n```',
    "<x-portal onclick=1>a</x-portal><custom is=x>",
    "<details ontoggle=alert(1) open>a</details>",
    "<ol start='1\" onclick=alert(1)'><li>x</ol>",
]
ALLOWED_ATTRIBUTES = {
    *(
        "href",
        "title",
        "name",
        "rel",
        "src",
        "alt",
        "width",
        "height",
        "loading",
        "id",
        "align",
        "class",
        "dir",
        "lang",
    ),
    *("open", "start", "reversed", "colspan", "rowspan", "scope"),
}
FORBIDDEN_TAGS = {
    *(
        "script",
        "style",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "button",
        "textarea",
        "link",
        "meta",
    ),
    *("base", "video", "audio", "source", "title", "noscript", "picture", "x-portal"),
}


class TestHostileContent:
    @pytest.mark.parametrize("format", ["markdown", "rst", "raw"])
    @pytest.mark.parametrize("payload", HOSTILE)
    def test_nothing_that_runs_or_reaches_out_survives(self, payload, format):
        source = {
            "markdown": payload,
            "rst": f"Title\n=====\n\n.. raw:: html\n\n   {payload}\n\n`a <{payload}>`_ {payload}",
        }
        rendered = sanitise(payload, LINKS) if format == "raw" else RENDER[format](source[format], LINKS)
        for tag, attrs in elements(rendered):
            assert tag not in FORBIDDEN_TAGS
            assert set(attrs) <= ALLOWED_ATTRIBUTES
            assert re.match(
                r"https?://[^/]|mailto:|#user-content-|/projects/a/blob/main/", attrs.get("href", "#user-content-")
            )
            assert attrs.get("src", "/projects/a/raw/main/").startswith("/projects/a/raw/main/")
            assert attrs.get("id", "user-content-").startswith("user-content-")
            assert attrs.get("name", "user-content-").startswith("user-content-")
            assert not set((attrs.get("class") or "").split()) & {"nav", "modal", "is-open"}

    @pytest.mark.parametrize(
        "source",
        [
            "<div>" * 100_000,
            "<font a=1>" * 50_000 + "<p>x" * 50_000,
            "<b>" * 60_000 + "</b>" * 60_000,
            "*a " * 100_000,
            "[" * 100_000,
            "![" * 60_000,
            "> " * 50_000 + "a",
            "- " * 50_000 + "a",
            "`" * 100_000 + " `" * 50_000,
            "[a](" * 60_000,
            "<a " * 60_000,
            "<!--" * 60_000,
            "&" * 200_000,
            "|" * 20_000 + "\n" + "|-" * 10_000 + "|\n" + "|a" * 10_000,
            "```java\n" + "a<" * 30_000 + "\n```",
            "# x\n" * 30_000,
            "[^1]" * 30_000 + "\n\n[^1]: x",
            "<table>" * 50_000,
            "\0\ud7ff\u202e" * 10_000,
        ],
        ids=range(19),
    )
    def test_pathological_documents_come_back(self, source):
        rendered = render_document(source, "markdown", LINKS, seconds=1)
        assert len(rendered) <= 4 * 1024 * 1024
        assert {tag for tag, _ in elements(rendered[:100_000])} & FORBIDDEN_TAGS == set()

    def test_deep_nesting_is_shown_as_text(self):
        capped = cap_nesting("<div>" * 200 + "x")
        assert capped.count("<div") == 80 and "x" in capped

    def test_ordinary_unclosed_paragraphs_do_not_count_as_nesting(self):
        source = "<p>a<li>b<br>" * 300
        assert cap_nesting(source) == source


RENDER = {"markdown": render_markdown, "rst": render_rst}


class TestRst:
    def test_sections_links_and_code(self):
        rendered = render_rst(
            "Title\n=====\n\nSee `docs <docs/a.rst>`_.\n\n.. code:: python\n\n   x = 1\n", Links(blob="/b/")
        )
        assert "<h1>Title</h1>" in rendered
        assert 'href="/b/docs/a.rst"' in rendered
        assert "x = 1" in text(rendered)

    def test_no_file_of_the_server_gets_in(self):
        for directive in (
            ".. include:: /etc/passwd",
            ".. csv-table::\n   :file: /etc/passwd",
            ".. raw:: html\n   :file: /etc/passwd",
        ):
            assert "root:" not in render_rst(f"a\n\n{directive}\n\nb")

    def test_unknown_roles_and_directives_do_not_hide_the_rest(self):
        assert "rest" in render_rst(
            ":py:class:`A` x\n\n.. automodule:: a\n   :members:\n\n.. toctree::\n\n   a\n\nrest\n"
        )

    def test_broken_markup_falls_back_to_something_readable(self):
        for source in ("*a\n====\n`b\n|c", "=" * 5000, "..\n" * 5000, " \n".join("  " * n + "- a" for n in range(300))):
            assert render_document(source, "rst")


class TestRenderDocument:
    def test_result_too_large_with_colours_comes_without(self):
        source = ("```c\n" + "a(b);" * 10_000 + "\n```\n\n") * 8
        rendered = render_document(source, "markdown", seconds=60)
        assert "tok-" not in rendered and '<code class="language-c">' in rendered

    def test_markdown_in_a_child_is_the_same_as_here(self):
        source = "# Title\n\n[a](b.md)\n\n```python\nx = 1\n```\n"
        assert render_document(source, "markdown", LINKS, seconds=30) == render_markdown(source, LINKS)

    def test_unknown_formats_are_plain_text(self):
        assert render_document("= A <b>\n", "asciidoc") == "<pre>= A &lt;b&gt;\n</pre>"
        assert render_plain("<&") == "<pre>&lt;&amp;</pre>"
