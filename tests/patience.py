"""Waiting as people do: the tables of the tests, shared in memory, refuse the second of two where a file would wait."""

import threading

from django.db import OperationalError

TRIES, PAUSE_SECONDS = 6000, 0.01


def patiently(call, *arguments):
    """What `call` returns, tried again as long as tables are locked."""
    for _ in range(TRIES):
        try:
            return call(*arguments)
        except OperationalError as error:
            if "lock" not in str(error):
                raise
            threading.Event().wait(PAUSE_SECONDS)
    raise AssertionError("locked for ever")
