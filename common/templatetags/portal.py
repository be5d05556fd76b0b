"""Words and pictures for templates: {% load portal %}."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import QueryDict
from django.template.base import Parser, Token
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common import charts

register = template.Library()


class ConstantNode(template.Node):
    """Renders its inside once in the life of the process."""

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        self.text: SafeString | None = None

    def render(self, context: Context) -> SafeString:
        if self.text is None or settings.DEBUG:
            self.text = self.nodelist.render(context)
        return self.text


@register.tag
def constant(parser: Parser, _token: Token) -> ConstantNode:
    """{% constant %}…{% endconstant %}: what is the same for every viewer and page, such as icons and hashed addresses
    of scripts, whose rendering would cost a third of a small page's time."""
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(nodelist)


AGES = ((365 * 86400, "y"), (30 * 86400, "mo"), (86400, "d"), (3600, "h"), (60, "min"))
NEAR = 45  # seconds


def age(moment: datetime, now: datetime | None = None) -> str:
    """ "3 h ago", "in 5 min", "just now": whole units, rounded down, months of 30 and years of 365 days."""
    seconds = int(((now or timezone.now()) - moment).total_seconds())
    ahead, seconds = seconds < 0, abs(seconds)
    if seconds < NEAR:
        return "just now"
    size, unit = next(((size, unit) for size, unit in AGES if seconds >= size), (60, "min"))
    count = max(1, seconds // size)
    return f"in {count} {unit}" if ahead else f"{count} {unit} ago"


@register.filter
def ago(moment: datetime | date | None) -> SafeString | str:
    """A <time> element with the age as words and the exact time in its title; "never" for None."""
    if not moment:
        return "never"
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    local = timezone.localtime(moment)
    exact = f"{local:%-d %B %Y, %H:%M} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, age(moment))


@register.filter
def compact(number: float | None) -> str:
    """1234 as "1.2k", 2500000 as "2.5M"; smaller numbers as they are."""
    if number is None:
        return "–"
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if abs(number) >= size:
            value = int(number / size * 10) / 10  # cut, so that 999,999 does not become 1000k
            return f"{int(value)}{unit}" if value >= 100 or value == int(value) else f"{value:.1f}{unit}"
    return f"{number:,.0f}"


@register.filter(name="bytes")
def human_bytes(size: float | None) -> str:
    """1536 as "1.5 KiB"."""
    if size is None:
        return "–"
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


@register.filter
def initials(name: str) -> str:
    """First letters of the first and last word: "Ada van Kiplagat" gives "AK"."""
    words = [word for word in str(name).replace(".", " ").replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


@register.filter
def startswith(text: str, prefix: str) -> bool:
    """True if the text begins with a prefix that is not empty."""
    return bool(prefix) and text.startswith(prefix)


@register.filter
def percent(share: float) -> str:
    """0.123 as "12.3 %"; something below a tenth says so."""
    value = share * 100
    return f"{value:.1f} %" if value >= 0.1 or value == 0 else "< 0.1 %"


@register.filter
def page_numbers(page: "Page[Any]") -> list[int | None]:
    """Numbers to link to, with None where some are left out."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else None for number in numbers]


@register.simple_tag(takes_context=True)
def toggled(context: Context, name: str, value: object, first_page: str = "page") -> str:
    """The query string with one value of a parameter added, or removed if there, back on the first page."""
    query: QueryDict = context["request"].GET.copy()
    values, text = query.getlist(name), str(value)
    query.setlist(name, [v for v in values if v != text] if text in values else [*values, text])
    query.pop(first_page, None)
    return f"?{query.urlencode()}"


@register.simple_tag
def sparkline(weeks: Sequence[int], outside: Sequence[int] | None = None) -> SafeString:
    """{% sparkline project.weeks %}: 52 weeks as a small picture."""
    return charts.sparkline(weeks, outside)


@register.inclusion_tag("components/weekly_chart.html")
def weekly_chart(chart: charts.WeeklyChart) -> dict[str, Any]:
    """{% weekly_chart chart %}: heading, legend, picture and the same as a table."""
    return {"chart": chart, "picture": charts.weekly_bars(chart)}


@register.inclusion_tag("components/language_bar.html")
def language_bar(languages: Iterable[Any]) -> dict[str, Any]:
    """{% language_bar project.languages.all %}: objects with name, share and colour, largest first."""
    rows = [(language.name, float(language.share), language.colour) for language in languages]
    whole = sum(share for _, share, _ in rows) or 1
    legend = [{"name": name, "share": share / whole, "colour": colour} for name, share, colour in rows]
    return {"picture": charts.language_bar(rows), "legend": legend[:6], "more": legend[6:]}


@register.simple_tag
def swatch(colour: str) -> SafeString:
    """{% swatch "#3572A5" %}: a dot of that colour."""
    return charts.swatch(colour)
