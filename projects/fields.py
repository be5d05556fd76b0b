"""Fields of a project page that several sources may fill, and which source is in force.

Every field has at most one value per source: edited here, declared in a file of the repository, derived from its
content. The strongest one present is written to the project's own column; a sync never touches an edited value.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User, record_event
from projects import catalog
from projects.cleaning import clean_flag, clean_line, clean_link, clean_prose, clean_topics
from projects.models import FieldValue, Project, Topic

Source = FieldValue.Source
STRENGTH = (Source.EDITED, Source.DECLARED, Source.DERIVED)
KEEP_AT_REGISTRATION = "name"
NAMING_FIELDS = ("tagline", "motivation", "contact")  # may name people


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what people call it, how it is asked for, and the cleaner that raises ValidationError."""

    name: str
    label: str
    clean: Callable[[Any], Any]
    form_field: Callable[[], forms.Field]
    help: str = ""
    empty: Any = ""


def _text(limit: int) -> Callable[[], forms.Field]:
    return lambda: forms.CharField(required=False, max_length=limit)


def _area(limit: int) -> Callable[[], forms.Field]:
    return lambda: forms.CharField(required=False, max_length=limit, widget=forms.Textarea(attrs={"rows": 4}))


def _link() -> forms.Field:
    return forms.CharField(required=False, max_length=1000, widget=forms.TextInput(attrs={"inputmode": "url"}))


def _lifecycle() -> forms.Field:
    return forms.ChoiceField(required=False, choices=[("", "Not said"), *Project.Lifecycle.choices])


def _clean_name(value: Any) -> str:
    name = clean_line(200)(value)
    if not name:
        raise ValidationError("Give the project a name.")
    return name


def _clean_lifecycle(value: Any) -> str:
    word = str(value).strip().lower()
    if word and word not in Project.Lifecycle.values:
        raise ValidationError("Choose one of: " + ", ".join(Project.Lifecycle.values) + ".")
    return word


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("name", "Name", _clean_name, _text(200)),
        Field("tagline", "Tagline", clean_line(400), _text(400), "One sentence: what it does, for whom."),
        Field("lifecycle", "Lifecycle", _clean_lifecycle, _lifecycle, "Whether others may rely on it."),
        Field("kind", "Kind", clean_line(30), _text(30), "For example service, library, website, tool."),
        Field("homepage", "Home page", clean_link, _link, "Begins with https:// or http://."),
        Field("documentation", "Documentation", clean_link, _link, "Begins with https:// or http://."),
        Field("contact", "Contact", clean_line(300), _text(300), "A mail address, a channel or a person."),
        Field("chat", "Chat", clean_link, _link, "Begins with https:// or http://."),
        Field("motivation", "Why others should care", clean_prose(4000), _area(4000)),
        Field(
            "welcomes",
            "Welcomes contributions from other teams",
            clean_flag,
            lambda: forms.BooleanField(required=False),
            empty=False,
        ),
        Field("topics", "Topics", clean_topics, _text(1400), "Words separated by commas or spaces.", empty=[]),
    )
}


def clean_value(field: str, value: Any) -> Any:
    """The value as it is stored. Raises ValidationError with words for people, KeyError for an unknown field."""
    return FIELDS[field].clean(value)


def set_edited(project: Project, field: str, value: Any, editor: User) -> None:
    """A human's word: it is in force until "back to derived". Raises ValidationError."""
    cleaned = clean_value(field, value)
    with transaction.atomic():
        locked = lock(project)
        before = current_value(locked, field)
        FieldValue.objects.update_or_create(
            project=locked,
            field=field,
            source=Source.EDITED,
            defaults={"value": cleaned, "editor": editor, "updated_at": timezone.now(), "origin": ""},
        )
        _settle(project, locked, editor, "field_edited", field=field, before=before)


def back_to_derived(project: Project, field: str, editor: User) -> None:
    """Take back the human's word for one field: what the repository says is in force again. Harmless twice."""
    if field not in FIELDS:
        raise KeyError(field)
    with transaction.atomic():
        locked = lock(project)
        before = current_value(locked, field)
        removed, _ = FieldValue.objects.filter(project=locked, field=field, source=Source.EDITED).delete()
        if not removed:
            return
        _settle(project, locked, editor, "field_back_to_derived", field=field, before=before)


def set_source(project: Project, source: str, values: Mapping[str, tuple[Any, str]]) -> bool:
    """Replace everything one source (declared or derived) says: `values` maps a field to (value, file it came from).

    Values that do not pass the cleaner and empty ones are left out, so a declaration that disappears leaves no trace.
    Equal rows are not written again and keep their date. True when a row changed. Call `resolve` afterwards.
    """
    if source == Source.EDITED:
        raise ValueError("Edited values come from people, one by one.")
    wanted = _usable(values)
    existing = {row.field: row for row in FieldValue.objects.filter(project=project, source=source)}
    gone = [row.pk for field, row in existing.items() if field not in wanted]
    new, changed = [], []
    for field, (value, origin) in wanted.items():
        row = existing.get(field)
        if row is None:
            new.append(FieldValue(project=project, field=field, source=source, value=value, origin=origin))
        elif (row.value, row.origin) != (value, origin):
            row.value, row.origin, row.updated_at = value, origin, timezone.now()
            changed.append(row)
    if gone:
        FieldValue.objects.filter(pk__in=gone).delete()
    FieldValue.objects.bulk_create(new, batch_size=500)
    FieldValue.objects.bulk_update(changed, ["value", "origin", "updated_at"], batch_size=500)
    return bool(gone or new or changed)


def resolve(project: Project) -> list[str]:
    """Write the strongest value of every field into the project's columns and topics; the names of the changed."""
    strongest = strongest_values(FieldValue.objects.filter(project=project))
    changed = []
    for name, field in FIELDS.items():
        row = strongest.get(name)
        value = row.value if row else field.empty
        if name == KEEP_AT_REGISTRATION and not value:
            value = project.slug
        if name == "topics":
            changed += ["topics"] if _write_topics(project, value) else []
        elif getattr(project, name) != value:
            setattr(project, name, value)
            changed.append(name)
    columns = [name for name in changed if name != "topics"]
    if columns:
        project.save(update_fields=columns)
    return changed


def strongest_values(rows: Iterable[FieldValue]) -> dict[str, FieldValue]:
    """For each field the row in force."""
    found: dict[str, FieldValue] = {}
    for row in rows:
        if row.field not in found or STRENGTH.index(Source(row.source)) < STRENGTH.index(
            Source(found[row.field].source)
        ):
            found[row.field] = row
    return found


def current_value(project: Project, field: str) -> Any:
    """The value in force, as it is stored in the project's column."""
    if field == "topics":
        return sorted(topic.name for topic in project.topics.all())
    return getattr(project, field)


def lock(project: Project) -> Project:
    """The same project read anew and kept from others until the transaction ends, so that a sync and a person agree."""
    return Project.objects.select_for_update().get(pk=project.pk)


def _settle(project: Project, locked: Project, editor: User, action: str, *, field: str, before: Any) -> None:
    """Bring the columns, the score, the record and the catalog in line, and the caller's object with them."""
    from projects import readiness

    resolve(locked)
    readiness.rescore(locked)
    record_event(editor, f"project.{action}", locked, {field: [before, current_value(locked, field)]})
    catalog.refresh([locked.pk])  # which knows former names from the record
    project.refresh_from_db()


def first_valid(field: str, candidates: Iterable[tuple[Any, str]]) -> tuple[Any, str] | None:
    """The first (value, origin) whose value passes the cleaner and says something."""
    for value, origin in candidates:
        usable = _usable({field: (value, origin)})
        if usable:
            return usable[field]
    return None


def _usable(values: Mapping[str, tuple[Any, str]]) -> dict[str, tuple[Any, str]]:
    usable = {}
    for field, (value, origin) in values.items():
        if field not in FIELDS or value in (None, "", []):
            continue
        try:
            cleaned = clean_value(field, value)
        except ValidationError:
            continue
        if cleaned not in ("", []):
            usable[field] = (cleaned, origin[:1000])
    return usable


def _write_topics(project: Project, names: list[str]) -> bool:
    current = {topic.name: topic for topic in project.topics.all()}
    if set(current) == set(names):
        return False
    Topic.objects.bulk_create([Topic(name=name) for name in sorted(set(names) - set(current))], ignore_conflicts=True)
    project.topics.set(Topic.objects.filter(name__in=names))
    return True
