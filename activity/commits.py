"""Phase one of an import: the facts of commits, from Git into the tables."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet

from activity import commit_words
from activity.bulk import insert_missing, lists
from activity.erased_texts import ErasedTexts, erased_texts
from activity.mailmaps import Mailmap
from activity.models import Commit, FolderCommit, Trailer
from activity.models.history import TITLE
from activity.people import Identities
from gitstore import facts
from gitstore.errors import Broken
from gitstore.facts import Contact, Facts
from gitstore.records import Limits
from projects.models import Project, Repository

MOST_PARENTS = 2**15 - 1
UNREADABLE = "Cannot be read; commits before it may be missing."
CO_AUTHORED_BY = Trailer.Key.CO_AUTHORED_BY.label
COLUMNS = (
    *("repository_id", "oid", "raw_author_id", "author_id", "raw_committer_id", "committer_id"),
    *("authored_at", "author_zone", "committed_at", "committer_zone", "parents", "title", "areas", "coauthors"),
)
TRAILER_COLUMNS = ("commit_id", "key", "raw_identity_id", "identity_id")
FOLDER_COLUMNS = ("project_id", "commit_id", "areas")
_ADDED = "SELECT oid, id FROM activity_commit WHERE id > %s AND repository_id + 0 = %s"  # by row, whatever indexes say
KEYS = {label: value for value, label in Trailer.Key.choices}


@dataclass(slots=True)
class Touched:
    """Whose sums an import changes: identities (None: everybody's) and the span of author times in seconds."""

    identities: set[int] | None = field(default_factory=set)
    first: int = facts.LATEST
    last: int = 0

    def add(self, identities: Iterable[int], times: Iterable[int]) -> None:
        if self.identities is not None:
            self.identities.update(identities)
        for at in times:
            self.first, self.last = min(self.first, at), max(self.last, at)

    def merge(self, other: "Touched") -> None:
        """Add what the other one holds."""
        if other.identities is None:
            self.everybody()
        elif other:
            self.add(other.identities, (other.first, other.last))

    def everybody(self) -> None:
        self.identities, self.first, self.last = None, 0, facts.LATEST

    def __bool__(self) -> bool:
        return self.identities is None or bool(self.identities)


@dataclass(slots=True)
class Reader:
    """One repository's mirror, its commits on their way into the tables, and what they touch.

    `searchable_to`: commits up to this row id have their words in the index.
    """

    repository: Repository
    git_dir: Path
    limits: Limits
    mailmap: Mailmap
    searchable_to: int = 0
    touched: Touched = field(default_factory=Touched)
    problems: list[list[str]] = field(default_factory=list)
    identities: Identities = field(default_factory=Identities)
    erased: ErasedTexts = field(default_factory=erased_texts)

    def stage(self, commit: str, known: Sequence[str], after_batch: Callable[[int], None]) -> None:
        """Store what `commit` reaches and none of `known` does; `after_batch` is told the number read so far."""
        done = 0
        try:
            for batch in facts.read_facts(self.git_dir, commit, known, self.limits):
                self._store(batch)
                done += len(batch)
                after_batch(done)
        except Broken:
            self._salvage(commit, after_batch)

    def remove(self, oids: Iterable[str]) -> None:
        """Forget commits that the branch no longer has."""
        for part in lists(oids):
            with transaction.atomic():
                rows = Commit.objects.filter(repository=self.repository, oid__in=part)
                self._touch_rows(rows)
                pks = list(rows.values_list("pk", flat=True))
                commit_words.forget(pk for pk in pks if pk <= self.searchable_to)
                for model in (Trailer, FolderCommit):
                    model._default_manager.filter(commit__in=pks)._raw_delete(rows.db)
                Commit.objects.filter(pk__in=pks)._raw_delete(rows.db)

    def read_folder(self, project: Project, commit: str, known: Sequence[str]) -> None:
        """Note which commits touch the folder of a project."""
        folder = project.subdirectory.encode("utf-8", "surrogateescape")
        for part in facts.reachable(self.git_dir, commit, known, self.limits, folder):
            with transaction.atomic():
                for oids in lists(part):
                    pks = Commit.objects.filter(repository=self.repository, oid__in=oids).values_list("pk", flat=True)
                    insert_missing(
                        FolderCommit, ("project_id", "commit_id", "areas"), [(project.pk, pk, "") for pk in pks]
                    )

    def _touch_rows(self, rows: QuerySet[Commit]) -> None:
        found = rows.values_list("author_id", "authored_at")
        self.touched.add((author for author, _ in found), (at for _, at in found))
        shared = Trailer.objects.filter(commit__in=rows).values_list("identity_id", flat=True)
        self.touched.add(shared, ())

    def _store(self, batch: Facts) -> None:
        """One transaction: identities, commits, trailers. Repeating it adds nothing."""
        authors = set(batch.authors)
        contacts = authors.union(batch.committers)
        for named in batch.trailers.values():
            contacts.update((name, address) for _, name, address in named)
        pairs = self.mailmap.ask(contacts)
        with transaction.atomic():
            self.erased = erased_texts(storing=True)
            self.identities.shown = self.erased.text
            self.identities.learn(contacts)
            self.mailmap.note(pairs, self.identities)
            before = newest_commit()
            insert_missing(Commit, COLUMNS, self._rows(batch))
            self._store_trailers(batch, before)
        whom = {self.mailmap.proper(self.identities[contact]) for contact in authors}
        self.touched.add(whom, (min(batch.authored_at), max(batch.authored_at)))

    def _rows(self, batch: Facts) -> Iterable[tuple[int | str | bytes, ...]]:
        authors, author_ids = self._ids(batch.authors)
        committers, committer_ids = self._ids(batch.committers)
        shared = [0] * len(batch)
        for place, named in batch.trailers.items():
            shared[place] = sum(key == CO_AUTHORED_BY for key, _, _ in named)
        return zip(
            *(repeat(self.repository.pk, len(batch)), batch.oids, authors, author_ids, committers, committer_ids),
            *(batch.authored_at, batch.author_zones, batch.committed_at, batch.committer_zones),
            [min(count, MOST_PARENTS) for count in batch.parents],
            [title[:TITLE] for title in map(self.erased.text, batch.titles)],
            *(repeat("", len(batch)), shared),
            strict=True,
        )

    def _ids(self, contacts: list[Contact]) -> tuple[list[int], list[int]]:
        """Ids of identities, and those of whom the mailmap means."""
        raw, proper = list(map(self.identities.known.__getitem__, contacts)), self.mailmap.proper_ids
        return raw, [proper.get(pk, pk) for pk in raw] if proper else raw

    def _store_trailers(self, batch: Facts, before: int) -> None:
        """Of the commits with a greater row id; the others have theirs since the transaction that added them."""
        if not batch.trailers:
            return
        with connection.cursor() as cursor:
            cursor.execute(_ADDED, [before, self.repository.pk])
            pks = {bytes(oid): pk for oid, pk in cursor.fetchall()}
        known, proper = self.identities.known, self.mailmap.proper_ids
        rows = []
        for place, named in batch.trailers.items():
            if (pk := pks.get(batch.oids[place])) is not None:
                for key, name, address in named:
                    raw = known[name, address]
                    rows.append((pk, KEYS[key], raw, proper.get(raw, raw)))
        insert_missing(Trailer, TRAILER_COLUMNS, rows)
        self.touched.add((row[3] for row in rows), ())

    def _salvage(self, commit: str, after_batch: Callable[[int], None]) -> None:
        """Go round commits that cannot be read; the table then holds exactly the others."""
        bad: list[str] = []
        good = facts.walk_readable(self.git_dir, commit, self.limits, bad.append)
        self.problems += [[f"commit {oid}", UNREADABLE] for oid in bad[:20]]
        if not good:
            raise Broken("The newest commit of the repository cannot be read.", "Run `git fsck` in the original.")
        done = 0
        for part in lists(good, facts.BATCH):
            for batch in facts.read_facts_of(self.git_dir, part, self.limits):
                self._store(batch)
            done += len(part)
            after_batch(done)
        self.keep_only(good)

    def keep_only(self, oids: Iterable[str]) -> None:
        """Forget all stored commits but these."""
        wanted = {bytes.fromhex(oid) for oid in oids}
        stored = Commit.objects.filter(repository=self.repository).values_list("oid", flat=True)
        self.remove([oid for oid in stored.iterator() if bytes.fromhex(oid) not in wanted])
        self.touched.everybody()


def newest_commit() -> int:
    """The greatest row id so far; those of commits added later are greater."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM activity_commit")
        return int(cursor.fetchone()[0])
