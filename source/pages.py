"""What every code page has in common: the door, and plain words for what is not there or cannot be read."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gitstore.errors import GitError, LimitExceeded, NotFound
from projects.access import Moved
from source.access import Code, Missing, NoCode, open_code
from source.addresses import address, tail

CodeView = Callable[[HttpRequest, Code], HttpResponseBase]


def code_page(page: str) -> Callable[[CodeView], Callable[..., HttpResponseBase]]:
    """Make a view of a function that is given the open code; `page` is its word in the address."""

    def decorate(view: CodeView) -> Callable[..., HttpResponseBase]:
        @require_safe
        @wraps(view)
        def opened(request: HttpRequest, slug: str, **_tail: str) -> HttpResponseBase:
            try:
                with open_code(request, slug) as code:
                    return _answer(request, code, view)
            except Moved as moved:
                return HttpResponsePermanentRedirect(address(moved.project, page, tail(request)))
            except NoCode:
                return render(request, "source/nothing.html", {"slug": slug}, status=404)

        return opened

    return decorate


def _answer(request: HttpRequest, code: Code, view: CodeView) -> HttpResponseBase:
    try:
        return view(request, code)
    except Missing as missing:
        return _missing(request, code, missing)
    except NotFound as error:
        return _missing(request, code, Missing(error.message))
    except GitError as error:
        context = {"project": code.project, "error": error}
        status = 503 if isinstance(error, LimitExceeded) else 500
        return render(request, "source/unreadable.html", context, status=status)


def _missing(request: HttpRequest, code: Code, missing: Missing) -> HttpResponse:
    if not code.repository.head_commit and missing.revision is None:
        return render(request, "source/nothing.html", {"project": code.project}, status=404)
    context = {"project": code.project, "missing": missing}
    return render(request, "source/missing.html", context, status=404)
