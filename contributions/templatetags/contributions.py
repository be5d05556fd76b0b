"""Parts of pages that a template would take several milliseconds for."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from common.templatetags.portal import compact
from contributions.opportunity_list import Option

register = template.Library()
_OPTION = '<li><label><input type="checkbox" name="{}" value="{}"{}>{} <small>{}</small></label></li>'
_CHECKED = mark_safe(" checked")


@register.simple_tag
def facet_options(key: str, options: Iterable[Option]) -> SafeString:
    """The values of a facet, of which a page has more than a hundred."""
    rows = ((key, one.value, _CHECKED if one.checked else "", one.label, compact(one.count)) for one in options)
    return format_html("<ul>{}</ul>", format_html_join("", _OPTION, rows))
