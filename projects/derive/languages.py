"""The languages of a repository and their shares, by the rules of github-linguist.

Counted are bytes of files in programming and markup languages that are not vendored, documentation or generated;
`.gitattributes` overrides each of these. Content is read within a budget; what stays unread is settled by what the read
files of the same extension turned out to be, and the result says that it is an estimate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive import language_rules as rules
from projects.derive.attributes import Attributes, Overrides
from projects.derive.generated import is_generated, may_be_generated
from projects.derive.path_rules import PathRules, documentation_rules, generated_rules, vendored_rules

LOOKED_AT = 128 * 1024
NEUTRAL = "#8b949e"
# Extensions of files that are never text; reading them would only cost.
BINARY_WORDS = """
    7z a avi bin bmp bz2 class dat db deb dll doc docx dylib eot exe flac gif gz icns ico jar jpeg jpg lib mkv mo mov
    mp3 mp4 mpeg npy npz o odt ogg otf pak parquet pdf png ppt pptx psd pyc pyd rar rpm snap so sqlite sqlite3 swf tar
    tgz tif tiff ttf wasm wav webm webp whl woff woff2 xls xlsx xz zip zst
"""
BINARY = frozenset(BINARY_WORDS.split())


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """One language: bytes counted, share of all counted bytes (0 to 1), colour as "#rrggbb"."""

    name: str
    bytes: int
    share: float
    colour: str


@dataclass(frozen=True, slots=True)
class LanguageShares:
    """All languages, largest first. `estimated`: some ambiguous files were not read, or the tree was truncated."""

    shares: tuple[LanguageShare, ...]
    total_bytes: int
    estimated: bool

    @property
    def primary(self) -> str | None:
        return self.shares[0].name if self.shares else None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much content may be read: files, bytes altogether, bytes of one file, seconds. The rest goes by its name."""

    files: int = 50_000
    bytes: int = 128 * 1024 * 1024
    file_bytes: int = 8 * 1024 * 1024
    seconds: float = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may count. `rank`: 0 content decides the language, 1 content may exclude it, 2 unknown extension."""

    entry: TreeEntry
    name: str
    overrides: Overrides
    rank: int


def derive_languages(snapshot: Snapshot, budget: Budget = Budget()) -> LanguageShares:
    """Languages and shares of one commit's tree (or of the subdirectory the snapshot shows)."""
    candidates = list(counted_candidates(snapshot))
    tally: Counter[str] = Counter()
    open_files: list[tuple[Candidate, rules.Guess]] = []
    learned: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reader = Reader(snapshot, budget, candidates)
    for candidate in candidates:
        guess = guess_language(candidate, reader.read(candidate))
        if len(guess) > 1:
            open_files.append((candidate, guess))
        elif guess:
            count(tally, candidate, guess[0])
            learned[extension_of(candidate.name)][guess[0]] += candidate.entry.size or 0
    for candidate, guess in open_files:
        count(tally, candidate, likeliest(guess, learned[extension_of(candidate.name)], tally))
    return shares_of(tally, snapshot.truncated or reader.missed)


class Reader:
    """Reads within the budget. `missed`: a file whose content decides was left out."""

    def __init__(self, snapshot: Snapshot, budget: Budget, candidates: list[Candidate]) -> None:
        self.snapshot = snapshot
        self.budget = budget
        self.chosen = within(candidates, budget)
        self.deadline = monotonic() + budget.seconds
        self.missed = False

    def read(self, candidate: Candidate) -> bytes | None:
        """Content, or None when the file is not among the chosen ones or time is up."""
        data = None
        if candidate.entry.oid in self.chosen and monotonic() < self.deadline:
            data = self.snapshot.read(candidate.entry, self.budget.file_bytes)
        self.missed = self.missed or (data is None and candidate.rank == 0)
        return data


def counted_candidates(snapshot: Snapshot) -> Iterator[Candidate]:
    """Files that neither their path nor an attribute excludes and that may be of a counted language."""
    attributes = Attributes(snapshot)
    families = (vendored_rules(), documentation_rules(), generated_rules())
    for entry in snapshot.entries:
        if entry.type != "blob" or entry.is_symlink or not entry.size:
            continue
        path = entry.path.decode("utf-8", "surrogateescape")
        overrides = attributes.of(path)
        directory, _, name = path.rpartition("/")
        if not is_excluded(directory, name, overrides, families):
            rank = rank_of(name, overrides)
            if rank is not None:
                yield Candidate(entry, name, overrides, rank)


def is_excluded(directory: str, name: str, overrides: Overrides, families: tuple[PathRules, ...]) -> bool:
    said = (overrides.vendored, overrides.documentation, overrides.generated)
    return any(
        family.match(directory, name) if override is None else override
        for override, family in zip(said, families, strict=True)
    )


def rank_of(name: str, overrides: Overrides) -> int | None:
    """How much the content matters; None when the file cannot count whatever it holds."""
    if overrides.detectable is False:
        return None
    if overrides.language:
        return 1
    guess = rules.by_name(name)
    known = rules.languages()
    if guess and not overrides.detectable and not any(known[each].counted for each in guess):
        return None
    if len(guess) == 1:
        return 1
    if guess or rules.MANUAL.search(name):
        return 0
    return None if extension_of(name).lower()[1:] in BINARY else 2


def extension_of(name: str) -> str:
    """The last extension as written, with its dot; empty for none and for names such as ".profile"."""
    stem, dot, extension = name.rpartition(".")
    return dot + extension if stem.strip(".") else ""


def within(candidates: list[Candidate], budget: Budget) -> set[str]:
    """Object ids of the blobs to read: those that decide first, then by id, which is as good as a random sample."""
    wanted = [c for c in candidates if (c.entry.size or 0) <= budget.file_bytes]
    if len(wanted) > budget.files or sum(c.entry.size or 0 for c in wanted) > budget.bytes:
        wanted.sort(
            key=lambda c: (
                c.rank == 2,
                c.rank if c.rank == 0 or may_be_generated(extension_of(c.name)) else 2,
                c.entry.oid,
            )
        )
    chosen: set[str] = set()
    left = budget.bytes
    for candidate in wanted:
        left -= candidate.entry.size or 0
        if len(chosen) >= budget.files or left < 0:
            break
        chosen.add(candidate.entry.oid)
    return chosen


def guess_language(candidate: Candidate, data: bytes | None) -> rules.Guess:
    """Candidate languages of one file; empty when it does not count."""
    asked = candidate.overrides.language
    if data is None:
        guess = rules.by_name(candidate.name)
    else:
        head = data[:LOOKED_AT]
        if candidate.overrides.generated is None and is_generated(extension_of(candidate.name), head):
            return ()
        guess = () if rules.is_binary(head) else rules.detect(candidate.name, head)
    if asked:
        named = rules.language_called(asked)
        guess = (named,) if named else ()
    return guess


def count(tally: Counter[str], candidate: Candidate, name: str) -> None:
    language = rules.languages()[name]
    if language.counted or candidate.overrides.detectable:
        tally[language.group] += candidate.entry.size or 0


def likeliest(guess: rules.Guess, alike: Counter[str], tally: Counter[str]) -> str:
    """The best of several: what files of the same extension were, what the repository is in, what is common."""
    popular = rules.tables()["popular"]
    return max(guess, key=lambda name: (alike[name], tally[name], name in popular, -guess.index(name)))


def shares_of(tally: Counter[str], estimated: bool) -> LanguageShares:
    total = sum(tally.values())
    known = rules.languages()
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    shares = tuple(LanguageShare(name, size, size / total, known[name].colour or NEUTRAL) for name, size in ordered)
    return LanguageShares(shares, total, estimated)
