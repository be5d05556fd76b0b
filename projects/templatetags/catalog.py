"""Parts of the catalog page that come in hundreds, written without a template: {% load catalog %}."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from django import template
from django.utils.safestring import SafeString

from projects.catalog.selection import FacetValue

register = template.Library()


@register.simple_tag
def facet_options(name: str, options: Iterable[FacetValue]) -> SafeString:
    """A list of boxes with counts. The ids let htmx keep the focus where it was."""
    return SafeString("<ul>" + "".join(_option(escape(name), option) for option in options) + "</ul>")


def _option(name: str, option: FacetValue) -> str:
    checked = " checked" if option.selected else ""
    return (
        f'<li><label><input type="checkbox" name="{name}" value="{escape(option.value)}" '
        f'id="f-{name}-{quote(option.value, safe="")}"{checked}>{escape(option.label)} '
        f"<small>{option.count:,}</small></label></li>"
    )
