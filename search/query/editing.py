"""Changes what was typed: operators added and taken out, the rest left as it stands."""

import re

from search.query.scope import spelled
from search.query.tree import And, Field, Node, Not, Or, Query, Text


def top_fields(tree: Node | None) -> list[Field]:
    """Operators that narrow the whole query: neither negated nor, unless as values of one operator, within OR."""
    children = tree.children if isinstance(tree, And) else (tree,) if tree is not None else ()
    return [given for child in children for given in ((child,) if isinstance(child, Field) else values_of(child))]


def left_out(tree: Node | None) -> list[tuple[Field, Not]]:
    """Operators with one value that are negated for the whole query, such as `-lang:go`."""
    children = tree.children if isinstance(tree, And) else (tree,)
    return [(child.child, child) for child in children if isinstance(child, Not) and isinstance(child.child, Field)]


def values_of(node: Node) -> tuple[Field, ...]:
    """The fields of one operator with several values, such as `lang:java,go`; none for anything else."""
    fields = tuple(child for child in node.children if isinstance(child, Field)) if isinstance(node, Or) else ()
    alike = isinstance(node, Or) and len(fields) == len(node.children) and len({given.start for given in fields}) == 1
    return fields if alike else ()


def has_words(tree: Node | None) -> bool:
    """Whether words or phrases stand at the top of the query."""
    children = tree.children if isinstance(tree, And) else (tree,)
    return any(isinstance(child, Text) for child in children)


def words_of(tree: Node | None) -> list[Text]:
    """Words and phrases that must all be there."""
    return [child for child in tree.children if isinstance(child, Text)] if isinstance(tree, And) else []


def with_one_of(query: Query, words: list[Text]) -> str:
    """The query that one of its words is enough for; whatever else it asks for stays behind them."""
    rest = query.text
    for word in reversed(words):
        rest = f"{rest[: word.start]} {rest[word.end :]}"
    rest = " ".join(re.sub(r"(?<!\S)AND(?!\S)", " ", rest).split())
    some = " OR ".join(query.text[word.start : word.end] for word in words)
    return f"({some}) {rest}" if rest else some


def with_value(query: Query, name: str, value: str, sign: str = "") -> str:
    """The query narrowed to a value as well, or, with the sign `-`, to what lacks it; in front of alternatives the rest
    is put in parentheses."""
    text = query.text.strip()
    if isinstance(query.tree, Or) and not values_of(query.tree):
        text = f"({text})"
    return f"{text} {sign}{name}:{spelled(value)}".strip()


def without(query: Query, given: Field) -> str:
    """The query without one value of an operator."""
    same = [field for field in top_fields(query.tree) if field.start == given.start and field != given]
    end = max(field.end for field in [*same, given])
    kept = ",".join(query.text[field.at : field.end] for field in same)
    instead = f"{query.text[given.start : query.text.index(':', given.start)]}:{kept}" if same else ""
    return " ".join(f"{query.text[: given.start]}{instead}{query.text[end:]}".split())


def without_node(query: Query, node: Node) -> str:
    """The query without a part that stands at its top."""
    return " ".join(f"{query.text[: node.start]} {query.text[node.end :]}".split())


def without_types(text: str) -> str:
    """The query without what it is to search for, so that another tab can take it."""
    return re.sub(r"(?i)(?:^|(?<=\s))-?type:\S+\s*", "", text).strip()
