import pytest

from projects.derive.manifests import read_packages

ENTITIES = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(24))
LAUGHS = f'<!DOCTYPE l [<!ENTITY a "ha">{ENTITIES}]><project><artifactId>&z;</artifactId></project>'
POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>org.e</groupId><version>2</version></parent>'
    "<artifactId>tool</artifactId><dependencies><dependency><artifactId>other</artifactId></dependency></dependencies></project>"
)


def read(tree, files):
    packages, problems = read_packages(tree(files))
    return [(p.ecosystem, p.name, p.version, p.path) for p in packages], [problem.message for problem in problems]


class TestFormats:
    @pytest.mark.parametrize(
        ("path", "content", "expected"),
        [
            ("pyproject.toml", '[project]\nname = "a-b"\nversion = "1.2"', ("pypi", "a-b", "1.2")),
            ("pyproject.toml", '[project]\nname = "a"\ndynamic = ["version"]', ("pypi", "a", None)),
            ("pyproject.toml", '[tool.poetry]\nname = "a"\nversion = "3"', ("pypi", "a", "3")),
            ("setup.cfg", "[metadata]\nname = a\nversion = attr: a.__version__", ("pypi", "a", None)),
            ("setup.py", "from setuptools import setup\nsetup(name='a', version=\"1.0\")", ("pypi", "a", "1.0")),
            ("package.json", '{"name": "@s/a", "version": "1.0.0"}', ("npm", "@s/a", "1.0.0")),
            ("Cargo.toml", '[package]\nname = "a"\nversion = "0.1.0"', ("cargo", "a", "0.1.0")),
            ("go.mod", "// c\nmodule example.org/a/v2\n\ngo 1.22", ("go", "example.org/a/v2", None)),
            ("pom.xml", POM, ("maven", "org.e:tool", "2")),
            (
                "lib/build.gradle.kts",
                'plugins { `maven-publish` }\ngroup = "org.e"\nversion = "1"',
                ("maven", "org.e:lib", "1"),
            ),
            (
                "a.gemspec",
                'Gem::Specification.new do |s|\n s.name = "a"\n s.version = A::VERSION\nend',
                ("rubygems", "a", None),
            ),
            ("composer.json", '{"name": "v/a"}', ("composer", "v/a", None)),
            (
                "src/A.csproj",
                "<Project><PropertyGroup><PackageId>A.B</PackageId><Version>1.0</Version></PropertyGroup></Project>",
                ("nuget", "A.B", "1.0"),
            ),
            ("mix.exs", 'def project do [app: :a, version: "1.0.0", package: package()] end', ("hex", "a", "1.0.0")),
            ("pubspec.yaml", "name: a\nversion: 1.0.0+1", ("pub", "a", "1.0.0+1")),
            ("chart/Chart.yaml", "name: a\nversion: 0.1.0", ("helm", "a", "0.1.0")),
        ],
    )
    def test_published_package(self, tree, path, content, expected):
        assert read(tree, {path: content}) == ([(*expected, path)], [])

    @pytest.mark.parametrize(
        ("path", "content"),
        [
            ("package.json", '{"name": "a", "version": "1.0.0", "private": true}'),
            ("package.json", '{"scripts": {}}'),
            ("Cargo.toml", '[package]\nname = "a"\npublish = false'),
            ("Cargo.toml", '[workspace]\nmembers = ["a"]'),
            ("pyproject.toml", '[project]\nname = "a"\nclassifiers = ["Private :: Do Not Upload"]'),
            ("pyproject.toml", "[tool.black]\nline-length = 100"),
            ("composer.json", '{"name": "v/a", "type": "project"}'),
            ("build.gradle", "group = 'org.e'"),
            ("pom.xml", "<other><artifactId>a</artifactId></other>"),
            ("A.csproj", "<Project><PropertyGroup><TargetFramework>net8</TargetFramework></PropertyGroup></Project>"),
            ("pubspec.yaml", "name: a\npublish_to: none"),
            ("node_modules/a/package.json", '{"name": "a", "version": "1.0.0"}'),
            ("tests/fixtures/Cargo.toml", '[package]\nname = "a"\nversion = "1"'),
        ],
    )
    def test_what_is_not_published_is_not_listed(self, tree, path, content):
        assert read(tree, {path: content}) == ([], [])

    def test_workspace_members_take_the_version_of_the_root(self, tree):
        files = {
            "Cargo.toml": '[workspace]\nmembers = ["a"]\n[workspace.package]\nversion = "4.5.6"',
            "a/Cargo.toml": '[package]\nname = "a"\nversion.workspace = true',
        }
        assert read(tree, files)[0] == [("cargo", "a", "4.5.6", "a/Cargo.toml")]

    def test_one_package_told_twice_is_listed_once(self, tree):
        files = {"pyproject.toml": '[project]\nname = "a_b"\nversion = "1"', "setup.py": "setup(name='A-B')"}
        assert read(tree, files)[0] == [("pypi", "a_b", "1", "pyproject.toml")]


class TestBadManifests:
    @pytest.mark.parametrize(
        ("path", "content", "message"),
        [
            ("package.json", '{"name": ', "is not valid JSON"),
            ("package.json", "[" * 200_000, "is nested too deeply"),
            ("package.json", '{"a": "' + "x" * 5_000_000 + '"}', "is larger than 1 MB"),
            ("package.json", '{"a": ' + "9" * 10_000 + "}", "is not valid JSON"),
            ("pyproject.toml", "[project\nname", "is not valid TOML"),
            ("pyproject.toml", "a = " + "[" * 50_000, "is nested too deeply"),
            ("Cargo.toml", "a." * 100_000 + "b = 1", "has a key with too many parts"),
            ("setup.cfg", "name = no section", "is not a valid INI file"),
            ("pom.xml", "<project><artifactId>", "is not valid XML"),
            ("pom.xml", LAUGHS, "has a document type declaration"),
            ("pom.xml", '<!DOCTYPE p SYSTEM "file:///etc/passwd"><project/>', "has a document type declaration"),
            ("pubspec.yaml", "a: [", "is not valid YAML"),
            ("Cargo.toml", bytes(range(256)) * 9, "is a binary file"),
        ],
    )
    def test_problem_in_plain_words_and_the_rest_still_read(self, tree, path, content, message):
        packages, problems = read(tree, {path: content, "go.mod": "module a"})
        assert [package[0] for package in packages] == ["go"]
        assert len(problems) == 1 and problems[0].startswith(f"{path} {message}")

    @pytest.mark.parametrize(
        "content", ["[]", "1", '"a"', "null", '{"name": [1], "version": {}}', '{"name": "\\ud800", "version": "1"}']
    )
    def test_values_of_wrong_types_do_no_harm(self, tree, content):
        packages, problems = read(tree, {"package.json": content, "composer.json": content})
        assert problems == [] and all(name.isprintable() for _, name, _, _ in packages)

    def test_deep_xml_is_read_flat(self, tree):
        assert read(tree, {"pom.xml": "<project>" + "<a>" * 100_000 + "</a>" * 100_000 + "</project>"}) == ([], [])

    def test_only_so_many_manifests_are_read(self, tree):
        files = {
            f"packages/p{number}/package.json": f'{{"name": "p{number}", "version": "1"}}' for number in range(230)
        }
        packages, problems = read(tree, files)
        assert len(packages) == 200
        assert problems == ["Only 200 of 230 package manifests were read."]

    def test_paths_that_are_not_text(self, tree):
        packages, _ = read(tree, {b"\xff\n/go.mod": "module a"})
        assert packages == [("go", "a", None, "\\xff\\n/go.mod")]
