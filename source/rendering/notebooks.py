"""Jupyter notebooks: cells and what is stored of their output. Runs where it can be killed.

Nothing in a notebook is believed: HTML passes the allow-list, pictures must be what they say, all else is text.
"""

import base64
import binascii
import html
import json
import re
from typing import Any

from common.markdown import render_markdown
from common.safe_html import Links, sanitise, show_turns
from source.rendering.document import Document
from source.rendering.highlight import coloured_lines, lexer_for, plain_lines

MAX_CELLS = 1_000
MAX_TEXT = 20_000  # characters of one output
MAX_PICTURE = 1024**2  # characters of base64
MAX_HTML = 6 * 1024**2
CELL_SECONDS = 0.25
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_EMPTY_HEAD = re.compile(r"<th((?: [^<>]*)?)></th>")  # a data frame's corner, which heads nothing
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def draw_notebook(text: str, links: Links) -> Document:
    """Cells in order. A notebook that is malformed comes without HTML and says so."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return Document("", ("This is not a notebook that can be read, so here is its source.",))
    cells = _cells(notebook)
    if cells is None:
        return Document("", ("This is not a notebook of a form that is known, so here is its source.",))
    drawing = _Drawing(_language(notebook), links)
    parts: list[str] = []
    size = 0
    for cell in cells[:MAX_CELLS]:
        part = drawing.cell(cell) if isinstance(cell, dict) else ""
        size += len(part)
        if size > MAX_HTML:
            break
        parts.append(part)
    notes = list(drawing.notes)
    if len(parts) < len(cells):
        notes.append(f"The first {len(parts)} of {len(cells):,} cells.")
    return Document(show_turns("".join(parts)) or '<p class="dim">This notebook has no cells.</p>', tuple(notes))


def _cells(notebook: Any) -> list[Any] | None:
    """Cells of formats 4 and, from its worksheets, 3; None where there are none."""
    if not isinstance(notebook, dict):
        return None
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets := notebook.get("worksheets"), list):
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    return cells if isinstance(cells, list) else None


def _language(notebook: dict[str, Any]) -> str:
    metadata = _dict(notebook.get("metadata"))
    told = _dict(metadata.get("language_info")).get("name") or _dict(metadata.get("kernelspec")).get("language")
    return told if isinstance(told, str) else "python"


class _Drawing:
    """One notebook while its cells are drawn."""

    def __init__(self, language: str, links: Links) -> None:
        self.lexer = lexer_for("", language[:40])
        self.links = links
        self.notes: dict[str, None] = {}

    def cell(self, cell: dict[str, Any]) -> str:
        kind, source = cell.get("cell_type"), _text(cell.get("source", cell.get("input")))
        if kind == "markdown":
            return f'<div class="cell prose">{render_markdown(source, self.links)}</div>'
        if kind == "heading":
            return f'<div class="cell prose"><h2>{html.escape(source)}</h2></div>'
        if kind != "code":
            return f'<div class="cell"><pre>{html.escape(source[:MAX_TEXT], quote=False)}</pre></div>'
        number = cell.get("execution_count", cell.get("prompt_number"))
        counted = f"{number}" if isinstance(number, int) and not isinstance(number, bool) else " "
        outputs = "".join(self.output(each) for each in _list(cell.get("outputs")) if isinstance(each, dict))
        shown = f'<div class="out">{outputs}</div>' if outputs else ""
        return f'<div class="cell code"><span class="turn">[{counted}]</span>{self._code(source)}{shown}</div>'

    def output(self, output: dict[str, Any]) -> str:
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return self._pre(_text(output.get("text")), name)
        if kind in ("error", "pyerr"):
            lines = "\n".join(_text(line) for line in _list(output.get("traceback"))[:200])
            told = lines or f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
            return self._pre(told, "failed")
        return self._data(_dict(output.get("data")) or _old_data(output))

    def _data(self, data: dict[str, Any]) -> str:
        for kind, magic in _PICTURES.items():
            if kind in data and (picture := self._picture(kind, magic, _text(data[kind]))):
                return picture
        if "text/html" in data and (safe := self._html(_text(data["text/html"]))):
            return safe
        if "text/markdown" in data:
            return f'<div class="prose">{render_markdown(_text(data["text/markdown"])[:MAX_TEXT], self.links)}</div>'
        for kind in ("text/plain", "text/latex", "application/json", "image/svg+xml"):
            if kind in data and isinstance(data[kind], (str, list)):
                return self._pre(_text(data[kind]), "stdout")
        if data:
            self.notes["Output of a kind that only Jupyter shows is left out."] = None
        return ""

    def _picture(self, kind: str, magic: bytes, text: str) -> str:
        packed = re.sub(r"\s+", "", text)
        if len(packed) > MAX_PICTURE:
            self.notes["Pictures of more than 1 MB are left out."] = None
            return '<p class="dim">A picture too large to show here.</p>'
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            return ""
        if not content.startswith(magic):
            return ""
        return f'<img src="data:{kind};base64,{base64.b64encode(content).decode("ascii")}" alt="Output of this cell">'

    def _html(self, text: str) -> str:
        if len(text) > 10 * MAX_TEXT:
            self.notes["Large HTML output is left out."] = None
            return ""
        safe = _EMPTY_HEAD.sub(r"<td\1></td>", sanitise(text, self.links).strip())
        if not re.sub(r"<[^>]*>", "", safe).strip() and "<img" not in safe:
            return ""
        return f'<div class="prose html">{safe}</div>'

    def _code(self, source: str) -> str:
        lines = source[: 10 * MAX_TEXT].split("\n")
        drawn = coloured_lines(lines, self.lexer, CELL_SECONDS).lines if self.lexer else plain_lines(lines)
        return f"<pre><code>{chr(10).join(drawn)}</code></pre>"

    def _pre(self, text: str, name: str) -> str:
        told = _ANSI.sub("", text)
        if len(told) > MAX_TEXT:
            self.notes["Long output is cut."] = None
        lines = plain_lines(_returned(told[:MAX_TEXT]).split("\n"))
        return f'<pre class="{name}">{chr(10).join(lines)}</pre>' if told.strip() else ""


def _returned(text: str) -> str:
    """Lines as a terminal leaves them: what follows the last carriage return, as progress bars use it."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _old_data(output: dict[str, Any]) -> dict[str, Any]:
    """Output of format 3, which names kinds by short words."""
    words = {"png": "image/png", "jpeg": "image/jpeg", "html": "text/html", "text": "text/plain", "latex": "text/latex"}
    return {kind: output[word] for word, kind in words.items() if word in output}


def _text(value: Any) -> str:
    """Text of the notebook's two forms, a string or a list of lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
