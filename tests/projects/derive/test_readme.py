from projects.derive.readme import read_readme


def read(tree, files):
    return read_readme(tree(files))[0]


class TestReadReadme:
    def test_title_and_tagline_skip_badges(self, tree):
        readme = read(tree, {"README.md": "[![ci](https://e.org/b.svg)](https://e.org)\n\n# Tool\n\nDoes *one* thing well.\n"})
        assert (readme.title, readme.tagline, readme.format) == ("Tool", "Does one thing well.", "markdown")
