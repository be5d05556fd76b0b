"""Pages of files and raw files, through their addresses: what they show, and what nothing in a file can do."""

import base64
import json
import re
import sys

import pytest
from django.conf import settings as portal
from django.core.cache import caches

from source.addresses import address
from source.rendering import outline
from source.rendering.highlight import STYLED

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def show(planted, repository_builder, browser):
    """Commits files and gives a function that asks for a page of one."""

    def plant(files, **fields):
        builder = repository_builder()
        builder.commit(files)
        project = planted(builder, **fields)

        def ask(path, page="blob", query="", **headers):
            path = path.encode() if isinstance(path, str) else path
            return browser.get(address(project, page, b"main", path) + query, headers=headers)

        ask.builder, ask.project = builder, project
        return ask

    return plant


def words(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def body(answer):
    """The part of a page that the file fills."""
    text = words(answer)
    return text[text.index('<section class="blob"') : text.index("</section>", text.index('<section class="blob"'))]


class TestBlob:
    def test_lines_have_numbers_colours_and_facts(self, show):
        text = words(show({"src/a.py": "def f():\n    return '<b>'\n"})("src/a.py"))
        assert '<span id="L2"><a href="#L2" tabindex="-1">2</a>' in text
        assert "&lt;b&gt;" in text and "<b>" not in text
        assert 'class="tok-k"' in text
        for fact in ("Python", "2 lines", "ASCII", "LF"):
            assert fact in text

    def test_a_folder_leads_to_its_page(self, show):
        assert "/tree/main/src" in show({"src/a.py": "1"})("src").headers["Location"]

    def test_a_second_view_reads_and_draws_nothing(self, show, monkeypatch):
        ask = show({"a.py": "x = 1\n", "b.md": "# Title\n"})
        first = body(ask("a.py")), body(ask("b.md"))
        monkeypatch.setattr("source.files.run_bounded", None)
        monkeypatch.setattr("source.documents.render_document", None)
        assert (body(ask("a.py")), body(ask("b.md"))) == first

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.txt", "Größe über\r\n".encode("latin-1"), ["Windows-1252", "CRLF", "Größe über"]),
            ("a.txt", "日本語のテキストです\n".encode("cp932"), ["Shift-JIS", "日本語のテキスト"]),
            ("a.txt", "这是一个中文文本，用于测试\n".encode("gb18030"), ["GB18030", "这是一个中文"]),
            ("a.txt", "Привет, мир, как дела\n".encode("cp1251"), ["Windows-1251", "Привет"]),
            ("a.txt", "héllo\n".encode("utf-16"), ["UTF-16", "héllo"]),
            ("a.txt", "héllo\n".encode("utf-16-le"), ["UTF-16", "héllo"]),
            ("a.txt", b"\xef\xbb\xbfhi\n", ["UTF-8 with byte order mark", "hi"]),
            ("a.txt", b"a\nb\r\n", ["mixed LF and CRLF"]),
            ("a.txt", b"a\rb\r", ["CR", "2 lines"]),
            ("a.txt", b"", ["This file is empty"]),
            ("a.dat", bytes(range(256)), ["A binary file of 256 B"]),
            ("a.js", "var a=1;" * 2000, ["Lines of up to 16000 characters"]),
            ("a.txt", "x\n" * 1_100_000, ["too large to show"]),
            ("a.pdf", "%PDF-1.4\n", ["A PDF document"]),
            ("a.xyz", "plain\n", ["plain"]),
            ("a.c", "int a; /* \u202e } */\n", ["U+202E"]),
            ("a.sh", ("100755", "echo\n"), ["executable"]),
            ("link", ("120000", "a/b"), ["Symbolic link", "nothing of that name"]),
            ("link", ("120000", "../../etc/passwd"), ["outside this repository"]),
            ("link", ("120000", "link"), ['<a href="/projects/widget/blob/main/link">link</a>']),
            ("sub", ("160000", "1" * 40), ["Submodule", "1111111111"]),
        ],
    )
    def test_says_what_a_file_is(self, show, name, content, expected):
        text = body(show({name: content})(name))
        for each in expected:
            assert each in text

    def test_a_pointer_of_git_lfs_tells_the_real_size(self, show):
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345678\n"
        assert "11.8 MiB" in body(show({"big.psd": pointer})("big.psd"))

    def test_missing_content_has_a_page_and_no_raw_file(self, show):
        ask = show({"a.txt": "gone"})
        ask.builder.git("repack", "-adq")
        tree = ask.builder.git("mktree", "--missing", stdin=b"100644 blob " + b"1" * 40 + b"\ta.txt\n").strip().decode()
        ask.builder.git("-c", "user.name=A", "-c", "user.email=a@b", "update-ref", "refs/heads/main", commit(ask, tree))
        assert "lacks the content" in body(ask("a.txt"))
        assert ask("a.txt", "raw").status_code == 404

    def test_who_changed_it_and_who_knows_it(self, show):
        ask = show({"a.txt": "1"})
        for number in range(3):
            ask.builder.commit({"a.txt": f"{number}"}, author="Bo <bo@example.org>", message="Count on")
        text = words(ask("a.txt", query="?part=people"))
        assert "Count on" in text and "75.0 %" in text and "25.0 %" in text
        assert "<html" not in words(ask("a.txt", query="?part=people", hx_request="true"))

    def test_the_form_of_lines_works_without_script(self, show):
        assert show({"a.txt": "1\n2\n"})("a.txt", query="?line=2").headers["Location"].endswith("/a.txt#L2")

    def test_colours_stay_away_from_a_lexer_that_never_ends_and_that_is_remembered(self, show, monkeypatch):
        monkeypatch.setattr("source.files.HARD_SECONDS", 1.0)
        monkeypatch.setattr("source.files.examine_and_draw", never_with_colours)
        ask = show({"a.t": "some words"})
        text = body(ask("a.t"))
        assert "Shown without colours" in text and "some words" in text
        monkeypatch.setattr("source.files.run_bounded", None)
        assert "Shown without colours" in body(ask("a.t"))

    def test_a_real_expression_without_end_costs_its_time_once(self, show, monkeypatch):
        monkeypatch.setattr("source.files.HARD_SECONDS", 1.0)
        ask = show({"a.smithy": '"""' + "\\" * 80 + "\n"})
        text = body(ask("a.smithy"))
        assert "Shown without colours" in text and "\\" * 80 in text
        monkeypatch.setattr("source.files.run_bounded", None)
        assert "Shown without colours" in body(ask("a.smithy"))


def commit(ask, tree):
    made = ask.builder.git("-c", "user.name=A", "-c", "user.email=a@b", "commit-tree", tree, "-m", "Lose it")
    return made.decode().strip()


def never_with_colours(content, name, seconds):
    from source.rendering.reading import examine_and_draw

    while seconds:
        pass
    return examine_and_draw(content, name, seconds)


class TestDocuments:
    def test_markdown_leads_to_the_same_revision_and_loads_nothing_from_outside(self, show):
        text = body(
            show(
                {
                    "docs/a.md": "# Big title\n\n[x](b.md#y) ![p](../p.png) ![far](https://far.example/p.png)\n\n"
                    "[js](javascript:alert(1)) [data](data:text/html,x)\n\n> [!NOTE]\n> Look\n\n- [x] done\n\nF[^1]\n\n"
                    f"[^1]: Foot\n\n{SCRIPT}\n"
                }
            )("docs/a.md")
        )
        assert 'href="/projects/widget/blob/main/docs/b.md#' in text
        assert 'src="/projects/widget/raw/main/p.png"' in text
        assert 'src="https://far' not in text and 'href="https://far.example/p.png"' in text
        assert "markdown-alert-note" in text and "☑" in text and "footnote" in text
        assert 'id="user-content-big-title"' in text
        for bad in ("<script", "onerror", '="javascript:', 'data:text/html"'):
            assert bad not in text

    def test_a_document_has_its_source_too(self, show):
        text = body(show({"a.md": "# Title\n"})("a.md", query="?plain=1"))
        assert 'id="L1"' in text and "# Title" in re.sub(r"<[^>]*>", "", text) and "Rendered" in text

    def test_restructured_text_reads_no_file_and_passes_no_html(self, show):
        text = body(
            show(
                {
                    "a.rst": "Title\n=====\n\n.. note:: Mind\n\n.. include:: /etc/passwd\n\n"
                    ".. raw:: html\n\n   <script>x</script>\n\nA [1]_.\n\n.. [1] Foot\n"
                }
            )("a.rst")
        )
        assert "root:" not in text and "<script" not in text
        assert "markdown-alert-note" in text and "Title</h1>" in text

    def test_a_table_is_cut_and_says_so(self, show):
        rows = "name,formula\n" + f"{SCRIPT.replace(',', '')},=1+1\n" * 700
        text = body(show({"a.csv": rows})("a.csv"))
        assert '<th scope="col">formula</th>' in text and "<td>=1+1</td>" in text
        assert text.count("<tr>") == 501 and "200 more" in text
        assert "<script" not in text

    def test_a_notebook_shows_cells_and_nothing_of_it_runs(self, show):
        data = {"text/html": f"<table onclick=x><td>7</td></table>{SCRIPT}", "text/plain": SCRIPT}
        outputs = [
            {"output_type": "display_data", "data": data},
            {"output_type": "display_data", "data": {"image/png": base64.b64encode(PNG).decode()}},
            {"output_type": "display_data", "data": {"image/png": base64.b64encode(b"<svg onload=x>").decode()}},
            {"output_type": "display_data", "data": {"image/svg+xml": f"<svg>{SCRIPT}</svg>"}},
            {"output_type": "stream", "name": SCRIPT, "text": [f"a\x1b[31m{SCRIPT}"]},
            {"output_type": "error", "ename": SCRIPT, "evalue": SCRIPT, "traceback": [SCRIPT]},
            {"output_type": SCRIPT, "data": {SCRIPT: SCRIPT, "application/javascript": "alert(1)"}},
        ]
        cells = [
            {"cell_type": "markdown", "source": ["# Head\n", SCRIPT, "[x](javascript:alert(1))"]},
            {"cell_type": "code", "execution_count": 1, "source": f"x = 1 # {SCRIPT}", "outputs": outputs},
            {"cell_type": SCRIPT, "source": SCRIPT},
            {"cell_type": "code", "execution_count": SCRIPT, "source": 7, "outputs": "x"},
            7,
        ]
        notebook = json.dumps({"cells": cells, "metadata": {"language_info": {"name": SCRIPT}}})
        text = body(show({"a.ipynb": notebook})("a.ipynb"))
        assert "Head</h1>" in text and "<td>7</td>" in text and "data:image/png;base64,iVBOR" in text
        assert "\x1b" not in text
        for bad in ("<script", "<svg>", "<svg onload", "onclick", "<img src=x", '="javascript:'):
            assert bad not in text

    @pytest.mark.parametrize("content", ["{", "[]", '{"cells": 1}', "[" * 100_000])
    def test_a_malformed_notebook_shows_its_source(self, show, content):
        assert "here is its source" in body(show({"a.ipynb": content})("a.ipynb"))

    def test_a_picture_is_a_picture_even_when_it_is_svg(self, show):
        text = body(show({"a.svg": f"<svg>{SCRIPT}</svg>"})("a.svg"))
        assert re.search(r'<img src="/projects/widget/raw/[0-9a-f]{40}/a\.svg"', text)
        assert "<svg>" not in text and "<script" not in text


class TestRaw:
    @pytest.mark.parametrize(
        ("name", "content", "kind", "saved"),
        [
            ("a.html", SCRIPT, "text/plain; charset=utf-8", False),
            ("a.xml", "<?xml version='1.0'?><x/>", "text/plain; charset=utf-8", False),
            ("a.js", "alert(1)", "text/plain; charset=utf-8", False),
            ("a.txt", "Größe\n".encode("latin-1"), "text/plain; charset=windows-1252", False),
            ("a.svg", "<svg/>", "image/svg+xml", False),
            ("a.png", PNG, "image/png", False),
            ("a.png", SCRIPT, "text/plain; charset=utf-8", False),
            ("a.html", PNG, "image/png", False),
            ("a.pdf", b"%PDF-1.4\n\0\1", "application/octet-stream", True),
            ("a.swf", b"CWS\0\1", "application/octet-stream", True),
            ("a.txt", b"", "text/plain; charset=utf-8", False),
        ],
    )
    def test_types_are_safe(self, show, name, content, kind, saved):
        answer = show({name: content})(name, "raw")
        assert answer.content == (content.encode() if isinstance(content, str) else content)
        assert answer["Content-Type"] == kind
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Content-Disposition"].startswith("attachment" if saved else "inline")
        assert "public" not in answer["Cache-Control"]

    def test_whole_ids_are_kept_for_ever_and_by_the_viewer_alone(self, show, browser):
        ask = show({"a.txt": "1"})
        fixed = address(ask.project, "raw", ask.builder.oid("refs/heads/main").encode(), b"a.txt")
        answer = browser.get(fixed)
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
        assert browser.get(fixed, headers={"if-none-match": answer["ETag"]}).status_code == 304
        assert ask("a.txt", "raw")["Cache-Control"] == "private, no-cache"
        assert ask("a.txt", "raw")["ETag"] == answer["ETag"]

    @pytest.mark.parametrize("name", [b'a"\r\nX: y.txt', "häß.txt".encode(), b"\xff.txt", "a\u202etxt.exe".encode()])
    def test_names_cannot_break_the_header(self, show, name):
        told = show({name: "1"})(name, "raw", "?download=1")["Content-Disposition"]
        assert told.startswith("attachment") and "\n" not in told and "\u202e" not in told and "%E2%80%AE" not in told

    def test_a_folder_has_no_raw_file(self, show):
        assert show({"a/b": "1"})("a", "raw").status_code == 404

    def test_a_large_file_is_streamed(self, show):
        content = b"\0" * (3 * 1024**2)
        answer = show({"zeros": content})("zeros", "raw")
        assert answer.streaming and answer["Content-Length"] == str(len(content))
        assert b"".join(answer.streaming_content) == content
        answer.close()


class TestOutline:
    def test_names_lines_and_kinds(self, show):
        if not outline.supported("Python"):
            pytest.skip("Universal Ctags is not installed: apt install universal-ctags")
        ask = show({"a.py": "class A:\n    def go(self):\n        pass\n"})
        assert "?part=outline" in words(ask("a.py"))
        text = words(ask("a.py", query="?part=outline", hx_request="true"))
        assert 'href="#L2"' in text and "go" in text and "class" in text

    def test_without_the_program_there_is_only_no_outline(self, show, monkeypatch):
        monkeypatch.setattr(outline, "_program", lambda: ("", frozenset()))
        ask = show({"a.py": "class A: pass\n"})
        assert "part=outline" not in words(ask("a.py"))
        assert "Nothing is known" in words(ask("a.py", query="?part=outline"))

    @pytest.mark.parametrize(
        "program",
        [
            "#!/bin/sh\nkill -SEGV $$\n",
            '#!/bin/sh\necho \'{"_type": "tag"\'\n',
            "#!/bin/sh\ncat > /dev/null\nwhile :; do :; done\n",
            f"#!{sys.executable}\nx = bytearray(1)\nwhile True: x += x\n",
            "#!/bin/sh\nyes '{}'\n",
        ],
    )
    def test_a_crash_nonsense_or_a_bomb_costs_the_outline_only(self, show, monkeypatch, tmp_path, program):
        monkeypatch.setattr(outline, "SECONDS", 0.5)
        path = tmp_path / "ctags"
        path.write_text(program)
        path.chmod(0o755)
        monkeypatch.setattr(outline, "_program", lambda: (str(path), frozenset({"Python"})))
        ask = show({"a.py": "class A: pass\n"})
        assert "Nothing is known" in words(ask("a.py", query="?part=outline"))
        monkeypatch.setattr("source.files.outline", None)
        caches["pages"].clear()
        assert "Nothing is known" in words(ask("a.py", query="?part=outline"))

    def test_names_from_it_are_text(self, show, monkeypatch, tmp_path):
        path = tmp_path / "ctags"
        tag = json.dumps({"_type": "tag", "name": SCRIPT, "kind": SCRIPT, "line": 1})
        path.write_text(f"#!/bin/sh\ncat > /dev/null\ncat <<'E'\n{tag}\nE\n")
        path.chmod(0o755)
        monkeypatch.setattr(outline, "_program", lambda: (str(path), frozenset({"Python"})))
        text = words(show({"a.py": "x\n"})("a.py", query="?part=outline", hx_request="true"))
        assert "&lt;script&gt;" in text and "<script" not in text


def test_every_class_that_is_written_has_a_colour():
    sheet = (portal.BASE_DIR / "static/css/code.css").read_text()
    assert set(re.findall(r"\.tok-(\w+)", sheet)) - {"err", "hll"} == STYLED
