"""What the figures mean, who is who, and teams: the project's own documents, where pages link to."""

import re
from functools import lru_cache
from html import unescape
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from common.markdown import render_markdown
from common.safe_html import Links

SHOWN = {
    "figures": ("activity.md", "What the figures mean"),
    "people": ("people.md", "Who is who"),
    "teams": ("teams.md", "Teams"),
}
BASE = "/documents/"  # stands for the folder of the documents until addresses are known
FOR_DEVELOPERS = "\n## Tables\n"  # from here on a document speaks of the source
_HEADING = re.compile(r'<h([23]) id="([^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\(([\w-]+\.md)(#[\w-]*)?\)")


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    if name not in SHOWN:
        raise Http404("There is no such document.")
    context = {"text": _text(name), "contents": _contents(name), "title": SHOWN[name][1]}
    return render(request, "pages/docs.html", context)


@lru_cache(maxsize=len(SHOWN))
def _text(name: str) -> SafeString:
    """A document as HTML without its heading; once in the life of the process."""
    path = Path(settings.BASE_DIR) / "docs" / SHOWN[name][0]
    if not path.is_file():
        raise Http404("The documents are not installed.")
    text = path.read_text(encoding="utf-8").partition("\n")[2].partition(FOR_DEVELOPERS)[0]
    html = render_markdown(_LINK.sub(_named, text), Links(blob=BASE)).replace("user-content-", "")  # no names of others
    for known, (file, _) in SHOWN.items():
        html = html.replace(f'href="{BASE}{file}', f'href="{reverse("pages:docs", args=[known])}')
    return mark_safe(html)  # noqa: S308 - our own document, sanitised


@lru_cache(maxsize=len(SHOWN))
def _contents(name: str) -> list[tuple[str, str]]:
    """(place, words) of each heading, in order."""
    return [(place, unescape(strip_tags(words))) for _, place, words in _HEADING.findall(_text(name))]


def _named(link: re.Match[str]) -> str:
    """Documents that are not shown here are named, not linked; a file name as words becomes the title."""
    words, file, place = link.groups(default="")
    title = next((title for path, title in SHOWN.values() if path == file), None)
    return words if title is None else f"[{title if words == file else words}]({file}{place})"
