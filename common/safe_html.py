"""The allow-list that stands between other people's HTML and our pages, and the rewriting of the addresses in it."""

import html
import posixpath
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import nh3

MAX_NESTING = 80
PREFIX = "user-content-"
REL = "nofollow noopener"
_SCHEMES = {"http", "https", "mailto"}
_TAGS = set(
    "a abbr b blockquote br caption center cite code dd del details dfn div dl dt em figcaption figure "  # noqa: SIM905
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small span strike strong "
    "sub summary sup table tbody td tfoot th thead tr tt ul var wbr".split()
)
_ATTRIBUTES = {
    "*": {"id", "align", "class", "dir", "lang"},
    "a": {"href", "title", "name"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "details": {"open"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "abbr": {"title"},
}
_CLASS = re.compile(
    r"language-[\w+#.-]{1,40}|tok-[a-z0-9]{1,4}|markdown-alert(-[a-z]{1,12})?|footnotes?(-[a-z]{1,12})?"
    r"|contains-task-list|task-list-item|remote-image"
)
# Characters that turn the direction of reading, with which words are made to look like others.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,40})")
_UNCOUNTED = frozenset(
    "area base br col embed hr img input link meta param source track wbr "  # noqa: SIM905
    "p li dt dd tr td th tbody thead tfoot".split()
)
_DROPPED_WITH_TEXT = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea"}


@dataclass(frozen=True, slots=True)
class Links:
    """Where a document's relative addresses lead; addresses are ours, already escaped, and end with a slash.

    blob: page of a file; raw: its bytes, for images; directory: folder the document is in, from the root of the tree.
    Where an address is None, links become plain text and images their alternative text.
    """

    blob: str | None = None
    raw: str | None = None
    directory: str = ""

    def resolve(self, address: str, base: str | None) -> str | None:
        """Our address for a relative one, or None when there is no base or it leaves the tree."""
        if base is None:
            return None
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        path = unquote(parts.path, errors="surrogateescape")
        joined = path.lstrip("/") if path.startswith("/") else posixpath.join(self.directory, path)
        target = posixpath.normpath(joined)
        if target == ".." or target.startswith(("../", "/")) or "\0" in target or "\\" in target:
            return None
        target = "" if target == "." else target
        fragment = f"#{quote(unquote(parts.fragment), safe='-._~')}" if parts.fragment else ""
        return base + quote(target, safe="/-._~", errors="surrogateescape") + fragment


def sanitise(unsafe: str, links: Links | None = None) -> str:
    """HTML of harmless elements and attributes only; every address is http(s), mailto, or made by `links`."""
    rewriter = _Rewriter(links or Links())
    rewriter.feed(_clean(cap_nesting(unsafe)))
    rewriter.close()
    return show_turns(_clean("".join(rewriter.output), rel=REL))


def show_turns(safe: str) -> str:
    """HTML or text in which what turns the direction of reading is shown by its code, so that it turns nothing."""
    return _TURNS.sub(lambda found: f"[U+{ord(found[0]):04X}]", safe)


def cap_nesting(unsafe: str, limit: int = MAX_NESTING) -> str:
    """The HTML with tags nested deeper than `limit` shown as text: sanitising takes time quadratic in the depth."""
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2].lower() in _UNCOUNTED:
            return match[0]
        if match[1]:
            depth = max(0, depth - 1)
            return match[0] if depth < limit else "&lt;/" + match[2]
        depth += 1
        return match[0] if depth <= limit else "&lt;" + match[2]

    return _TAG.sub(keep, unsafe)


def _clean(unsafe: str, rel: str | None = None) -> str:
    return nh3.clean(
        unsafe,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_TEXT,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes=_SCHEMES,
        link_rel=rel,
        strip_comments=True,
    )


def _filter_attribute(_tag: str, name: str, value: str) -> str | None:
    if name in ("id", "name"):
        return value[:200] if value.startswith(PREFIX) else PREFIX + value[:200]
    if name == "class":
        return " ".join(word for word in value.split()[:20] if _CLASS.fullmatch(word)) or None
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return value if re.fullmatch(r"[0-9]{1,4}%?", value) else None
    if name == "align":
        return value if value in ("left", "right", "center") else None
    return value


def is_absolute(address: str) -> bool:
    """Whether the address names its own scheme and host (or mailbox) in a form every browser reads the same way."""
    if re.search(r"[\x00-\x20\x7f\\\u2028\u2029\xa0]", address):
        return False
    return re.match(r"(?i)(https?://[^/?#]|mailto:[^/])", address) is not None


class _Rewriter(HTMLParser):
    """Reads sanitised HTML and writes it again with addresses resolved and remote images turned into links."""

    def __init__(self, links: Links) -> None:
        super().__init__(convert_charrefs=True)
        self.links = links
        self.output: list[str] = []
        self.anchors: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._image(values)
        elif tag == "a":
            self._anchor(values)
        else:
            self._write(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and not (self.anchors and self.anchors.pop()):
            return
        self.output.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.output.append(html.escape(data, quote=False))

    def _write(self, tag: str, values: dict[str, str]) -> None:
        attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in values.items())
        self.output.append(f"<{tag}{attributes}>")

    def _anchor(self, values: dict[str, str]) -> None:
        address = self._address(values.pop("href", "").strip())
        if address:
            values["href"] = address
        shown = bool(values.get("href") or values.get("id") or values.get("name"))
        self.anchors.append(shown)
        if shown:
            self._write("a", values)

    def _address(self, address: str) -> str | None:
        if address.startswith("#"):
            return f"#{PREFIX}{address[1:].removeprefix(PREFIX)}" if len(address) > 1 else None
        if is_absolute(address):
            return address
        if not address or address.startswith("//") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", address):
            return None
        return self.links.resolve(address, self.links.blob)

    def _image(self, values: dict[str, str]) -> None:
        source, alt = values.get("src", "").strip(), " ".join(values.get("alt", "").split())
        if is_absolute(source) and not source.startswith("mailto:"):
            self._remote_image(source, alt)
            return
        relative = source and not source.startswith(("//", "#")) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", source)
        address = self.links.resolve(source, self.links.raw) if relative else None
        if address is None:
            self.handle_data(alt)
        else:
            self._write("img", {**values, "src": address, "alt": alt, "loading": "lazy"})

    def _remote_image(self, source: str, alt: str) -> None:
        """A remote image would tell a stranger's server who reads this page, so it is named, not loaded."""
        if any(self.anchors):
            self.handle_data(alt or "image")
            return
        self._write("a", {"href": source, "class": "remote-image"})
        self.handle_data(f"image: {alt}" if alt else "image")
        self.output.append("</a>")
