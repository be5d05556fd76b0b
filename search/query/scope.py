"""Which projects an operator means, among those that one viewer may see. A hidden project is as unknown as none."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import re2
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts.models import Team, User
from projects.models import Project, ProjectQuerySet, Topic
from search.query.tree import Field, QueryError

SUGGESTED = 5
_CONSIDERED = 2_000


class Scope:
    """The projects of one viewer, asked for by the operators of one query; `text` is the query as typed."""

    def __init__(self, viewer: User | AnonymousUser, text: str) -> None:
        self.text = text
        self.visible: ProjectQuerySet = Project.objects.visible_to(viewer)

    def readable(self) -> ProjectQuerySet:
        """Main projects of the repositories whose code the viewer may read: see `source.access`."""
        return self.visible.filter(subdirectory="").exclude(repository__head_commit="")

    def projects(self, given: Field) -> ProjectQuerySet:
        """The projects that an operator about projects means. Raises QueryError for values that nothing here has."""
        return {
            "repo": self._by_repository,
            "project": self._by_name,
            "team": self._by_team,
            "topic": self._by_topic,
            "archived": self._archived,
        }[given.name](given)

    def unknown(self, given: Field, message: str, known: Iterable[str]) -> QueryError:
        """The error for a value that is not known, with the closest known ones to choose from."""
        value = given.value.casefold()
        folded = {name.casefold(): name for name in known}
        near = get_close_matches(value, list(folded), n=SUGGESTED, cutoff=0.55)
        near += [name for name in folded if name.startswith(value) and name not in near]
        instead = (spelled(folded[name]) for name in near[:SUGGESTED])
        suggestions = tuple(self.text[: given.at] + name + self.text[given.end :] for name in instead)
        return QueryError(message, given.at, given.end, suggestions)

    def _by_repository(self, given: Field) -> ProjectQuerySet:
        """By a part of the address or of the project's; a pattern is tried on each."""
        mains = self.visible.filter(subdirectory="")
        if given.kind == "regex":
            rows = mains.values_list("pk", "slug", "repository__clone_url")
            pattern = re2.compile(given.value if given.value.startswith("(?") else f"(?i){given.value}")
            found = mains.filter(pk__in=[pk for pk, *names in rows if any(map(pattern.search, names))])
        elif "*" in given.value:
            found = mains.filter(
                Q(slug__iregex=_like(given.value)) | Q(repository__clone_url__iregex=_like(given.value))
            )
        else:
            found = mains.filter(Q(slug__icontains=given.value) | Q(repository__clone_url__icontains=given.value))
        if not found.exists():
            raise self.unknown(given, "No repository that you may read is called that.", self._slugs(given.value))
        return found

    def _by_name(self, given: Field) -> ProjectQuerySet:
        value = given.value
        if "*" in value:
            found = self.visible.filter(Q(slug__iregex=_like(value)) | Q(name__iregex=_like(value)))
        else:
            named = Q(slug__iexact=value) | Q(name__iexact=value)
            found = self.visible.filter(named)
            if not found.exists():
                found = self.visible.filter(former_slugs__slug__iexact=value)
        if not found.exists():
            raise self.unknown(given, "No project that you may see is called that.", self._slugs(value))
        return found

    def _by_team(self, given: Field) -> ProjectQuerySet:
        teams = Team.objects.filter(Q(slug__iexact=given.value) | Q(name__iexact=given.value))
        if not teams.exists():
            raise self.unknown(given, "No team is called that.", Team.objects.values_list("slug", flat=True))
        return self.visible.filter(owner__in=teams)

    def _by_topic(self, given: Field) -> ProjectQuerySet:
        found = self.visible.filter(topics__name__iexact=given.value)
        if not found.exists():
            known = Topic.objects.filter(projects__in=self.visible).distinct().order_by("name")
            names = known.values_list("name", flat=True)[:_CONSIDERED]
            raise self.unknown(given, "No project that you may see has this topic.", names)
        return found

    def _archived(self, given: Field) -> ProjectQuerySet:
        archived = Q(lifecycle=Project.Lifecycle.ARCHIVED)
        return self.visible.filter(~archived if given.value.casefold() == "no" else archived)

    def _slugs(self, value: str) -> Iterator[str]:
        beginning = self.visible.filter(Q(slug__istartswith=value[:1]) | Q(slug__icontains=value[:4])).order_by("slug")
        yield from beginning.values_list("slug", flat=True)[:_CONSIDERED]


def spelled(value: str) -> str:
    """A value as it is written behind an operator: between quotes where it would end too early."""
    return (
        value
        if re.fullmatch(r'[^\s"(),/][^\s"(),]*', value)
        else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )


def _like(pattern: str) -> str:
    return "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$"
