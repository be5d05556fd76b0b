"""The operators of the query language. The parser, the suggestions, the help and the documentation share this table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """`values` closes the set of values. `regex`: takes `/…/`. `listed`: takes several values with commas between.

    `whole`: it speaks of the whole query, so it stands outside OR and parentheses.
    """

    name: str
    meaning: str
    example: str
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    regex: bool = False
    listed: bool = False
    whole: bool = False
    negatable: bool = True


TYPES = ("code", "file", "repo", "symbol", "commit", "person")
_TYPE_ALIASES = {"project": "repo", "projects": "repo", "symbols": "symbol", "commits": "commit", "people": "person"}
_TYPE_ALIASES |= {"files": "file", "path": "file", "repository": "repo"}

OPERATORS = (
    Operator("repo", "in repositories whose address or project matches", "repo:payments/ledger", (), (), True, True),
    Operator(
        "project", "in this project, or in its folder of a repository", "project:ledger-core", (), (), False, True
    ),
    Operator("team", "in projects that this team owns", "team:payments", (), (), False, True),
    Operator("path", "in files whose path matches", "path:src/main", (), (), True),
    Operator("file", "in files whose name matches, without folders", "file:*_test.go", ("filename",), (), True),
    Operator("lang", "in files of this language", "lang:java,go", ("language",), (), False, True),
    Operator("topic", "in projects with this topic", "topic:kafka", (), (), False, True),
    Operator("branch", "on this branch or tag, where it is indexed", "branch:release/*"),
    Operator("sym", "in files that define a symbol of this name", "sym:RetryPolicy", ("symbol",)),
    Operator("archived", "in archived projects only, or in all others", "archived:no", (), ("yes", "no", "only")),
    Operator("case", "whether upper and lower case differ", "case:yes", (), ("yes", "no", "auto"), whole=True),
    Operator("type", "what to search for", "type:file", (), TYPES, listed=True, whole=True),
    Operator("count", "how many results a page shows", "count:100", whole=True, negatable=False),
)
BY_NAME = {name: operator for operator in OPERATORS for name in (operator.name, *operator.aliases)}

# Operators of other tools, and what says the same here.
FOREIGN = {
    "org": "team:",
    "owner": "team:",
    "user": "team:",
    "is": "archived:",
    "ext": "file:*.",
    "extension": "file:*.",
    "content": "",
    "tag": "topic:",
    "in": "path:",
}

COUNT_LIMIT = 500


def type_called(word: str) -> str | None:
    """The type that a value of `type:` names, or None."""
    word = word.casefold()
    return word if word in TYPES else _TYPE_ALIASES.get(word)
