"""Writes licences.json, fingerprints of licence texts, from the folders that hold the texts.

    python -m projects.derive.tables.build_licences CHOOSEALICENSE SPDX_XML /usr/share/common-licenses

Debian ships the first two in ruby-licensee, the third in base-files. The texts stay outside the repository.
"""

import json
import re
import sys
from pathlib import Path

from projects.derive.licence_text import hashed, normalise, pack, words_of

HERE = Path(__file__).resolve().parent
# File in common-licenses: SPDX id, title.
MORE = {
    "Artistic": ("Artistic-1.0-Perl", "The Artistic License"),
    "GPL-1": ("GPL-1.0", "GNU General Public License v1.0"),
    "LGPL-2": ("LGPL-2.0", "GNU Library General Public License v2"),
    "GFDL-1.2": ("GFDL-1.2", "GNU Free Documentation License v1.2"),
    "GFDL-1.3": ("GFDL-1.3", "GNU Free Documentation License v1.3"),
    "MPL-1.1": ("MPL-1.1", "Mozilla Public License 1.1"),
}
FIELD = re.compile(r"\[(?:fullname|login|email|project|description|year|projecturl)\]")


def front_matter(text: str) -> tuple[dict[str, str], str]:
    _, facts, body = text.split("---\n", 2)
    return dict(re.findall(r"^([\w-]+): *(.*)$", facts, re.MULTILINE)), body


def titles_of(spdx: str, title: str, nickname: str) -> set[str]:
    """Ways a first line may name this licence, lower case."""
    title = title.strip("\"'").lower().removeprefix("the ")
    unversioned = re.sub(r",? (?:version |v)?\d[\d.]*c?.*$", "", title)
    version = re.search(r"\d[\d.]*c?", title.replace("2-clause", "").replace("3-clause", "").replace("4-clause", ""))
    names = {
        title,
        unversioned,
        spdx.lower(),
        spdx.lower().replace("-", " "),
        nickname.lower(),
        title.replace("*", "u"),
    }
    if version:
        names |= {f"{unversioned}, version {version[0]}", f"{unversioned} version {version[0]}"}
    return {name for name in names if name}


def add_titles(titles: dict[str, set[str]], spdx: str, title: str, nickname: str) -> None:
    for name in titles_of(spdx, title, nickname):
        titles.setdefault(name, set()).add(spdx)


def leeway(xml: Path, fields: int) -> int:
    """Characters that may vary freely: four for each replaceable part."""
    alternatives = 0
    if xml.exists():
        found = re.search(r"<text>(.*)</text>", xml.read_text(), re.DOTALL)
        text = found[1] if found else ""
        text = re.sub(r"<(copyrightText|titleText|optional)\b.*?</\1>", "", text, flags=re.DOTALL)
        alternatives = len(re.findall(r"<alt .*?>", text, re.DOTALL))
    return 4 * max(alternatives, fields)


def main(chosen: Path, spdx_xml: Path, common: Path) -> None:
    texts: dict[str, str] = {}
    titles: dict[str, set[str]] = {}
    for file in sorted(chosen.glob("*.txt")):
        facts, body = front_matter(file.read_text())
        texts[facts["spdx-id"]] = body
        add_titles(titles, facts["spdx-id"], facts["title"], facts.get("nickname", ""))
    for name, (spdx, title) in MORE.items():
        texts[spdx] = (common / name).read_text()
        add_titles(titles, spdx, title, "")
    ordered = sorted(titles, key=lambda name: (-len(name), name))
    rows = []
    for spdx, text in texts.items():
        normalised = normalise(text, ordered)
        fields = FIELD.findall(normalised)
        words = words_of(FIELD.sub(" ", normalised))
        row = [len(normalised), leeway(spdx_xml / f"{spdx}.xml", len(fields)), pack(hashed(words))]
        rows.append(f"{json.dumps(spdx)}: {json.dumps(row)}")
    # A title that several versions share names none of them.
    named = [
        f"{json.dumps(name)}: {json.dumps(min(titles[name]) if len(titles[name]) == 1 else '')}" for name in ordered
    ]
    tables = {"titles": named, "licences": rows}
    parts = [f"{json.dumps(table)}: {{\n" + ",\n".join(listed) + "\n}" for table, listed in tables.items()]
    (HERE / "licences.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
