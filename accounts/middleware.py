"""Nobody reads without signing in, unless the site lets anonymous viewers in."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

OPEN_PREFIXES = ("/accounts/", "/static/", "/admin/login/", "/search/feeds/", "/feeds/", "/notifications/stop/")
LONGEST_RETURN = 2048  # Django takes no longer address for a safe one to go back to
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/robots.txt", "/favicon.ico"})


class SignInRequiredMiddleware:
    """Sends anonymous viewers to sign in, except on pages that need no account.

    With `ANONYMOUS_READ` they may read (GET and HEAD) what `visible_to` shows them.
    Every private response is marked so that no shared cache keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._may_pass(request):
            return self._to_sign_in(request)
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store" if request.user.is_authenticated else "private, no-cache"
        return response

    @staticmethod
    def _to_sign_in(request: HttpRequest) -> HttpResponse:
        """A redirect; for a fragment of a page whose session ended, the whole page goes to sign-in."""
        if "HX-Request" not in request.headers:
            wanted = (request.get_full_path(), request.path, "/")
            return redirect_to_login(next(way for way in wanted if len(way) <= LONGEST_RETURN))
        came_from = urlsplit(request.headers.get("HX-Current-URL", "/"))
        response = HttpResponse(status=401)
        response["HX-Redirect"] = redirect_to_login(came_from.path or "/").url
        return response

    def _may_pass(self, request: HttpRequest) -> bool:
        if request.user.is_authenticated or request.path in OPEN_PATHS or request.path.startswith(OPEN_PREFIXES):
            return True
        return bool(settings.ANONYMOUS_READ) and request.method in {"GET", "HEAD"}
