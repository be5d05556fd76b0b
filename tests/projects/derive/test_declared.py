import json
from pathlib import Path

import pytest

from projects.derive.declared import read_declared
from projects.derive.vocabulary import FIELDS, KINDS, LIFECYCLES, software_kind
from tests.projects.derive.trees import Link

COMPONENT = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
  description: The {name}
  tags: [java, data]
  annotations:
    {annotation}
  links:
    - url: https://e.org/docs
      title: Runbook
    - url: https://chat.e.org/room
      title: Slack channel
spec:
  type: {type}
  lifecycle: production
  owner: group:default/payments
"""
PUBLICCODE = """publiccodeYmlVersion: "0.4"
name: Registry
url: https://e.org/registry.git
landingURL: https://registry.e.org
developmentStatus: beta
softwareType: standalone/web
categories: [it-management]
description:
  it: {shortDescription: Registro, longDescription: Un registro}
  en: {shortDescription: A registry, longDescription: A long story, documentation: "https://e.org/d"}
legal: {license: EUPL-1.2, repoOwner: City of X}
maintenance: {type: internal, contacts: [{name: Ada, email: ada@e.org}]}
"""


def component(name="ledger", annotation="a: b", type="service"):
    return COMPONENT.format(name=name, annotation=annotation, type=type)


def read(tree, files):
    declared = read_declared(tree(files))
    fields = {name: [value.value for value in values] for name, values in declared.fields.items()}
    return fields, declared.entries, [problem.message for problem in declared.problems]


class TestFormats:
    def test_innersource_json(self, tree):
        document = {
            "title": "Ledger",
            "motivation": "Share it",
            "contributions": ["Bugs", "Docs"],
            "skills": ["Go"],
            "docs": "docs/start.md",
            "lifecycle": "production",
            "kind": "library",
            "topics": ["money"],
            "owner": "payments",
            "license": "MIT",
            "logo": "a.png",
        }
        fields, entries, problems = read(tree, {"innersource.json": json.dumps(document), "docs/start.md": "x"})
        assert fields == {
            "name": ["Ledger"],
            "motivation": ["Share it"],
            "contributions": [["Bugs", "Docs"]],
            "skills": [["Go"]],
            "documentation": ["docs/start.md"],
            "lifecycle": ["production"],
            "kind": ["library"],
            "topics": [["money"]],
            "owner": ["payments"],
            "licence": ["MIT"],
        }
        assert (entries, problems) == ([], [])

    def test_catalog_info(self, tree):
        fields, entries, problems = read(tree, {"catalog-info.yaml": component()})
        assert fields == {
            "name": ["ledger"],
            "description": ["The ledger"],
            "topics": [["java", "data"]],
            "owner": ["group:default/payments"],
            "lifecycle": ["production"],
            "kind": ["service"],
            "documentation": ["https://e.org/docs"],
            "chat": ["https://chat.e.org/room"],
        }
        assert (entries, problems) == ([], [])

    def test_publiccode(self, tree):
        fields, _, problems = read(tree, {"publiccode.yml": PUBLICCODE})
        assert fields == {
            "name": ["Registry"],
            "tagline": ["A registry"],
            "description": ["A long story"],
            "documentation": ["https://e.org/d"],
            "homepage": ["https://registry.e.org"],
            "lifecycle": ["experimental"],
            "kind": ["service"],
            "licence": ["EUPL-1.2"],
            "topics": [["it-management"]],
            "owner": ["City of X"],
            "contact": ["ada@e.org"],
        }
        assert problems == []

    @pytest.mark.parametrize(
        "wrap", [lambda project: project, lambda project: {"agency": "GSA", "releases": [project]}]
    )
    def test_code_json_new_and_old(self, tree, wrap):
        project = {
            "name": "Portal",
            "description": "It shows",
            "status": "Production",
            "tags": ["a"],
            "contact": {"email": "a@e.org"},
            "permissions": {"licenses": [{"name": "CC0-1.0"}, {"name": None}], "usageType": "openSource"},
            "organization": "GSA",
        }
        fields, _, problems = read(tree, {"code.json": json.dumps(wrap(project))})
        assert (fields["name"], fields["lifecycle"], fields["licence"], fields["owner"]) == (
            ["Portal"],
            ["production"],
            ["CC0-1.0"],
            ["GSA"],
        )
        assert problems == []

    def test_inventory_of_many_projects_is_not_one_project(self, tree):
        fields, _, problems = read(tree, {"code.json": json.dumps({"releases": [{"name": "a"}, {"name": "b"}]})})
        assert fields == {} and problems == ["code.json lists 2 projects; it is read only when it describes one."]

    def test_the_most_specific_file_comes_first_and_every_value_names_its_file(self, tree):
        files = {"innersource.json": '{"title": "A"}', "catalog-info.yaml": component("b"), "publiccode.yml": "name: C"}
        values = read_declared(tree(files)).fields["name"]
        assert [(value.value, value.path) for value in values] == [
            ("A", "innersource.json"),
            ("b", "catalog-info.yaml"),
            ("C", "publiccode.yml"),
        ]


class TestMonorepo:
    def test_components_in_folders_become_entries(self, tree):
        files = {
            "catalog-info.yaml": component("root"),
            "services/a/catalog-info.yaml": component("a"),
            "services/b/catalog-info.yml": component("b", type="library"),
        }
        fields, entries, problems = read(tree, files)
        assert fields["name"] == ["root"]
        assert [(entry.name, entry.subdirectory, entry.path) for entry in entries] == [
            ("a", "services/a", "services/a/catalog-info.yaml"),
            ("b", "services/b", "services/b/catalog-info.yml"),
        ]
        assert entries[1].fields["kind"][0].value == "library"
        assert problems == []

    def test_several_documents_of_one_file_each_with_its_folder(self, tree):
        text = "---\n".join(
            [
                component("root"),
                component("a", "backstage.io/source-location: url:https://git.e.org/x/y/tree/main/packages/a/"),
                component("b", "backstage.io/source-location: dir:./packages/b"),
                "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team}\n",
            ]
        )
        fields, entries, problems = read(tree, {"catalog-info.yaml": text, "packages/a/x": "1", "packages/b/x": "1"})
        assert [(entry.name, entry.subdirectory) for entry in entries] == [("a", "packages/a"), ("b", "packages/b")]
        assert (fields["name"], problems) == (["root"], [])

    def test_location_leads_to_files_of_the_tree_only(self, tree):
        location = (
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec:\n  targets:\n"
            "    - ./apps/a/component.yaml\n    - https://evil.example/x.yaml\n    - ../../etc/passwd\n"
            "    - ./catalog-info.yaml\n"
        )
        files = {"catalog-info.yaml": location, "apps/a/component.yaml": component("a")}
        _, entries, problems = read(tree, files)
        assert [(entry.name, entry.subdirectory) for entry in entries] == [("a", "apps/a")]
        assert problems == ["The Location names ../../etc/passwd, which is not a file of this repository."]

    def test_second_component_without_a_folder_is_named_as_a_problem(self, tree):
        fields, entries, problems = read(tree, {"catalog-info.yaml": component("a") + "---\n" + component("b")})
        assert (fields["name"], entries) == (["a"], [])
        assert problems == ["“b” is left out: say where it lives with the annotation backstage.io/source-location."]

    @pytest.mark.parametrize(
        "annotation",
        ["dir:../..", "dir:/etc", "dir:nowhere", "url:https://e.org/x/tree/main/../../etc", "url:http://[", "[a]"],
    )
    def test_folder_outside_the_tree_is_not_taken(self, tree, annotation):
        text = component("a", f"backstage.io/source-location: {annotation}")
        fields, entries, _ = read(tree, {"catalog-info.yaml": text, "x/y": "1"})
        assert entries == [] and fields["name"] == ["a"]

    def test_templates_and_fixtures_are_not_components(self, tree):
        files = {
            "templates/a/catalog-info.yaml": component("a"),
            "x/catalog-info.yaml": component('"${{ values.name }}"'),
        }
        _, entries, problems = read(tree, files)
        assert entries == [] and problems == ["x/catalog-info.yaml has a component without a name."]

    def test_links_are_not_followed_into_loops(self, tree):
        location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nspec: {target: ./catalog-info.yaml}\n"
        assert (
            read(tree, {"catalog-info.yaml": location, "a/catalog-info.yaml": Link(b"../catalog-info.yaml")})[1] == []
        )


def bomb(levels, width):
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


class TestBadFiles:
    @pytest.mark.parametrize("name", ["catalog-info.yaml", "publiccode.yml"])
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (bomb(30, 9), "has more than 20 YAML aliases, so it was not read."),
            ("[" * 100_000, "is nested too deeply to be read."),
            ("{a: " * 60 + "b" + "}" * 60, "is nested too deeply to be read."),
            ("- " * 30_000, "is nested too deeply to be read."),
            ("a: b\n" * 80_000, "is larger than 256 KB, so it was not read."),
            ("[" + "a," * 60_000 + "]", "has too many values to be read."),
            ("a: [1, 2", "is not valid YAML"),
            ("a: b: c", "is not valid YAML"),
            ("\t- a", "is not valid YAML"),
            (b"\x00\x01\x02" * 500, "is a binary file."),
        ],
    )
    def test_yaml(self, tree, name, content, message):
        files = {name: content, "innersource.json": '{"title": "A"}'}
        fields, _, problems = read(tree, files)
        assert fields["name"] == ["A"]
        assert len(problems) == 1 and problems[0].startswith(f"{name} {message}")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ('{"title": "' + "x" * 5_000_000 + '"}', "is larger than 1 MB, so it was not read."),
            ("{" * 100_000, "is not valid JSON"),
            ("[" * 100_000, "is nested too deeply to be read."),
            ("[1]", "must hold one object with named values."),
            ("nonsense", "is not valid JSON"),
        ],
    )
    @pytest.mark.parametrize("name", ["innersource.json", "code.json"])
    def test_json(self, tree, name, content, message):
        assert read(tree, {name: content})[2][0].startswith(f"{name} {message}")

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            ({"title": ["a"]}, "“title” must be a text."),
            ({"title": True}, "“title” must be a text."),
            ({"contributions": {"a": 1}}, "“contributions” must be a list of words."),
            ({"skills": [["a"]]}, "“skills” must be a text."),
            (
                {"lifecycle": "wild"},
                "“lifecycle” is “wild”, which is none of the known words "
                "(experimental, production, deprecated, archived).",
            ),
            (
                {"docs": "javascript:alert(1)"},
                "“docs” is neither a web address (https://…) nor a path in this repository.",
            ),
            ({"docs": "no/such/file"}, "“docs” is neither a web address (https://…) nor a path in this repository."),
            ({"homepage": "http://"}, "“homepage” is neither a web address (https://…) nor a path in this repository."),
        ],
    )
    def test_values_of_wrong_types(self, tree, document, problem):
        fields, _, problems = read(tree, {"innersource.json": json.dumps({**document, "owner": "team"})})
        assert (fields, problems) == ({"owner": ["team"]}, [problem])

    def test_python_objects_are_never_made(self, tree):
        fields, _, _ = read(
            tree, {"publiccode.yml": "name: !!python/object/apply:os.system [id]\nlandingURL: https://e.org"}
        )
        assert fields == {"homepage": ["https://e.org"]}

    def test_long_and_odd_texts_are_cut_and_cleaned(self, tree):
        document = {"title": "a\u0000b" + "x" * 9000, "motivation": "\ud800", "topics": [f"t{n}" for n in range(900)]}
        fields, _, problems = read(tree, {"innersource.json": json.dumps(document)})
        assert len(fields["name"][0]) == FIELDS["name"] and "\0" not in fields["name"][0]
        assert len(fields["topics"][0]) == 50 and len(problems) == 1
        json.dumps(fields, ensure_ascii=False).encode()


class TestDocumentation:
    def test_every_field_and_word_is_documented(self):
        page = (Path(__file__).resolve().parents[3] / "docs/declared-metadata.md").read_text()
        for word in (*FIELDS, *LIFECYCLES, *KINDS):
            assert f"`{word}`" in page
        for name in ("innersource.json", "catalog-info.yaml", "publiccode.yml", "code.json"):
            assert f"`{name}`" in page


class TestWords:
    @pytest.mark.parametrize(
        ("word", "kind"), [("common-library", "library"), ("Web Service", "service"), ("CLI", "tool"), ("?", None)]
    )
    def test_kinds_of_other_vocabularies(self, word, kind):
        assert software_kind(word) == kind
