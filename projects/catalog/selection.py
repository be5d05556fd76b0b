"""Answers a catalog question for one viewer: counts, facets, one page; all of it from what this viewer may see."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from itertools import chain, islice
from operator import and_, mul, or_

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from projects.catalog.bits import bits_of
from projects.catalog.facets import FACETS, FACETS_BY_KEY, Facet
from projects.catalog.index import INDEX, Index, Row
from projects.catalog.query import CatalogQuery
from projects.catalog.relevance import Answer, answer
from projects.catalog.words import Question, ask, squeeze
from projects.models import Project

PAGE_SIZE = 25
TOP_VALUES = 8
LISTED_VALUES = 60


@dataclass(frozen=True)
class FacetValue:
    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class FacetGroup:
    """Values of a facet: the first few, those behind "more", and how many rarer ones are not listed at all."""

    facet: Facet
    top: list[FacetValue]
    more: list[FacetValue]
    unlisted: int

    @property
    def values(self) -> list[FacetValue]:
        return self.top + self.more


@dataclass(frozen=True)
class Selection:
    """What one viewer gets: `count` of `total` visible projects; `rows` is the current page, `every` lists all.

    `ignored` are selected values that nothing visible has. `relief` is there when nothing was found: pairs of what
    could be dropped (a facet key, or `q`) and the number of projects one would find then. `answer` tells how the words
    were found.
    """

    total: int
    count: int
    every: Callable[[], list[int]]
    rows: list[Row]
    page: int
    pages: int
    groups: list[FacetGroup]
    cut: bool
    ignored: list[tuple[str, str]]
    relief: list[tuple[str, int]] = field(default_factory=list)
    question: Question = field(default_factory=lambda: Question(()))
    answer: Answer = field(default_factory=Answer)

    @cached_property
    def ids(self) -> list[int]:
        """Projects of the whole result in order, which a page alone does not need."""
        return self.every()


def select(query: CatalogQuery, user: User | AnonymousUser, now: datetime | None = None) -> Selection:
    """Six queries at most: readable restricted projects, the clock, changed rows, text, words spelled alike and what
    has them."""
    readable = list(Project.objects.visible_to(user).restricted().order_by().values_list("pk", flat=True))
    question = ask(query.text)
    with INDEX.lock:
        INDEX.update()
        visible = (INDEX.live & ~INDEX.restricted) | (INDEX.live & bits_of(INDEX.positions(readable)))
        kept = INDEX.kept
    answered = answer(question, INDEX, visible, kept)  # positions are given for ever, so others need not wait
    with INDEX.lock:
        matched = answered.found if question.words else None
        narrowing = _Narrowing(INDEX, query, visible, matched, now or timezone.now())
        return _selection(narrowing, query, question, answered)


class _Narrowing:
    """The sets a question leads to: one for each facet it selects in, and one for its words."""

    def __init__(self, index: Index, query: CatalogQuery, visible: int, matched: int | None, now: datetime) -> None:
        self.index, self.visible, self.now = index, visible, now
        self.sets: dict[str, int] = {} if matched is None else {"q": matched}
        self.ignored: list[tuple[str, str]] = []
        for key, values in query.selected.items():
            self._select(FACETS_BY_KEY[key], values)

    def _select(self, facet: Facet, values: tuple[str, ...]) -> None:
        sets = self.index.all_of(facet.key, self.now)
        fixed = dict(facet.fixed)
        # A value that only hidden projects have must look exactly like one that nobody has.
        known = [value for value in values if value in fixed or sets.get(value, 0) & self.visible]
        self.ignored += [(facet.key, value) for value in values if value not in known]
        if known:
            self.sets[facet.key] = reduce(or_, (sets.get(value, 0) for value in known))

    def found(self, without: str = "") -> int:
        """What is left by everything selected, but for one facet (or `q`)."""
        return reduce(and_, (bits for key, bits in self.sets.items() if key != without), self.visible)


def _selection(narrowing: _Narrowing, query: CatalogQuery, question: Question, answered: Answer) -> Selection:
    index, found = narrowing.index, narrowing.found()
    in_order = index.in_order(found, "active" if query.order == "relevance" else query.order)
    if query.order == "relevance" and question.words:
        ranked = _by_relevance(index, list(in_order()), answered, squeeze(query.text))
        in_order = lambda: ranked  # noqa: E731
    count, ids = found.bit_count(), index.ids
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(max(query.page, 1), pages)
    shown = islice(in_order(), (page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    relief = [(key, narrowing.found(without=key).bit_count()) for key in narrowing.sets] if not count else []
    return Selection(
        total=narrowing.visible.bit_count(),
        count=count,
        every=lambda: [ids[at] for at in in_order()],
        rows=[row for at in shown if (row := index.rows[at])],
        page=page,
        pages=pages,
        groups=[_group(facet, narrowing, query) for facet in FACETS],
        cut=question.cut,
        ignored=narrowing.ignored,
        relief=[(key, left) for key, left in relief if left],
        question=question,
        answer=answered,
    )


def _by_relevance(index: Index, positions: Sequence[int], answered: Answer, squeezed: str) -> list[int]:
    """Best first; what is deprecated or archived ranks lower, a project of exactly that name first; then activity."""
    scores = answered.scores(positions, len(index.rows))
    equals = defaultdict(list)  # thousands of projects have few different scores
    for score, at in zip(map(mul, scores, map(index.rank_factors.__getitem__, positions)), positions, strict=True):
        equals[score].append(at)
    ranked = list(chain.from_iterable(equals[score] for score in sorted(equals, reverse=True)))
    names = index.squeezed
    if squeezed in names:
        ranked.sort(key=lambda at: names[at] != squeezed)
    return ranked


def _group(facet: Facet, narrowing: _Narrowing, query: CatalogQuery) -> FacetGroup:
    base = narrowing.found(without=facet.key)
    selected = query.selected.get(facet.key, ())
    counts = narrowing.index.counts(facet.key, base, narrowing.now)
    if facet.fixed:
        order = [value for value, _ in facet.fixed if value in counts or value in selected]
    else:
        ignored = {value for key, value in narrowing.ignored if key == facet.key}
        chosen = [value for value in selected if value not in ignored]
        # They come in the order of their names, and sorting keeps that among equal counts.
        frequent = sorted(counts, key=counts.__getitem__, reverse=True)
        order = chosen + [value for value in frequent if value not in chosen]
    # Teams are stored by their slug; people know them by name.
    names = narrowing.index.team_names if facet.key == "team" else {}
    listed = [
        FacetValue(value, names.get(value) or facet.label_of(value), counts.get(value, 0), value in selected)
        for value in order[: max(LISTED_VALUES, len(selected))]
    ]
    return FacetGroup(facet, listed[:TOP_VALUES], listed[TOP_VALUES:], len(order) - len(listed))
