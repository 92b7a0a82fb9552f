"""Column types the CRM needs and Django lacks."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_INTEGER_DIGITS = 18
MAX_SCALE = 12


class ExactDecimalField(models.DecimalField):
    """A number stored exactly as it was recorded, scale included: 10.005 stays 10.005, 1.50 stays 1.50.

    PostgreSQL's plain ``numeric``; a fixed scale would round or pad. Up to 18 digits before the
    point and 12 after it; the range is held by the check constraints that `number_range` makes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = MAX_INTEGER_DIGITS + MAX_SCALE
        kwargs["decimal_places"] = MAX_SCALE
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """As Django's, without the two sizes that are fixed here."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Plain ``numeric``."""
        return "numeric"


def number_range(table: str, *columns: str) -> list[models.BaseConstraint]:
    """One check for each column: inside the range, and neither NaN nor infinite (NaN sorts above every number)."""
    limit = 10**MAX_INTEGER_DIGITS
    return [
        models.CheckConstraint(
            name=f"{table}_{column}_range",
            condition=models.Q(**{f"{column}__isnull": True})
            | models.Q(**{f"{column}__gt": -limit, f"{column}__lt": limit}),
        )
        for column in columns
    ]
