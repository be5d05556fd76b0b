import pytest

from projects.derive.readme import read_readme

ENDED = [
    ("# AFN is Deprecated\n\nAs of 2023, AFN is deprecated and there will be no further releases.\n", "deprecated"),
    ("# Lang\n\n## This project is unmaintained, please use another one\n\nLang serves.\n", "archived"),
    ("# Lang\n\n> This repository has been archived.\n", "archived"),
    ("# Lang\n\n**This package is no longer actively maintained.** Use [other](x).\n", "archived"),
    ("# Old\n\n## DEPRECATED: use new-thing\n\nA thing.\n", "deprecated"),
    ("# Old\n\nOld has been officially deprecated in favour of New.\n", "deprecated"),
]
ALIVE = [
    "# Tool\n\nA tool that finds deprecated functions in a project.\n",
    "# Tool\n\nThe `--old` option is deprecated.\n",
    "# Tool\n\nA tool.\n\n## Install\n\nx\n\n## Deprecated features\n\nMany.\n",
    "# Tool\n\nA tool.\n\n## Usage\n\nx\n\n## News\n\nx\n\n## Archived\n\nThis project is archived data.\n",
    "# Tool\n\nThis package is not supported by the vendor of X, but by us.\n",
]


@pytest.mark.parametrize(("text", "lifecycle"), ENDED)
def test_the_top_of_a_readme_tells_that_a_project_has_ended(tree, text, lifecycle):
    assert read_readme(tree({"README.md": text}))[0].lifecycle == lifecycle


@pytest.mark.parametrize("text", ALIVE)
def test_speaking_of_other_things_ends_no_project(tree, text):
    assert read_readme(tree({"README.md": text}))[0].lifecycle == ""


def test_time_stays_linear_in_hostile_text(tree):
    readme, _ = read_readme(tree({"README.md": "# " + "this project " * 3000 + "\n\n" + "the app is " * 9000}))
    assert readme.lifecycle == ""
