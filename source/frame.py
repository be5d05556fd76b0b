"""What stands around every code page: header and tabs, revision picker, breadcrumbs, keys.

A view:

    @code_page("blame", cache=PAGE)                       # source.pages; see source.caching for `cache`
    def blame(request, code):
        entry = code.entry()                              # raises Missing: the 404 page with near matches follows
        return render(request, "source/blame.html", {**frame(code, "blame"), "lines": …})

Its template:

    {% extends "source/base.html" %}{% load code %}
    {% block actions %}<a class="btn small" href="{% code_url frame "raw" %}">Raw</a>{% endblock %}
    {% block code %}…{% endblock %}

Blocks of source/base.html: `title` (given by frame), `above` (notices below the tabs), `line` (picker, breadcrumbs and
actions; empty it to have none), `actions` (buttons at the end of that line), `code` (the page), `scripts` and `styles`
(begin with {{ block.super }}). `{% block wide %}wide{% endblock %}` is for pages that take the whole window's width.

In every template `frame` has: project, repository, revision (None on pages about no revision), `ref` (bytes) and `kind`
("branch", "tag", "commit") of it, path (bytes), page, tabs, crumbs, title, permalink, picker_url. Addresses come from
{% code_url frame "blob" path=entry.path %}, or `frame.url("blob", path=…, revision=…)` in Python; path and revision are
bytes and default to those of the page. Pages without revision or path: {% code_url frame "tags" "" "" %}.

Names, texts and people (tags and filters of {% load code %}):

    {{ entry.path|shown }}                names of files, branches, people: bytes or str; never print bytes otherwise
    {{ path|plain }}                      the same for title="" and aria-label=""
    {{ message|shown_text }}              text of several lines, in a white-space: pre-wrap element
    {% author commit.author %}            avatar and name of a Signature (or anything with name and email)
    {% commit_link frame commit %}        title of anything with oid and title, linking to the commit
    {% short_oid frame oid %}             ten digits in mono, linking to the commit
    {{ seconds|moment|ago }}              a time in seconds since 1970 as a datetime ({% load portal %} for ago)

Keys: give a link, button or field `data-key="b"` (blame) or `data-key="l"` (line); t, y, / and ? are there already. The
help is components/keys.html.
"""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from gitstore.errors import NotFound
from gitstore.revisions import Revision, spell
from projects.models import Project, Repository
from source.access import Code
from source.addresses import address
from source.names import plain

# Pages that show one revision of one path, between which the picker may switch revisions.
AT_A_PATH = ("tree", "blob", "blame", "commits")
_TABS = (("tree", "Code"), ("commits", "History"), ("branches", "Branches"), ("tags", "Tags"))
_BELONGS = {"tree": "tree", "blob": "tree", "blame": "tree", "find": "tree", "refs": "tree", "missing": "tree"}
_BELONGS |= {"commits": "commits", "commit": "commits", "compare": "branches", "branches": "branches", "tags": "tags"}
_TITLES = {"blame": "Blame", "commits": "History", "find": "Find a file", "branches": "Branches", "tags": "Tags"}


@dataclass(frozen=True)
class Frame:
    """See the module. `crumbs`: (name, address) from the root of the tree down to the folder around `here`."""

    project: Project
    page: str
    revision: Revision | None
    path: bytes
    default: bytes
    title: str
    tabs: list[dict[str, Any]] = field(default_factory=list)
    crumbs: list[tuple[bytes | str, str]] = field(default_factory=list)

    @property
    def repository(self) -> Repository:
        return self.project.repository

    @property
    def here(self) -> bytes:
        """The last name of the path; empty at the root."""
        return self.path.rpartition(b"/")[2]

    @property
    def spelling(self) -> bytes:
        """The revision as addresses have it; the default branch where the page is about none."""
        return self.revision.spelling if self.revision else self.default

    @property
    def ref(self) -> bytes:
        """Short name of the branch or tag; ten digits of a commit id."""
        if self.revision is None:
            return b""
        if self.revision.ref is None:
            return self.revision.oid[:10].encode("ascii")
        return self.revision.ref.split(b"/", 2)[2]

    @property
    def kind(self) -> str:
        """What the revision was named by: "branch", "tag" or "commit"."""
        ref = self.revision.ref if self.revision else None
        return "commit" if ref is None else "branch" if ref.startswith(b"refs/heads/") else "tag"

    @property
    def permalink(self) -> str:
        """The same page at the commit's id; empty where that is what it is, or makes no sense."""
        if self.revision is None or self.revision.is_fixed or self.page not in (*AT_A_PATH, "find"):
            return ""
        return self.url(self.page, revision=self.revision.oid.encode("ascii"))

    @property
    def find_url(self) -> str:
        """Where files of this revision are found by name."""
        return self.url("find", path=b"")

    @property
    def refs_url(self) -> str:
        """Where the revision picker searches."""
        return self.url("refs")

    @property
    def refs_to(self) -> str:
        """The page that the revision picker leads to."""
        return self.page if self.page in AT_A_PATH else "tree"

    @property
    def picker_url(self) -> str:
        """The revision picker as a page."""
        return f"{self.refs_url}?to={self.refs_to}"

    def url(self, page: str, path: bytes | None = None, revision: bytes | None = None) -> str:
        """The address of a code page; at this revision and path unless given (bytes; empty for none)."""
        return address(
            self.project,
            page,
            self.spelling if revision is None else revision,
            self.path if path is None else path,
        )


def frame(code: Code, page: str, *, title: str = "", about_revision: bool = True) -> dict[str, Any]:
    """Context of a code page: `frame`, and `project`, `revision`, `path` for short. `page`: its word in addresses.

    `title` replaces the usual one; `about_revision` is False for pages whose address holds no revision and path.
    """
    revision, path = _place(code) if about_revision else (None, b"")
    made = Frame(code.project, page, revision, path, default_spelling(code), "")
    words = title or _title(made)
    tabs = project_tabs(code.project, page, made.spelling)
    made = Frame(code.project, page, revision, path, made.default, words, tabs, _crumbs(made))
    return {"frame": made, "project": code.project, "revision": revision, "path": path}


def default_spelling(of: Code | Project) -> bytes:
    """The default branch as addresses have it; HEAD where there is none."""
    name = of.repository.default_branch.encode("utf-8", "surrogateescape")
    return spell(b"refs/heads/" + name, ()) if name else b"HEAD"


def project_tabs(project: Project, page: str, revision: bytes = b"") -> list[dict[str, Any]]:
    """Tabs of a project whose code the viewer may read: words, url, current. `page`: "overview" or a code page."""
    folder = project.subdirectory.encode("utf-8", "surrogateescape")
    spelled = revision or default_spelling(project)
    rows = [{"words": "Overview", "url": project.get_absolute_url(), "current": page == "overview"}]
    for word, words in _TABS:
        at_a_path = word in AT_A_PATH
        url = address(project, word, spelled, folder) if at_a_path else address(project, word)
        rows.append({"words": words, "url": url, "current": _BELONGS.get(page) == word})
    activity = reverse("pages:activity", args=[project.slug])
    rows.insert(1, {"words": "Activity", "url": activity, "current": page == "activity"})
    contribute = reverse("contributions:project_contribute", args=[project.slug])
    rows.insert(1, {"words": "Contribute", "url": contribute, "current": page == "contribute"})
    return rows


def _place(code: Code) -> tuple[Revision | None, bytes]:
    try:
        return code.place
    except NotFound:
        return None, b""


def _title(made: Frame) -> str:
    words = [_TITLES.get(made.page, "")] if made.page in _TITLES else []
    if made.path:
        words.append(plain(made.path, 120))
    if made.revision is not None and made.ref != made.default:
        words.append(f"at {plain(made.ref, 80)}")
    return " ".join([*words, "·", made.project.name] if words else [made.project.name, "code"])


def _crumbs(made: Frame) -> list[tuple[bytes | str, str]]:
    if made.revision is None:
        return []
    names = made.path.split(b"/") if made.path else []
    crumbs: list[tuple[bytes | str, str]] = [(made.project.slug, made.url("tree", path=b""))]
    for depth in range(1, len(names)):
        crumbs.append((names[depth - 1], made.url("tree", path=b"/".join(names[:depth]))))
    return crumbs
