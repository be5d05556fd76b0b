"""Licences of real trees: texts, statements about them, and what is made of both."""

import pytest

from projects.derive import licence_text
from projects.derive.licence_evidence import parse_expression
from projects.derive.licences import derive_licences, name_score
from tests.projects.derive.trees import Link

TERMS = """
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""
MIT = f"MIT License\n\nCopyright (c) 2024 Somebody <a@example.org>\n{TERMS}"
ISC = """
ISC License

Copyright 2020 Somebody

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE
INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE,
DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
"""
GNU = (
    "Everyone may share this imaginary licence of the free folk, and nobody may take from another what the folk gave. "
    * 3
)


def found(tree, files):
    return [(each.spdx, each.path, each.method) for each in derive_licences(tree(files))]


@pytest.fixture
def imaginary_gnu(monkeypatch):
    """A short text that stands for the GPL and one for the LGPL, as the real ones are long."""
    known = []
    for spdx, text in (("GPL-2.0", GNU), ("LGPL-2.1", f"lesser weaker softer {GNU}")):
        normalised = licence_text.normalise(text, ())
        words = licence_text.hashed(licence_text.words_of(normalised))
        known.append(licence_text.Fingerprint(spdx, words, len(normalised), 0))
    monkeypatch.setattr(licence_text, "fingerprints", lambda: tuple(known))


class TestTexts:
    @pytest.mark.parametrize(
        "text",
        [
            MIT,
            TERMS,
            MIT.replace("\n", "\r\n"),
            f"# The MIT License (MIT)\n\n**Copyright** © 2001, 2002 A\nCopyright (c) B\nAll rights reserved.\n{TERMS}",
            "/*\n" + "\n".join(f" * {line}" for line in MIT.split("\n")) + "\n */",
            MIT.replace('"', "“").replace("AND/OR", "and/or"),
            "\n".join(f"// {line}" for line in MIT.split("\n")),
            f"\ufeff{MIT}",
        ],
    )
    def test_layout_title_and_copyright_do_not_matter(self, tree, text):
        (finding,) = derive_licences(tree({"LICENSE": text}))
        assert (finding.spdx, finding.path, finding.confirmed) == ("MIT", "LICENSE", True)

    def test_an_exact_text_has_confidence_one(self, tree):
        (finding,) = derive_licences(tree({"COPYING.txt": MIT}))
        assert (finding.confidence, finding.method) == (1.0, "exact")

    def test_a_nearly_equal_text_is_named_but_not_confirmed(self, tree):
        changed = MIT + "\nExcept bicycles.\n"
        (finding,) = derive_licences(tree({"LICENSE": changed}))
        assert (finding.spdx, finding.method, finding.confirmed) == ("MIT", "similar", False)
        assert 0.9 <= finding.confidence < 0.98

    def test_an_unknown_text_is_reported_as_such(self, tree):
        assert found(tree, {"LICENSE": "Ask my lawyer first. " * 40}) == [("NOASSERTION", "LICENSE", "unknown")]

    def test_several_licences(self, tree):
        files = {"LICENSE-MIT": MIT, "LICENSE-ISC": ISC, "COPYING": "See the files beside this one."}
        assert found(tree, files) == [("ISC", "LICENSE-ISC", "exact"), ("MIT", "LICENSE-MIT", "exact")]

    def test_an_unknown_text_stays_beside_a_known_one(self, tree):
        files = {"LICENSE": "Something else entirely. " * 40, "LICENSE-MIT": MIT}
        assert [spdx for spdx, _, _ in found(tree, files)] == ["MIT", "NOASSERTION"]

    def test_a_file_of_copyright_lines_or_none_is_no_licence(self, tree):
        assert found(tree, {"COPYRIGHT": "Copyright (c) 2020 A\n(c) 2021 B\n", "a.py": "x"}) == []

    def test_a_licence_inside_a_longer_file_is_not_confirmed(self, tree):
        text = f"{'We bundle things with words of our own here. ' * 12}\n-------------\n{ISC}\n-------------\nBye.\n"
        (finding,) = derive_licences(tree({"LICENSE": text}))
        assert (finding.spdx, finding.method, finding.confirmed) == ("ISC", "part", False)

    def test_links_are_followed_and_binary_or_large_files_left(self, tree):
        assert found(tree, {"LICENSE": Link(b"legal/mit"), "legal/mit": MIT}) == [("MIT", "LICENSE", "exact")]
        assert found(tree, {"LICENSE": b"\0" * 2000}) == []
        assert found(tree, {"LICENSE": "x " * 1024**2}) == []

    def test_a_page_of_html(self, tree):
        page = "<html><body><h1>MIT License</h1>" + "".join(f"<p>{each}</p>" for each in MIT.split("\n\n")[1:])
        assert found(tree, {"LICENSE.html": page}) == [("MIT", "LICENSE.html", "exact")]

    def test_non_commercial_texts_are_not_taken_for_free_ones(self, tree):
        text = "Attribution-NonCommercial 4.0 International\n" + "Creative Commons words. " * 40
        assert found(tree, {"LICENSE": text}) == [("NOASSERTION", "LICENSE", "unknown")]

    @pytest.mark.parametrize(
        "hostile", ["_" * 60000, "* " * 30000, "\n" * 60000, "(" * 60000, "copyright\n" * 6000, "a-" * 30000]
    )
    def test_hostile_texts_are_unknown(self, tree, hostile):
        assert [each.spdx for each in derive_licences(tree({"LICENSE": hostile + " x"}))] in ([], ["NOASSERTION"])


class TestNames:
    def test_usual_names_rank_as_people_expect(self):
        names = [
            "LICENSE",
            "licence.md",
            "COPYING",
            "Copying.txt",
            "LICENSE.MIT",
            "COPYING.LESSER",
            "LICENSE-APACHE",
            "mit-license",
        ]
        scores = [name_score(name) for name in names]
        assert scores == sorted(scores, reverse=True)
        assert min(scores) > 0

    @pytest.mark.parametrize(
        "name", ["license.py", "licenses", "README", "license.json", "relicense.txt", "LICENSE.spdx"]
    )
    def test_other_names_do_not_count(self, name):
        assert name_score(name) == 0


class TestStatements:
    @pytest.mark.parametrize(
        ("path", "content", "ids"),
        [
            ("package.json", '{"license": "(MIT OR Apache-2.0)"}', ["Apache-2.0", "MIT"]),
            ("package.json", '{"licenses": [{"type": "BSD-3-Clause", "url": "x"}]}', ["BSD-3-Clause"]),
            ("package.json", '{"license": "SEE LICENSE IN x"}', []),
            ("package.json", '{"license": ', []),
            ("composer.json", '{"license": ["MIT", "GPL-3.0-or-later"]}', ["GPL-3.0-or-later", "MIT"]),
            ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"\n', ["Apache-2.0", "MIT"]),
            ("Cargo.toml", '[package]\nlicense = "Apache-2.0 WITH LLVM-exception"', ["Apache-2.0 WITH LLVM-exception"]),
            ("pyproject.toml", '[project]\nlicense = "MPL-2.0"\n', ["MPL-2.0"]),
            ("pyproject.toml", '[project]\nlicense = {text = "Apache License 2.0"}\n', ["Apache-2.0"]),
            ("pyproject.toml", '[project]\nclassifiers = ["License :: X (GPLv3+)"]', ["GPL-3.0-or-later"]),
            ("setup.cfg", "[metadata]\nlicense = MIT License\n", ["MIT"]),
            ("a.gemspec", "Gem::Specification.new do |s|\n  s.licenses = ['MIT', 'ISC']\nend", ["ISC", "MIT"]),
            ("pom.xml", "<project><license>\n <name>Apache License, Version 2.0</name>", ["Apache-2.0"]),
            ("README.md", "# A\n\n## License\n\nUnder the [MIT license](LICENSE).\n\n## More\n\nISC", ["MIT"]),
            ("README.rst", "Licence\n=======\n\nhttps://opensource.org/licenses/ISC\n", ["ISC"]),
            ("README.md", "# A\n\nNobody speaks of an MIT license here.\n", []),
            ("README.md", "<!-- SPDX-License-Identifier: EUPL-1.2 -->\n# A", ["EUPL-1.2"]),
        ],
    )  # fmt: skip
    def test_what_metadata_and_readme_say_is_never_confirmed(self, tree, path, content, ids):
        findings = derive_licences(tree({path: content}))
        assert sorted(each.spdx for each in findings) == ids
        assert not any(each.confirmed for each in findings)

    def test_an_expression_goes_with_its_licences(self, tree):
        files = {"LICENSE-MIT": MIT, "LICENSE-ISC": ISC, "Cargo.toml": '[package]\nlicense = "MIT OR ISC"\n'}
        assert {each.expression for each in derive_licences(tree(files))} == {"MIT OR ISC"}
        assert all(each.confirmed for each in derive_licences(tree(files)))

    def test_members_of_a_workspace_say_the_expression(self, tree):
        root = '[workspace]\nmembers = ["missing", "core"]\n'
        files = {"LICENSE-MIT": MIT, "LICENSE-ISC": ISC, "Cargo.toml": root}
        files["core/Cargo.toml"] = '[package]\nlicense = "MIT OR ISC"\n'
        assert {each.expression for each in derive_licences(tree(files))} == {"MIT OR ISC"}

    def test_another_licence_in_metadata_stays_beside_the_text(self, tree):
        files = {"LICENSE": MIT, "package.json": '{"license": "Apache-2.0"}'}
        assert found(tree, files) == [("MIT", "LICENSE", "exact"), ("Apache-2.0", "package.json", "metadata")]

    def test_an_identifier_names_an_unknown_text(self, tree):
        text = "/* SPDX-License-Identifier: Apache-2.0 OR MIT */\n" + "Other words altogether. " * 20
        assert {each.spdx for each in derive_licences(tree({"LICENSE": text}))} == {"Apache-2.0", "MIT"}

    @pytest.mark.parametrize(
        "text",
        ["", "(" * 150, "MIT AND", "NONE", "x" * 500, "MIT OR (ISC", "\0", "UNLICENSED", "None of your business"],
    )
    def test_nonsense_is_no_expression(self, text):
        assert parse_expression(text)[0] == []


class TestReuse:
    def test_files_in_licenses(self, tree):
        files = {"LICENSES/MIT.txt": MIT, "LICENSES/CC0-1.0.txt": "short", "LICENSES/LicenseRef-Own.txt": "x " * 200}
        assert found(tree, files) == [("MIT", "LICENSES/MIT.txt", "exact"), ("CC0-1.0", "LICENSES/CC0-1.0.txt", "name")]

    def test_an_unknown_text_is_known_by_its_copy(self, tree):
        own = "Use it as you like but keep our name on the door of every house. " * 6
        files = {"COPYING": f"Copyright (c) 2020 A\n\n{own}", "LICENSES/curl.txt": own}
        assert found(tree, files) == [("curl", "COPYING", "name")]

    def test_the_root_goes_before_the_folder(self, tree):
        assert [spdx for spdx, _, _ in found(tree, {"LICENSE": MIT, "LICENSES/ISC.txt": ISC})] == ["MIT", "ISC"]


class TestGnu:
    def test_the_version_range_comes_from_statements(self, tree, imaginary_gnu):
        files = {"COPYING": GNU, "package.json": '{"license": "GPL-2.0-or-later"}'}
        assert found(tree, files) == [("GPL-2.0-or-later", "COPYING", "exact")]
        assert found(tree, {"COPYING": GNU}) == [("GPL-2.0", "COPYING", "exact")]

    def test_the_lesser_licence_goes_first(self, tree, imaginary_gnu):
        files = {"COPYING": GNU, "COPYING.LESSER": f"lesser weaker softer {GNU}"}
        assert [spdx for spdx, _, _ in found(tree, files)] == ["LGPL-2.1", "GPL-2.0"]


class TestFingerprints:
    def test_each_licence_is_nearest_to_itself(self):
        for known in licence_text.fingerprints():
            scores = {each.spdx: each.likeness(known.words, known.length) for each in licence_text.fingerprints()}
            assert max(scores, key=scores.get) == known.spdx
            assert scores[known.spdx] == 1
