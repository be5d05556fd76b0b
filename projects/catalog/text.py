"""Text search over the catalog: `catalog_text` is FTS5 in SQLite, tsvectors in PostgreSQL; one function for both.

Weights are those of the four text columns of `CatalogEntry`: names, then tagline, topics and packages, then headings,
owner and people, then the README.
"""

from collections.abc import Iterable

from django.db import connection

from projects.catalog.words import Question, Word
from projects.models import CatalogEntry

# Appended to a whole word so that the stemmer leaves it alone: "authenti" then finds "authentication".
_UNSTEMMED = "\u01c1"
# The last word is taken as a beginning too, from this length on and outside the README, where beginnings cost most.
BEGINNING = 2
_ONE_CHOICE = "to_tsquery('english', %s) || to_tsquery('simple', %s)"
_FTS_QUERY = "SELECT rowid, -bm25(catalog_text, 10.0, 5.0, 2.0, 1.0) FROM catalog_text WHERE catalog_text MATCH %s"
# The planner takes it for cheap to unpack the text of every row. So each word has its own look into the index (OFFSET 0
# and MATERIALIZED keep them apart), and none becomes a filter over the rows that have the others.
_TSV_QUERY = (
    "SET LOCAL enable_seqscan = off; {others}"
    "SELECT project_id, ts_rank('{{0.1, 0.2, 0.5, 1.0}}', head, {rank}, 1) "
    "FROM (SELECT project_id, head FROM catalog_text WHERE {last} OFFSET 0) AS last {joins}"
)
_TSV_WORD = "word{number} AS MATERIALIZED (SELECT project_id FROM catalog_text WHERE {test})"
_HEAD = " || ".join(
    f"setweight(to_tsvector('{config}', text_{column}), '{column.upper()}')"
    for column in "abc"
    for config in ("english", "simple")
)
_TSV_STORE = (
    f"INSERT INTO catalog_text SELECT project_id, {_HEAD}, {_HEAD} || to_tsvector('english', text_d) "  # noqa: S608  (constants)
    "FROM projects_catalogentry WHERE project_id = ANY(%s) AND NOT removed"
)


def matching(question: Question) -> dict[int, float]:
    """Ids of all projects with every word, each with a rank (greater is better); visibility is the caller's part."""
    if not question.words:
        return {}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(_FTS_QUERY, [_fts_expression(question)])
        else:
            cursor.execute(*_tsv_statement(question))
        return dict(cursor.fetchall())


def store(entries: Iterable[CatalogEntry]) -> None:
    """Bring the text index in step with these rows, which are written already."""
    entries = list(entries)
    if connection.vendor != "sqlite":
        ids = [entry.project_id for entry in entries]
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM catalog_text WHERE project_id = ANY(%s)", [ids])
            cursor.execute(_TSV_STORE, [ids])
        return
    rows: list[tuple[int, str, str, str, str]] = [
        (
            entry.project_id,
            _with_whole_words(entry.text_a),
            _with_whole_words(entry.text_b),
            _with_whole_words(entry.text_c),
            entry.text_d,
        )
        for entry in entries
        if not entry.removed
    ]
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM catalog_text WHERE rowid = %s", [(entry.project_id,) for entry in entries])
        cursor.executemany("INSERT INTO catalog_text (rowid, a, b, c, d) VALUES (%s, %s, %s, %s, %s)", rows)


def _with_whole_words(text: str) -> str:
    whole = [word + _UNSTEMMED for word in dict.fromkeys(text.split()) if len(word) > 4]
    return " ".join([text, *whole])


def _fts_expression(question: Question) -> str:
    *words, last = question.words
    return " AND ".join([*(_fts_word(word) for word in words), _fts_word(last, beginning=True)])


def _fts_word(word: Word, beginning: bool = False) -> str:
    # Words hold letters and digits only, so quoting them is enough.
    choices = [f'"{word.text}"']
    if word.parts:
        choices.append("(" + " AND ".join(f'"{part}"' for part in word.parts) + ")")
    if beginning and len(word.text) >= BEGINNING:
        choices.append(f'({{a b c}} : "{word.text}" *)')
    return "(" + " OR ".join(choices) + ")"


def _tsv_statement(question: Question) -> tuple[str, list[str]]:
    """The statement and its parameters: words in all of the text, the last one also as a beginning in the head."""
    choices = [[word.text, *([" & ".join(word.parts)] if word.parts else [])] for word in question.words]
    last = question.words[-1].text
    begun = [f"{last}:*"] if len(last) >= BEGINNING else []
    tests = [f"search @@ ({_any(words)})" for words in choices]
    if begun:
        tests[-1] += f" OR head @@ ({_any(begun)})"
    everything = [*(word for words in choices for word in words), *begun]
    *others, final = tests
    words = [_TSV_WORD.format(number=number, test=test) for number, test in enumerate(others)]
    statement = _TSV_QUERY.format(
        others=f"WITH {', '.join(words)} " if words else "",
        rank=_any(everything),
        last=final,
        joins=" ".join(f"JOIN word{number} USING (project_id)" for number in range(len(others))),
    )
    ahead = [word for words in choices[:-1] for word in words]
    behind = [*choices[-1], *begun]
    return statement, [word for word in [*ahead, *everything, *behind] for _ in range(2)]


def _any(words: list[str]) -> str:
    return " || ".join([_ONE_CHOICE] * len(words))
