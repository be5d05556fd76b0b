import pytest

from projects.derive.ci import read_ci
from projects.derive.people_files import KINDS, read_people_files


def found(tree, *paths):
    return {file.kind: file.path for file in read_people_files(tree(dict.fromkeys([*paths, "other"], "text")))}


class TestPeopleFiles:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("CONTRIBUTING.md", "contributing"),
            ("contributing.rst", "contributing"),
            ("docs/CONTRIBUTING.adoc", "contributing"),
            (".github/CODE_OF_CONDUCT.md", "code_of_conduct"),
            ("SECURITY", "security"),
            ("SUPPORT.md", "support"),
            ("GOVERNANCE.md", "governance"),
            ("MAINTAINERS", "maintainers"),
            ("TRUSTED-COMMITTERS.md", "maintainers"),
            ("AUTHORS", "authors"),
            ("History.md", "changelog"),
            ("CHANGES.rst", "changelog"),
            ("ADOPTERS.md", "adopters"),
            ("COMMUNICATION.md", "communication"),
            ("AGENTS.md", "agents"),
            (".github/copilot-instructions.md", "agents"),
            (".github/ISSUE_TEMPLATE.md", "issue_template"),
            (".github/ISSUE_TEMPLATE/bug.yml", "issue_template"),
            (".gitlab/issue_templates/bug.md", "issue_template"),
            (".gitlab/merge_request_templates/a.md", "change_template"),
            ("pull_request_template.md", "change_template"),
            ("documentation/index.html", "documentation"),
        ],
    )
    def test_recognised(self, tree, path, kind):
        assert kind in KINDS
        assert {kind} <= set(found(tree, path)) <= {kind, "documentation"}

    def test_precedence_of_places(self, tree):
        files = found(
            tree, "CONTRIBUTING.md", ".github/CONTRIBUTING.md", "docs/CONTRIBUTING.md", "docs/SUPPORT.md", "SUPPORT.md"
        )
        assert files["contributing"] == ".github/CONTRIBUTING.md"
        assert files["support"] == "SUPPORT.md"

    def test_folder_stands_for_its_files(self, tree):
        (docs,) = read_people_files(tree({"docs/a/b.md": "x"}))
        assert (docs.kind, docs.path, docs.oid) == ("documentation", "docs", None)

    @pytest.mark.parametrize(
        "path", ["src/CONTRIBUTING.md", "contributing.py", "security/a.c", "docs/authors.md", "newsletter.md"]
    )
    def test_other_files_do_not_count(self, tree, path):
        assert set(found(tree, path)) <= {"documentation"}

    def test_empty_file_does_not_count(self, tree):
        assert read_people_files(tree({"CONTRIBUTING.md": "", "SECURITY.md": "x"}))[0].kind == "security"


class TestContinuousIntegration:
    @pytest.mark.parametrize(
        ("path", "system"),
        [
            (".github/workflows/ci.yml", "GitHub Actions"),
            (".gitlab-ci.yml", "GitLab CI/CD"),
            (".forgejo/workflows/a.yaml", "Forgejo Actions"),
            ("Jenkinsfile", "Jenkins"),
            ("azure-pipelines.yml", "Azure Pipelines"),
            (".circleci/config.yml", "CircleCI"),
            (".travis.yml", "Travis CI"),
            (".woodpecker/a.yml", "Woodpecker"),
            ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
        ],
    )
    def test_recognised(self, tree, path, system):
        assert [(ci.system, ci.path) for ci in read_ci(tree({path: "a", "b": "c"}))] == [(system, path)]

    def test_several_and_none(self, tree):
        assert [
            ci.system
            for ci in read_ci(
                tree({".travis.yml": "a", ".github/workflows/a.yml": "b", ".github/workflows/b.yml": "b"})
            )
        ] == ["GitHub Actions", "Travis CI"]
        assert read_ci(tree({".github/workflows/readme.md": "a", "sub/.travis.yml": "b"})) == []
