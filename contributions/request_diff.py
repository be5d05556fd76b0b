"""The change of a request as its page shows it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from contributions.models import ChangeRequest, RequestVersion
from gitstore.patch_mails import patched_files
from source.addresses import address
from source.diffs.files import Budget, FileView, anchor, file_view
from source.diffs.tree import Folder, changed_tree

FILES = 300


@dataclass(slots=True)
class RequestDiff:
    """Files of one version, the folders they are in, and how many there are; `split` as templates of diffs expect."""

    files: list[FileView]
    tree: Folder
    total: int
    split: bool
    other_view: str


def request_diff(request: HttpRequest, found: ChangeRequest, version: RequestVersion) -> RequestDiff:
    """The files of a version; with `file` in the address that file alone, however large."""
    text = RequestVersion.objects.values_list("diff", flat=True).get(pk=version.pk)
    files = patched_files(bytes(text))
    asked = request.GET.get("file", "")
    alone = [(change, patch) for change, patch in files if anchor(change.path) == asked]
    split = request.GET.get("view") == "split"

    def link(path: bytes) -> str:
        query = {"version": version.number, "file": anchor(path), **({"view": "split"} if split else {})}
        return f"{found.get_absolute_url()}?{urlencode(query)}#{anchor(path)}"

    budget = Budget()
    views = [
        file_view(change, patch, budget, link, split=split, alone=bool(alone))
        for change, patch in (alone or files[:FILES])
    ]
    for view in views:
        if view.change.old_mode and version.base:
            view.old = address(found.project, "blob", version.base.encode("ascii"), view.change.old_path)
    other = {"version": version.number, **({} if split else {"view": "split"})}
    return RequestDiff(views, changed_tree(views), len(files), split, f"{found.get_absolute_url()}?{urlencode(other)}")
