"""Files that are more than their source: documents, tables, notebooks, drawn once and kept."""

from typing import Any

from django.utils.safestring import mark_safe

from common.markdown import MAX_CHARACTERS, render_document, render_plain
from common.safe_html import Links
from common.workers import run_bounded
from source.access import Code
from source.addresses import address
from source.files import File
from source.names import text_of
from source.rendering.document import Document
from source.rendering.kept import Keep
from source.rendering.notebooks import draw_notebook
from source.rendering.tables import draw_table

SECONDS = 6.0
GIVEN_UP = "This could not be drawn in the time there is for it, so here is its source."


def document_context(code: Code, file: File, format: str) -> dict[str, Any]:
    """`document` with its notes; its HTML is empty where the source is to be shown instead."""
    links = _links(code)
    place = Keep("document", file.oid, format, links)
    found: Document | None = place.get()
    if found is None:
        found, failed = _drawn(file, format, links)
        place.put(found, failed=failed)
    return {"document": found, "html": mark_safe(found.html), "format": format}  # noqa: S308 made safe by renderers


def _links(code: Code) -> Links:
    """Relative addresses in a document lead to the same revision."""
    spelled = code.revision.spelling
    return Links(
        blob=f"{address(code.project, 'blob', spelled)}/",
        raw=f"{address(code.project, 'raw', spelled)}/",
        directory=text_of(code.path.rpartition(b"/")[0]),
    )


def _drawn(file: File, format: str, links: Links) -> tuple[Document, bool]:
    """The document, and whether drawing it failed."""
    text = file.text()
    if text is None:
        return Document(""), True
    if format in ("markdown", "rst"):
        return _prose(text, format, links)
    if format == "notebook":
        found = run_bounded(draw_notebook, text, links, seconds=SECONDS, fallback=None)
    else:
        found = run_bounded(draw_table, text, format == "tsv", seconds=SECONDS, fallback=None)
    return (Document("", (GIVEN_UP,)), True) if found is None else (found, False)


def _prose(text: str, format: str, links: Links) -> tuple[Document, bool]:
    rendered = render_document(text, format, links)
    if rendered == render_plain(text):
        return Document("", (GIVEN_UP,)), True
    notes = ("This file is long: only its beginning is drawn.",) if len(text) > MAX_CHARACTERS else ()
    return Document(rendered or '<p class="dim">There is nothing to see in this document.</p>', notes), False
