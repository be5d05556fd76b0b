"""Parts of the catalog page that come in hundreds, written without a template: {% load catalog %}."""

from collections.abc import Iterable
from functools import cache
from html import escape
from urllib.parse import quote

from django import template
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_micro

from common.charts import swatch
from common.templatetags.portal import ago, compact
from projects.catalog.selection import FacetValue
from projects.models import Project
from projects.views.catalog import Line

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


@register.simple_tag
def project_facts(line: Line) -> SafeString:
    """The small line below a project: who owns it, what it is made of, how lively it is."""
    project = line.project
    items = [f"<li>{escape(line.team or 'No owner')}</li>"]
    if line.language:
        items.append(f"<li>{swatch(line.colour)}{escape(line.language)}</li>")
    if project.licence:
        items.append(f"<li>{escape(project.licence)}</li>")
    if project.lifecycle and project.lifecycle != Project.Lifecycle.PRODUCTION:
        look = "chip" if project.lifecycle == Project.Lifecycle.EXPERIMENTAL else "chip warn"
        items.append(f'<li class="{look}">{escape(project.get_lifecycle_display())}</li>')
    for topic in line.topics:
        items.append(f'<li><a class="chip" href="?topic={quote(topic, safe="")}">{escape(topic)}</a></li>')
    if line.hidden_topics:
        items.append(f"<li>+{line.hidden_topics}</li>")
    if project.star_count:
        items.append(f'<li title="Stars">★ {compact(project.star_count)}<span class="sr"> stars</span></li>')
    items.append(f"<li>{ago(project.last_commit_at) if project.last_commit_at else 'no commits'}</li>")
    return SafeString('<ul class="meta">' + _lock(project) + "".join(items) + "</ul>")


def _lock(project: Project) -> str:
    if project.visibility != Project.Visibility.RESTRICTED:
        return ""
    return f'<li title="Only named teams and people may read this">{_icon("lock-closed")}Restricted</li>'


@cache
def _icon(name: str) -> str:
    return str(heroicon_micro(name, size=14, aria_hidden="true"))
