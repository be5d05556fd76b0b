"""Finding branches and tags by a piece of their name, without holding them all."""

from collections.abc import Iterator, Sequence

from gitstore.errors import Broken
from gitstore.objects import ObjectReader
from gitstore.process import run_git, stream_git

SPACES = {"branch": b"refs/heads/", "tag": b"refs/tags/"}


def find_refs(reader: ObjectReader, kind: str, words: bytes, limit: int) -> tuple[list[bytes], int]:
    """Full names of at most `limit` branches or tags (`kind`) that hold `words`, and how many there are.

    Upper and lower case ASCII letters are alike. The shortest place first: the name itself, names that begin with the
    words, then those that hold them; among these branches by name, tags from the highest version down.
    """
    space = SPACES[kind]
    wanted = words.lower()
    best: list[tuple[int, int, bytes]] = []
    count = 0
    for order, name in enumerate(_names(reader, kind)):
        short = name[len(space) :].lower()
        if wanted not in short:
            continue
        count += 1
        rank = 0 if short == wanted else 1 if short.startswith(wanted) else 2 if b"/" + wanted in short else 3
        if len(best) < limit:
            best.append((rank, order, name))
            best.sort()
        elif rank < best[-1][0]:
            best[-1] = (rank, order, name)
            best.sort()
    return [name for _, _, name in best], count


def types_at(reader: ObjectReader, names: Sequence[bytes], path: bytes) -> list[str]:
    """What is at a path in each of these refs: "tree", "blob", "commit" (a submodule), or empty for nothing."""
    if b"\n" in path:  # cannot be asked for through a pipe of lines
        return [""] * len(names)
    asked = b"".join(name + b":" + path + b"\n" for name in names)
    args = ["cat-file", "--batch-check=%(objecttype)"]
    try:
        output = run_git(args, git_dir=reader.git_dir, limits=reader.limits, input=asked) if names else b""
    except Broken:  # a tree that git refuses to walk takes the answers for all others with it
        return [_type_at(reader, name, path) for name in names]
    rows = output.split(b"\n")[: len(names)]
    return [row.decode("ascii") if row in (b"tree", b"blob", b"commit") else "" for row in rows]


def _type_at(reader: ObjectReader, name: bytes, path: bytes) -> str:
    commit = reader.commit(name)
    try:
        found = reader.at(commit.tree, path) if commit else None
    except Broken:
        return ""
    return found.type if found else ""


def _names(reader: ObjectReader, kind: str) -> Iterator[bytes]:
    order = "--sort=-version:refname" if kind == "tag" else "--sort=refname"
    args = ["for-each-ref", order, "--format=%(refname)", SPACES[kind].decode().rstrip("/")]
    rest = b""
    config = [("versionsort.suffix", "-")]  # 1.0-rc1 comes before 1.0
    with stream_git(args, git_dir=reader.git_dir, limits=reader.limits, config=config) as chunks:
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
