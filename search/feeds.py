"""The Atom feed of a saved search."""

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from projects.models import Project
from search.found.code import Places, file_url
from search.models import SavedHit, SavedSearch
from source.names import plain

ENTRIES = 50


def atom(search: SavedSearch, url: str) -> str:
    """Its new hits, the newest first, as far as its owner may read them now."""
    base = settings.BASE_URL
    feed = Atom1Feed(
        title=plain(search.name),
        link=base + url,
        description="",
        feed_url=base + reverse("search:feed", args=[search.token]),
        feed_guid=f"{base}/search/saved/{search.pk}",
        author_name="",
        subtitle=plain(search.text, 500),
    )
    new = search.hits.filter(is_new=True).visible_to(search.owner).select_related("project")
    hits = list(new[:ENTRIES])
    places = Places(search.owner, {hit.repository_id for hit in hits if hit.repository_id})
    for hit in hits:
        project = hit.project or (places.project(hit.repository_id, bytes(hit.path)) if hit.repository_id else None)
        if project is not None:
            _add(feed, search, hit, project)
    return str(feed.writeString("utf-8"))


def _add(feed: Atom1Feed, search: SavedSearch, hit: SavedHit, project: Project) -> None:
    path = bytes(hit.path)
    url = project.get_absolute_url()
    if hit.repository_id:
        url = file_url(project, hit.commit or "HEAD", path) + (f"#L{hit.line}" if hit.line else "")
    feed.add_item(
        title=f"{plain(project.name)}: {plain(path)}" if path else plain(project.name),
        link=settings.BASE_URL + url,
        description=plain(hit.excerpt, 400) or plain(project.tagline, 400),
        unique_id=f"{settings.BASE_URL}/search/saved/{search.pk}#{hit.key}",
        updateddate=hit.found_at,
        pubdate=hit.found_at,
    )
