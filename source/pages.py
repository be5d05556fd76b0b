"""What every code page has in common: the door, what browsers may keep, and plain words for what cannot be shown."""

from collections.abc import Callable
from functools import wraps

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gitstore.errors import Busy, GitError, LimitExceeded, NotFound, Refused
from gitstore.objects import OID
from projects.access import Moved
from source import caching
from source.access import Code, Missing, NoCode, open_code
from source.addresses import address, tail
from source.frame import frame
from source.missing import missing_page, nothing_page
from source.places import RETRY_SECONDS, leave_after, take_place

CodeView = Callable[[HttpRequest, Code], HttpResponseBase]


def code_page(
    page: str, *, cache: str = "", identity: caching.Identity = caching.commit_identity
) -> Callable[[CodeView], Callable[..., HttpResponseBase]]:
    """Make a view of a function that is given the open code; `page` is its word in the address.

    `cache` is `caching.PAGE`, `caching.BYTES` or empty; `identity` says what the answer follows from.
    """

    def decorate(view: CodeView) -> Callable[..., HttpResponseBase]:
        keep = _Keep(view, cache, identity)

        @require_safe
        @wraps(view)
        def opened(request: HttpRequest, slug: str, **_tail: str) -> HttpResponseBase:
            try:
                with open_code(request, slug) as code:
                    return _answer(request, code, keep)
            except Moved as moved:
                return HttpResponsePermanentRedirect(_same(request, moved, page))
            except NoCode as nothing:
                return nothing_page(request, nothing.project)

        return opened

    return decorate


class _Keep:
    """A view with its way of being cached."""

    def __init__(self, view: CodeView, cache: str, identity: caching.Identity) -> None:
        self.view = view
        self.cache = cache
        self.identity = identity

    def __call__(self, request: HttpRequest, code: Code) -> HttpResponseBase:
        fixed = self.fixed(code)
        if fixed and (held := self.held_of(request, code, fixed)):
            return held
        # A message is shown once, on whatever page comes next, which is no page to keep.
        known = self.identity(code) if self.cache and not get_messages(request) else None
        if known is None:
            response = self.see(request, code)
            response.headers.setdefault("Cache-Control", caching.ASK_AGAIN)
            return response
        return self.held(request, code, known, fixed=bool(fixed)) or self.draw(request, code, known, fixed=bool(fixed))

    def held_of(self, request: HttpRequest, code: Code, fixed: str) -> HttpResponseBase | None:
        """The answer without asking git: what was drawn of a commit before was drawn of one that is there."""
        code.commit_id = fixed
        known = self.identity(code) if self.cache else None
        del code.commit_id
        return self.held(request, code, known, fixed=True) if known else None

    def held(self, request: HttpRequest, code: Code, known: str, *, fixed: bool) -> HttpResponseBase | None:
        """The answer where the browser or the portal still has the page."""
        if not self.cache or get_messages(request):
            return None
        tag = caching.tag_for(request, code.project, self.cache, f"{known} {code.erased.stamp}")
        if same := caching.unchanged(request, tag, self.cache, fixed=fixed):
            return same
        kept = caching.drawn(request, tag) if self.cache == caching.PAGE else None
        if kept is not None:
            caching.stamp(kept, tag, self.cache, fixed=fixed)
        return kept

    def draw(self, request: HttpRequest, code: Code, known: str, *, fixed: bool) -> HttpResponseBase:
        response = self.see(request, code)
        tag = caching.tag_for(request, code.project, self.cache, f"{known} {code.erased.stamp}")
        if self.cache == caching.PAGE:
            caching.keep(request, tag, response)
        caching.stamp(response, tag, self.cache, fixed=fixed)
        return response

    def see(self, request: HttpRequest, code: Code) -> HttpResponseBase:
        """The answer of the view, which is worked on in a place of its own. Raises Busy."""
        place = take_place(request)
        try:
            return leave_after(self.view(request, code), place)
        except BaseException:
            place.leave()
            raise

    def fixed(self, code: Code) -> str | None:
        """The whole commit id that the address begins with, if it does."""
        first = code.tail.split(b"/", 1)[0].decode("latin-1")
        return first if OID.match(first) else None


def _same(request: HttpRequest, moved: Moved, page: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    return address(moved.project, page, tail(request)) + (f"?{query}" if query else "")


def _answer(request: HttpRequest, code: Code, keep: _Keep) -> HttpResponseBase:
    try:
        return keep(request, code)
    except Missing as missing:
        return missing_page(request, code, missing)
    except NotFound as error:
        return missing_page(request, code, Missing(error.message))
    except GitError as error:
        return _unreadable(request, code, error)


def _unreadable(request: HttpRequest, code: Code, error: GitError) -> HttpResponse:
    """Too slow, too large or damaged. The frame asks nothing of the mirror, which may be what is broken."""
    context = {
        **frame(code, "missing", title=f"Unreadable · {code.project.name}", about_revision=False),
        "error": error,
    }
    later = isinstance(error, (LimitExceeded, Busy))
    status = 503 if later else 403 if isinstance(error, Refused) else 500
    response = render(request, "source/unreadable.html", context, status=status)
    if isinstance(error, Busy):
        response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "private, no-store"
    return response
