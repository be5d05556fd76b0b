"""Charts drawn on the server as SVG, with classes for their colours, so that they follow the theme and the strict CSP.

Everywhere the grey bars are the owning team and the orange ones came from other teams.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from itertools import zip_longest

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SPARK_HEIGHT = 30
SPARK_STEP = 3
QUIET_PEAK = 4  # a project with one commit a week must not look as busy as the scale allows
PLOT_HEIGHT = 128
PLOT_TOP = 18  # room for the dots of what happened
SHORT_SPAN = 16  # weeks that are named by their first days; longer spans by months
FEW = 7  # names that a small screen has room for
AXIS_HEIGHT = 20
GAP_SHARE = 0.22
GREY = "#8b949e"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True)
class WeeklyChart:
    """Commits per week, oldest first. `outside` is the part of `totals` by other teams, or None where nobody knows.

    `starts` are the first days of the weeks, or of what else `period` says; all sequences have one length. `unmapped`
    is the part of `totals` of unknown teams. `marks`: (index, words) of what happened then, such as releases.
    `across` says what the part in orange did, in `legend` for short. `csv` is the address of the table as a file.
    """

    title: str
    starts: Sequence[date]
    totals: Sequence[int]
    outside: Sequence[int] | None = None
    owner: str = "owning team"
    unit: str = "commits"
    unmapped: Sequence[int] | None = None
    period: str = "week"
    marks: Sequence[tuple[int, str]] = ()
    across: str = "from other teams"
    legend: str = "other teams"
    csv: str = ""

    @property
    def words(self) -> str:
        """What the first column of the table is called."""
        return "Week of" if self.period == "week" else f"{self.period.capitalize()} from"

    @property
    def unknown(self) -> list[int]:
        """Of unknown teams, newest first."""
        return list(self.unmapped or [0] * len(self.totals))[::-1]

    @property
    def lines(self) -> list[tuple[date, list[int], str]]:
        """The table: day, numbers and what happened then, newest first."""
        parts: list[Sequence[int]] = [self.totals]
        parts += [part for part in (self.outside, self.unmapped) if part is not None]
        happened = dict(self.marks)
        rows = [(start, [part[at] for part in parts], happened.get(at, "")) for at, start in enumerate(self.starts)]
        return rows[::-1]

    @property
    def description(self) -> str:
        """One sentence that says what the picture shows."""
        if not self.totals or not any(self.totals):
            return f"No {self.unit} in this time."
        peak = max(self.totals)
        words = f"{_count(sum(self.totals), self.unit)} in {_count(len(self.totals), f'{self.period}s')}"
        words += f", at most {peak:,} in one {self.period}"
        if self.outside is not None:
            words += f"; {sum(self.outside):,} {self.across}"
        if self.unmapped is not None:
            words += f", {sum(self.unmapped):,} of unknown teams"
        if self.marks:
            words += f"; {len(self.marks)} {self.period}{'s' if len(self.marks) > 1 else ''} with a release"
        return words + "."

    @property
    def rows(self) -> list[tuple[date, int, int]]:
        """(first day of the week, all, from other teams), newest first: the table beside the picture."""
        outside = self.outside or [0] * len(self.totals)
        return list(zip(self.starts, self.totals, outside, strict=True))[::-1]


def sparkline(
    weeks: Sequence[int], outside: Sequence[int] | None = None, unit: str = "commits", period: str = "week"
) -> SafeString:
    """A small picture of weekly counts, oldest first; `outside` is the part of `weeks` from other teams."""
    theirs = [min(part or 0, all_) for all_, part in zip_longest(weeks, (outside or [])[: len(weeks)], fillvalue=0)]
    scale = SPARK_HEIGHT / max([QUIET_PEAK, *weeks])
    inside_path, outside_path = [], []
    for index, (total, part) in enumerate(zip(weeks, theirs, strict=True)):
        foot, x = SPARK_HEIGHT - _height(total - part, scale), index * SPARK_STEP
        if total - part:
            inside_path.append(_bar(x, foot, SPARK_HEIGHT))
        if part:
            outside_path.append(_bar(x, max(0, foot - _height(part, scale)), foot))
    words = _spark_words(weeks, theirs if outside is not None else None, unit, period)
    return format_html(
        '<svg class="spark" role="img" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-label="{}"><title>{}</title>'
        '<path class="g-base" d="M0 {}h{}v.5h-{}z"/><path class="g-in" d="{}"/><path class="g-out" d="{}"/></svg>',
        *(max(1, len(weeks)) * SPARK_STEP - 1, SPARK_HEIGHT, words, words),
        *(SPARK_HEIGHT - 0.5, len(weeks) * SPARK_STEP, len(weeks) * SPARK_STEP),
        *("".join(inside_path), "".join(outside_path)),
    )


def _height(count: int, scale: float) -> float:
    """Never less than a pixel for something that happened."""
    return round(max(1.0, count * scale), 1) if count else 0


@lru_cache(maxsize=20_000)  # the same few in every picture of a list
def _bar(x: int, top: float, foot: float) -> str:
    return f"M{x} {foot:g}V{top:g}h2V{foot:g}z"


def _spark_words(weeks: Sequence[int], outside: Sequence[int] | None, unit: str, period: str) -> str:
    spans = f"{len(weeks)} {period}{'s' if len(weeks) != 1 else ''}"
    if not any(weeks):
        return f"No {unit} in {spans}"
    words = f"{_count(sum(weeks), unit)} in {spans}, at most {max(weeks):,} in one"
    return words if outside is None else f"{words}; {sum(outside):,} from other teams"


def _count(number: int, unit: str) -> str:
    """`unit` is a word in the plural."""
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def ticks(peak: int) -> list[int]:
    """At most three round numbers from above zero up to at least `peak`: 7 gives [5, 10], 130 gives [50, 100, 150]."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if peak <= 3 * step:
                return [step * n for n in range(1, max(1, -(-peak // step)) + 1)]
        power *= 10


def weekly_bars(chart: WeeklyChart) -> SafeString:
    """The picture of a `WeeklyChart`; components/weekly_chart.html adds words, legend and table.

    Widths are percentages, so that bars follow the page while words keep their size.
    """
    lines = ticks(max(chart.totals, default=0))
    scale = (PLOT_HEIGHT - PLOT_TOP) / lines[-1]
    return format_html(
        '<svg role="img" class="{}" height="{}" aria-label="{}. {}"><title>{}</title><desc>{}</desc>{}{}'
        '<line class="g-foot" x1="0" x2="100%" y1="{}" y2="{}"/>{}{}{}</svg>',
        *("g-few" if lines[-1] < 1000 else "g-many", PLOT_HEIGHT + AXIS_HEIGHT),
        *(chart.title, chart.description, chart.title, chart.description),
        *(_grid(lines, scale), _weeks(chart, scale), PLOT_HEIGHT, PLOT_HEIGHT),
        *(_scale(lines, scale), _months(chart.starts) if chart.period == "week" else _years(chart), _marks(chart)),
    )


def _grid(lines: Sequence[int], scale: float) -> SafeString:
    return format_html_join(
        "",
        '<line class="g-line" x1="0" x2="100%" y1="{}" y2="{}"/>',
        [(y := round(PLOT_HEIGHT - line * scale), y) for line in lines],
    )


def _scale(lines: Sequence[int], scale: float) -> SafeString:
    """The words of the lines, in the margin that charts.css leaves them."""
    return format_html_join(
        "",
        '<text class="g-scale" x="-6" y="{}" text-anchor="end">{}</text>',
        [(round(PLOT_HEIGHT - line * scale) + 4, f"{line:,}") for line in lines],
    )


def _weeks(chart: WeeklyChart, scale: float) -> SafeString:
    """One group a week: the bars, and over the whole height an invisible one that carries the words.

    Hundreds of them are numbers but for the words, so they are put together at once.
    """
    width = 100 / max(1, len(chart.totals))
    groups = []
    for index, ((start, total, part), nobody) in enumerate(zip(chart.rows[::-1], chart.unknown[::-1], strict=True)):
        mine, theirs, unknown = (_height(number, scale) for number in (total - part - nobody, part, nobody))
        x, w = f"{index * width + width * GAP_SHARE / 2:.3f}", f"{width * (1 - GAP_SHARE):.3f}"
        bars = _rect("g-in", PLOT_HEIGHT - mine, mine, x, w)
        bars += _rect("g-out", PLOT_HEIGHT - mine - theirs, theirs, x, w)
        bars += _rect("g-none", PLOT_HEIGHT - mine - theirs - unknown, unknown, x, w)
        hit = _rect("g-hit", 0, PLOT_HEIGHT, f"{index * width:.3f}", f"{width:.3f}")
        words = f"{chart.words} {start:%-d %B %Y}: {_count(total, chart.unit)}"
        words += f", {part:,} {chart.across}" if chart.outside is not None else ""
        words += f", {nobody:,} of unknown teams" if chart.unmapped is not None else ""
        groups.append(f"<g><title>{escape(words)}</title>{bars}{hit}</g>")
    return SafeString("".join(groups))


def _rect(name: str, y: float, height: float, x: str, w: str) -> str:
    """`x` and `w` are percentages."""
    return f'<rect class="{name}" x="{x}%" y="{y:g}" width="{w}%" height="{height:g}"/>' if height else ""


def _months(starts: Sequence[date]) -> SafeString:
    """Names of months under their first whole week, or days; two of three give way on narrow screens."""
    days = len(starts) <= SHORT_SPAN
    firsts = [i for i, start in enumerate(starts) if days or (i and start.month != starts[i - 1].month)]
    firsts = [i for i in firsts if i / len(starts) < 0.97]
    marks = [
        (
            "g-minor" if n % 3 and len(starts) > FEW else "g-major",
            f"{i * 100 / len(starts):.3f}",
            PLOT_HEIGHT + 15,
            f"{starts[i]:%-d %b}" if days else _month(starts[i]),
        )
        for n, i in enumerate(firsts)
    ]
    return format_html_join("", '<text class="{}" x="{}%" y="{}">{}</text>', marks)


def _years(chart: WeeklyChart) -> SafeString:
    """Years under longer spans, at most about ten; every other one gives way on a small screen."""
    firsts = [i for i, start in enumerate(chart.starts) if not i or start.year != chart.starts[i - 1].year]
    step = -(-len(firsts) // 10)
    marks = [
        ("g-mid" if n % 2 else "g-major", f"{i * 100 / len(chart.starts):.3f}", PLOT_HEIGHT + 15, chart.starts[i].year)
        for n, i in enumerate(firsts[::step])
        if i / len(chart.starts) < 0.96
    ]
    return format_html_join("", '<text class="{}" x="{}%" y="{}">{}</text>', marks)


def _marks(chart: WeeklyChart) -> SafeString:
    """A dot for each mark, on a dashed line where they are few."""
    width = 100 / max(1, len(chart.totals))
    foot = PLOT_HEIGHT if len(chart.marks) * 2 <= len(chart.totals) else 6
    return format_html_join(
        "",
        '<g class="g-mark"><title>{}</title><line x1="{}" x2="{}" y1="6" y2="{}"/><circle cx="{}" cy="6" r="4"/></g>',
        [(words, x, x, foot, x) for i, words in chart.marks for x in [f"{(i + 0.5) * width:.3f}%"]],
    )


def _month(day: date) -> str:
    return f"{day:%b %Y}" if day.month == 1 else f"{day:%b}"


def language_bar(shares: Iterable[tuple[str, float, str]]) -> SafeString:
    """(name, share, colour as #rrggbb) each, largest first; shares in any unit, drawn as parts of their sum."""
    parts = [(name, max(0.0, share), colour) for name, share, colour in shares]
    whole = sum(share for _, share, _ in parts)
    if not whole:
        return SafeString("")
    rects, x = [], 0.0
    for name, share, colour in parts:
        percent = share * 100 / whole
        rects.append((f"{x:.3f}%", f"{percent:.3f}%", safe_colour(colour), f"{name} {percent:.1f} %"))
        x += percent
    gaps = [(rect[0],) for rect in rects[1:]]
    words = ", ".join(rect[3] for rect in rects)
    return format_html(
        '<svg class="langbar" role="img" height="8" aria-label="Languages: {}">{}{}</svg>',
        words,
        format_html_join("", '<rect x="{}" width="{}" height="8" fill="{}"><title>{}</title></rect>', rects),
        format_html_join("", '<rect class="g-gap" x="{}" width="2" height="8"/>', gaps),
    )


def swatch(colour: str) -> SafeString:
    """A dot in a language's colour."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="4.5" fill="{}"/></svg>',
        safe_colour(colour),
    )


def safe_colour(colour: str) -> str:
    """The colour, or grey for anything that is not #rrggbb."""
    return colour if COLOUR.match(colour or "") else GREY
