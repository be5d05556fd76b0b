"""How one becomes a trusted committer: the evidence suggests, a maintainer nominates, the person accepts or declines.

The role itself is a row of `projects.Role` with its days, which permission reads; it is given here, ended where it
always was.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User, record_event
from accounts.notifications import notify
from contributions.models import Nomination, StateError
from contributions.outside_work import Work, outside_work
from projects import verbs
from projects.models import Project, Role

MONTHS = 6
ACTIVE_MONTHS = 3
AREAS = 2
REVERTED_OF_TEN = 1
ASK_AGAIN = dt.timedelta(days=180)
State = Nomination.State
TRUSTED = Role.Kind.TRUSTED_COMMITTER


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whose work suggests the role, with what speaks for it."""

    work: Work

    @property
    def user(self) -> User:
        return self.work.user

    @property
    def evidence(self) -> dict[str, Any]:
        """As it is kept with a nomination."""
        return {
            "commits": len(self.work.pieces),
            "months": self.work.months,
            "areas": self.work.areas[:20],
            "reverted": self.work.reverted,
            "newest": [[piece.oid, piece.title] for piece in self.work.pieces[:3]],
        }


def first_day(today: dt.date) -> dt.date:
    """The first day of the window: of the month five months before this one."""
    number = today.year * 12 + today.month - MONTHS
    return dt.date(number // 12, number % 12 + 1, 1)


def candidates(project: Project) -> list[Candidate]:
    """Outsiders with landed commits in three of the last six months, in two areas, few of them taken back."""
    found = [Candidate(work) for work in outside_work(project, first_day(timezone.now().date())) if _fits(work)]
    if not found:
        return []
    ids = [one.user.pk for one in found]
    holders = set(project.roles.current().values_list("user_id", flat=True))
    team = Membership.objects.current().filter(team=project.owner_id, user__in=ids)
    recent = Nomination.objects.filter(project=project, nominated_at__gte=timezone.now() - ASK_AGAIN)
    known = holders | set(team.values_list("user_id", flat=True))
    known |= set(recent.exclude(state=State.WITHDRAWN).values_list("person_id", flat=True))
    return [one for one in found if one.user.pk not in known and _reads(one.user, project)]


def _fits(work: Work) -> bool:
    few = work.reverted * 10 <= REVERTED_OF_TEN * len(work.pieces)
    return work.months >= ACTIVE_MONTHS and len(work.areas) >= AREAS and few


def _reads(user: User, project: Project) -> bool:
    return Project.objects.visible_to(user).filter(pk=project.pk).exists()


def nominate(project: Project, person: User, words: str, editor: User) -> Nomination:
    """Ask somebody to become a trusted committer. Raises StateError where that makes no sense."""
    if not _reads(person, project):
        raise StateError(f"{person.display_name} may not read the project.")
    if project.roles.current().filter(user=person, kind=TRUSTED).exists():
        raise StateError(f"{person.display_name} is a trusted committer already.")
    work = [one for one in outside_work(project, first_day(timezone.now().date())) if one.user == person]
    evidence = Candidate(work[0]).evidence if work else {}
    try:
        with transaction.atomic():
            made = Nomination.objects.create(
                project=project, person=person, nominated_by=editor, words=words, evidence=evidence
            )
            record_event(editor, "trusted.nominated", project, {"person": [None, person.username]})
            title = f"{editor.display_name} would like you to be a trusted committer of {project.name}"
            _tell([person], project, title, "you are nominated", editor, words)
    except IntegrityError:
        raise StateError(f"{person.display_name} was asked already.") from None
    return made


def accept(nomination: Nomination, answer: str = "") -> None:
    """The person accepts: the role begins today. Raises StateError when the nomination no longer stands."""
    project, person = nomination.project, nomination.person
    with transaction.atomic():
        _answer(nomination, State.ACCEPTED, answer)
        verbs.give_role(project, person, TRUSTED, person)
        role = project.roles.current().filter(user=person, kind=TRUSTED).order_by("pk").last()
        Nomination.objects.filter(pk=nomination.pk).update(role=role)
        title = f"{person.display_name} is a trusted committer of {project.name} now"
        _tell([nomination.nominated_by], project, title, "you nominated them", person, answer)


def decline(nomination: Nomination, answer: str = "") -> None:
    """The person declines. Raises StateError when the nomination no longer stands."""
    with transaction.atomic():
        _answer(nomination, State.DECLINED, answer)
        title = f"{nomination.person.display_name} declines to be a trusted committer of {nomination.project.name}"
        _tell([nomination.nominated_by], nomination.project, title, "you nominated them", nomination.person, answer)


def withdraw(nomination: Nomination, editor: User) -> None:
    """A maintainer takes the question back. Raises StateError when it was answered before."""
    with transaction.atomic():
        _claim(nomination, State.WITHDRAWN, "")
        changes = {"person": [nomination.person.username, None]}
        record_event(editor, "trusted.withdrawn", nomination.project, changes)


def _answer(nomination: Nomination, state: str, answer: str) -> None:
    _claim(nomination, state, answer)
    person = nomination.person
    record_event(person, f"trusted.{state}", nomination.project, {"person": [person.username, state]})


def _claim(nomination: Nomination, state: str, answer: str) -> None:
    # No join: PostgreSQL would ask the joined rows of before the wait for the other's claim, and both would win.
    claim = Nomination.objects.filter(pk=nomination.pk, state=State.OFFERED)
    claim = claim.filter(project__in=Project.objects.live().values("pk"))
    if claim.update(state=state, answered_at=timezone.now(), answer=answer) != 1:
        now = Nomination.objects.get(pk=nomination.pk)
        raise StateError(f"The nomination is {now.get_state_display().lower()} already.")


def _tell(people: list[User], project: Project, title: str, reason: str, *about: Any) -> None:
    """`about`: who did it, and their words."""
    actor, words = about
    url = reverse("contributions:trusted", args=[project.slug])
    notify(people, "role", title, url, reason, project=project, text=words, actor=actor)
