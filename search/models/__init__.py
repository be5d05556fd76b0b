from search.models.index import IndexState, IndexStateQuerySet, SkippedFile
from search.models.saved import SavedHit, SavedSearch

__all__ = ["IndexState", "IndexStateQuerySet", "SavedHit", "SavedSearch", "SkippedFile"]
