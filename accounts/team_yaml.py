"""Teams as YAML, or as JSON, which is YAML too: `teams` with their `members`, or a chart of managers."""

from typing import Any

import yaml

from accounts.team_files import BadRow, Contents, Record, UnreadableFile, slug_of

MAX_DEPTH = 8
MAX_EVENTS = 1_000_000
_TEAM = {"slug": "team", "name": "team_name", "parent": "parent", "since": "since", "description": "description",
         "closed": "closed"}  # fmt: skip
_MEMBER = ("login", "email", "name", "start", "end", "primary")


def read_yaml(text: str, contents: Contents) -> None:
    """Adds all rows. Raises UnreadableFile for what is no YAML, or is made to exhaust its reader."""
    try:
        _check(text)
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        raise UnreadableFile(f"The file is not valid YAML: {_where(error)}") from error
    except (RecursionError, ValueError) as error:
        raise UnreadableFile("The file has YAML that cannot be read.") from error
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableFile("The file has no list of teams. It begins with: teams:")
    keys = {key.value for key, _ in root.value if isinstance(key, yaml.ScalarNode)}
    if keys & {"teams", "members"}:
        _organisation(root, contents)
    elif all(_has_manager(value) for _, value in root.value):
        _managers(root, contents)
    else:
        raise UnreadableFile("The file has no list of teams. It begins with: teams:")


def _check(text: str) -> None:
    """Walk the events, which costs no recursion and no expansion, before anything is built of them."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CBaseLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise UnreadableFile(f"Line {line}: aliases (*name) are not read here. Write the value out.")
        if depth > MAX_DEPTH:
            raise UnreadableFile(f"Line {line}: this is nested more than {MAX_DEPTH} levels deep.")
        if count > MAX_EVENTS:
            raise UnreadableFile(f"Line {line}: the file has too many values. Split it.")


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    words = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"{f'line {mark.line + 1}, column {mark.column + 1}: ' if mark else ''}{words[:200]}."


def _organisation(root: yaml.MappingNode, contents: Contents) -> None:
    for key, value in root.value:
        if key.value not in {"teams", "members"}:
            contents.notes.append(f"“{str(key.value)[:60]}” on line {_line(key)} was passed over.")
        elif not isinstance(value, yaml.SequenceNode):
            if value.value:
                contents.problem(_line(value), f"{key.value} is not a list.")
        else:
            for item in value.value:
                _guarded(_team if key.value == "teams" else _member, item, contents)


def _guarded(read: Any, item: Any, contents: Contents, *more: str) -> None:
    try:
        read(item, contents, *more)
    except BadRow as error:
        contents.problem(_line(item), str(error))


def _team(item: Any, contents: Contents) -> None:
    values = _mapping(item)
    unknown = set(values) - set(_TEAM) - {"members"}
    if unknown:
        raise BadRow(f"“{min(unknown)[:60]}” is not known here. A team has {', '.join(_TEAM)}, members.")
    record = {_TEAM[name]: _scalar(name, node) for name, node in values.items() if name != "members"}
    contents.add(record, _line(item))
    members = values.get("members")
    if members is None or (isinstance(members, yaml.ScalarNode) and members.value in {"", "null", "~"}):
        return
    if not isinstance(members, yaml.SequenceNode):
        raise BadRow("members is not a list.")
    for member in members.value:
        _guarded(_member, member, contents, record.get("team", ""))


def _member(item: Any, contents: Contents, team: str = "") -> None:
    if isinstance(item, yaml.ScalarNode):
        record: Record = {"email" if "@" in item.value.lstrip("@") else "login": item.value}
    else:
        record = {name: _scalar(name, node) for name, node in _mapping(item).items()}
    unknown = set(record) - set(_MEMBER) - {"team"}
    if unknown:
        raise BadRow(f"“{min(unknown)[:60]}” is not known here. A member has {', '.join(_MEMBER)}.")
    record.setdefault("team", team)
    if not (record.get("login") or record.get("email")):
        raise BadRow("A member needs a login or an email.")
    contents.add(record, _line(item))


def _mapping(item: Any) -> dict[str, Any]:
    if not isinstance(item, yaml.MappingNode):
        raise BadRow("This is not a mapping of names to values.")
    values: dict[str, Any] = {}
    for key, value in item.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BadRow("A name is not a plain word.")
        if key.value in values:
            raise BadRow(f"“{key.value[:60]}” is given twice.")
        values[key.value] = value
    return values


def _scalar(name: str, node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadRow(f"{name[:60]} is not a single value.")
    plain = node.style is None or node.style == ""
    return "" if plain and node.value in {"null", "~", "Null", "NULL"} else str(node.value)


def _has_manager(value: Any) -> bool:
    return isinstance(value, yaml.MappingNode) and any(
        isinstance(key, yaml.ScalarNode) and key.value == "manager" for key, _ in value.value
    )


def _managers(root: yaml.MappingNode, contents: Contents) -> None:
    """{"login": {"manager": "login"}}: whoever manages somebody has a team, which hangs below the own manager's."""
    chart: dict[str, tuple[str, int]] = {}
    for key, value in root.value:
        try:
            chart[_scalar("login", key)] = (_scalar("manager", _mapping(value)["manager"]), _line(key))
        except BadRow as error:
            contents.problem(_line(key), str(error))
    leaders = {manager for manager, _ in chart.values() if manager}
    for leader in sorted(leaders):
        above, line = chart.get(leader, ("", 1))
        parent = slug_of(above) if above else ""
        contents.add({"team": slug_of(leader), "team_name": f"Team of {leader}", "parent": parent}, line)
    for login, (manager, line) in chart.items():
        if manager or login in leaders:
            contents.add({"team": slug_of(manager or login), "login": login}, line)


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
