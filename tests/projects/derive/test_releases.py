import pytest

from gitstore.records import Tag
from projects.derive.releases import releases_from_tags


def releases(*names):
    return releases_from_tags(
        Tag(name, f"c{number}", 1_700_000_000 + number, "", True) for number, name in enumerate(names)
    )


class TestWhichTags:
    @pytest.mark.parametrize(
        ("tag", "component", "version", "prerelease"),
        [
            ("v1.2.3", "", "1.2.3", False),
            ("1.2.3", "", "1.2.3", False),
            ("V2", "", "2", False),
            ("1.2.3-rc1", "", "1.2.3-rc1", True),
            ("v1.0.0-alpha.1+build.5", "", "1.0.0-alpha.1+build.5", True),
            ("v1.0.0+build.5", "", "1.0.0+build.5", False),
            ("1.0b2", "", "1.0b2", True),
            ("1.0.dev3", "", "1.0.dev3", True),
            ("1.0.post1", "", "1.0.post1", False),
            ("4.1.0.Final", "", "4.1.0.Final", False),
            ("5.0.0.M1", "", "5.0.0.M1", True),
            ("release-1.2", "", "1.2", False),
            ("release/v1.2", "", "1.2", False),
            ("REL_9_6_1", "", "9.6.1", False),
            ("2024-05-01", "", "2024-05-01", False),
            ("v20240501", "", "20240501", False),
            ("20240501.1", "", "20240501.1", False),
            ("component/v1.0", "component", "1.0", False),
            ("component-v1.0.1", "component", "1.0.1", False),
            ("@scope/pkg@1.2.3-beta.0", "@scope/pkg", "1.2.3-beta.0", True),
            ("pkg@1.2.3", "pkg", "1.2.3", False),
            ("rc-8_22_0-2", "", "8.22.0-2", True),
        ],
    )
    def test_version(self, tag, component, version, prerelease):
        found = releases(tag, "v0.0.1", "other-v0.1", "another-v0.1")
        release = next(release for release in found if release.tag == tag)
        assert (release.component, release.version, release.prerelease) == (component, version, prerelease)

    @pytest.mark.parametrize(
        "tag",
        [
            "latest",
            "nightly",
            "stable",
            "junio-gpg-pub",
            "before-merge",
            "1234",
            "build",
            "v",
            "",
            "-",
            "v1.x",
            "a" * 5000,
        ],
    )
    def test_other_tags_are_left_out(self, tag):
        assert releases(tag) == []

    def test_name_on_every_tag_is_the_repositorys_own(self):
        assert [(release.component, release.version) for release in releases("curl-7_88_0", "curl-7_88_1")] == [
            ("", "7.88.1"),
            ("", "7.88.0"),
        ]


class TestOrder:
    def test_semantic_precedence(self):
        previews = [f"1.0.0-{word}" for word in ("alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1")]
        ascending = [*previews, "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"]
        assert [release.tag for release in releases(*sorted(ascending))] == ascending[::-1]

    def test_styles_of_one_repository_together(self):
        ascending = ["v0.9", "1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "release-1.0", "1.0.post1", "v1.1"]
        assert [release.tag for release in releases(*sorted(ascending))] == ascending[::-1]

    def test_dates_sort_as_dates(self):
        assert [release.tag for release in releases("2024-10-01", "2023-12-31", "2024-02-29")] == [
            "2024-10-01",
            "2024-02-29",
            "2023-12-31",
        ]

    def test_own_releases_come_before_components_and_those_by_latest(self):
        found = releases("v1.0", "old/v9.0", "new/v1.0", "new/v1.1")
        assert [release.tag for release in found] == ["v1.0", "new/v1.1", "new/v1.0", "old/v9.0"]

    def test_fifty_thousand_tags_with_absurd_names(self):
        names = [f"v{n}.{n % 7}.{'9' * 9}" for n in range(50_000)] + [
            "v1" + ".1" * 500,
            "v" + "1" * 5000,
            "-" * 5000 + "1.0",
            "v1.0-" + "a." * 900,
        ]
        assert len(releases(*names)) >= 50_000
