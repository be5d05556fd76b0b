import pytest

from tests.search.plain_engine import PlainEngine


@pytest.fixture
def plain_engine(monkeypatch):
    """An engine that knows only what the test adds to it."""
    made = PlainEngine()
    monkeypatch.setattr("search.engines.chosen", lambda: made)
    return made
