"""Values that API v2 takes and shows. Money is text in both directions, so that nobody rounds it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema


def _usual_year(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year must be from 1900 to 2200")
    return value


def _decimal(value: Any) -> Any:
    # A float has been rounded already; the reader of bodies makes none.
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a decimal number, as text or as a number")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_usual_year)]
Amount = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=10**9, decimal_places=4),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,4})?$", "examples": ["125.50"]}),
]
Price = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=-(10**9), le=10**9, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,4})?$", "examples": ["49.90"]}),
]
Quantity = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, lt=10**6, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,4}(\.[0-9]{1,6})?$", "examples": ["2.5"]}),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=100, decimal_places=4),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,2}(\.[0-9]{1,4})?$", "examples": ["8.25"]}),
]
Number = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["125.5"])]
Short = Annotated[str, Field(min_length=1, max_length=500)]
Long = Annotated[str, Field(max_length=20_000)]
