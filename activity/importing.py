"""The history of a repository into the tables: commits first, so that people see counts, then the lines of each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from zlib import crc32

from django.db import transaction

from activity import days
from activity.bulk import lists
from activity.commits import UNREADABLE, Reader, Touched, newest_commit
from activity.flow.refresh import refresh_flow
from activity.lines import count_all_lines, lines_left
from activity.mailmaps import Mailmap
from activity.messages import messages_left, read_all_messages
from activity.models import FlowState, History, Participation
from activity.people import refresh_joined
from activity.precedence import refresh_precedence, relatives
from activity.rollups import refresh_counters
from gitstore import facts, mailmap
from gitstore.mirrors import Mirror
from projects.models import Project, Repository

RULES = 2  # grows when the same commits would give other rows: histories are then read anew
SHOWN_PROBLEMS = 50
SHOWN_BOUNDARY = 20
CUT_OFF = "What came before it is missing: the original is a shallow clone."
NOTHING = "-"  # target of an import that ends with an empty repository


class Watch(Protocol):
    """Who is told how far an import is; each may raise to stop it between two transactions."""

    def phase(self, words: str, total: int = 0) -> None: ...

    def commits(self, read: int) -> None: ...

    def lines(self, counted: int) -> None: ...


class Unwatched:
    """Tells nobody."""

    def phase(self, words: str, total: int = 0) -> None: ...

    def commits(self, read: int) -> None: ...

    def lines(self, counted: int) -> None: ...


UNWATCHED = Unwatched()


def import_history(
    repository: Repository,
    mirror: Mirror,
    commit: str,
    watch: Watch = UNWATCHED,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Make all tables of activity say what the history of `commit` says; empty for a repository without commits.

    Killed anywhere, the next call completes it; called again it writes nothing. `check` is called before each step and
    between chunks and may raise. Raises a GitError when the mirror cannot be read at all.
    """
    history, _ = History.objects.get_or_create(repository=repository)
    work = _Import(history, repository, mirror, commit, watch, check)
    work.read_commits()
    projects = list(Project.objects.filter(repository=repository).values_list("pk", flat=True))
    watch.phase("Adding up weeks")
    refresh_flow(projects)
    work.read_messages()
    work.count_lines()
    refresh_flow(projects)


@dataclass(slots=True)
class _Import:
    history: History
    repository: Repository
    mirror: Mirror
    commit: str
    watch: Watch
    check: Callable[[], None]
    touched: Touched = field(default_factory=Touched)
    added_up: bool = False
    boundary: list[str] = field(init=False)
    rules: int = field(init=False)

    def __post_init__(self) -> None:
        """A commit whose parents the mirror gets later has other rows then: so it is a matter of rules."""
        self.boundary = self.mirror.boundary()
        self.rules = RULES + (1000 * (1 + crc32("".join(self.boundary).encode()) % 2_000_000) if self.boundary else 0)

    def read_commits(self) -> None:
        """Phase one. `History.target` is set while it runs, so that an interrupted one is known to be."""
        projects = list(Project.objects.live().filter(repository=self.repository).order_by("pk"))
        present = [project.pk for project in projects]
        history = self.history
        if (history.commit, history.target, history.rules, history.projects) == (self.commit, "", self.rules, present):
            return
        self.check()
        if history.target or history.lines_commit != history.commit:
            self.touched.everybody()
        tips = [tip for tip in dict.fromkeys([history.commit, history.target]) if tip not in {"", NOTHING}]
        self._save(target=self.commit or NOTHING)
        reader = self._reader()
        if history.rules != self.rules:
            reader.keep_only([])
            tips = []
            self._save(commit="", lines_commit="", rules=self.rules, projects=[])
        related = relatives(self.repository.pk)
        newest = newest_commit()
        self._change_mailmap(reader)
        self._move(reader, tips)
        self._read_folders(reader, projects)
        grown = history.projects == present and self.touched.identities is not None
        self.touched.merge(refresh_precedence(self.repository.pk, newest if grown else 0))
        self.check()
        self._add_up(projects)
        self._name_people(projects, reader.identities.joined)
        self._tell_relatives(related)
        cut_off = [[f"commit {oid}", CUT_OFF] for oid in self.boundary[:SHOWN_BOUNDARY]]
        problems = reader.erased.within([*cut_off, *reader.mailmap.problems(), *reader.problems])
        self._save(
            commit=self.commit,
            target="",
            projects=present,
            problems=problems[:SHOWN_PROBLEMS],
            lines_left=lines_left(self.repository),
        )

    def read_messages(self) -> None:
        """Between the phases: all words of all messages become searchable."""
        left = messages_left(self.history)
        if left:
            self.watch.phase("Reading messages", left)
            problems = read_all_messages(self.history, self.mirror.path, self.mirror.limits, self._counted)
            if problems:
                self._save(problems=[*self.history.problems, *problems][:SHOWN_PROBLEMS])

    def count_lines(self) -> None:
        """Phase two. `History.lines_commit` follows once the sums hold all lines."""
        left = lines_left(self.repository)
        if not left and self.history.lines_commit == self.commit:
            return
        problems: list[list[str]] = []
        if left:
            self.watch.phase("Counting lines", left)
            problems = count_all_lines(self.repository, self.mirror.path, self.mirror.limits, left, self._counted)
        if left or not self.added_up:
            if not self.added_up:  # an import before this one got further with the commits than with the lines
                self.touched.everybody()
            self._add_up(list(Project.objects.live().filter(repository=self.repository)), lines=self.added_up)
        problems = [*self.history.problems, *problems][:SHOWN_PROBLEMS]
        self._save(lines_commit=self.commit, lines_left=0, problems=problems)

    def _reader(self) -> Reader:
        git_dir, limits = self.mirror.path, self.mirror.limits
        blob = mailmap.mailmap_blob(git_dir, self.commit, limits) if self.commit else ""
        return Reader(
            self.repository,
            git_dir,
            limits,
            Mailmap(self.repository, git_dir, blob, limits),
            max(self.history.words_to, self.history.titles_to),
            self.touched,
        )

    def _change_mailmap(self, reader: Reader) -> None:
        """Bring stored commits in line with the mailmap, if it is another one than before."""
        blob = reader.mailmap.blob
        if self.history.mailmap == blob:
            return
        answers = reader.mailmap.ask_again()
        with transaction.atomic():
            joined = reader.mailmap.lay_over(answers)
            self._save(mailmap=blob)
        reader.identities.joined.update(joined)
        self.touched.everybody()

    def _move(self, reader: Reader, tips: list[str]) -> None:
        """From the histories of `tips` in the table to that of `self.commit`."""
        if not self.commit:
            reader.keep_only([])
            return
        complete = all(facts.exists(reader.git_dir, tip, reader.limits) for tip in tips)
        lost = any(words == UNREADABLE for _, words in self.history.problems)  # they may be there again
        known = [self.history.commit] if complete and self.history.commit and not lost else []
        self.watch.phase("Reading history")
        reader.stage(self.commit, known, self._read)
        if not complete:
            reader.keep_only(_all(facts.reachable(reader.git_dir, self.commit, [], reader.limits)))
            return
        for tip in tips:
            if tip != self.commit:
                reader.remove(_all(facts.reachable(reader.git_dir, tip, [self.commit], reader.limits)))

    def _read_folders(self, reader: Reader, projects: list[Project]) -> None:
        for project in projects:
            if project.subdirectory and self.commit:
                self.check()
                grown = project.pk in self.history.projects and self.touched.identities is not None
                reader.read_folder(project, self.commit, [self.history.commit] if grown and self.history.commit else [])

    def _add_up(self, projects: list[Project], *, lines: bool = False) -> None:
        """The sums of everybody touched; of projects that had none, of everybody. `lines`: nothing else has changed."""
        self.watch.phase("Adding up")
        people = days.people_of(self.touched.identities)
        span = (self.touched.first, self.touched.last)
        for project in projects:
            self.check()
            if people is None or project.pk not in self.history.projects:
                days.rebuild_sums(project, lines=lines)
            elif people:
                days.rebuild_sums(project, people, span, lines=lines)
        refresh_counters(projects)
        self.added_up = True

    def _name_people(self, projects: list[Project], joined: set[int]) -> None:
        people = days.people_of(self.touched.identities)
        if people is None:
            people = set(Participation.objects.filter(project__in=projects).values_list("person_id", flat=True))
        refresh_joined(people | joined)
        for part in lists(joined):
            FlowState.objects.filter(project__participations__person__in=part).update(inputs="")

    def _tell_relatives(self, related: set[int]) -> None:
        """Copies registered later count only what is not here."""
        if not self.touched:
            return
        for pk in sorted(related | relatives(self.repository.pk)):
            if pk > self.repository.pk:
                self.check()
                moved = refresh_precedence(pk)
                if moved:
                    span = (moved.first, moved.last)
                    for project in Project.objects.live().filter(repository=pk):
                        days.rebuild_sums(project, days.people_of(moved.identities), span)

    def _read(self, commits: int) -> None:
        self.watch.commits(commits)
        self.check()

    def _counted(self, rows: int) -> None:
        self.watch.lines(rows)
        self.check()

    def _save(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self.history, name, value)
        self.history.save(update_fields=list(columns))


def _all(parts: Iterable[list[str]]) -> Iterator[str]:
    """Each in turn: a list of all would grow with the history."""
    return (oid for part in parts for oid in part)
