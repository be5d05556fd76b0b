import pytest

from projects.derive.codeowners import parse_codeowners, read_codeowners


def owners(text, path, dialect="github"):
    found = parse_codeowners(text, dialect).owners_of(path)
    return found.state, list(found.owners)


def matches(pattern, path, dialect="github"):
    return parse_codeowners(f"{pattern} @a", dialect).owners_of(path).state == "owned"


class TestGitHubPatterns:
    @pytest.mark.parametrize(
        ("pattern", "yes", "no"),
        [
            ("*", ["a", "a/b/c", ".x"], []),
            ("*.js", ["a.js", "x/y/a.js"], ["a.jsx", "js"]),
            ("foo", ["foo", "foo/bar", "x/foo", "x/foo/y"], ["food", "x/foo2"]),
            ("/foo", ["foo", "foo/bar"], ["x/foo"]),
            ("foo/", ["foo/bar", "x/foo/y/z"], ["foo", "x/foo"]),
            ("/foo/", ["foo/bar", "foo/x/y"], ["foo", "x/foo/y"]),
            ("docs/*", ["docs/a.md"], ["docs/a/b.md", "x/docs/a.md"]),
            ("docs/*.md", ["docs/a.md"], ["docs/a/b.md"]),
            ("docs/**", ["docs/a", "docs/a/b"], ["docs", "x/docs/a"]),
            ("**/logs", ["logs/a", "x/logs/a", "x/y/logs"], ["xlogs/a"]),
            ("a/**/b", ["a/b", "a/x/b", "a/x/y/b/c"], ["b", "ab", "x/a/b"]),
            ("apps/web", ["apps/web/x", "apps/web"], ["x/apps/web", "apps/webs"]),
            ("f?o", ["foo", "x/fxo"], ["fo", "f/o"]),
            ("/a\\ b/", ["a b/c"], ["a/c"]),
            ("/Foo", ["Foo"], ["foo"]),
            ("*a*b*c*", ["xaybzc", "abc/d"], ["acb"]),
        ],
    )
    def test_pattern(self, pattern, yes, no):
        assert [path for path in [*yes, *no] if matches(pattern, path)] == yes

    @pytest.mark.parametrize("line", ["!a @x", "[ab].c @x", "a @x not-an-owner", "\\#a @x"])
    def test_unsupported_lines_are_skipped_and_named(self, line):
        parsed = parse_codeowners(f"* @all\n{line}\n", "github")
        assert parsed.owners_of("a").owners == ("@all",)
        assert [problem.message[:18] for problem in parsed.problems] == ["Line 2 is skipped:"]


class TestGitHubRules:
    def test_last_line_wins_and_comments_are_ignored(self):
        text = "# who\n* @all # everybody\n\n/src/ @org/team a@example.org\n"
        assert owners(text, "src/x") == ("owned", ["@org/team", "a@example.org"])
        assert owners(text, "x") == ("owned", ["@all"])

    def test_three_states(self):
        text = "/src/ @team\n/src/generated/\n"
        assert owners(text, "src/a") == ("owned", ["@team"])
        assert owners(text, "src/generated/a") == ("cleared", [])
        assert owners(text, "b") == ("unmatched", [])


class TestGitLab:
    @pytest.mark.parametrize(
        ("pattern", "yes", "no"),
        [
            ("*", ["a", "a/b", ".x/y"], []),
            ("*.rb", ["a.rb", "x/.a.rb"], ["a.rbx"]),
            ("docs/", ["docs/a", "x/docs/y/z"], ["docs"]),
            ("/docs/", ["docs/a", "docs/.x/y"], ["x/docs/a"]),
            ("/docs/*", ["docs/a"], ["docs/a/b"]),
            ("/docs/**/*", ["docs/a", "docs/a/b"], ["x/docs/a"]),
            ("internal/README.md", ["internal/README.md", "a/internal/README.md"], ["README.md"]),
            ("/docs", ["docs"], ["docs/a"]),
            ("\\#file", ["#file"], ["file"]),
            ("a\\ b", ["a b"], ["a"]),
            ("/[a-c]x", ["ax", "cx"], ["dx"]),
            ("/[!a]x", ["bx"], ["ax"]),
            ("/a/**/b", ["a/b", "a/x/y/b"], ["a/b/c"]),
        ],
    )
    def test_pattern(self, pattern, yes, no):
        assert [path for path in [*yes, *no] if matches(pattern, path, "gitlab")] == yes

    def test_every_section_decides_for_itself(self):
        text = "* @all\n[Docs]\n*.md @writers\n^[Look][3] @lookers\n/src/\n*.md @one\n"
        found = parse_codeowners(text, "gitlab").owners_of("README.md")
        assert found.owners == ("@all", "@writers", "@one")
        assert [(part.name, part.optional, part.approvals) for part in found.sections] == [
            ("", False, 1),
            ("Docs", False, 1),
            ("Look", True, 3),
        ]

    def test_default_owners_of_a_section(self):
        text = "[Data][2] @db @group/sub\n/sql/\n/sql/own @other\n"
        assert owners(text, "sql/a", "gitlab") == ("owned", ["@db", "@group/sub"])
        assert owners(text, "sql/own", "gitlab") == ("owned", ["@other"])

    def test_line_without_owners_clears(self):
        assert owners("* @a\n/x\n", "x", "gitlab") == ("cleared", [])

    def test_sections_of_one_name_are_one(self):
        parsed = parse_codeowners("[Docs]\n*.md @a\n[DOCS]\nREADME.md @b\n", "gitlab")
        assert parsed.owners_of("README.md").owners == ("@b",)
        assert len(parsed.sections) == 2

    def test_exclusion_holds_within_its_section(self):
        text = "* @all\n[Ruby]\n*.rb @ruby\n!/config/\n/config/a.rb @late\n"
        assert owners(text, "config/a.rb", "gitlab") == ("owned", ["@all"])
        assert owners(text, "lib/a.rb", "gitlab") == ("owned", ["@all", "@ruby"])

    def test_roles_and_words_that_are_nobody(self):
        assert owners("* @@maintainer not-an-owner @a\n", "x", "gitlab") == ("owned", ["@@maintainer", "@a"])


class TestGitea:
    def test_all_matching_lines_contribute_and_bang_means_all_others(self):
        text = ".*\\.go @gophers\nsrc/.* @src\n!docs/.* @code\n"
        assert owners(text, "src/a.go", "gitea") == ("owned", ["@gophers", "@src", "@code"])
        assert owners(text, "docs/a.md", "gitea") == ("unmatched", [])

    def test_pattern_covers_the_whole_path(self):
        assert owners("a @x\n", "a/b", "gitea")[0] == "unmatched"

    @pytest.mark.parametrize("pattern", ["(a", "(?=a)b", "(a)\\1", "[z-a]"])
    def test_expression_that_cannot_run_in_linear_time_is_a_problem(self, pattern):
        parsed = parse_codeowners(f"{pattern} @x\n.* @all\n", "gitea")
        assert len(parsed.problems) == 1 and parsed.owners_of("q").owners == ("@all",)

    def test_explosive_expression_answers(self):
        assert owners("(a+)+$ @x\n(a|a)*b @y\n", "a" * 4000 + "!", "gitea") == ("unmatched", [])


class TestReadCodeowners:
    @pytest.mark.parametrize(
        ("files", "path", "dialect"),
        [
            ({"CODEOWNERS": "* @a", ".github/CODEOWNERS": "* @b"}, ".github/CODEOWNERS", "github"),
            ({"CODEOWNERS": "* @a", "docs/CODEOWNERS": "* @b"}, "CODEOWNERS", "github"),
            ({"CODEOWNERS": "[Docs]\n* @a"}, "CODEOWNERS", "gitlab"),
            ({"CODEOWNERS": "* @a", ".gitlab-ci.yml": "a: b"}, "CODEOWNERS", "gitlab"),
            ({".gitlab/CODEOWNERS": "* @a"}, ".gitlab/CODEOWNERS", "gitlab"),
            ({".gitea/CODEOWNERS": ".* @a"}, ".gitea/CODEOWNERS", "gitea"),
            ({"CODEOWNERS": ".*\\.go @a"}, "CODEOWNERS", "gitea"),
        ],
    )
    def test_place_and_dialect(self, tree, files, path, dialect):
        found, problems = read_codeowners(tree(files))
        assert (found.path, found.dialect, problems) == (path, dialect, [])

    def test_no_file(self, tree):
        assert read_codeowners(tree({"a": "b"})) == (None, [])

    def test_ten_megabytes_are_not_read(self, tree):
        found, problems = read_codeowners(tree({"CODEOWNERS": "* @a\n" * 2_100_000}))
        assert found is None
        assert [problem.message for problem in problems] == [
            "CODEOWNERS is larger than 3 MB, so it was not read. Forges ignore it too."
        ]

    def test_many_and_awkward_lines_answer(self):
        hard = "/" + "*a" * 10 + "/**" * 5 + "/x"
        text = "\n".join(
            [f"{hard} @a"] * 100
            + ["*" * 900 + " @b", "?" * 1500 + " @c", "\\ @d", "\\", " @e", "@f", "\0 @g", "[x"] * 50
        )
        for dialect in ("github", "gitlab", "gitea"):
            parsed = parse_codeowners(text, dialect)
            assert parsed.owners_of("a" * 500 + "/" + "a/" * 100 + "y").state in ("owned", "unmatched", "cleared")
            assert len(parsed.problems) <= 21
