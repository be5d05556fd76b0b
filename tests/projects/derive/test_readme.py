import pytest

from projects.derive.readme import read_readme
from tests.projects.derive.trees import Link


def read(tree, files):
    readme, problems = read_readme(tree(files))
    return readme, [problem.message for problem in problems]


class TestWhichFile:
    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            (["README.md", ".github/README.md", "docs/README.md"], ".github/README.md"),
            (["README.md", "docs/README.md"], "README.md"),
            (["docs/README.md", "src/README.md"], "docs/README.md"),
            (["README", "README.rst", "README.md", "README.txt"], "README.md"),
            (["readme.txt", "ReadMe.RST"], "ReadMe.RST"),
            (["README.zh-CN.md", "README.md"], "README.md"),
            (["README_ja.md"], "README_ja.md"),
            (["README.en.md", "README.de.md"], "README.en.md"),
            (["README.de.md", "docs/README.md"], "docs/README.md"),
            (["LISEZMOI.md"], "LISEZMOI.md"),
            (["README.adoc"], "README.adoc"),
            (["Readme"], "Readme"),
        ],
    )
    def test_order_of_places_formats_and_languages(self, tree, files, expected):
        assert read(tree, dict.fromkeys(files, "text"))[0].path == expected

    @pytest.mark.parametrize("name", ["README.md.orig", "README.exe", "READMEx.md", "src/README.md", "README.png"])
    def test_other_files_are_not_readmes(self, tree, name):
        assert read(tree, {name: "text", "a": "b"}) == (None, [])

    def test_empty_file_gives_way_to_the_next(self, tree):
        assert read(tree, {"README.md": " \n", "README.txt": "x"})[0].path == "README.txt"

    def test_repository_without_files(self, tree):
        assert read(tree, {"a": "b"}) == (None, [])


class TestLinks:
    def test_link_within_the_tree_is_read_once(self, tree):
        readme, problems = read(tree, {"README.md": Link(b"docs/start.md"), "docs/start.md": "# Start"})
        assert (readme.title, readme.path, problems) == ("Start", "README.md", [])

    @pytest.mark.parametrize(
        "target", [b"/etc/passwd", b"../../etc/passwd", b"nowhere.md", b"README.md", b"other.md", b"docs", b""]
    )
    def test_any_other_link_is_a_problem(self, tree, target):
        files = {"README.md": Link(target), "other.md": Link(b"docs/a.md"), "docs/a.md": "# A"}
        readme, problems = read(tree, files)
        assert readme is None
        assert problems == ["README.md is a link that does not name a file of this repository."]


class TestDecoding:
    @pytest.mark.parametrize(
        ("content", "encoding"),
        [
            ("# Größe".encode(), "utf-8"),
            ("# Größe".encode("utf-8-sig"), "utf-8-sig"),
            ("# Größe".encode("utf-16"), "utf-16"),
            ("# Größe".encode("utf-16-le"), "utf-16-le"),
            ("# Größe".encode("utf-16-be"), "utf-16-be"),
            ("# Größe".encode("latin-1"), "cp1252"),
        ],
    )
    def test_encodings(self, tree, content, encoding):
        readme, problems = read(tree, {"README.md": content})
        assert (readme.title, readme.encoding) == ("Größe", encoding)
        assert bool(problems) == (encoding == "cp1252")

    def test_binary_is_a_problem(self, tree):
        readme, problems = read(tree, {"README.md": bytes(range(256)) * 40})
        assert readme is None and problems == ["README.md is a binary file."]

    def test_nothing_a_database_refuses_is_left(self, tree):
        readme, _ = read(tree, {"README.md": b"# A\r\nb\0c \xed\xa0\x80 d\x07 " + b"filler " * 100})
        assert not set(readme.text) & {"\0", "\r", "\x07"}
        readme.text.encode()

    def test_twenty_megabytes_are_cut(self, tree):
        readme, problems = read(tree, {"README.md": "# Big\n\nA big but honest tool.\n\n" + "é\n" * 7_000_000})
        assert readme.truncated and len(readme.text.encode()) <= 512 * 1024
        assert (readme.title, readme.tagline) == ("Big", "A big but honest tool.")
        assert problems == ["README.md is larger than 512 KB; only the beginning is shown."]

    def test_path_with_strange_bytes_is_shown_as_escapes(self, tree):
        readme, _ = read(tree, {b"README.md": Link(b"d\xff\n.md"), b"d\xff\n.md": "# Odd"})
        assert readme.title == "Odd"


MARKDOWN = [
    ("# Tool\n\nDoes *one* [thing](x) well.\n\nMore.", "Tool", "Does one thing well."),
    (
        "[![ci](b.svg)](c) ![x](y)\n\n# Tool\n\n[![a](b)](c)\n[![d](e)](f)\n\nReal text comes here.",
        "Tool",
        "Real text comes here.",
    ),
    ("Tool\n====\n\nUnderlined title in Markdown.", "Tool", "Underlined title in Markdown."),
    ("# Tool is in maintenance mode\n\nIt turns bolts.", "Tool", "It turns bolts."),
    ("# Tool - fast, scalable turning of bolts\n\nIt turns bolts.", "Tool", "It turns bolts."),
    ("# This is fine\n\nIt turns bolts.", "This is fine", "It turns bolts."),
    ("# Bolt - X\n\nIt turns bolts.", "Bolt - X", "It turns bolts."),
    (
        '<h1 align="center"><img src="l.png" alt="Zed logo"></h1>\n<p align="center">An editor to wait for.</p>',
        "Zed",
        "An editor to wait for.",
    ),
    (
        '<p align="center"><a href="a"><img src="b"></a></p>\n\n# T\n\nFirst things first here.',
        "T",
        "First things first here.",
    ),
    (
        "# T\n\n[English](a) | [中文](b) | [日本語](c)\n\nEnglish | [Deutsch](d)\n\nThe actual description.",
        "T",
        "The actual description.",
    ),
    (
        "# T\n\nRead this in other languages: [Español](es.md), [中文](zh.md)\n\nThe actual description.",
        "T",
        "The actual description.",
    ),
    ("# T\n\n[Docs](a) • [Website](b) • [Chat](c)\n\nThe actual description.", "T", "The actual description."),
    ("# T\n\n- [One](#one)\n- [Two](#two)\n\nThe actual description.", "T", "The actual description."),
    (
        "# T\n\n## Table of contents\n\nNot this paragraph here.\n\n## About\n\nBut this paragraph here.",
        "T",
        "But this paragraph here.",
    ),
    ("# T\n\n> A quoted tag line of this tool.", "T", "A quoted tag line of this tool."),
    (
        "# T\n\n> [!WARNING]\n> Do not use this at home.\n\nA dangerous thing, really.",
        "T",
        "A dangerous thing, really.",
    ),
    ("# T\n\n**Note:** we moved to another place.\n\nA friendly little library.", "T", "A friendly little library."),
    ("# T\n\n## Installation\n\nRun npm install to get it.\n", "T", ""),
    ("## Installation\n\nRun npm install to get it.\n", "", ""),
    ("# Welcome to Tool\n\nAPI compliance: 3.14\n\nThe actual description.", "Tool", "The actual description."),
    ("# README\n\nWhat this thing does for you.", "", "What this thing does for you."),
    ("Text comes before any heading here.\n\n## Section\n\nOther.", "", "Text comes before any heading here."),
    ("# :rocket: Launch 🚀\n\nIt :fire: goes up 🎉 fast and far.", "Launch", "It goes up fast and far."),
    ("---\ntitle: x\n---\n\n# T\n\nThe text after front matter.", "T", "The text after front matter."),
    ("# 分词工具\n\n[English](en.md)\n\n做最好的中文分词组件。", "分词工具", "做最好的中文分词组件。"),
    ("# 形態素解析器\n\nこれは日本語の形態素解析器です。", "形態素解析器", "これは日本語の形態素解析器です。"),
    ("# T\n\nCopyright (c) 2020 Somebody Inc.\n\nThe actual description.", "T", "The actual description."),
    (
        "# T\n\n```\nnot this code at all\n```\n\n    nor this code here\n\nThe actual description.",
        "T",
        "The actual description.",
    ),
    (
        "# T\n\n| a | b |\n|---|---|\n| long text in table | cell |\n\nThe actual description.",
        "T",
        "The actual description.",
    ),
    ("# T `x` **b** [l](u)\n\nUse &amp; enjoy <b>bold</b> `code`  here.", "T x b l", "Use & enjoy bold code here."),
    (
        "<!-- a comment that is long enough -->\n# T\n\n<!-- another comment, also long -->\n\nThe actual description.",
        "T",
        "The actual description.",
    ),
    (
        "## About Laravel\n\nLaravel is a framework with elegant syntax. It eases tasks, such as:\n\n- routing\n",
        "Laravel",
        "Laravel is a framework with elegant syntax.",
    ),
    ("# Tool\n\n## About this project\n\nA tool that serves everyone.\n", "Tool", "A tool that serves everyone."),
    ("## About this project\n\nA tool that serves everyone.\n", "", "A tool that serves everyone."),
    (
        "# DLS\n\n_This is still a work in progress; there might still be bugs_\n\nDLS serves editors.\n",
        "DLS",
        "DLS serves editors.",
    ),
    ("# List\n\nJust type [list.re](x) to go here. Check out my [apps](y) and follow me on [X](z).\n", "List", ""),
    (
        "[![Logo](x)](y)\n\n## Design goals\n\n"
        "There are many good libraries out there. Our own had these goals:\n\n## Sponsors\n\n## FAQ\n",
        "",
        "There are many good libraries out there.",
    ),
    (
        "# Werk\n\n*werk* German noun: tool, and a lot more of it.\n\nWerk is a comprehensive library.\n",
        "Werk",
        "Werk is a comprehensive library.",
    ),
    (
        "# AFN is Deprecated\n\nAs of 2023, AFN is deprecated for good.\n\nMoving forward, use the other one.\n\n"
        "AFN is a delightful library.\n",
        "AFN",
        "AFN is a delightful library.",
    ),
    ("# Old\n\nThis project is deprecated, use the new one.\n", "Old", "This project is deprecated, use the new one."),
    ("# Clinic\n\n> **Note:** These slides refer to a legacy version of the clinic.\n", "Clinic", ""),
    (
        "# Ok\n\nOk is an HTTP client that is efficient by default:\n\n- a\n",
        "Ok",
        "Ok is an HTTP client that is efficient by default",
    ),
    ("# neolog: Dictionary of new words\n\nNew words.\n", "neolog", ""),
]
OTHERS = [
    (
        "rst",
        "====\nTool\n====\n\n.. image:: a.png\n   :target: b\n\n|ci|\n\nA *small* ``tool`` by `u <x>`_ for :m:`a`.\n",
        "Tool",
        "A small tool by u for a.",
    ),
    (
        "rst",
        "Tool\n----\n\n* `Docs <a>`__\n\n.. contents::\n\nThe actual description.\n\nMore\n----\n",
        "Tool",
        "The actual description.",
    ),
    (
        "txt",
        "Frobnicator 2.0\n\nThis program frobnicates all files\nin a folder.\n",
        "Frobnicator 2.0",
        "This program frobnicates all files in a folder.",
    ),
    (
        "txt",
        "This is a program that prints its own source. It is old.\n",
        "",
        "This is a program that prints its own source. It is old.",
    ),
    (
        "txt",
        "Linux kernel\n============\n\nThere are several guides for developers.\n",
        "Linux kernel",
        "There are several guides for developers.",
    ),
    (
        "adoc",
        "= Tool\nAn Author <a@b.c>\n:toc:\n\nimage:x.svg[CI,link=y]\n\nA *fast* tool for https://e.org[everyone].\n",
        "Tool",
        "A fast tool for everyone.",
    ),
    ("org", "* Tool\n\nA tool with [[https://e.org][links]] in it.\n", "Tool", "A tool with links in it."),
]


class TestOpening:
    @pytest.mark.parametrize(("source", "title", "tagline"), MARKDOWN)
    def test_markdown(self, tree, source, title, tagline):
        readme, _ = read(tree, {"README.md": source})
        assert (readme.title, readme.tagline) == (title, tagline)

    @pytest.mark.parametrize(("extension", "source", "title", "tagline"), OTHERS)
    def test_other_formats(self, tree, extension, source, title, tagline):
        readme, _ = read(tree, {f"README.{extension}": source})
        assert (readme.title, readme.tagline) == (title, tagline)

    def test_long_paragraph_is_cut_at_a_sentence(self, tree):
        sentence = "This sentence is fifty-one characters long, really. "
        readme, _ = read(tree, {"README.md": "# T\n\n" + sentence * 10})
        assert readme.tagline == (sentence * 5).strip()

    def test_one_endless_sentence_is_cut_at_a_word(self, tree):
        readme, _ = read(tree, {"README.md": "# T\n\n" + "word " * 200})
        assert len(readme.tagline) <= 281 and readme.tagline.endswith("word…")

    def test_headings_with_levels(self, tree):
        readme, _ = read(tree, {"README.md": "# A\n\n## B *c*\n\nx\n\n```\n# no\n```\n### D\n"})
        assert [(heading.level, heading.text) for heading in readme.headings] == [(1, "A"), (2, "B c"), (3, "D")]

    def test_headings_of_a_long_document_are_found_to_its_end(self, tree):
        source = "# A\n\n" + "filler text\n\n" * 8000 + "```\n# no\n```\n\n## Last `one`\n\nUnder\n=====\n"
        readme, _ = read(tree, {"README.md": source})
        assert [heading.text for heading in readme.headings] == ["A", "Last one", "Under"]

    @pytest.mark.parametrize(
        "source",
        [
            "# " + "*_`[" * 20_000,
            "<div>" * 50_000,
            "[![" * 30_000,
            "> " * 30_000 + "x",
            "<p " * 40_000,
            "- " * 40_000,
            "\n".join("#" * n for n in range(300)),
            "|" * 90_000,
            "`a <" * 20_000,
            "::" * 40_000,
            "=\n" * 40_000,
        ],
    )
    @pytest.mark.parametrize("name", ["README.md", "README.rst", "README.adoc"])
    def test_pathological_text_comes_back(self, tree, name, source):
        readme, _ = read(tree, {name: source})
        assert len(readme.title) <= 101 and len(readme.tagline) <= 281
