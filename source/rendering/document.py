"""What every renderer of documents gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """Safe HTML, and sentences about what is left out; no HTML where the file is not what its name says."""

    html: str
    notes: tuple[str, ...] = ()
