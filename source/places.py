"""How many code pages a web process draws at once, so that no reader takes all its threads from the others.

A page that comes from a cache needs no place. What is streamed keeps its place until it is taken away.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from gitstore.errors import Busy

AT_ONCE = 6  # below the threads of a process in innersource_portal/gunicorn.py
ONE_VIEWER = 4
WAIT_SECONDS = 1.0
RETRY_SECONDS = 5


class Place:
    """A place for one answer; `leave` may be called twice."""

    def __init__(self, viewer: int) -> None:
        self._viewer = viewer
        self._held = True

    def leave(self) -> None:
        with _changed:
            if self._held:
                self._held = False
                _taken[self._viewer] -= 1
                _changed.notify_all()


class _Streamed:
    """The pieces of an answer, whose end gives the place back."""

    def __init__(self, pieces: Iterator[Any], place: Place) -> None:
        self._pieces = pieces
        self.close = place.leave

    def __iter__(self) -> Iterator[Any]:
        yield from self._pieces  # the iterator holds on to this object, and so to the place

    def __del__(self) -> None:
        self.close()  # for answers that nobody closed


_changed = threading.Condition()
_taken: Counter[int] = Counter()
_waiting = 0


def take_place(request: HttpRequest) -> Place:
    """A place for the viewer; one request waits a moment for it, so that a thread stays free. Raises Busy."""
    global _waiting
    viewer = request.user.pk or 0
    with _changed:
        seconds = 0 if _waiting else WAIT_SECONDS
        _waiting += 1
        try:
            fits = _changed.wait_for(lambda: _taken[viewer] < ONE_VIEWER and _taken.total() < AT_ONCE, seconds)
        finally:
            _waiting -= 1
        if not fits:
            raise Busy("The portal is busy with other pages of code.", "Try again in a few seconds.")
        _taken[viewer] += 1
    return Place(viewer)


def leave_after(response: HttpResponseBase, place: Place) -> HttpResponseBase:
    """Give the place back now, or where the answer is streamed, at its end."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _Streamed(iter(response.streaming_content), place)  # type: ignore[arg-type]
    else:
        place.leave()
    return response
