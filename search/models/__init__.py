from search.models.index import IndexState, IndexStateQuerySet, SkippedFile

__all__ = ["IndexState", "IndexStateQuerySet", "SkippedFile"]
