"""Which project a commit counts in where it belongs to several: folders of one repository, copies of a repository."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from activity.bulk import lists, update_rows
from activity.commits import Touched
from activity.models import Commit, FolderCommit, Precedence, PrecedenceProject, Trailer
from projects.models import Project

WINDOW = 20_000
Rank = tuple[int, int, int]


def relatives(repository_id: int) -> set[int]:
    """Other repositories that share commits with this one: then they share one without parents."""
    roots = list(Commit.objects.filter(repository=repository_id, parents=0).values_list("oid", flat=True))
    found: set[int] = set()
    for part in lists(roots):
        rows = Commit.objects.filter(oid__in=part).exclude(repository=repository_id).order_by()
        found.update(rows.values_list("repository_id", flat=True).distinct())
    return found


def refresh_precedence(repository_id: int, after: int = 0) -> Touched:
    """Bring the precedence of this repository's commits (those with a row id above `after`) in line; what it moves."""
    others = {pk for pk in relatives(repository_id) if pk < repository_id}
    ranking = _Ranking.of({repository_id, *others})
    touched = Touched()
    own = [pk for pk, rank in ranking.ranks.items() if rank[0] == repository_id]
    if not own or (len(own) == 1 and not others and not (after == 0 and _is_marked(repository_id))):
        return touched
    for window in _windows(repository_id, after):
        holders = _holders(repository_id, others, window[0][0], window[-1][0])
        with transaction.atomic():
            _write_commits(ranking, repository_id, window, holders, touched)
            _write_folders(ranking, window, holders, touched)
    return touched


@dataclass(slots=True)
class _Ranking:
    """Live projects with their rank: by repository, within it the deepest folder first."""

    ranks: dict[int, Rank]
    whole: dict[int, list[int]]
    _ids: dict[frozenset[int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, repositories: Iterable[int]) -> "_Ranking":
        ranks: dict[int, Rank] = {}
        whole: dict[int, list[int]] = {}
        rows = Project.objects.live().filter(repository__in=list(repositories))
        for pk, repository, folder in rows.values_list("pk", "repository_id", "subdirectory"):
            ranks[pk] = (repository, -len(folder.split("/")) if folder else 0, pk)
            if not folder:
                whole.setdefault(repository, []).append(pk)
        return cls(ranks, whole)

    def before(self, project: int, holders: Iterable[int]) -> int | None:
        """Id of the precedence of those of `holders` that rank before the project."""
        rank = self.ranks[project]
        earlier = frozenset(pk for pk in holders if self.ranks.get(pk, rank) < rank)
        if not earlier:
            return None
        if earlier not in self._ids:
            self._ids[earlier] = _precedence(earlier)
        return self._ids[earlier]


def _precedence(projects: frozenset[int]) -> int:
    text = ",".join(str(pk) for pk in sorted(projects))
    key = hashlib.blake2b(text.encode("ascii"), digest_size=20).hexdigest()
    row, created = Precedence.objects.get_or_create(key=key)
    if created:
        members = [PrecedenceProject(precedence=row, project_id=pk) for pk in projects]
        PrecedenceProject.objects.bulk_create(members, batch_size=500)
    return row.pk


def _is_marked(repository_id: int) -> bool:
    return Commit.objects.filter(repository=repository_id).exclude(precedence=None).exists()


def _windows(repository_id: int, after: int) -> Iterator[list[tuple[Any, ...]]]:
    """(id, precedence, author, time, co-authors) of the commits, some thousands at a time."""
    rows = Commit.objects.filter(repository=repository_id).order_by("pk")
    columns = ("pk", "precedence_id", "author_id", "authored_at", "coauthors")
    while window := list(rows.filter(pk__gt=after).values_list(*columns)[:WINDOW]):
        yield window
        after = window[-1][0]


def _holders(repository_id: int, others: set[int], first: int, last: int) -> dict[int, set[int]]:
    """Projects with the same commit by row id of the commit here: folders here, repositories and folders elsewhere.

    A whole repository stands as its negative id: its projects are known only to the ranking.
    """
    holders: dict[int, set[int]] = {}
    here = FolderCommit.objects.filter(commit__repository=repository_id, commit__gte=first, commit__lte=last)
    for pk, project in here.values_list("commit_id", "project_id"):
        holders.setdefault(pk, set()).add(project)
    if not others:
        return holders
    own = Commit.objects.filter(repository=repository_id, pk__range=(first, last))
    for part in lists(own.values_list("oid", "pk")):
        by_oid = dict(part)
        copies = Commit.objects.filter(repository__in=others, oid__in=list(by_oid))
        for oid, repository, project in copies.values_list("oid", "repository_id", "folders__project_id"):
            known = holders.setdefault(by_oid[oid], set())
            known.add(-repository)
            if project is not None:
                known.add(project)
    return holders


def _projects(ranking: _Ranking, holders: set[int]) -> Iterator[int]:
    for pk in holders:
        if pk > 0:
            yield pk
        else:
            yield from ranking.whole.get(-pk, ())


def _write_commits(
    ranking: _Ranking,
    repository_id: int,
    window: list[tuple[Any, ...]],
    holders: dict[int, set[int]],
    touched: Touched,
) -> None:
    whole = ranking.whole.get(repository_id)
    changed: list[tuple[int | None, int]] = []
    sharing: list[int] = []
    for pk, present, author, at, coauthors in window:
        wanted = ranking.before(whole[0], _projects(ranking, holders.get(pk, set()))) if whole else None
        if wanted != present:
            changed.append((wanted, pk))
            touched.add((author,), (at,))
            sharing += [pk] if coauthors else []
    update_rows(Commit, ("precedence_id",), changed)
    _touch_coauthors(sharing, touched)


def _write_folders(
    ranking: _Ranking, window: list[tuple[Any, ...]], holders: dict[int, set[int]], touched: Touched
) -> None:
    facts = {row[0]: row for row in window}
    changed: list[tuple[int | None, int]] = []
    sharing: list[int] = []
    rows = FolderCommit.objects.filter(project__in=list(ranking.ranks))
    rows = rows.filter(commit__gte=window[0][0], commit__lte=window[-1][0])
    for pk, commit, project, present in rows.values_list("pk", "commit_id", "project_id", "precedence_id"):
        if commit not in facts:
            continue
        wanted = ranking.before(project, _projects(ranking, holders.get(commit, set())))
        if wanted != present:
            changed.append((wanted, pk))
            touched.add((facts[commit][2],), (facts[commit][3],))
            sharing += [commit] if facts[commit][4] else []
    update_rows(FolderCommit, ("precedence_id",), changed)
    _touch_coauthors(sharing, touched)


def _touch_coauthors(commits: list[int], touched: Touched) -> None:
    for part in lists(commits):
        touched.add(Trailer.objects.filter(commit__in=part).values_list("identity_id", flat=True), ())
