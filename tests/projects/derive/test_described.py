import json

import pytest

from projects.derive.described import read_described

MANIFESTS = [
    (
        "pyproject.toml",
        '[project]\nname = "a"\ndescription = "Does things"\nkeywords = ["Web", "http"]\n'
        '[project.urls]\nHomepage = "https://a.example"\nDocumentation = "https://docs.a.example"\n',
    ),
    (
        "pyproject.toml",
        '[tool.poetry]\nname = "a"\ndescription = "Does things"\nkeywords = ["Web", "http"]\n'
        'homepage = "https://a.example"\ndocumentation = "https://docs.a.example"\n',
    ),
    (
        "Cargo.toml",
        '[workspace.package]\ndescription = "Does things"\nkeywords = ["Web", "http"]\n'
        'homepage = "https://a.example"\ndocumentation = "https://docs.a.example"\n',
    ),
    (
        "composer.json",
        json.dumps(
            {
                "description": "Does things",
                "keywords": ["Web", "http"],
                "homepage": "https://a.example",
                "support": {"docs": "https://docs.a.example"},
            }
        ),
    ),
    (
        "pubspec.yaml",
        "description: Does things\ntopics: [Web, http]\nhomepage: https://a.example\n"
        "documentation: https://docs.a.example\n",
    ),
]


@pytest.mark.parametrize(("name", "text"), MANIFESTS)
def test_words_of_manifests(tree, name, text):
    described, _ = read_described(tree({name: text}))
    assert described.of("summary") == [("Does things", name)]
    assert described.of("topics") == [(["Web", "http"], name)]
    assert described.of("homepage") == [("https://a.example", name)]
    assert described.of("documentation") == [("https://docs.a.example", name)]


def test_keywords_written_as_a_text(tree):
    described, _ = read_described(
        tree({"setup.cfg": "[metadata]\nkeywords =\n  one\n  two words\nurl = https://x.y\n"})
    )
    assert described.of("topics") == [(["one", "two words"], "setup.cfg")]
    assert described.of("homepage") == [("https://x.y", "setup.cfg")]


def test_a_home_page_that_only_points_back_at_the_readme_is_left_out(tree):
    described, _ = read_described(
        tree({"package.json": '{"homepage": "https://forge/x#readme", "keywords": "a,  bb"}'})
    )
    assert described.of("homepage") == []
    assert described.of("topics") == [(["bb"], "package.json")]


@pytest.mark.parametrize("text", ["{", "[]", '{"keywords": {"a": 1}, "description": 7, "homepage": ["x"]}', "", "null"])
def test_broken_or_odd_manifests_say_nothing(tree, text):
    assert read_described(tree({"package.json": text}))[0].values == {}


def test_manifests_below_the_root_do_not_speak_for_the_whole(tree):
    assert read_described(tree({"pkg/package.json": '{"description": "A part"}'}))[0].values == {}
