"""A commit's files become rows: values with their source, facts, projects of a monorepo; twice is once."""

import subprocess

import pytest

from accounts.models import AuditEvent, Team
from projects import readers
from projects.apply import apply_facts
from projects.fields import Source, back_to_derived, set_edited
from projects.models import (
    Access,
    CatalogEntry,
    FieldValue,
    Language,
    Licence,
    Package,
    PeopleFile,
    Project,
    Readme,
    Release,
    Repository,
)
from tests.conftest import make_user
from tests.projects.planting import grow, plant, read

pytestmark = pytest.mark.django_db

FILES = {
    b"README.md": b"# Billing service\n\nSends invoices to customers every night.\n\n<script>x</script>[a](b.md)\n",
    b"CONTRIBUTING.md": b"Send a change.\n",
    b"pyproject.toml": b'[project]\nname = "billing-core"\nversion = "1.4"\n',
    b"src/billing.py": b"def send():\n    return 1\n" * 20,
    b"tests/test_billing.py": b"def test():\n    pass\n",
    b".github/workflows/ci.yml": b"on: push\n",
    b".github/CODEOWNERS": b"* @payments\n",
}
TABLES = (FieldValue, Language, Licence, Package, PeopleFile, Readme, Release, CatalogEntry, AuditEvent, Project)


def everything():
    return {table: list(table.objects.order_by("pk").values_list()) for table in (*TABLES, Repository)}


def value(project, field):
    row = FieldValue.objects.filter(project=project, field=field).order_by("source").last()
    return (row.source, row.value, row.origin)


class TestApplyFacts:
    def test_an_undescribed_repository_becomes_a_page(self):
        project = plant(files=FILES, tags=["v1.0", "v1.4", "nightly"])
        read(project)
        assert (project.name, project.tagline) == ("Billing service", "Sends invoices to customers every night.")
        assert value(project, "tagline") == (
            Source.DERIVED,
            "Sends invoices to customers every night.",
            "README.md",
        )
        assert project.language == "Python"
        assert project.welcomes is True
        assert project.file_count == len(FILES)
        assert [release.tag for release in project.releases.all()] == ["v1.4", "v1.0"]
        assert project.packages.get().name == "billing-core"
        assert {file.kind for file in project.people_files.all()} == {"contributing", "codeowners", "tests"}
        assert project.repository.__class__.objects.get().ci_systems == ["GitHub Actions"]
        assert "<script" not in project.readme.html and "<h1" in project.readme.html
        assert CatalogEntry.objects.get(pk=project.pk).name == "Billing service"

    def test_the_manifest_gives_topics_and_links_and_a_summary_where_the_readme_has_none(self):
        manifest = (
            b'{"description": "Sends invoices", "keywords": ["Money", "Night Run"], "homepage": "https://b.example"}'
        )
        project = plant(files={b"README.md": b"# Billing\n", b"package.json": manifest})
        read(project)
        assert {topic.name for topic in project.topics.all()} == {"money", "night-run"}
        assert value(project, "topics") == (Source.DERIVED, ["money", "night-run"], "package.json")
        assert (project.tagline, project.homepage) == ("Sends invoices", "https://b.example")

    def test_an_unusable_word_of_a_manifest_is_left_out(self):
        manifest = b'{"description": "Sends invoices", "homepage": "javascript:alert(1)"}'
        project = plant(files={b"README.md": b"# Billing\n\nBills go out every night.\n", b"package.json": manifest})
        read(project)
        assert (project.tagline, project.homepage) == ("Bills go out every night.", "")

    def test_a_readme_that_says_deprecated_sets_the_lifecycle_until_somebody_edits(self, administrator):
        project = plant(files={b"README.md": b"# Billing\n\n**This project is deprecated.** Use pay.\n"})
        read(project)
        assert project.lifecycle == "deprecated"
        set_edited(project, "lifecycle", "production", administrator)
        read(project)
        assert project.lifecycle == "production"

    def test_readiness_counts_what_was_found(self):
        project = plant(files=FILES, tags=["v1.0"])
        read(project)
        # README, description, CONTRIBUTING, CODEOWNERS, CI, tests, releases of eleven
        assert project.readiness == round(100 * 7 / 11)

    def test_twice_is_once(self):
        project = plant(files=FILES | {b"innersource.json": b'{"title": "Bills", "topics": ["money"]}'}, tags=["v1"])
        read(project)
        before = everything()
        read(project)
        assert everything() == before

    def test_declarations_win_over_what_is_derived_and_go_when_they_go(self):
        project = plant(files=FILES | {b"innersource.json": b'{"title": "Bills", "topics": ["Money", "Night"]}'})
        read(project)
        assert project.name == "Bills"
        assert value(project, "name")[2] in {"innersource.json", "README.md"}
        assert {topic.name for topic in project.topics.all()} == {"money", "night"}
        grow(project.repository, FILES)
        read(project)
        assert project.name == "Billing service"
        assert not project.topics.exists()
        assert not FieldValue.objects.filter(source=Source.DECLARED).exists()

    def test_a_human_edit_survives_every_sync(self):
        editor = make_user("eda")
        project = plant(files=FILES)
        read(project)
        set_edited(project, "tagline", "Bills people.", editor)
        set_edited(project, "topics", "cash", editor)
        grow(project.repository, FILES | {b"innersource.json": b'{"description": "Other", "topics": ["x"]}'})
        read(project)
        assert project.tagline == "Bills people."
        assert [topic.name for topic in project.topics.all()] == ["cash"]
        back_to_derived(project, "tagline", editor)
        assert project.tagline == "Other"

    def test_bad_declarations_are_told_and_the_rest_is_shown(self):
        project = plant(files=FILES | {b"innersource.json": b'{"docs": "javascript:alert(1)", "lifecycle": "soon"'})
        read(project)
        assert project.tagline == "Sends invoices to customers every night."
        problems = Repository.objects.get().problems
        assert any("innersource.json" in path for path, _ in problems)

    def test_no_script_address_gets_into_a_field(self):
        project = plant(files=FILES | {b"innersource.json": b'{"homepage": "javascript:alert(1)", "chat": "irc"}'})
        read(project)
        assert (project.homepage, project.chat) == ("", "")

    def test_an_empty_tree(self):
        project = plant("hollow")
        read(project)
        assert (project.name, project.language, project.licence) == ("hollow", "", "")
        assert not Readme.objects.exists()

    def test_everything_goes_with_the_files(self):
        project = plant(files=FILES, tags=["v1"])
        read(project)
        grow(project.repository, {b"a.txt": b"a"})
        read(project)
        assert not Readme.objects.exists() and not Package.objects.exists() and not Release.objects.exists()
        assert not Language.objects.exists() and not PeopleFile.objects.exists()
        assert project.tagline == "" and project.welcomes is False

    def test_a_wrong_commit_raises(self):
        project = plant(files=FILES)
        mirror = project.repository.mirror()
        with mirror.snapshot(project.repository.head_commit) as snapshot, pytest.raises(ValueError, match="not of"):
            apply_facts(project.repository, snapshot, [], "0" * 40)


class TestOwner:
    INFO = b"""apiVersion: backstage.io/v1core1
kind: Component
metadata:
  name: billing
spec:
  type: service
  lifecycle: production
  owner: group:default/payments
"""

    def test_a_declared_team_owns_a_project_without_owner(self, team):
        project = plant(files=FILES | {b"catalog-info.yaml": self.INFO})
        read(project)
        assert project.owner == team
        assert project.lifecycle == "production"
        assert AuditEvent.objects.get(action="project.owner_declared").changes == {"owner": [None, "payments"]}

    def test_it_takes_nothing_from_another_team(self, team, other_team):
        project = plant(files=FILES | {b"catalog-info.yaml": self.INFO}, owner=other_team)
        read(project)
        assert project.owner == other_team

    def test_it_opens_no_restricted_project(self, team):
        project = plant(files=FILES | {b"catalog-info.yaml": self.INFO}, visibility="restricted")
        read(project)
        assert project.owner is None

    def test_an_unknown_team_is_no_owner(self):
        Team.objects.create(slug="others", name="Others")
        project = plant(files=FILES | {b"catalog-info.yaml": self.INFO})
        read(project)
        assert project.owner is None


class TestMonorepo:
    INFO = b"""apiVersion: backstage.io/v1core1
kind: Component
metadata:
  name: %s
  description: The %s part
spec:
  type: library
  lifecycle: experimental
  owner: nobody
"""

    def files(self):
        return FILES | {
            b"LICENSE": b"All rights reserved.\n",
            b"parts/core/catalog-info.yaml": self.INFO % (b"core", b"first"),
            b"parts/core/main.go": b"package main\n" * 30,
            b"parts/beta/catalog-info.yaml": self.INFO % (b"beta", b"second"),
            b"parts/beta/README.md": b"# Beta\n\nThe beta thing.\n",
            b"catalog-info.yaml": b"""apiVersion: backstage.io/v1core1
kind: Location
metadata:
  name: all
spec:
  targets:
    - ./parts/core/catalog-info.yaml
    - ./parts/beta/catalog-info.yaml
""",
        }

    def test_folders_become_projects(self, team):
        project = plant(files=self.files(), tags=["v2.0", "core-v1.1"], owner=team)
        projects = read(project)
        assert [found.subdirectory for found in projects] == ["", "parts/beta", "parts/core"]
        beta, core = projects[1:]
        assert (core.slug, core.owner, core.language, core.kind) == ("core", team, "Go", "library")
        assert core.tagline == "The first part"
        assert value(core, "tagline")[2].startswith("parts/core/")
        assert beta.readme.path == "parts/beta/README.md"
        assert [release.tag for release in core.releases.all()] == ["core-v1.1"]
        assert [release.tag for release in project.releases.all()] == ["v2.0"]
        assert core.people_files.get(kind="contributing").path == "CONTRIBUTING.md"
        assert set(CatalogEntry.objects.values_list("pk", flat=True)) == {found.pk for found in projects}

    def test_twice_is_once(self):
        project = plant(files=self.files())
        read(project)
        before = everything()
        read(project)
        assert everything() == before

    def test_parts_of_a_restricted_repository_are_restricted_alike(self, other_team):
        project = plant(files=self.files(), visibility="restricted")
        Access.objects.create(project=project, team=other_team)
        for part in read(project)[1:]:
            assert part.visibility == "restricted"
            assert [row.team for row in part.access.all()] == [other_team]

    def test_a_new_part_has_the_readers_of_the_main_project(self, other_team, team):
        project = plant(files=self.files())
        parts = Project.objects.create(
            slug="parts", name="Parts", repository=project.repository, subdirectory="parts", owner=team
        )
        readers.grant(parts, other_team, None, None)
        readers.set_visibility(parts, "restricted", None)
        read(project)
        core = Project.objects.get(subdirectory="parts/core")
        assert (core.visibility, core.owner) == ("restricted", team)
        assert [row.team for row in core.access.all()] == [other_team]

    def test_without_a_main_project_a_restricted_one_is_followed(self):
        project = plant(files=self.files())
        Project.objects.filter(pk=project.pk).update(subdirectory="docs")
        Project.objects.create(
            slug="src", name="Source", repository=project.repository, subdirectory="src", visibility="restricted"
        )
        read(project)
        assert {part.visibility for part in Project.objects.all()} == {"restricted"}

    def test_slugs_are_free_ones(self):
        plant("core")
        read(plant("mono", files=self.files()))
        assert Project.objects.filter(slug="core-2", subdirectory="parts/core").exists()

    def test_a_folder_that_is_gone_leaves_an_archived_page(self):
        project = plant(files=self.files())
        read(project)
        grow(project.repository, FILES)
        read(project)
        part = Project.objects.get(subdirectory="parts/core")
        assert (part.lifecycle, part.language) == ("archived", "")


class TestHostileNames:
    def test_names_that_are_not_utf_8(self):
        project = plant(files={b"LICENSE-\xff\n.txt": b"x", b"docs/\xe9.md": b"x", b"tests/\xff.py": b"x"})
        git = ["git", "-C", str(project.repository.mirror_path)]
        ref = b"refs/tags/v1.0-\xff"
        subprocess.run([*git, "update-ref", ref, project.repository.head_commit], check=True)
        read(project)
        assert project.releases.count() <= 1
        assert project.people_files.get(kind="tests").path == "tests/"
