"""Column types of the legacy table that Django lacks."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

# A form needs limits; the column has none. These are PostgreSQL's own limits for numeric, rounded down.
MAX_DIGITS = 1000
DECIMAL_PLACES = 500


class PlainNumericField(models.DecimalField):
    """PostgreSQL's ``numeric`` without precision: any number, stored with the scale it was written with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = MAX_DIGITS
        kwargs["decimal_places"] = DECIMAL_PLACES
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """As Django's, without the two sizes that are fixed here."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Plain ``numeric``."""
        return "numeric"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """The number itself: Django would round it to the fixed scale and pad it."""
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """As `get_db_prep_value`; expressions pass through."""
        if hasattr(value, "as_sql"):
            return value
        return self.get_db_prep_value(value, connection)
