"""The list of all projects: a flat read model, an index in memory, text search, facets."""

from projects.catalog.entries import refresh

__all__ = ["refresh"]
