"""What the figures mean, who is who, and teams: the project's own documents, where pages link to."""

import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from common.markdown import render_markdown

SHOWN = {
    "figures": ("activity.md", "What the figures mean"),
    "people": ("people.md", "Who is who"),
    "teams": ("teams.md", "Teams"),
}
FOR_DEVELOPERS = "\n## Tables\n"  # from here on a document speaks of the source
_LINK = re.compile(r"\[([^\]]+)\]\(([\w-]+\.md)(#[\w-]*)?\)")


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    if name not in SHOWN:
        raise Http404("There is no such document.")
    return render(request, "pages/docs.html", {"text": _text(name), "title": SHOWN[name][1]})


@lru_cache(maxsize=len(SHOWN))
def _text(name: str) -> SafeString:
    """A document as HTML without its heading; once in the life of the process."""
    path = Path(settings.BASE_DIR) / "docs" / SHOWN[name][0]
    if not path.is_file():
        raise Http404("The documents are not installed.")
    text = path.read_text(encoding="utf-8").partition("\n")[2].partition(FOR_DEVELOPERS)[0]
    html = render_markdown(_LINK.sub(_here, text)).replace("user-content-", "")  # names of people are not in here
    return mark_safe(html)  # noqa: S308 - our own document, sanitised


def _here(link: re.Match[str]) -> str:
    """Other documents are linked where they are shown, else named."""
    words, file, place = link.groups(default="")
    known = next((name for name, (path, _) in SHOWN.items() if path == file), None)
    if known is None:
        return words
    return f"[{SHOWN[known][1] if words == file else words}]({reverse('pages:docs', args=[known])}{place})"
