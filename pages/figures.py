"""What pages of figures share: windows, tables that are also CSV, and words for shares."""

import csv
import datetime as dt
import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from activity.flow.standing import WINDOWS, first_week
from activity.flow.teams import monday, utc_today

DEFAULT = 365
WORDS = {30: "30 days", 90: "90 days", 365: "1 year", 0: "all"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Window:
    """Whole weeks that hold the last `days` (0: all). `first` is a Monday, `before` that of the time before."""

    days: int
    first: dt.date | None
    before: dt.date | None
    today: dt.date

    @classmethod
    def of(cls, request: HttpRequest) -> "Window":
        text = request.GET.get("window", str(DEFAULT))
        days = int(text) if text in {str(known) for known in WINDOWS} else DEFAULT
        today = utc_today()
        return cls(days, first_week(days, today), first_week(days, today, back=1), today)

    @property
    def week(self) -> dt.date:
        """This week's Monday."""
        return monday(self.today)

    def csv_of(self, table: str) -> str:
        """The address of one of the page's tables as a file."""
        return f"?window={self.days}&csv={table}"

    @property
    def choices(self) -> list[dict[str, Any]]:
        return [{"days": days, "words": WORDS[days], "current": days == self.days} for days in WINDOWS]


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere."""

    words: object
    url: str | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A cell with a picture; `text` stands for it in a file."""

    svg: SafeString
    text: str


class Made(Sequence[Sequence[Any]]):
    """Rows that are made when somebody looks at them: a page shows few of many."""

    def __init__(self, sources: Sequence[Any], make: Callable[[Any], Sequence[Any]]) -> None:
        self.sources, self.make = sources, make

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, place: Any) -> Any:
        found = self.sources[place]
        return [self.make(one) for one in found] if isinstance(place, slice) else self.make(found)


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: (words, whether numbers). Cells are texts, numbers, days, `Link`s or None; `name` is for addresses.

    `about`: where docs/activity.md defines what is counted.
    """

    name: str
    title: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Any]] = field(default_factory=list)
    about: str = ""

    @property
    def body(self) -> SafeString:
        """The first `SHOWN_ROWS` rows as HTML; in a template they would take most of a page's time."""
        numeric = [' class="num"' if number else "" for _, number in self.columns[1:]]
        rows = []
        for first, *others in self.rows[:SHOWN_ROWS]:
            cells = zip(numeric, others, strict=True)
            more = "".join(f"<td{kind}>{_cell(cell)}</td>" for kind, cell in cells)
            rows.append(f'<tr><th scope="row">{_cell(first)}</th>{more}</tr>')
        return mark_safe("".join(rows))  # noqa: S308 escaped in _cell

    @property
    def left_out(self) -> int:
        """Rows that only the CSV has."""
        return max(0, len(self.rows) - SHOWN_ROWS)

    def as_csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([words for words, _ in self.columns])
        writer.writerows([_plain(cell) for cell in row] for row in self.rows)
        return out.getvalue()


def _cell(cell: Any) -> str:
    if isinstance(cell, Link):
        url = cell.url() if callable(cell.url) else cell.url
        return f'<a href="{html.escape(url)}">{_cell(cell.words)}</a>' if url else _cell(cell.words)
    if isinstance(cell, Picture):
        return cell.svg
    if isinstance(cell, dt.date):
        return f"{cell:%-d\N{NO-BREAK SPACE}%b\N{NO-BREAK SPACE}%Y}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "–" if cell is None else html.escape(str(cell))


def _plain(cell: Any) -> Any:
    value = cell.words if isinstance(cell, Link) else cell.text if isinstance(cell, Picture) else cell
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def respond(request: HttpRequest, template: str, context: dict[str, Any], tables: Sequence[Table]) -> HttpResponse:
    """The page, or with ?csv=NAME one of its tables as a file: the same rows, so the same permission."""
    name = request.GET.get("csv")
    if name is None:
        return render(request, template, {**context, "tables": {table.name: table for table in tables}})
    table = next((table for table in tables if table.name == name), None)
    if table is None:
        raise Http404("This page has no such table.")
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
    return HttpResponse(table.as_csv(), content_type="text/csv; charset=utf-8", headers=headers)


def percent(share: float | None) -> str:
    """Whole percent, finer near none and all; a dash where there is nothing to share."""
    if share is None:
        return "–"
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{min(max(share * 100, 0.1), 99.9):.1f} %"
    return f"{share * 100:.0f} %"


def change(now: float | None, before: float | None) -> str:
    """Difference of two shares in points."""
    return "–" if now is None or before is None else f"{(now - before) * 100:+.0f} points"
