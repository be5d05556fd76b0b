"""The words of messages, in the background of an import: read from Git, stored, and searchable from then on."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection, transaction

from activity import commit_words
from activity.bulk import update_rows
from activity.erased_texts import ErasedTexts, erased_texts
from activity.models import Commit, History
from activity.models.history import TITLE
from gitstore.errors import Broken
from gitstore.messages import read_messages
from gitstore.records import Limits

STORED = 5000  # commits in one transaction
LOOKED_AT = 16_000  # bytes of a message
KEPT = 2000  # characters of its words
LONGEST = 80  # characters of a word: longer ones are data
_LEFT = "INSERT INTO messages_left SELECT id FROM activity_commit WHERE repository_id = %s AND id > %s"
_WORD = re.compile(r"[^\W_]+")
_ABOUT_PEOPLE = re.compile(r"^[\w-]+-by:.*$|\S*@\S*", re.MULTILINE)  # who did what is known from trailers


def messages_left(history: History) -> int:
    """Commits whose message was not read yet."""
    return Commit.objects.filter(repository=history.repository_id, pk__gt=history.words_to).count()


def read_all_messages(
    history: History, git_dir: Path, limits: Limits, after_rows: Callable[[int], None]
) -> list[list[str]]:
    """Make the words of all messages searchable; `after_rows` is told how many are done and may raise to stop.

    A later call goes on where this one ended: `history.words_to` moves with the words. Returns [place, message] pairs.
    """
    problems: list[list[str]] = []
    done = 0
    for rows in _parts(history):
        try:
            found = dict(read_messages(git_dir, list(rows), limits))
        except Broken:
            found = {}
            problems.append([f"commit {next(iter(rows))}", "Only the title is searched here and in what follows."])
        with transaction.atomic():
            erased = erased_texts(storing=True)
            words = [(text, rows[oid]) for oid, message in found.items() if (text := words_of(message, erased))]
            commit_words.forget(pk for pk in rows.values() if pk <= history.titles_to)
            update_rows(Commit, ("words",), words)
            commit_words.store(rows.values())
            history.words_to = max(rows.values())
            history.save(update_fields=["words_to"])
        done += len(rows)
        after_rows(done)
    return problems


def words_of(message: bytes, erased: ErasedTexts) -> str:
    """The words after the first line, each once and without case, without those about people."""
    text = erased.text(message[:LOOKED_AT].decode("utf-8", "replace").strip()).casefold()
    known = set(_WORD.findall(text.partition("\n")[0][:TITLE]))
    words = dict.fromkeys(_WORD.findall(_ABOUT_PEOPLE.sub(" ", text)))
    return " ".join(word for word in words if word not in known and len(word) <= LONGEST)[:KEPT]


def _parts(history: History) -> Iterator[dict[str, int]]:
    """Row ids by object id of what is left, in the order of the rows, `STORED` at a time.

    The ids wait in a table of this connection: in memory they would grow with the history, and no index of the commits
    has a repository's rows in this order.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS messages_left")
        cursor.execute("CREATE TEMP TABLE messages_left (id bigint)")
        cursor.execute(_LEFT, [history.repository_id, history.words_to])
        cursor.execute("CREATE UNIQUE INDEX messages_left_id ON messages_left (id)")
    last = 0
    while rows := _next(last):
        yield rows
        last = max(rows.values())
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE messages_left")


def _next(last: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM messages_left WHERE id > %s ORDER BY id LIMIT %s", [last, STORED])
        ids = [pk for (pk,) in cursor.fetchall()]
    return dict(Commit.objects.filter(pk__in=ids).values_list("oid", "pk"))
