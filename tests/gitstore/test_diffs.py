import io
import os
import stat
import subprocess
import tarfile
import zipfile
from itertools import pairwise

import pytest

from gitstore import diffs
from gitstore.archives import open_archive, safe_name
from gitstore.comparing import children, commits_between, containing, count_apart, merge_base
from gitstore.diffs import Caps, Comparison, DiffOptions, empty_tree, read_diff, read_patches, sections, unified_text
from gitstore.records import Limits
from gitstore.reflists import read_branches, read_tag_rows, refs_digest

LIMITS = Limits(seconds=30)
WHOLE = Caps(100_000, 64 * 1024**2)
BINARY = bytes(range(256)) * 20
PROSE = "".join(f"line {number}\n" for number in range(60))


def awkward(builder):
    """Pairs of commits that hold everything a diff can be about."""
    module = builder.commit({"seed": "x"}, branch="other")
    steps = [
        {
            "a.txt": PROSE,
            "move me.txt": PROSE + "tail\n",
            "bin": BINARY,
            "run.sh": "echo\n",
            "link": ("120000", "a.txt"),
        },
        {"a.txt": PROSE.replace("line 7\n", "line seven\n").replace("line 40\n", ""), "bin": BINARY + b"\0"},
        {"move me.txt": None, b'moved\tto \xff\n"x".txt': PROSE + "tale\n", "run.sh": ("100755", "echo\n")},
        {"link": ("120000", "elsewhere"), "sub": ("160000", module), "empty": ""},
        {"link": "no longer a link\n", "run.sh": ("120000", "a.txt"), "sub": ("160000", "1" * len(module))},
        {"a.txt": PROSE.rstrip("\n"), "sub": None, "sub/inside": "was a module\n"},
        {"a.txt": PROSE.rstrip("\n") + "\r\nmore\r", "cr": "a\r\nb\rc\x0cd\x1ee\n"},
        {"a.txt": PROSE.replace("line", "  line "), "cr": "a\nb\rc\x0cd\x1ee\n", "latin": b"caf\xe9\nna\xefve\n"},
        {"tricky": "--- a/x\n+++ b/x\n@@ -1 +1 @@\ndiff --git a/a.txt b/a.txt\n", "latin": b"caf\xe9\nnaive\n"},
        {"tricky": "-- a/x\n++ b/x\n@@ -1 +1 @@\n\ndiff --git a/a.txt b/b.txt\n", "dir b/x b/y": "1\n", "empty": None},
        {"dir b/x b/y": None, "dir": "1\n", "cr": None, ":(glob)**": "1\n", "-option": "2\n"},
    ]
    oids = [builder.commit(step) for step in steps]
    side = builder.commit({"side": "1\n"}, branch="side", parents=[oids[3]])
    merge = builder.commit({"side": "1\n", "evil": "in a merge\n"}, parents=[oids[-1], side])
    first = [(empty_tree(oids[0]), oids[0])]
    return [
        *first,
        *pairwise(oids),
        (oids[0], oids[-1]),
        (oids[-1], oids[0]),
        (side, merge),
        (oids[-1], merge),
    ]


@pytest.fixture(params=["sha1", "sha256"])
def builder(request, repository_builder):
    return repository_builder(object_format=request.param)


@pytest.mark.parametrize("options", [(), ("-w",)])
def test_texts_equal_those_of_git_diff(builder, options):
    for old, new in awkward(builder):
        comparison = Comparison(builder.path, old, new, LIMITS, DiffOptions(ignore_space=bool(options)))
        assert unified_text(comparison) == builder.git("diff", *options, old, new)
        assert builder.git(*comparison.command("--patch")) == builder.git("diff", *options, old, new)


def test_counts_and_kinds_equal_those_of_git(builder):
    for old, new in awkward(builder):
        diff = read_diff(Comparison(builder.path, old, new, LIMITS), WHOLE)
        rows = builder.git("diff", "--numstat", "-z", "-M", old, new)
        sums = [row.split(b"\t")[:2] for row in rows.split(b"\0") if row.count(b"\t") == 2]
        ours = [(patch.added, patch.deleted) for _, patch in sorted(diff.patches.items())]
        assert ours == [(int(a), int(d)) if a != b"-" else (0, 0) for a, d in sums]
        names = builder.git("diff", "--name-status", "-z", "-M", old, new).split(b"\0")[:-1]
        told = []
        for change in diff.changes:
            letter = change.status + (f"{change.similarity:03d}" if change.status in "RC" else "")
            told += [letter.encode(), *([change.old_path] if change.status in "RC" else []), change.path]
        assert told == names


def test_a_file_that_became_a_link_is_one_file(builder):
    old = builder.commit({"a": "text\n", "b": "1\n"})
    new = builder.commit({"a": ("120000", "b"), "b": "2\n"})
    diff = read_diff(Comparison(builder.path, old, new, LIMITS), WHOLE)
    assert [change.status for change in diff.changes] == ["T", "M"]
    assert len(list(sections(diff.patches[0].text))) == 2 and len(list(sections(diff.patches[1].text))) == 1


def test_what_the_caps_leave_out_can_be_asked_for(builder):
    names = [f"f{number:03d}" for number in range(40)]
    old = builder.commit({name: f"{name}\n" for name in names} | {"gone": PROSE})
    new = builder.commit({name: f"new {name}\n" for name in names} | {"gone": None, "here": PROSE + "x\n"})
    comparison = Comparison(builder.path, old, new, LIMITS)
    diff = read_diff(comparison, Caps(files=10, bytes=10**6))
    assert len(diff.changes) == 41 and sorted(diff.patches) == list(range(10))
    rest = [diff.changes[place] for place in (20, 30, 40)]
    found = read_patches(comparison, rest, WHOLE)
    assert [found[change].added for change in rest] == [1, 1, 1]
    assert rest[2].status == "R" and found[rest[2]].text.count(b"\n+") == 2
    few = read_diff(comparison, Caps(files=300, bytes=300))
    assert 0 < len(few.patches) < 5 and len(few.changes) == 41


def test_a_file_that_became_a_folder(builder):
    old = builder.commit({"a": "1\n", "z": "1\n"})
    new = builder.commit({"a": None, "a/b": "2\n", "z": "2\n"})
    comparison = Comparison(builder.path, old, new, LIMITS, DiffOptions(renames=False))
    diff = read_diff(comparison, Caps(0, 10**6))
    found = read_patches(comparison, [diff.changes[0]], WHOLE)
    assert diff.changes[0].path == b"a" and found[diff.changes[0]].deleted == 1 and len(found) == 1


def test_nothing_but_white_space(builder):
    old = builder.commit({"a": "1 2\n", "b": "x\n", "z": "  y\n"})
    new = builder.commit({"a": "1  2\n", "b": "y\n", "z": "y\n"})
    diff = read_diff(Comparison(builder.path, old, new, LIMITS, DiffOptions(ignore_space=True)), WHOLE)
    assert [diff.patches[place].text == b"" for place in range(3)] == [True, False, True]


def test_a_list_cut_short_says_so(builder, monkeypatch):
    monkeypatch.setattr(diffs, "MAX_CHANGES", 5)
    old = builder.commit({})
    new = builder.commit({f"f{number}": "x" for number in range(9)})
    diff = read_diff(Comparison(builder.path, old, new, LIMITS), WHOLE)
    assert len(diff.changes) == 5 and not diff.all_listed


def test_only_ids_are_compared(builder):
    for bad in ("main", "--output=x", "HEAD^"):
        with pytest.raises(ValueError, match="object id"):
            read_diff(Comparison(builder.path, bad, bad, LIMITS), WHOLE)


def test_how_commits_stand_to_each_other(builder):
    base = builder.commit({"a": "1"})
    one = builder.commit({"a": "2"})
    two = builder.commit({"a": "3"})
    other = builder.commit({"b": "1"}, branch="side", parents=[base])
    alone = builder.commit({"c": "1"}, branch="alone", parents=())
    builder.tag("v1", one, message="One")
    assert merge_base(builder.path, two, other, LIMITS) == base
    assert merge_base(builder.path, two, alone, LIMITS) is None
    assert count_apart(builder.path, two, other, LIMITS) == (2, 1)
    assert commits_between(builder.path, base, two, LIMITS, range(50)) == [two, one]
    assert commits_between(builder.path, base, two, LIMITS, range(1, 2)) == [one]
    part = containing(builder.path, one, LIMITS)
    assert part.branches == (b"refs/heads/main",) and part.tags == (b"refs/tags/v1",)
    assert set(children(builder.path, base, LIMITS)) == {one, other} and children(builder.path, two, LIMITS) == ()


def test_the_base_is_the_one_that_git_diff_takes(builder):
    """Two branches merged into each other have two bases."""
    root = builder.commit({"r": "1\n"})
    a, b = (
        builder.commit({"a": "1\n"}, branch="a", parents=[root]),
        builder.commit({"b": "1\n"}, branch="b", parents=[root]),
    )
    left = builder.commit({"b": "1\n", "x": "1\n"}, branch="a", parents=[a, b])
    right = builder.commit({"a": "1\n", "y": "1\n"}, branch="b", parents=[b, a])
    base = merge_base(builder.path, left, right, LIMITS)
    shown = unified_text(Comparison(builder.path, base, right, LIMITS))
    assert shown == builder.git("diff", f"{left}...{right}")


def test_branches_and_tags_are_listed(builder):
    old = builder.commit({"a": "1"}, message="First", when=1_600_000_000)
    new = builder.commit(
        {"a": "2"}, branch="feature/x", message="Gr\u00f6\u00dfer\n\nBody", when=1_700_000_000, parents=[old]
    )
    before = refs_digest(builder.path, LIMITS)
    rows = read_branches(builder.path, LIMITS)
    assert [(row.name, row.oid, row.time, row.title) for row in rows] == [
        (b"feature/x", new, 1_700_000_000, "Gr\u00f6\u00dfer"),
        (b"main", old, 1_600_000_000, "First"),
    ]
    blob = builder.git("rev-parse", "main:a").decode().strip()
    for name, target in (("v1.9", old), ("v1.10", old), ("blob", blob)):
        builder.tag(name, target)
    builder.tag("note", new, message="Signed off")
    builder.tag("again", "note", message="Twice")
    tags = {row.name: row for row in read_tag_rows(builder.path, LIMITS)}
    order = list(tags)
    assert order.index(b"v1.10") < order.index(b"v1.9") and order[0] in (b"note", b"again")
    assert (tags[b"note"].kind, tags[b"note"].target, tags[b"note"].tagger) == ("tag", new, "Tess")
    assert (tags[b"blob"].target_kind, tags[b"blob"].target) == ("blob", blob)
    assert tags[b"again"].target_kind == "tag"
    assert refs_digest(builder.path, LIMITS) != before


def test_an_empty_repository_has_no_refs(builder):
    assert read_branches(builder.path, LIMITS) == [] and read_tag_rows(builder.path, LIMITS) == []
    assert refs_digest(builder.path, LIMITS)


def unpacked(data, form):
    """Path to (mode bits, content) of the files of an archive."""
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            rows = [(info.filename, info.external_attr >> 16, archive.read(info)) for info in archive.infolist()]
            return {
                name: (mode & 0o111, content)
                for name, mode, content in rows
                if not stat.S_ISDIR(mode) and name[-1] != "/"
            }
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.issym():
                found[member.name] = (0, os.fsencode(member.linkname))
            elif member.isfile():
                found[member.name] = (member.mode & 0o111, archive.extractfile(member).read())
    return found


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_archives_hold_what_the_tree_holds(builder, form):
    files = {"a.txt": PROSE, "dir/b": BINARY, "run.sh": ("100755", "echo\n"), "left": "out", "lfs.bin": "x\n"}
    attributes = "left export-ignore\n*.bin filter=lfs diff=lfs\n"
    commit = builder.commit(files | {".gitattributes": attributes, "link": ("120000", "a.txt"), b"caf\xc3\xa9 x": "1"})
    output = open_archive(builder.path, commit, form, LIMITS, prefix="../w\u00efdget 1")
    found = unpacked(b"".join(output), form)
    output.close()
    ids = {name: builder.git("hash-object", "--stdin", stdin=content).strip() for name, (_, content) in found.items()}
    rows = [row.split(b"\t") for row in builder.git("ls-tree", "-r", "-z", commit).split(b"\0") if row]
    expected = {"w-dget-1/" + name.decode(): facts.split(b" ")[2] for facts, name in rows if name != b"left"}
    assert ids == expected
    assert found["w-dget-1/run.sh"][0] and not found["w-dget-1/a.txt"][0]


def test_an_archive_of_a_folder(builder):
    commit = builder.commit({"dir/b": "1", "a": "2"})
    output = open_archive(builder.path, commit, "zip", LIMITS, prefix="w", path=b"dir")
    data = b"".join(output)
    assert b"w/dir/b" in data and b"w/a" not in data


def test_names_for_files_are_safe():
    assert safe_name("widget", "feature/x", "..") == "widget-feature-x"
    assert safe_name("\u202e", "/../") == "archive"
    assert safe_name('a"\r\nb; x=y') == "a-b-x-y"
    assert len(safe_name("x" * 4000)) == 120


def test_leaving_an_archive_early_stops_git(builder):
    commit = builder.commit({f"f{number}": os.urandom(500_000) for number in range(10)})
    output = open_archive(builder.path, commit, "tar.gz", LIMITS, prefix="w")
    pieces = iter(output)
    next(pieces)
    output.close()
    output.close()
    found = subprocess.run(["pgrep", "-f", f"git-dir={builder.path} archive"], capture_output=True, check=False)
    assert found.stdout == b""
