"""An engine without an index, for tests of what stands around one: it looks at every file it was given."""

import fnmatch
import re

from search import engine as e


class PlainEngine:
    """`files`: {(repository id, path as bytes): text}. Everything is exact; `notes` are added to each answer."""

    def __init__(self):
        self.files = {}
        self.commits = {}
        self.languages = {}
        self.notes = ()
        self.asked = []

    def add(self, project, path, text, language=""):
        self.files[project.repository_id, path] = text
        self.commits[project.repository_id] = project.repository.head_commit
        self.languages[project.repository_id, path] = language

    def search(self, request):
        self.asked.append(request)
        found = [place for place in sorted(self.files) if self._allowed(place, request)]
        contents = {}
        for place in found:
            contents.setdefault(self.files[place], []).append(place)
        groups = list(contents.values())
        begin = int(request.after or 0)
        page = groups[begin : begin + request.limit]
        more = begin + request.limit < len(groups)
        by_repository, by_language = {}, {}
        for place in found:
            by_repository[place[0]] = by_repository.get(place[0], 0) + 1
            by_language[self.languages[place]] = by_language.get(self.languages[place], 0) + 1
        return e.Answer(
            files=tuple(self._hit(group, request) for group in page),
            total=len(found),
            total_is_exact=request.wants_total or not more,
            facets=e.Facets(by_repository, by_language),
            notes=self.notes,
            next=str(begin + request.limit) if more and request.limit else None,
            seconds=0.012,
        )

    def _allowed(self, place, request):
        return place[0] in request.repositories and self._holds(request.matcher, place)

    def _holds(self, m, place):
        repository, path = place
        match m:
            case e.AllOf():
                return all(self._holds(child, place) for child in m.children)
            case e.AnyOf():
                return any(self._holds(child, place) for child in m.children)
            case e.NoneOf():
                return not self._holds(m.child, place)
            case e.Repositories():
                return repository in m.ids
            case e.Folder():
                return repository == m.repository_id and path.startswith(m.prefix + b"/")
            case e.Language():
                return self.languages[place].casefold() == m.name.casefold()
            case e.Branch():
                return fnmatch.fnmatchcase("main", m.name)
            case e.Path() | e.FileName():
                name = path.decode()
                name = name.rpartition("/")[2] if isinstance(m, e.FileName) else name
                return bool(_pattern(m.pattern, m.regex, m.case_sensitive).search(name))
            case e.Symbol():
                name = rf"\b{re.escape(m.name)}\b" if m.exact else rf"\w*{re.escape(m.name)}\w*"
                return bool(re.search(rf"(?:def|class|func) {name}", self.files[place]))
            case _:
                return any(_atom(m).search(line) for line in self.files[place].split("\n"))

    def _hit(self, group, request):
        place, *copies = group
        atoms = list(_atoms(request.matcher))
        lines = []
        for number, text in enumerate(self.files[place].split("\n"), 1):
            marks = sorted({found.span() for atom in atoms for found in _atom(atom).finditer(text) if found[0]})
            if marks:
                lines.append(e.Line(number, text, tuple(marks[:1]), True))
        return e.FileHit(
            *place,
            blob="b" * 40,
            commit=self.commits[place[0]] or "c" * 40,
            branches=("main",),
            language=self.languages[place],
            lines=tuple(lines if request.lines is None else lines[: request.lines]),
            matches_in_file=len(lines),
            copies=tuple(copies),
            copy_count=len(copies),
            score=500.0,
            terms={"whole word": 500.0},
        )


def _atoms(m):
    if isinstance(m, e.AllOf | e.AnyOf):
        for child in m.children:
            yield from _atoms(child)
    elif isinstance(m, e.Literal | e.Regex):
        yield m


def _atom(m):
    if isinstance(m, e.Literal):
        return _pattern(m.text, False, m.case_sensitive)
    return _pattern(m.pattern, True, m.case_sensitive)


def _pattern(text, regex, sensitive):
    return re.compile(text if regex else re.escape(text), 0 if sensitive else re.IGNORECASE)
