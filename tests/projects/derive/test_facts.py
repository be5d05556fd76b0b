import pytest

import projects.derive.facts as facts
from gitstore.errors import Broken
from gitstore.mirrors import Mirror
from gitstore.records import Tag
from projects.derive.facts import derive_facts
from tests.projects.derive.trees import Link

FILES = {
    "README.md": "# Ledger\n\nKeeps the books of everybody.\n",
    "pyproject.toml": '[project]\nname = "ledger"\nversion = "1.0"\n',
    "LICENSE": "SPDX-License-Identifier: MIT\n",
    "CODEOWNERS": "* @org/books\n",
    "CONTRIBUTING.md": "Do.\n",
    "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ledger}\n"
    "spec: {owner: books}\n",
    ".github/workflows/ci.yml": "on: push\n",
    "src/ledger.py": "print(1)\n" * 50,
    "packages/web/README.md": "# Web\n\nThe pages of the ledger.\n",
    "packages/web/package.json": '{"name": "web", "version": "2.0.0"}',
}
HOSTILE = {
    "README.md": Link(b"../../../etc/passwd"),
    "package.json": "[" * 100_000,
    "pom.xml": '<!DOCTYPE a [<!ENTITY b "c">]><project/>',
    "publiccode.yml": "a: &a [x]\nb: [" + "*a, " * 50 + "]",
    "innersource.json": "{",
    ".github/CODEOWNERS": "!x @a\n",
    b"\xff\xfe\n\x01.md": "x",
    b"CON/ \\ .. /a": b"\x00\xff" * 500,
    "Loop": Link(b"Loop"),
}


def snapshot_of(tree):
    return Mirror(tree.repository).snapshot(tree.commit)


class TestDeriveFacts:
    def test_everything_of_an_ordinary_repository(self, tree):
        with snapshot_of(tree(FILES)) as snapshot:
            found = derive_facts(snapshot, [Tag("v1.0", "c", 1, "", True)])
        assert (found.readme.title, found.readme.tagline) == ("Ledger", "Keeps the books of everybody.")
        assert {package.name for package in found.packages} == {"ledger", "web"}
        assert found.codeowners.owners_of("src/ledger.py").owners == ("@org/books",)
        assert found.declared.fields["owner"][0].value == "books"
        assert "contributing" in [file.kind for file in found.people_files]
        assert [ci.system for ci in found.ci] == ["GitHub Actions"]
        assert found.languages.shares[0].name == "Python"
        assert [release.version for release in found.releases] == ["1.0"]
        assert found.problems == [] and not found.partial

    def test_folder_of_a_monorepo_is_read_like_a_repository(self, tree):
        with snapshot_of(tree(FILES)) as snapshot:
            found = derive_facts(snapshot.under(b"packages/web"))
        assert (found.readme.title, found.readme.path) == ("Web", "README.md")
        assert [(package.name, package.path) for package in found.packages] == [("web", "package.json")]

    def test_hostile_files_become_problems_and_hide_nothing(self, tree):
        with snapshot_of(tree({**FILES, **HOSTILE})) as snapshot:
            found = derive_facts(snapshot)
        assert {problem.path for problem in found.problems} == {*(name for name in HOSTILE if name in PROBLEMATIC)}
        assert {package.name for package in found.packages} == {"ledger", "web"}
        assert found.declared.fields["owner"][0].value == "books"
        assert all(problem.message.encode() and "Traceback" not in problem.message for problem in found.problems)

    def test_repository_with_one_empty_file(self, tree):
        with snapshot_of(tree({"a": ""})) as snapshot:
            found = derive_facts(snapshot)
        assert (found.readme, found.packages, found.codeowners, found.ci, found.problems) == (None, [], None, [], [])

    def test_reader_that_fails_is_named_and_the_others_go_on(self, tree, monkeypatch, caplog):
        monkeypatch.setattr(facts, "read_ci", lambda snapshot: 1 / 0)
        with snapshot_of(tree(FILES)) as snapshot:
            found = derive_facts(snapshot)
        assert found.ci == [] and found.readme.title == "Ledger"
        assert [problem.message[:26] for problem in found.problems] == ["The continuous integration"]
        assert "ZeroDivisionError" in caplog.text

    def test_repository_that_cannot_be_read_raises(self, tree, monkeypatch):
        def broken(snapshot):
            raise Broken("gone")

        monkeypatch.setattr(facts, "read_readme", broken)
        with snapshot_of(tree(FILES)) as snapshot, pytest.raises(Broken):
            derive_facts(snapshot)


PROBLEMATIC = {"README.md", "package.json", "pom.xml", "publiccode.yml", "innersource.json", ".github/CODEOWNERS"}
