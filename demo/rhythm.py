"""When people of the demo company work, and who works on what: weeks, holidays, time zones, joining and leaving."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from demo.organisation import Organisation, Person, Repo

_WEEKDAYS = (1.0, 1.15, 1.1, 1.05, 0.75, 0.06, 0.05)
_HOLIDAYS = frozenset({(1, 1), (1, 6), (5, 1), (10, 3), (11, 1)})


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment of somebody's work: aware time in the person's own zone."""

    when: datetime
    person: Person


def day_weight(day: date) -> float:
    """How busy a day is; 1 is an ordinary Monday. Quiet: weekends, the turn of the year, August, some holidays."""
    weight = _WEEKDAYS[day.weekday()]
    if (day.month == 12 and day.day >= 22) or (day.month == 1 and day.day <= 3):
        return weight * 0.08
    if (day.month, day.day) in _HOLIDAYS:
        return weight * 0.1
    return weight * (0.6 if day.month == 8 else 1.0)


class Rhythm:
    """Draws moments and people for one repository; the same seed, repository and now give the same draws."""

    def __init__(self, organisation: Organisation, repo: Repo, now: datetime, rng: random.Random) -> None:
        self.now = now
        self.rng = rng
        self.repo = repo
        self.last = now - timedelta(hours=repo.quiet)
        self.start = now - timedelta(days=repo.age)
        self.owners = tuple(organisation.person(name) for name in repo.owners)
        self.reviewers = (*self.owners, *(organisation.person(name) for name in repo.trusted))
        self.inside = self._weighted([p for p in organisation.people if p.team == repo.team])
        near = [p for p in organisation.people if p.team in repo.neighbours or p.username in repo.trusted]
        self.outside = self._weighted([p for p in near if p.team != repo.team])

    def _weighted(self, people: list[Person]) -> list[tuple[Person, float]]:
        """Few people do most of the work: weight falls with the rank, which is drawn; owners and trusted come first."""
        names = self.repo.owners + self.repo.trusted
        shuffled = self.rng.sample(people, len(people))
        ranked = sorted(shuffled, key=lambda person: person.username not in names)
        return [(person, 1 / (rank + 1) ** 1.1) for rank, person in enumerate(ranked)]

    def author(self, day: datetime) -> Person:
        """Somebody employed on that day; the share of other teams grows over the life of the repository."""
        progress = (day - self.start) / max(self.last - self.start, timedelta(days=1))
        outsider = self.rng.random() < self.repo.outside * (0.4 + 1.2 * progress)
        ago = (self.now - day).days
        for pool in (self.outside, self.inside) if outsider else (self.inside,):
            here = [(p, weight) for p, weight in pool if (p.joined or 9999) >= ago and (p.left or 0) <= ago]
            if here:
                return self.rng.choices([p for p, _ in here], [weight for _, weight in here])[0]
        return self.owners[0]

    def slots(self, count: int) -> list[Slot]:
        """`count` moments from the first commit to the last, in order."""
        days = [self.start + timedelta(days=number) for number in range((self.last - self.start).days + 1)]
        weights = [day_weight(day.date()) * self._trend(number / len(days)) for number, day in enumerate(days)]
        drawn = [self._moment(day) for day in self.rng.choices(days, weights, k=max(count - 2, 0))]
        ends = [Slot(self._local(self.start, self.owners[0]), self.owners[0])]
        if count > 1:
            last = self.author(self.last)
            ends.append(Slot(self._local(self.last, last), last))
        return sorted(ends + drawn, key=lambda slot: slot.when)

    def _trend(self, progress: float) -> float:
        return {"growing": 0.4 + 1.3 * progress, "fading": 1.6 - 1.4 * progress}.get(self.repo.shape, 1.0)

    def _moment(self, day: datetime) -> Slot:
        person = self.author(day)
        minute = min(max(self.rng.gauss(13.4, 2.7), 6.5), 22.9) * 60
        zone = timezone(timedelta(minutes=person.zone))
        when = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
        when += timedelta(seconds=self.rng.randrange(60))
        earliest, latest = self.start + timedelta(hours=1), self.last - timedelta(minutes=20)
        return Slot(self._local(min(max(when, earliest), latest), person), person)

    @staticmethod
    def _local(when: datetime, person: Person) -> datetime:
        return when.astimezone(timezone(timedelta(minutes=person.zone))).replace(microsecond=0)

    def reviewer(self, author: Person, when: datetime) -> Person:
        """An owner or trusted committer other than the author."""
        ago = (self.now - when).days
        others = [p for p in self.reviewers if p != author and (p.joined or 9999) >= ago and (p.left or 0) <= ago]
        return self.rng.choice(others or list(self.owners))

    def wait(self, author: Person) -> timedelta:
        """How long a change waited for review: half a day inside the team, days for others."""
        inside = author.team == self.repo.team
        return timedelta(hours=min(self.rng.expovariate(1 / (7 if inside else 44)), 400))
