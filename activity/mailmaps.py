"""The .mailmap of a repository, laid over its commits without reading them again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from activity.bulk import insert_missing, lists
from activity.models import Commit, Identity, MailmapEntry, Trailer
from activity.people import Identities, contact_of
from gitstore import mailmap
from gitstore.facts import Contact
from gitstore.records import Limits
from projects.models import Repository

COLUMNS = ("repository_id", "identity_id", "proper_id")


@dataclass(slots=True)
class Mailmap:
    """The mailmap in `blob` (empty: there is none) for the commits of one repository. Git is asked once a contact."""

    repository: Repository
    git_dir: Path
    blob: str
    limits: Limits
    _asked: set[Contact] = field(default_factory=set)
    proper_ids: dict[int, int] = field(default_factory=dict)

    def ask(self, contacts: Iterable[Contact]) -> dict[Contact, Contact]:
        """Of those not asked for before, what the mailmap changes them to. Starts git: not within a transaction."""
        new = [contact for contact in contacts if contact not in self._asked]
        self._asked.update(new)
        return self._answers(new)

    def note(self, pairs: dict[Contact, Contact], identities: Identities) -> None:
        """Remember these answers, in the table too."""
        if pairs:
            identities.learn(pairs)
            erased = self._erased({identities[before] for before in pairs})
            pairs = {before: after for before, after in pairs.items() if identities[before] not in erased}
            identities.learn(pairs.values())
            found = {identities[before]: identities[after] for before, after in pairs.items()}
            self.proper_ids |= found | erased
            insert_missing(MailmapEntry, COLUMNS, [(self.repository.pk, *pair) for pair in found.items()])

    def _erased(self, identities: set[int]) -> dict[int, int]:
        """Identities of erased people, each with whom it stood for then: a mailmap does not bring names back."""
        gone = [
            pk
            for part in lists(identities)
            for pk in Identity.objects.filter(pk__in=part).exclude(person__erased_at=None).values_list("pk", flat=True)
        ]
        entries = MailmapEntry.objects.filter(repository=self.repository, identity__in=gone)
        return {pk: pk for pk in gone} | dict(entries.values_list("identity_id", "proper_id"))

    def proper(self, identity: int) -> int:
        """Whom the mailmap means by this identity."""
        return self.proper_ids.get(identity, identity)

    def problems(self) -> list[list[str]]:
        """[place, words] of each line that Git does not understand."""
        broken = mailmap.broken_lines(self.git_dir, self.blob, self.limits) if self.blob else []
        return [[f"{mailmap.PATH}, line {number}", words] for number, words in broken]

    def ask_again(self) -> dict[int, Contact]:
        """What the mailmap says of everybody in the repository: raw identity to proper contact. Starts git."""
        contacts: dict[Contact, int] = {}
        for part in lists(_used(self.repository)):
            rows = Identity.objects.filter(pk__in=part, person__erased_at=None)
            contacts |= {contact_of(row): row.pk for row in rows}
        return {contacts[before]: after for before, after in self._answers(list(contacts)).items()}

    def _answers(self, contacts: list[Contact]) -> dict[Contact, Contact]:
        return dict(mailmap.proper_contacts(self.git_dir, self.blob, contacts, self.limits)) if self.blob else {}

    def lay_over(self, answers: dict[int, Contact]) -> set[int]:
        """Make all stored commits say what `ask_again` found, in the caller's transaction; ids of people concerned."""
        identities = Identities()
        identities.learn(answers.values())
        present = MailmapEntry.objects.filter(repository=self.repository)
        present.filter(identity__person__erased_at=None).delete()  # the names of the erased cannot be asked for
        wanted = [(self.repository.pk, raw, identities[contact]) for raw, contact in answers.items()]
        insert_missing(MailmapEntry, COLUMNS, wanted)
        commits = Commit.objects.filter(repository=self.repository)
        _follow(commits, "author", self.repository)
        _follow(commits, "committer", self.repository)
        _follow(Trailer.objects.filter(commit__repository=self.repository), "identity", self.repository)
        return identities.joined


def _used(repository: Repository) -> set[int]:
    """Ids of all raw identities of the repository."""
    commits = Commit.objects.filter(repository=repository).order_by()
    trailers = Trailer.objects.filter(commit__repository=repository).order_by()
    used = set(trailers.values_list("raw_identity_id", flat=True).distinct())
    for column in ("raw_author_id", "raw_committer_id"):
        used.update(commits.values_list(column, flat=True).distinct())
    return used


def _follow(rows: "QuerySet[Commit] | QuerySet[Trailer]", column: str, repository: Repository) -> None:
    entry = MailmapEntry.objects.filter(repository=repository, identity=OuterRef(f"raw_{column}")).values("proper")[:1]
    proper = Coalesce(Subquery(entry), F(f"raw_{column}"))
    rows.exclude(**{column: proper}).update(**{column: proper})
