"""Other people's documents as safe HTML: Markdown, reStructuredText and plain text.

`render_document` is the door for pages and tasks: it runs the rest in a killable child and falls back to plain text.
Order matters: render, cap nesting, sanitise, rewrite addresses, sanitise again: nothing passes behind the allow-list.
Classes to style: language-*, tok-* (Pygments' short names), markdown-alert*, footnote*, task-list*, remote-image.
"""

import html
import io
import re
import unicodedata
from typing import Any

import docutils.core
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.gfm import gfm_plugin
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from common.safe_html import Links, sanitise, show_turns
from common.workers import run_bounded

MAX_CHARACTERS = 512 * 1024
MAX_HTML = 4 * 1024 * 1024
HIGHLIGHT_CHARACTERS = 64 * 1024
SECONDS = 4.0
_ASIDE = re.compile(r'<aside class="admonition(?: ([a-z]{1,20}))?[^"<>]*">|<p class="admonition-title">')
_ALERTS = {"attention": "warning", "caution": "caution", "danger": "caution", "error": "caution", "hint": "tip"}
_ALERTS |= {"important": "important", "tip": "tip", "warning": "warning"}
_BOX = re.compile(r'<input class="task-list-item-checkbox"[^<>]{0,80}>')


def render_document(text: str, format: str, links: Links | None = None, *, seconds: float = SECONDS) -> str:
    """Safe HTML of `text` in `format` ("markdown", "rst", anything else is plain), addresses rewritten after `links`.

    Falls back to the same without highlighting and then to plain text when rendering takes longer than `seconds`.
    """
    text = text[:MAX_CHARACTERS]
    if format not in ("markdown", "rst"):
        return render_plain(text)
    for colours in (True, False) if format == "markdown" else (False,):
        rendered = run_bounded(_render, text, format, links, colours, seconds=seconds, fallback=None)
        if rendered is not None:
            return rendered
    return render_plain(text)


def render_markdown(text: str, links: Links | None = None, *, colours: bool = True) -> str:
    """Safe HTML of GitHub-flavoured Markdown. May take long on hostile input: pages call `render_document`."""
    markdown = MarkdownIt("commonmark", {"highlight": _highlight if colours else None, "maxNesting": 30})
    gfm_plugin(markdown, front_matter=True)
    markdown.use(anchors_plugin, max_level=6, slug_func=slugify)
    markdown.core.ruler.push("align_cells", _align_cells)
    return sanitise(_BOX.sub(_draw_box, markdown.render(text[:MAX_CHARACTERS])), links)


def _render(text: str, format: str, links: Links | None, colours: bool) -> str | None:
    """None when the result is too large to send to anyone."""
    rendered = render_rst(text, links) if format == "rst" else render_markdown(text, links, colours=colours)
    return rendered if len(rendered) <= MAX_HTML else None


def render_rst(text: str, links: Links | None = None) -> str:
    """Safe HTML of reStructuredText; files are never included, raw blocks never passed on."""
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "_disable_config": True,
        "halt_level": 6,
        "report_level": 6,
        "warning_stream": io.StringIO(),
        "syntax_highlight": "none",
        "embed_stylesheet": False,
        "stylesheet_path": "",
        "math_output": "LaTeX",
        "initial_header_level": 1,
        "doctitle_xform": True,
        "line_length_limit": 20_000,
        "id_prefix": "user-content-",
    }
    parts = docutils.core.publish_parts(text[:MAX_CHARACTERS], writer="html5", settings_overrides=settings)
    drawn = _ASIDE.sub(_draw_admonition, parts["html_body"])
    return sanitise(drawn.replace("<aside ", "<div ").replace("</aside>", "</div>"), links)


def _draw_admonition(aside: re.Match[str]) -> str:
    """An admonition as the alert that it is in the other dialect."""
    if aside[0].startswith("<p"):
        return '<p class="markdown-alert-title">'
    kind = _ALERTS.get(aside[1] or "", "note")
    return f'<div class="markdown-alert markdown-alert-{kind}">'


def render_plain(text: str) -> str:
    """The text as it is, in one preformatted block."""
    return f"<pre>{show_turns(html.escape(text[:MAX_CHARACTERS], quote=False))}</pre>"


def slugify(title: str) -> str:
    """The anchor forges make of a heading: lower case, letters, digits, hyphens and underscores, spaces to hyphens."""
    kept = (c for c in title.strip().lower() if c in "-_ " or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


def _highlight(code: str, language: str, _attributes: str) -> str:
    if not language or len(code) > HIGHLIGHT_CHARACTERS:
        return ""
    try:
        lexer = get_lexer_by_name(language.lower(), stripnl=False)
    except ClassNotFound:
        return ""
    return pygments_highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="tok-"))


def _align_cells(state: Any) -> None:
    """Cells are aligned by attribute, since the allow-list lets no style through."""
    for token in state.tokens:
        style = token.attrs.pop("style", None) if token.type in ("th_open", "td_open") else None
        if style:
            token.attrs["align"] = str(style).rpartition(":")[2]


def _draw_box(box: re.Match[str]) -> str:
    """Check boxes become characters: a form control in a document could pretend to be ours."""
    return "☑ " if "checked=" in box[0] else "☐ "
