"""One view for htmx and for browsers without script."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page; a restored history entry or a boosted link needs all of it."""
    headers = request.headers
    if headers.get("HX-Request") != "true":
        return False
    return headers.get("HX-Boosted") != "true" and headers.get("HX-History-Restore-Request") != "true"


def render_fragment(
    request: HttpRequest, page_template: str, fragment_template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """The fragment for htmx, else the page; caches are told that the answer depends on who asks."""
    template = fragment_template if wants_fragment(request) else page_template
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response
