"""The query language: what somebody typed becomes a tree, and the tree becomes what an engine is asked."""

from search.query.parser import parse
from search.query.tree import Query, QueryError

__all__ = ["Query", "QueryError", "parse"]
