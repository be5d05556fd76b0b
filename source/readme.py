"""READMEs among code: below the folder they lie in, and the links of the one on a project's page."""

import re

from django.utils.safestring import SafeString, mark_safe

from common.markdown import render_document, render_plain
from common.safe_html import Links
from gitstore.records import TreeEntry
from projects.derive.content import decode
from projects.derive.readme import KEEP_BYTES, best_readme
from projects.models import Project
from projects.outcome import CODE_LINK
from source.access import Code
from source.addresses import address
from source.listing import Listing
from source.names import text_of
from source.rendering.kept import Keep

MAX_BYTES = 4 * 1024**2
GIVEN_UP = "This could not be drawn in the time there is for it, so here is its text."
_IN_PAGE = re.compile(rf'(<(?:a|img)\b[^<>]*? (?:href|src)="){re.escape(CODE_LINK)}(blob|raw)/')
_ADDRESS = re.compile(rf'(<(?:a|img)\b[^<>]*?) (?:href|src)="{re.escape(CODE_LINK)}[^"]*"')


def folder_readme(code: Code, listing: Listing) -> tuple[TreeEntry, SafeString] | None:
    """The README of a folder and its HTML; addresses in it lead to this revision."""
    names = {entry.path.decode("utf-8", "replace"): entry for entry in listing.readmes}
    chosen = best_readme(names)
    if chosen is None:
        return None
    name, format = chosen
    entry = names[name]
    spelled = code.revision.spelling
    links = Links(
        blob=f"{address(code.project, 'blob', spelled)}/",
        raw=f"{address(code.project, 'raw', spelled)}/",
        directory=text_of(code.path),
    )
    found = _rendered(code, entry, format, links)
    return (entry, found) if found else None


def _rendered(code: Code, entry: TreeEntry, format: str, links: Links) -> SafeString | None:
    place = Keep("readme", entry.oid, format, links)
    html: str | None = place.get()
    if html is None:
        found = code.reader.read(entry.oid, MAX_BYTES)
        if found is None or found.content is None or b"\0" in found.content[:8000]:
            return None
        text = decode(found.content, KEEP_BYTES).text
        html = render_document(text, format, links) if text.strip() else ""
        failed = format in ("markdown", "rst") and html == render_plain(text)
        html = f'<p class="dim">{GIVEN_UP}</p>{html}' if failed else html
        place.put(html, failed=failed)
    return mark_safe(html) if html else None  # noqa: S308 sanitised by common.markdown


def project_readme(html: str, project: Project, *, visible: bool) -> SafeString:
    """The README of a project's page with its links leading into the code, or plain words where that is not visible.

    It is stored with links that name no address, since addresses of projects change.
    """
    if not visible:
        return mark_safe(_ADDRESS.sub(r"\1", html))  # noqa: S308 sanitised when it was stored
    branch = project.repository.default_branch.encode("utf-8", "surrogateescape") or b"HEAD"
    head = project.repository.head_commit.encode("ascii") or b"HEAD"
    leads = {"blob": address(project, "blob", branch), "raw": address(project, "raw", head)}
    return mark_safe(_IN_PAGE.sub(lambda found: f"{found[1]}{leads[found[2]]}/", html))  # noqa: S308
