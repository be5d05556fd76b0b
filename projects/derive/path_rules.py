"""Which paths of a repository are vendored, documentation or generated, told from their names alone."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent / "tables"


@dataclass
class PathRules:
    """One family of rules of `tables/paths.toml`. Answers per directory are remembered."""

    root_directories: frozenset[str]
    directories: frozenset[str]
    directory_pairs: frozenset[str]
    directory_pattern: re.Pattern[str] | None
    pair_pattern: re.Pattern[str] | None
    root_files: frozenset[str]
    files: frozenset[str]
    file_stems: frozenset[str]
    file_suffixes: tuple[str, ...]
    file_pattern: re.Pattern[str] | None
    below: dict[str, tuple[str, ...]]
    known: dict[str, bool] = field(default_factory=lambda: {"": False})

    def match(self, directory: str, name: str) -> bool:
        """Whether the rules hold for the file `name` in `directory` ("" for the root, else without its last slash)."""
        return self.covers(directory) or self.names(directory, name)

    def covers(self, directory: str) -> bool:
        """Whether everything in this directory is covered."""
        answer = self.known.get(directory)
        if answer is None:
            parent, _, name = directory.rpartition("/")
            answer = self.known[directory] = self.covers_shallow(parent, name) or self.covers(parent)
        return answer

    def covers_shallow(self, parent: str, name: str) -> bool:
        if name in self.directories or (not parent and name in self.root_directories):
            return True
        if self.directory_pattern and self.directory_pattern.search(name):
            return True
        pair = f"{parent.rpartition('/')[2]}/{name}" if parent else ""
        return pair in self.directory_pairs or bool(pair and self.pair_pattern and self.pair_pattern.search(pair))

    def names(self, directory: str, name: str) -> bool:
        if name in self.files or name.endswith(self.file_suffixes) or name.split(".", 1)[0] in self.file_stems:
            return True
        if not directory and name in self.root_files:
            return True
        if self.file_pattern and self.file_pattern.search(name):
            return True
        extension = name.rpartition(".")[2]
        return any(extension in self.below.get(part, ()) for part in directory.split("/")) if self.below else False


def build(table: dict[str, Any], below: dict[str, list[str]]) -> PathRules:
    def words(key: str) -> frozenset[str]:
        return frozenset(table.get(key, ()))

    def pattern(key: str) -> re.Pattern[str] | None:
        return (
            re.compile("|".join(f"(?:{each})" if "(?i)" not in each else f"(?i:{each[4:]})" for each in table[key]))
            if key in table
            else None
        )

    return PathRules(
        root_directories=words("root_directories"),
        directories=words("directories"),
        directory_pairs=words("directory_pairs"),
        directory_pattern=pattern("directory_patterns"),
        pair_pattern=pattern("pair_patterns"),
        root_files=words("root_files"),
        files=words("files"),
        file_stems=words("file_stems"),
        file_suffixes=tuple(table.get("file_suffixes", ())),
        file_pattern=pattern("file_patterns"),
        below={name: tuple(extensions) for name, extensions in below.items()},
    )


@cache
def tables() -> dict[str, Any]:
    return tomllib.loads((TABLES / "paths.toml").read_text())


def vendored_rules() -> PathRules:
    """Rules for other people's code kept in the tree; a fresh object for each repository."""
    return build(tables()["vendored"], tables()["vendored_below"])


def documentation_rules() -> PathRules:
    return build(tables()["documentation"], {})


def generated_rules() -> PathRules:
    return build(tables()["generated"], {})
