"""The changed files as a tree of folders; folders with a single folder in them are one row."""

from dataclasses import dataclass, field

from source.diffs.files import FileView


@dataclass(slots=True)
class Folder:
    """A folder: name as shown, folders in it, changed files in it with their names."""

    name: bytes
    folders: list["Folder"] = field(default_factory=list)
    files: list[tuple[bytes, FileView]] = field(default_factory=list)


def changed_tree(files: list[FileView]) -> Folder:
    """The root folder of all changed files, in the order given."""
    root = Folder(b"")
    known: dict[tuple[bytes, ...], Folder] = {(): root}
    for file in files:
        *folders, name = file.change.path.split(b"/")
        path = tuple(folders[:50])
        for depth in range(1, len(path) + 1):
            if path[:depth] not in known:
                known[path[:depth]] = Folder(path[depth - 1])
                known[path[: depth - 1]].folders.append(known[path[:depth]])
        known[path].files.append((b"/".join([*folders[50:], name]), file))
    return _joined(root)


def _joined(folder: Folder) -> Folder:
    """The folder with chains of lone folders in it made one."""
    while len(folder.folders) == 1 and not folder.files and folder.name:
        only = folder.folders[0]
        folder = Folder(folder.name + b"/" + only.name, only.folders, only.files)
    folder.folders = [_joined(below) for below in folder.folders]
    return folder
