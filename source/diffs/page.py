"""The part of a page that shows a comparison, as commit and compare pages have it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from gitstore.diffs import DiffOptions
from source.access import Code
from source.addresses import address
from source.diffs.files import Budget, FileView, file_view
from source.diffs.reading import FILES_A_PAGE, Shown, compare, read_page
from source.diffs.tree import Folder, changed_tree

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comparison is: the page's word, what it compares as the address spells it, and how it is looked at."""

    code: Code
    page: str
    spelling: bytes
    split: bool = False
    ignore_space: bool = False
    parent: int = 1

    def link(self, path: bytes = b"", page: int = 1, *, split: bool | None = None, space: bool | None = None) -> str:
        """The address of this comparison, looked at in the same way unless told."""
        query: dict[str, str] = {}
        if self.split if split is None else split:
            query["view"] = "split"
        if self.ignore_space if space is None else space:
            query["space"] = "ignore"
        if self.parent > 1:
            query["parent"] = str(self.parent)
        if page > 1:
            query["page"] = str(page)
        base = address(self.code.project, self.page, self.spelling, path)
        return f"{base}?{urlencode(query)}" if query else base

    @property
    def other_view(self) -> str:
        return self.link(split=not self.split)

    @property
    def other_space(self) -> str:
        return self.link(space=not self.ignore_space)


@dataclass(slots=True)
class DiffPage:
    """Everything that templates show of a comparison."""

    place: Place
    shown: Shown
    files: list[FileView]
    tree: Folder
    path: bytes
    number: int

    @property
    def total(self) -> int:
        return self.shown.total

    @property
    def first(self) -> int:
        return self.shown.first + 1

    @property
    def last(self) -> int:
        return self.shown.first + len(self.files)

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def deleted(self) -> int:
        return sum(file.deleted for file in self.files)

    @property
    def all_counted(self) -> bool:
        """Whether the sums are those of the whole comparison."""
        return self.total == len(self.files) and self.shown.diff.all_listed and all(file.counted for file in self.files)

    @property
    def previous(self) -> str:
        return self.place.link(self.path, self.number - 1) if self.number > 1 else ""

    @property
    def next(self) -> str:
        return self.place.link(self.path, self.number + 1) if self.last < self.total else ""


def looked_at(request: HttpRequest, code: Code, page: str, spelling: bytes) -> Place:
    """How the viewer wants to see a comparison, from the query string."""
    parent = request.GET.get("parent", "")
    return Place(
        code,
        page,
        spelling,
        split=request.GET.get("view") == "split",
        ignore_space=request.GET.get("space") == "ignore",
        parent=int(parent) if parent.isdecimal() and len(parent) < 4 else 1,
    )


def diff_page(request: HttpRequest, place: Place, ids: tuple[str, str], path: bytes = b"") -> DiffPage:
    """The files that differ between two commits or trees (ids), below a path. Raises GitError."""
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isdecimal() and 0 < int(asked[:5]) <= MAX_PAGE else 1
    comparison = compare(place.code, *ids, DiffOptions(ignore_space=place.ignore_space))
    shown = read_page(place.code, comparison, path, number)
    alone = bool(path) and len(shown.files) == 1
    budget = Budget()
    files = [
        _with_links(file_view(change, patch, budget, place.link, split=place.split, alone=alone), place, ids)
        for change, patch in shown.files
    ]
    return DiffPage(place, shown, files, changed_tree(files), path, shown.first // FILES_A_PAGE + 1)


def _with_links(view: FileView, place: Place, ids: tuple[str, str]) -> FileView:
    change, project = view.change, place.code.project
    old, new = (oid.encode("ascii") for oid in ids)
    if change.old_oid and change.old_mode & 0o170000 != 0o160000:
        view.old = address(project, "blob", old, change.old_path)
    if change.new_oid and change.new_mode & 0o170000 != 0o160000:
        view.new = address(project, "blob", new, change.path)
    return view
