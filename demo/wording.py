"""Words of commit messages: subjects from names in the code, reasons for bodies, three house styles."""

import random
import re
from pathlib import PurePosixPath

_NAMES = re.compile(
    r"\b(?:func(?: \([^)]*\))?|def|class|fn|fun|struct|interface|enum|record|type|trait|module|impl|object"
    r"|const|export function|function)\s+(?:self\.)?([A-Za-z_]\w*)"
)
_METHOD = re.compile(
    r"(?:public|private|static|protected|int|void|bool|char \*)\s+(?:[\w<>\[\],*]+\s+)*\*?([a-z]\w+)\("
)
_C_FUNCTION = re.compile(r"^(?:static )?(?:const )?(?:struct )?\w+ \*?([a-z]\w+)\(", re.MULTILINE)
_WORD = re.compile(
    r"\b(?!(?:const|static|import|include|package|return|export|async|await|private|final|public|struct|define)\b)[A-Za-z]\w{4,}"
)
_PHRASE = re.compile(r"\b(?:it|test|describe)\(\s*[\"'`]([^\"'`]+)")
_CONSTANT = re.compile(r"^(?:export const |static |const |pub const )?([A-Z][A-Z_]{3,})\b", re.MULTILINE)
_SHELL = re.compile(r"^([a-z]\w+)\(\)", re.MULTILINE)
_VERB = re.compile(
    r"accept|add|allow|apply|assign|await|batch|begin|build|cache|cancel|check|clamp|close|collect|compare|"
    r"compute|convert|count|create|decode|deliver|describe|detect|drain|drop|emit|encode|ensure|estimate|"
    r"execute|expand|export|fetch|fill|filter|find|flush|format|group|handle|ignore|insert|join|keep|limit|"
    r"list|load|log|lookup|map|mark|match|measure|merge|move|normalise|notify|open|pack|parse|pick|plan|poll|"
    r"prefer|print|publish|push|put|quote|read|record|refuse|reject|release|relocate|render|replace|report|"
    r"request|reset|resolve|restore|retry|return|round|run|save|schedule|score|send|show|skip|sort|split|start|"
    r"stop|store|strip|submit|sum|swap|take|track|translate|trim|try|update|use|validate|wait|warn|write"
)
_TYPES = {
    "feature": "feat", "test": "test", "docs": "docs", "deps": "chore", "number": "fix", "wording": "fix",
    "rename": "refactor", "comment": "docs", "log": "chore", "types": "refactor", "data": "feat", "typo": "docs",
    "remove": "refactor", "release": "chore", "first": "chore",
}  # fmt: skip
_REASONS = {
    "feature": [
        "Three teams had written their own version of this. Ours is the one with tests.",
        "Asked for by support: without it they had to open a ticket with us each time.",
        "First step only; the callers move over in the following changes.",
        "Behind the existing switch, so nothing changes until it is turned on.",
        "The old way read the whole list twice, which showed on large depots.",
        "Keeps the public signature as it was, so nobody has to release with us.",
    ],
    "test": [
        "This was broken for a day last month and no test noticed.",
        "Fails without the previous change.",
        "Taken from a real case that support forwarded.",
    ],
    "docs": [
        "Two new colleagues asked the same question in one week.",
        "The old text described how it worked before the move.",
        "Written down after explaining it in a call.",
    ],
    "number": [
        "The old value came from a time with a tenth of the traffic.",
        "Measured over a week in staging; the 99th percentile is well below.",
        "Agreed with the team on call after last week's incident.",
        "Peak season is near and the previous limit was reached twice.",
    ],
    "wording": [
        "The message did not say what to do next.",
        "On-call could not tell from the log which parcel it was about.",
    ],
    "rename": [
        "Same word as in the glossary.",
        "No change in behaviour.",
        "Reviewers kept tripping over the short name.",
    ],
    "log": ["We were blind here during the last incident.", "Low volume: a few lines an hour at most."],
    "remove": ["Nobody has called it since the last release; search finds no user."],
}


def words(name: str) -> str:
    """`parsePostcode`, `parse_postcode` or `PARSE_POSTCODE` as "parse postcode"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.strip("_")).replace("_", " ")
    return " ".join(spaced.replace("-", " ").split()).lower()


def name_in(text: str) -> str:
    """The first thing a block of code defines, or ""."""
    for pattern in (_PHRASE, _C_FUNCTION, _NAMES, _METHOD, _SHELL, _CONSTANT):
        match = pattern.search(text)
        if match:
            return match[1]
    return ""


def arrival(text: str, path: str, is_test: bool, rng: random.Random) -> str:
    """Subject of the commit that adds a block."""
    if text.lstrip().startswith("## "):
        heading = text.lstrip().removeprefix("## ").partition("\n")[0].strip("# ")
        return rng.choice(["Document “{}”", "Add a section: {}", "Describe “{}”"]).format(heading)
    name = name_in(text)
    if not name:
        found = _WORD.search(text)
        return f"Add {words(found[0])}" if found else f"Extend {PurePosixPath(path).stem}"
    plain = words(re.sub(r"^(?:test_?|Test|should_?|should)(?=[A-Z_ a-z])", "", name)) if is_test else words(name)
    if is_test:
        return rng.choice(["Cover: {}", "Add a test: {}", "Check: {}"]).format(plain)
    if " " in plain and _VERB.fullmatch(plain.split()[0]):
        return plain[0].upper() + plain[1:]
    return rng.choice(["Add {}", "Add {}", "Introduce {}"]).format(
        name if name[0].isupper() and not name.isupper() else plain
    )


def area_of(path: str) -> str:
    """Scope for a subject: the package of a monorepo, the folder, or the file's stem."""
    parts = PurePosixPath(path).parts
    if len(parts) > 2 and parts[0] in {"packages", "apps", "services", "libs", "handbook"}:
        return parts[1]
    stem = PurePosixPath(path).stem.lower().lstrip(".")
    if parts[0] in {"docs", ".github"}:
        return {"docs": "docs", ".github": "ci"}[parts[0]]
    return parts[-2] if stem in {"mod", "lib", "main", "index"} and len(parts) > 1 else stem


def styled(subject: str, kind: str, path: str, style: str) -> str:
    """The subject in the house style: "plain", "scoped" or "conventional"."""
    if style == "plain":
        return subject
    scope = "deps" if kind == "deps" else area_of(path)
    lowered = subject if subject[:2].isupper() else subject[0].lower() + subject[1:]
    if style == "scoped":
        return f"{scope}: {lowered}"
    return f"{_TYPES.get(kind, 'chore')}({scope}): {lowered}"


def reason(kind: str, rng: random.Random) -> str:
    """A sentence or two for the body, or "" where nothing needs saying."""
    choices = _REASONS.get(kind)
    return rng.choice(choices) if choices and rng.random() < 0.4 else ""
