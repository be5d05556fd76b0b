"""From a tree to the statement that finds candidates, the cheapest way first."""

import json
import sqlite3
from dataclasses import dataclass

from search.embedded import texts
from search.embedded.symbols import defining
from search.embedded.tree import Tree, required, text_test
from search.engine import AllOf, AnyOf, FileName, Folder, Language, Literal, Matcher, Path, Regex, Repositories, Symbol
from search.filters import NOTHING_KNOWN, Contains, Every, Filter, every, filter_for, some

RAREST = 8
SAMPLED = 64  # one piece of so many has told how frequent trigrams are
UNKNOWN = 10**9
FEW_PATHS = 5_000
_HELD = "AND EXISTS (SELECT 1 FROM file f WHERE f.path_id = path.id AND f.repo_id IN (SELECT value FROM json_each(?)))"


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement that gives candidates as (piece, first piece of its contents, whether shared, compressed text), in
    the order of pieces from `?after` on, up to `?until`.

    `repositories`: those that can hold an answer. `restricted`: whether files have to be looked at for permission.
    `whole`: of a content in many pieces only the first one is given, whichever of them matches.
    """

    db: sqlite3.Connection
    sql: str
    values: tuple[object, ...]
    repositories: frozenset[int]
    restricted: bool
    whole: bool

    @property
    def readable(self) -> tuple[str, ...]:
        """The value of a condition on repositories, where there is one."""
        return (json.dumps(sorted(self.repositories)),) if self.restricted else ()

    def run(self, after: int, until: int) -> sqlite3.Cursor:
        return self.db.execute(self.sql, (*self.values, after, until))


def make_plan(db: sqlite3.Connection, tree: Tree, readable: frozenset[int]) -> Plan | None:
    """None where nothing in this shard can match."""
    present = {row[0]: row[1] for row in db.execute("SELECT id, pieces FROM repo")}
    wanted = repositories_of(tree.matcher)
    here = frozenset(present) & readable
    here = here if wanted is None else here & wanted
    if not here:
        return None
    restricted = len(here) < len(present)
    trigrams = _Trigrams(db, content_filter(tree, tree.matcher))
    pieces = sum(present[each] for each in here)
    condition, values = _file_condition(db, tree.matcher, here, restricted)
    if condition is None:
        return None
    defined = _defined(tree.matcher)
    if trigrams.query and not defined and (not restricted or trigrams.likely < 4 * pieces):
        sql = (
            "SELECT tri.rowid, p.first, p.shared, p.packed FROM tri CROSS JOIN piece p ON p.id = tri.rowid"  # noqa: S608
            f" WHERE tri MATCH ? {condition} AND tri.rowid > ? AND tri.rowid <= ? ORDER BY tri.rowid"
        )
        return Plan(db, sql, (trigrams.query, *values), here, restricted, whole=False)
    return _without_trigrams(db, tree, here, (condition, values), restricted)


def _without_trigrams(
    db: sqlite3.Connection,
    tree: Tree,
    here: frozenset[int],
    condition: tuple[str, tuple[object, ...]],
    restricted: bool,
) -> Plan:
    also, values = condition
    given: tuple[object, ...]
    defined = _defined(tree.matcher)
    paths = None if defined else _path_numbers(db, tree.matcher, here if restricted else None)
    if defined:
        chosen, given = defining(defined)
    elif paths is not None:
        chosen = "SELECT blob_id FROM file WHERE path_id IN (SELECT value FROM json_each(?))"
        given = (json.dumps(paths),)
    elif restricted:
        chosen = "SELECT blob_id FROM file WHERE repo_id IN (SELECT value FROM json_each(?))"
        given = (json.dumps(sorted(here)),)
    else:
        chosen, given = "", ()
    packed = "p.packed" if tree.atoms else "NULL"
    which = f" AND p.id IN (SELECT first FROM blob WHERE id IN ({chosen}))" if chosen else ""  # noqa: S608
    position = "+p.id" if chosen else "p.id"
    sql = (
        f"SELECT p.id, p.first, p.shared, {packed} FROM piece p WHERE p.id = p.first{which} {also}"  # noqa: S608
        f" AND {position} > ? AND {position} <= ? ORDER BY p.id"
    )
    return Plan(db, sql, (*given, *values), here, restricted, whole=True)


def _file_condition(
    db: sqlite3.Connection, matcher: Matcher, here: frozenset[int], restricted: bool
) -> tuple[str | None, tuple[object, ...]]:
    """What a file of the content must fulfil whatever the content is: repository and language."""
    parts, values = [], []
    if restricted:
        parts.append("f.repo_id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(sorted(here)))
    for leaf in required(matcher):
        if isinstance(leaf, Language):
            row = db.execute("SELECT id FROM lang WHERE name = ? COLLATE NOCASE", (leaf.name,)).fetchone()
            if row is None:
                return None, ()
            parts.append("f.lang_id = ?")
            values.append(row[0])
    if not parts:
        return "", ()
    held = "SELECT 1 FROM blob b CROSS JOIN file f ON f.blob_id = b.id WHERE b.first = p.first"
    return f"AND EXISTS ({held} AND {' AND '.join(parts)})", tuple(values)


def repositories_of(matcher: Matcher) -> frozenset[int] | None:
    """Repositories outside of which nothing matches; None for no such bound."""
    if isinstance(matcher, Repositories):
        return matcher.ids
    if isinstance(matcher, Folder):
        return frozenset({matcher.repository_id})
    if isinstance(matcher, AllOf | AnyOf):
        bounds = [repositories_of(child) for child in matcher.children]
        known = [bound for bound in bounds if bound is not None]
        if isinstance(matcher, AllOf):
            return frozenset.intersection(*known) if known else None
        return frozenset[int]().union(*known) if len(known) == len(bounds) else None
    return None


def content_filter(tree: Tree, node: Matcher) -> Filter:
    """What a piece of a matching file contains. Atoms joined by AND may be in different pieces: the best one counts."""
    if isinstance(node, Literal | Regex):
        return tree.atoms[tree.number(node)].filter
    if isinstance(node, AnyOf) and node.children:
        return some([content_filter(tree, child) for child in node.children])
    if isinstance(node, AllOf):
        choices = [content_filter(tree, child) for child in node.children]
        useful = [choice for choice in choices if choice != NOTHING_KNOWN]
        return OneOfThese(tuple(useful)) if len(useful) > 1 else useful[0] if useful else NOTHING_KNOWN  # type: ignore[return-value]
    return NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class OneOfThese:
    """Each filter alone would do; the rarest is taken."""

    choices: tuple[Filter, ...]


class _Trigrams:
    """The filter as FTS5 is asked: `query` empty where it says nothing; `likely` pieces will pass."""

    def __init__(self, db: sqlite3.Connection, wanted: "Filter | OneOfThese") -> None:
        self.db = db
        self._seen: dict[str, int] = {}
        self.query, self.likely = self._ask(wanted)

    def _ask(self, wanted: "Filter | OneOfThese") -> tuple[str, int]:
        if isinstance(wanted, OneOfThese):
            asked = [each for each in map(self._ask, wanted.choices) if each[0]]
            return min(asked, key=lambda each: each[1], default=("", UNKNOWN))
        if isinstance(wanted, Contains):
            return self._all([(_quoted(each), self._frequency(each)) for each in trigrams_of(wanted.text)])
        asked = [self._ask(part) for part in wanted.parts]
        if isinstance(wanted, Every):
            return self._all([each for each in asked if each[0]])
        if not asked or any(not query for query, _ in asked):
            return "", UNKNOWN
        return f"({' OR '.join(query for query, _ in asked)})", sum(likely for _, likely in asked)

    def _all(self, parts: list[tuple[str, int]]) -> tuple[str, int]:
        rarest = sorted(dict.fromkeys(parts), key=lambda part: part[1])[:RAREST]
        if not rarest:
            return "", UNKNOWN
        query = " AND ".join(part[0] for part in rarest)
        return (f"({query})" if len(rarest) > 1 else query), rarest[0][1]

    def _frequency(self, trigram: str) -> int:
        if trigram not in self._seen:
            small = texts.alike(trigram).lower()
            row = self.db.execute("SELECT n FROM frequency WHERE t = ?", (small,)).fetchone()
            self._seen[trigram] = int(row[0]) * SAMPLED if row else 1
        return self._seen[trigram]


def trigrams_of(text: str) -> list[str]:
    """Distinct trigrams that the index can be asked for."""
    plain = texts.alike(text)
    found = dict.fromkeys(plain[at : at + 3] for at in range(len(plain) - 2))
    return [each for each in found if "\0" not in each]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _defined(matcher: Matcher) -> Symbol | None:
    """A symbol that must be there, the exact one first."""
    found = [leaf for leaf in required(matcher) if isinstance(leaf, Symbol)]
    return min(found, key=lambda leaf: not leaf.exact, default=None)


# Paths


def _path_numbers(db: sqlite3.Connection, matcher: Matcher, only: frozenset[int] | None) -> list[int] | None:
    """Paths that a part which must be true allows, where they are few; None where they are not. `only`: in these
    repositories."""
    leaves = [leaf for leaf in required(matcher) if isinstance(leaf, Path | FileName)]
    best: list[int] | None = None
    for leaf in leaves:
        found = _paths_of(db, leaf, only)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
    return best


def _paths_of(db: sqlite3.Connection, leaf: Path | FileName, only: frozenset[int] | None) -> list[int] | None:
    wanted = (
        filter_for(leaf.pattern, ignore_case=not leaf.case_sensitive) if leaf.regex else every([Contains(leaf.pattern)])
    )
    if not leaf.regex and not leaf.case_sensitive and not leaf.pattern.isascii():
        return None
    query, _ = _Trigrams(db, wanted)._ask(wanted)
    if not query:
        return None
    here = "" if only is None else _HELD
    rows = db.execute(
        "SELECT path.id, raw FROM pathtri CROSS JOIN path ON path.id = pathtri.rowid"  # noqa: S608
        f" WHERE pathtri MATCH ? {here} LIMIT ?",
        (query, *([json.dumps(sorted(only))] if only is not None else []), FEW_PATHS * 4),
    ).fetchall()
    if len(rows) == FEW_PATHS * 4:
        return None
    holds = text_test(leaf)
    named = isinstance(leaf, FileName)
    numbers = [pk for pk, raw in rows if holds(_text(raw, named=named))]
    return numbers if len(numbers) <= FEW_PATHS else None


def _text(raw: bytes, *, named: bool) -> str:
    return (raw.rpartition(b"/")[2] if named else raw).decode("utf-8", "replace")
