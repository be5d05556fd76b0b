"""Words that say where a shown value comes from, and since when."""

import datetime as dt
from dataclasses import dataclass

from projects.fields import FIELDS, Source, strongest_values
from projects.models import FieldValue, Project


@dataclass(frozen=True, slots=True)
class Mark:
    label: str
    at: dt.datetime


def source_marks(project: Project) -> dict[str, Mark | None]:
    """For every field the mark of the value in force, None where no source says anything."""
    strongest = strongest_values(project.field_values.select_related("editor"))
    return {name: _mark(strongest.get(name)) for name in FIELDS}


def _mark(row: FieldValue | None) -> Mark | None:
    if row is None:
        return None
    if row.source == Source.EDITED:
        editor = row.editor
        return Mark(f"edited here by {editor.display_name}" if editor else "edited here", row.updated_at)
    place = row.origin or "the repository"
    return Mark(f"declared in {place}" if row.source == Source.DECLARED else f"from {place}", row.updated_at)
