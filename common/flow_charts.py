"""Pictures of flow: a heat map of two sides, and a punch card of the week. Classes and attributes only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

CELL = 44
ROW = 30
LETTER = 7.8  # at most, of the names
LEVELS = 5
SHORT = 22
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR = 26


@dataclass(frozen=True)
class HeatMap:
    """Rows give, columns receive. `values` and `urls` by (row, column) index. `own`: inside."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Mapping[tuple[int, int], int]
    urls: Mapping[tuple[int, int], str] = field(default_factory=dict)
    own: frozenset[tuple[int, int]] = frozenset()

    @property
    def label(self) -> int:
        """Width of the names at the left."""
        return round(16 + LETTER * max((len(_short(name)) for name in (*self.rows, *self.columns)), default=1))

    @property
    def head(self) -> int:
        """Height of the same names on top, where they stand at 55 degrees."""
        return round(self.label * 0.86)

    @property
    def description(self) -> str:
        crossing = {key: value for key, value in self.values.items() if key not in self.own}
        if not any(crossing.values()):
            return "Nothing crossed a team border in this time."
        row, column = max(crossing, key=lambda key: (crossing[key], -key[0], -key[1]))
        words = f"{self.rows[row]} to {self.columns[column]}, {crossing[row, column]:,}"
        return f"{sum(crossing.values()):,} contributions between {len(self.rows)} teams; most from {words}."


def heat_map(chart: HeatMap) -> SafeString:
    """The picture of a `HeatMap`; a cell with an address is a link."""
    peak = max((value for key, value in chart.values.items() if key not in chart.own), default=0)
    left, top = chart.label, chart.head
    heads = format_html_join(
        "",
        '<text class="g-name" transform="translate({} {}) rotate(-55)"><title>{}</title>{}</text>',
        [(left + at * CELL + CELL / 2, top - 8, name, _short(name)) for at, name in enumerate(chart.columns)],
    )
    names = format_html_join(
        "",
        '<text class="g-name" x="{}" y="{}" text-anchor="end"><title>{}</title>{}</text>',
        [(left - 8, top + at * ROW + 20, name, _short(name)) for at, name in enumerate(chart.rows)],
    )
    places = [(row, column) for row in range(len(chart.rows)) for column in range(len(chart.columns))]
    cells = [_cell(chart, place, left + place[1] * CELL, top + place[0] * ROW, peak) for place in places]
    width, height = left + len(chart.columns) * CELL + left * 3 // 5, top + len(chart.rows) * ROW
    return format_html(
        '<svg class="heat" role="group" viewBox="0 0 {} {}" width="{}" height="{}" aria-label="{}. {}">'
        "<title>{}</title><desc>{}</desc>{}{}{}</svg>",
        *(width, height, width, height, chart.title, chart.description, chart.title, chart.description),
        *(heads, names, SafeString("".join(cells))),
    )


def _cell(chart: HeatMap, place: tuple[int, int], x: int, y: int, peak: int) -> str:
    """Markup: words and address escaped, the rest numbers; thousands of cells are put together at once."""
    value = chart.values.get(place, 0)
    row, column = place
    level = 0 if not value else 1 + min(LEVELS - 1, int(LEVELS * value / (peak + 1)))
    own = place in chart.own
    words = escape(f"{chart.rows[row]} to {chart.columns[column]}: {value:,}" + (", inside" if own else ""))
    ink = "g-dark" if level == LEVELS and not own else "g-value"
    ground = "g-own" if own else f"g-heat-{level}"
    body = (
        f'<title>{words}</title><rect class="{ground}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{ROW - 2}"'
        f' rx="3"/><text class="{ink}" x="{x + CELL / 2}" y="{y + 20}" text-anchor="middle">'
        f"{_fitting(value) if value else ''}</text>"
    )
    if value and place in chart.urls:
        return f'<a href="{escape(chart.urls[place])}" aria-label="{words}">{body}</a>'
    return f"<g>{body}</g>"


def _fitting(value: int) -> str:
    """The number in the width of a cell; its words have it whole."""
    if value < 10_000:
        return f"{value:,}"
    return f"{value / 1000:.1f}k" if value < 100_000 else f"{value / 1000:.0f}k"


def _short(name: str) -> str:
    return name if len(name) <= SHORT else name[: SHORT - 1] + "…"


def punch_card(counts: Mapping[tuple[int, int], int], title: str) -> SafeString:
    """Circles by (weekday from 0 = Monday, hour); their area follows the count."""
    peak = max(counts.values(), default=0)
    dots = []
    for (day, hour), count in sorted(counts.items()):
        radius = max(1.5, (HOUR / 2 - 1) * (count / peak) ** 0.5) if count else 0
        words = f"{DAYS[day]}, {hour}:00 to {hour}:59: {count:,} commit{'s' if count != 1 else ''}"
        dots.append((words, 50 + hour * HOUR, 14 + day * HOUR, f"{radius:.1f}"))
    labels = [(y, name[:3]) for y, name in ((18 + day * HOUR, name) for day, name in enumerate(DAYS))]
    hours = [(50 + hour * HOUR, hour) for hour in range(0, 24, 3)]
    return format_html(
        '<svg class="punch" role="img" viewBox="0 0 680 205" aria-label="{}. {}">'
        "<title>{}</title><desc>{}</desc>{}{}{}</svg>",
        *(title, _busiest(counts), title, _busiest(counts)),
        format_html_join("", '<text x="0" y="{}">{}</text>', labels),
        format_html_join("", '<text x="{}" y="203" text-anchor="middle">{}</text>', hours),
        format_html_join("", '<g><title>{}</title><circle class="g-in" cx="{}" cy="{}" r="{}"/></g>', dots),
    )


def _busiest(counts: Mapping[tuple[int, int], int]) -> str:
    if not any(counts.values()):
        return "No commits in this time."
    day, hour = max(counts, key=lambda key: counts[key])
    return f"Most commits on {DAYS[day]}s between {hour} and {hour + 1} o'clock, in the zone of each author."
