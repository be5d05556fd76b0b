"""From a matcher to Zoekt's query language: at least the files that match, since what comes back is looked at again."""

from search.engine import AllOf, AnyOf, FileName, Folder, Literal, Matcher, NoneOf, Path, Regex, Repositories, Symbol

EVERY = "repo:^r"
NONE = "-repo:^r"


def question(node: Matcher) -> str:
    """A query whose answer holds every file that satisfies the matcher."""
    if isinstance(node, AllOf):
        return _joined([each for each in map(question, node.children) if each != EVERY], " ") or EVERY
    if isinstance(node, AnyOf):
        asked = [question(child) for child in node.children]
        return EVERY if EVERY in asked else _joined(asked, " or ") or NONE
    if isinstance(node, NoneOf):
        return f"-{question(node.child)}" if _is_exact(node.child) else EVERY
    return _leaf(node)


def _leaf(node: Matcher) -> str:
    if isinstance(node, Literal) and node.text and "\n" not in node.text:
        return _atom("content", escaped(node.text), node.case_sensitive)
    if isinstance(node, Regex):
        return _atom("content", node.pattern, False)  # which may hold (?i)
    if isinstance(node, Path | FileName):
        if isinstance(node, FileName) and node.regex:
            return EVERY
        return _atom("file", node.pattern if node.regex else escaped(node.pattern), node.case_sensitive)
    if isinstance(node, Symbol):
        name = escaped(node.name)
        return _atom("sym", f"^{name}$" if node.exact else name, node.case_sensitive)
    if isinstance(node, Repositories | Folder):
        ids = node.ids if isinstance(node, Repositories) else [node.repository_id]
        return f"repo:^r({'|'.join(map(str, sorted(ids)))})$" if ids else NONE
    return EVERY


def _atom(field: str, pattern: str, case_sensitive: bool) -> str:
    quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'( case:{"yes" if case_sensitive else "no"} {field}:"{quoted}" )'


def _joined(parts: list[str], joint: str) -> str:
    return f"( {joint.join(parts)} )" if len(parts) > 1 else "".join(parts)


def _is_exact(node: Matcher) -> bool:
    """Whether Zoekt and we mean the same, so that it may be turned round."""
    if isinstance(node, Literal):
        return node.text.isascii() and bool(node.text) and "\n" not in node.text
    return isinstance(node, Repositories)


def escaped(text: str) -> str:
    """The expression of exactly this text."""
    return "".join("\\" + each if each in r"\.+*?()|[]{}^$" else each for each in text)
