"""Columns of our own."""

from typing import Any

from django.db import models


class OidField(models.BinaryField):
    """An object id of Git: hexadecimal text here, half as many bytes in the table."""

    _pyi_private_set_type: str
    _pyi_private_get_type: str  # type: ignore[assignment]

    def get_prep_value(self, value: Any) -> bytes | None:
        value = super().get_prep_value(value)
        return bytes.fromhex(value) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value if prepared else self.get_prep_value(value), connection, prepared)

    def from_db_value(self, value: Any, _expression: object, _connection: object) -> str | None:
        return None if value is None else bytes(value).hex()

    def to_python(self, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))
