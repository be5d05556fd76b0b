"""Seeded random histories of everything that is awkward in Git: `grow(builder, seed)`.

Files keep most of their lines from commit to commit, so that there is something to blame and renames are found.
"""

import random

NAMES = [
    *(
        "plain.txt",
        "dir/sub/deep.c",
        "dir/other.c",
        "--help",
        "-n",
        ":(glob)*.txt",
        "sp ace #?%25.txt",
        "*.c",
        "a&<b>.md",
    ),
    *(
        b"latin-\xe9.txt",
        "new\nline.txt",
        "tab\there",
        'quo"te\\back',
        "Case.txt",
        "case.txt",
        "ünï/çødé.py",
        "dir/HEAD",
    ),
]
TIMES = [0, 1, 86_400 * 365, 1_700_000_000, 2_147_483_648, 4_294_967_295]
AUTHORS = [
    *("Ann <ann@example.org>", "bob <bob@example.org>", "Zoë \u202e <zoe@example.org>", " <>", "a.b;c <odd address>"),
    *("<script>x</script".replace("<", "(").replace(">", ")") + " <x&y@example.org>",),
]
MESSAGES = [
    "Change",
    "",
    "  \n\nLate title\nsecond line",
    "Üml\u202eaut <b>",
    "x" * 300,
    "a\n\nCo-authored-by: B <b@x>",
]


class _Garden:
    """One history while it grows: branches with the files at their tips."""

    def __init__(self, builder, seed):
        self.builder = builder
        self.chance = random.Random(seed)
        self.branches = {"main": {}}
        self.oids = []
        self.when = 1_600_000_000
        self.count = 0

    def commit(self, branch, files, **more):
        state = self.branches[branch]
        for path, content in files.items():
            if content is None:
                state.pop(path, None)
            else:
                state[path] = content
        self.when += self.chance.choice([60, 3_600, 86_400, -7_200])
        odd = self.chance.random() < 0.05
        when = self.chance.choice(TIMES) if odd else self.when
        more.setdefault("message", self.chance.choice(MESSAGES))
        author = self.chance.choice(AUTHORS)
        oid = self.builder.commit(files, branch=branch, author=author, when=when, **more)
        self.oids.append(oid)
        return oid

    def lines(self, count=30):
        self.count += 1
        return [f"{self.count}.{n} {self.chance.random()}" for n in range(count)]

    def text(self, lines):
        end = self.chance.choice([b"\n", b"\n", b"\n", b"\r\n"])
        last = self.chance.choice([end, end, b""])
        return end.join(line.encode() for line in lines) + last

    def path(self, branch, kind=bytes):
        found = [path for path, content in self.branches[branch].items() if isinstance(content, kind)]
        return self.chance.choice(found) if found else None


def grow(builder, seed, steps=60):
    """Commit `steps` times, at random but the same for the same seed; returns the ids of all commits."""
    garden = _Garden(builder, seed)
    garden.commit("main", {name: garden.text(garden.lines()) for name in garden.chance.sample(NAMES, 6)})
    kinds = [_edit] * 6 + [_add, _remove, _rename, _rename, _copy, _mode, _retype, _empty, _branch, _merge, _merge]
    kinds += [_octopus, _root, _binary, _ignore, _folder]
    for _ in range(steps):
        branch = garden.chance.choice(list(garden.branches))
        garden.chance.choice(kinds)(garden, branch)
    return garden.oids


def _edit(garden, branch):
    path = garden.path(branch)
    if path is None:
        return _add(garden, branch)
    lines = garden.branches[branch][path].decode("latin-1").splitlines()
    at = garden.chance.randrange(len(lines) + 1)
    new = [line.rstrip() for line in lines]
    new[at : at + garden.chance.randrange(4)] = garden.lines(garden.chance.randrange(4))
    return garden.commit(branch, {path: garden.text(new)})


def _add(garden, branch):
    taken = garden.branches[branch]
    free = [name for name in NAMES if name not in taken and not _inside(name, taken)]
    if free:
        garden.commit(branch, {garden.chance.choice(free): garden.text(garden.lines())})


def _inside(name, taken):
    """Whether a file would be at the place of a folder or within a file."""
    raw = _raw(name)
    others = [_raw(other) for other in taken]
    return any(other.startswith(raw + b"/") or raw.startswith(other + b"/") or other == raw for other in others)


def _raw(name):
    return name if isinstance(name, bytes) else name.encode()


def _remove(garden, branch):
    path = garden.path(branch)
    if path is not None:
        garden.commit(branch, {path: None})


def _rename(garden, branch):
    path = garden.path(branch)
    taken = garden.branches[branch]
    free = [name for name in NAMES if not _inside(name, taken)]
    if path is None or not free:
        return
    content = garden.branches[branch][path]
    if garden.chance.random() < 0.5:
        content += garden.text(garden.lines(2))
    garden.commit(branch, {path: None, garden.chance.choice(free): content})


def _copy(garden, branch):
    path = garden.path(branch)
    free = [name for name in NAMES if not _inside(name, garden.branches[branch])]
    if path is not None and free:
        garden.commit(branch, {garden.chance.choice(free): garden.branches[branch][path]})


def _mode(garden, branch):
    path = garden.path(branch)
    if path is not None:
        garden.commit(branch, {path: ("100755", garden.branches[branch][path])})
        garden.branches[branch][path] = garden.branches[branch][path][1]


def _retype(garden, branch):
    """A file becomes a symlink, a submodule or a folder, or one of those a file."""
    path = garden.path(branch, (bytes, tuple))
    if path is None:
        return
    now = garden.branches[branch][path]
    kinds = [("120000", b"plain.txt"), ("160000", "1" * len(garden.oids[0])), garden.text(garden.lines())]
    garden.commit(
        branch, {path: garden.chance.choice([kind for kind in kinds if type(kind) is not type(now)] or kinds)}
    )


def _folder(garden, branch):
    path = garden.path(branch)
    if path is not None:
        content = garden.branches[branch][path]
        garden.commit(branch, {path: None})
        garden.commit(branch, {_raw(path) + b"/inside": content})


def _empty(garden, branch):
    garden.commit(branch, {})


def _branch(garden, branch):
    if len(garden.branches) < 5:
        name = f"side{len(garden.branches)}"
        garden.builder.set_ref(f"refs/heads/{name}", garden.builder.oid(f"refs/heads/{branch}"))
        garden.branches[name] = dict(garden.branches[branch])


def _merge(garden, branch, sides=1):
    """Files of one side or the other, or of neither."""
    others = [name for name in garden.branches if name != branch]
    if not others:
        return
    merged = garden.chance.sample(others, min(sides, len(others)))
    parents = [garden.builder.oid(f"refs/heads/{name}") for name in (branch, *merged)]
    files = {}
    for name in merged:
        for path, content in garden.branches[name].items():
            mine = path in garden.branches[branch] or not _inside(path, {**garden.branches[branch], **files})
            if mine and garden.chance.random() < 0.5:
                files[path] = content
    if garden.chance.random() < 0.3 and (path := garden.path(branch)):
        files[path] = garden.branches[branch][path] + b"evil\n"
    garden.commit(branch, files, parents=list(dict.fromkeys(parents)))


def _octopus(garden, branch):
    _merge(garden, branch, sides=3)


def _root(garden, branch):
    """A history of its own, to be merged."""
    if len(garden.branches) < 6:
        name = f"root{len(garden.branches)}"
        garden.branches[name] = {}
        garden.commit(name, {garden.chance.choice(NAMES): garden.text(garden.lines())}, parents=())


def _binary(garden, branch):
    garden.commit(branch, {"pic.bin": b"\0\1\2" + garden.chance.randbytes(40)})


def _ignore(garden, branch):
    listed = garden.chance.sample(garden.oids, min(3, len(garden.oids)))
    broken = garden.chance.choice(["", "nonsense\n", listed[0][:7] + "\n", "0" * len(listed[0]) + "\n"])
    text = "# revisions\n" + "".join(f"{oid}  # why\n" for oid in listed) + broken
    garden.commit(branch, {".git-blame-ignore-revs": text.encode()})
