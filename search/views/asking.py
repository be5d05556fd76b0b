"""Asks the engine, and words what it refuses."""

from search.engine import Answer, BadPattern, Request, engine
from search.query import QueryError


def ask(request: Request) -> Answer:
    """Raises QueryError for an expression that the engine refuses though the query language took it."""
    try:
        return engine().search(request)
    except BadPattern as error:
        raise QueryError(f"This regular expression cannot be searched for: {error}", 0, 0) from error
