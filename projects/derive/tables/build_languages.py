"""Writes languages.json from a checkout or package of github-linguist: the directory with languages.yml.

python projects/derive/tables/build_languages.py /usr/.../github-linguist-7.22.1/lib/linguist
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
KINDS = {"programming": "p", "markup": "m", "data": "d", "prose": "t", None: "n"}


def convert(source: Path) -> dict[str, Any]:
    """Tables by name, extension, file name, interpreter and alias; a language is [kind, colour, group]."""
    languages: dict[str, dict[str, Any]] = yaml.safe_load((source / "languages.yml").read_text())
    seen = json.loads((source / "samples.json").read_text()) if (source / "samples.json").exists() else {}
    tables: dict[str, dict[str, list[str]]] = {"extensions": {}, "filenames": {}, "interpreters": {}}
    aliases: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    called = {name.lower(): name for name in languages}
    for name, facts in languages.items():
        rows[name] = [KINDS[facts.get("type")], facts.get("color", ""), called.get(facts.get("group", "").lower(), "")]
        for alias in ["-".join(name.lower().split()), *facts.get("aliases", [])]:
            aliases[alias.lower()] = name
        for table, keys in tables.items():
            sampled = seen.get({"extensions": "extnames"}.get(table, table), {}).get(name, [])
            listed = facts.get(table, [])
            extra = [key for key in sampled if not any(each.lower().endswith(key.lower()) for each in listed)]
            for key in dict.fromkeys([*listed, *extra]):
                known = keys.setdefault(key.lower() if table == "extensions" else key, [])
                # Where content does not decide, the language that names the extension first is the better guess.
                known.insert(0 if listed[:1] == [key] and table == "extensions" else len(known), name)
    return {
        "languages": rows,
        **tables,
        "aliases": aliases,
        "generic": yaml.safe_load((source / "generic.yml").read_text())["extensions"],
        "popular": yaml.safe_load((source / "popular.yml").read_text()),
    }


def dump(tables: dict[str, Any]) -> str:
    """JSON with one row a line, so that a new version is a readable diff."""
    parts = []
    for table, rows in tables.items():
        items = (
            [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()]
            if isinstance(rows, dict)
            else [json.dumps(r) for r in rows]
        )
        brackets = "{}" if isinstance(rows, dict) else "[]"
        parts.append(f"{json.dumps(table)}: {brackets[0]}\n" + ",\n".join(items) + f"\n{brackets[1]}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    (HERE / "languages.json").write_text(dump(convert(Path(sys.argv[1]))))
