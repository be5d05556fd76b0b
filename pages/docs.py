"""What the figures mean: the project's own document, where figures link to."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from common.markdown import render_markdown


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/docs.html", {"text": _text()})


@lru_cache(maxsize=1)
def _text() -> SafeString:
    """docs/activity.md as HTML without its heading; once in the life of the process."""
    path = Path(settings.BASE_DIR) / "docs" / "activity.md"
    if not path.is_file():
        raise Http404("The documents are not installed.")
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    return mark_safe(render_markdown(text))  # noqa: S308 - our own document, sanitised
