"""Turns invented edits into commits: authors and waits, topic branches, merges, releases with a changelog, trailers."""

import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from demo.edits import Edit, invent
from demo.organisation import Organisation, Person, Repo
from demo.rhythm import Rhythm, Slot
from demo.source import SourceFile, read_project
from demo.wording import reason, styled, words
from gitstore.fastimport import Delete, FastImport, Modify, Signature

_NOTED = frozenset({"feature", "number", "wording", "data", "remove"})


@dataclass(slots=True)
class Step:
    """One commit to be: edits applied together and what the message says."""

    edits: list[Edit]
    kind: str
    subject: str
    version: str | None = None
    slot: Slot | None = None

    @property
    def files(self) -> dict[str, SourceFile]:
        return {edit.file.path: edit.file for edit in self.edits}


@dataclass(slots=True)
class State:
    """Where the stream is: tip of the default branch, version, number of the last change request, changelog so far."""

    tip: int = 0
    version: str = "0.1.0"
    request: int = 0
    since_release: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changelog: list[str] = field(default_factory=list)


class History:
    """Writes the whole history of one repository of the demo company; same arguments, same commit ids."""

    def __init__(self, organisation: Organisation, repo: Repo, now: datetime) -> None:
        self.organisation = organisation
        self.repo = repo
        self.rng = random.Random(f"tideway {repo.slug}")  # noqa: S311 - a believable past, no secret
        self.rhythm = Rhythm(organisation, repo, now, self.rng)
        self.state = State()
        self.files: list[SourceFile] = []

    def write(self, path: Path) -> None:
        """Create the bare repository at `path`, which must not exist or be empty."""
        files = read_project(self.repo.slug)
        self.files = [file for file in files if file.branch is None]
        steps = self._steps(self.files)
        slots = self.rhythm.slots(len(steps))
        for step, slot in zip(steps, slots, strict=True):
            step.slot = slot
        with FastImport(path) as writer:
            at = 0
            while at < len(steps):
                size = self._topic_size(steps, at)
                if size:
                    self._topic(writer, steps[at : at + size], steps[at + size].slot)
                else:
                    self._single(writer, steps[at])
                at += max(size, 1)
            self._open_branches(writer, [file for file in files if file.branch])

    def _steps(self, files: list[SourceFile]) -> list[Step]:
        edits = invent(files, int(self.repo.commits * 1.12), self.rng)
        first = [edit for edit in edits if edit.position <= 0]
        steps = [Step(first, "first", "Start the project")]
        rest = [edit for edit in edits if edit.position > 0]
        gap = len(rest) / (self.repo.releases + 1) if self.repo.releases else len(rest) + 1
        due, version = gap * 0.6, self.state.version
        for number, edit in enumerate(rest):
            last = steps[-1]
            together = last.kind == edit.kind and last.kind in {"number", "typo", "rename", "comment", "data"}
            if together and last.edits[0].file is edit.file and self.rng.random() < 0.3:
                last.edits.append(edit)
                continue
            steps.append(Step([edit], edit.kind, edit.subject))
            if number >= due and edit.kind in {"feature", "number", "wording", "test", "deps"}:
                due += gap
                version = self._next_version(version)
                steps.append(Step([], "release", f"Release {version}", version))
        return steps

    def _next_version(self, version: str) -> str:
        major, minor, patch = (int(part) for part in version.split("."))
        chance = self.rng.random()
        if major == 0 and minor >= 4:
            return "1.0.0"
        if chance < 0.06 and major:
            return f"{major + 1}.0.0"
        return f"{major}.{minor + 1}.0" if chance < 0.6 else f"{major}.{minor}.{patch + 1}"

    def _topic_size(self, steps: list[Step], at: int) -> int:
        """How many of the next steps make a topic branch (0: none)."""
        if self.repo.flow != "merge" or at == 0 or self.rng.random() > 0.45:
            return 0
        size = self.rng.choice([1, 1, 2, 2, 3, 4])
        chosen = steps[at : at + size]
        fits = at + size < len(steps) and all(step.kind not in {"release", "deps"} for step in chosen)
        return size if fits else 0

    def _topic(self, writer: FastImport, steps: list[Step], following: Slot | None) -> None:
        """The steps on a branch by one author (one of them by somebody else meanwhile on main), then the merge."""
        slot = steps[0].slot
        assert slot is not None  # noqa: S101
        aside = self._aside(steps)
        branch, base = self.state.tip, self.state.tip
        changes: dict[str, Modify | Delete] = {}
        wait = self.rhythm.wait(slot.person)
        for step in steps:
            if step is aside:
                self.state.tip = self._commit(writer, step, [self.state.tip])
                continue
            step.slot = Slot(step.slot.when if step.slot else slot.when, slot.person)
            branch = self._commit(writer, step, [branch], early=wait, collect=changes)
        last = steps[-1].slot
        assert last is not None and following is not None  # noqa: S101
        landed = last.when + min(timedelta(hours=1), (following.when - last.when) / 2)
        reviewer = self.rhythm.reviewer(slot.person, landed)
        self.state.request += self.rng.randint(1, 3)
        title = styled(steps[0].subject, steps[0].kind, next(iter(steps[0].files)), self.repo.style)
        name = "-".join(re.findall(r"[a-z0-9]+", words(steps[0].subject))[:4])
        message = f"Merge pull request #{self.state.request} from {slot.person.username}/{name}\n\n{title}\n"
        parents = [self.state.tip, branch] if branch != base else [self.state.tip]
        author = self._signature(reviewer, landed)
        self.state.tip = writer.commit("main", message, author, parents=parents, changes=changes.values())

    def _aside(self, steps: list[Step]) -> Step | None:
        for step in steps[1:-1]:
            others = [path for other in steps if other is not step for path in other.files]
            if not set(step.files) & set(others):
                return step
        return None

    def _single(self, writer: FastImport, step: Step) -> None:
        parents = [self.state.tip] if self.state.tip else []
        self.state.tip = self._commit(writer, step, parents)
        if step.version:
            slot = step.slot
            assert slot is not None  # noqa: S101
            tagger = self._bot("release", slot.when) if self.repo.bot else self._signature(slot.person, slot.when)
            notes = "\n".join(f"* {note}" for note in self.state.notes)
            message = f"{self.repo.slug} {step.version}\n\n{notes}\n"
            writer.tag(f"v{step.version}", self.state.tip, message=message, tagger=tagger)

    def _commit(
        self,
        writer: FastImport,
        step: Step,
        parents: list[int],
        early: timedelta = timedelta(0),
        collect: dict[str, Modify | Delete] | None = None,
    ) -> int:
        slot = step.slot
        assert slot is not None  # noqa: S101
        changes = self._changes(step, slot.when)
        if collect is not None:
            collect.update(changes)
        author, committer = self._people(step, slot, early)
        message = self._message(step, slot, author, committer)
        return writer.commit("main", message, author, committer=committer, parents=parents, changes=changes.values())

    def _changes(self, step: Step, when: datetime) -> dict[str, Modify | Delete]:
        touched = dict(step.files)
        if step.version:
            self._begin_version(step.version, when)
            touched = {file.path: file for file in self.files if file.present and file.versioned}
        else:
            self.state.since_release += [step.subject] if step.kind in _NOTED and len(step.subject.split()) > 3 else []
        for edit in step.edits:
            edit.apply()
        return {path: self._change(file) for path, file in touched.items()}

    def _change(self, file: SourceFile) -> Modify | Delete:
        path = file.path.encode()
        if not file.present:
            return Delete(path)
        return Modify(path, file.render(self.state.version, "\n".join(self.state.changelog).strip()), file.mode)

    def _begin_version(self, version: str, when: datetime) -> None:
        self.state.version = version
        self.state.notes = self.state.since_release[-12:] or ["Dependencies brought up to date"]
        self.state.since_release = []
        lines = [f"## {version} ({when:%Y-%m-%d})", "", *(f"- {note}" for note in self.state.notes), ""]
        self.state.changelog[:0] = lines

    def _people(self, step: Step, slot: Slot, early: timedelta) -> tuple[Signature, Signature]:
        """Author and committer: bots for dependencies; in squash repositories a reviewer lands what waited."""
        if step.kind == "deps" and self.repo.bot and self.rng.random() < 0.85:
            bot = self._bot(self.repo.bot, slot.when)
            return bot, bot
        if step.version and self.repo.bot:
            bot = self._bot("release", slot.when)
            return bot, bot
        if step.kind == "first" or self.repo.flow == "direct":
            author = self._signature(slot.person, slot.when)
            return author, author
        wait = early or self.rhythm.wait(slot.person)
        written = max(slot.when - wait, self.rhythm.start.astimezone(slot.when.tzinfo) + timedelta(hours=1))
        author = self._signature(slot.person, min(written, slot.when))
        if self.repo.flow == "merge":
            return author, self._signature(slot.person, slot.when)
        reviewer = self.rhythm.reviewer(slot.person, slot.when)
        return author, self._signature(reviewer, slot.when)

    def _signature(self, person: Person, when: datetime) -> Signature:
        """Some people have a second address, which they use where their laptop is not set up."""
        email = person.emails[-1] if len(person.emails) > 1 and self.rng.random() < 0.35 else person.emails[0]
        return Signature(person.name, email, when.astimezone(timezone(timedelta(minutes=person.zone))))

    def _bot(self, slug: str, when: datetime) -> Signature:
        name, email = self.organisation.bots[slug]
        return Signature(name, email, when.astimezone(UTC))

    def _message(self, step: Step, slot: Slot, author: Signature, committer: Signature) -> str:
        path = next(iter(step.files), "")
        subject = (
            styled(step.subject, step.kind, path, self.repo.style)
            if step.files and step.kind != "first"
            else step.subject
        )
        if self.repo.flow == "squash" and step.kind not in {"first", "release"}:
            self.state.request += self.rng.randint(1, 3)
            subject += f" (#{self.state.request})"
        body = reason(step.kind, self.rng)
        if body and self.rng.random() < 0.4:
            body += f"\n\nRefs: TIDE-{self.rng.randint(1000, 6400)}"
        trailers = self._trailers(step, slot, author, committer)
        return "\n\n".join(part for part in (subject, body, "\n".join(trailers)) if part) + "\n"

    def _trailers(self, step: Step, slot: Slot, author: Signature, committer: Signature) -> list[str]:
        trailers: list[str] = []
        if step.kind in {"first", "release", "deps"}:
            return trailers
        if step.kind in {"feature", "test", "rename", "wording"} and self.rng.random() < 0.1:
            partner = self.rhythm.author(slot.when)
            if partner != slot.person:
                trailers.append(f"Co-authored-by: {partner.name} <{partner.emails[0]}>")
        if committer.email != author.email and self.rng.random() < 0.5:
            trailers.append(f"Reviewed-by: {committer.name!s} <{committer.email!s}>")
        if self.repo.signoff:
            trailers.append(f"Signed-off-by: {author.name!s} <{author.email!s}>")
        return trailers

    def _open_branches(self, writer: FastImport, files: list[SourceFile]) -> None:
        """Work that is not merged yet: one commit per file on its branch, from the tip, in the last days."""
        for file in files:
            file.present = True
            slot = Slot(
                self.rhythm.last - timedelta(minutes=self.rng.randint(5, 15)), self.rhythm.author(self.rhythm.last)
            )
            author = self._signature(slot.person, slot.when)
            subject = styled(file.subject, "feature", file.path, self.repo.style)
            writer.commit(
                str(file.branch), subject + "\n", author, parents=[self.state.tip], changes=[self._change(file)]
            )
