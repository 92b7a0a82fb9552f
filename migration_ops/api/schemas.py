"""What API v1 takes: columns of a legacy row."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

MOST_ITEMS = 1000
MOST_DEPTH = 16


def _usual_year(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year must be from 1900 to 2200")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a number")
    return value


def _items(value: Any) -> Any:
    if value is not None and not isinstance(value, list):
        raise ValueError("a list of line items")
    if value is not None and (len(value) > MOST_ITEMS or not all(isinstance(each, dict) for each in value)):
        raise ValueError(f"a list of at most {MOST_ITEMS} objects")
    if _depth(value) > MOST_DEPTH:
        raise ValueError(f"nested deeper than {MOST_DEPTH}")
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


Text = Annotated[str, Field(max_length=100_000)]
Moment = Annotated[AwareDatetime, AfterValidator(_usual_year)]
Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(gt=-(10**18), lt=10**18, max_digits=30, decimal_places=12)
]  # fmt: skip

# The row's own: a client may send back what it read; what it sends of these is not looked at.
IGNORED = ("id", "company_id", "created_at", "updated_at")


class LegacyIn(Schema):
    """Columns to write; those that are left out stay as they are (null in a new row)."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$")] | None = None
    customer_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    lead_status: Text | None = None
    status: Text | None = None
    quote_number: Text | None = None
    job_name: Text | None = None
    job_number: Text | None = None
    description: Text | None = None
    items: Annotated[Any, BeforeValidator(_items)] = None
    subtotal: Amount | None = None
    discount_amount: Amount | None = None
    tax_rate: Amount | None = None
    tax_amount: Amount | None = None
    total: Amount | None = None
    notes: Text | None = None
    scheduled_at: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    sent_at: Moment | None = None
    invoice_number: Text | None = None
    invoice_sent_at: Moment | None = None
    paid_at: Moment | None = None
    payment_method: Text | None = None
    payment_link_url: Text | None = None
    id: Any = None
    company_id: Any = None
    created_at: Any = None
    updated_at: Any = None
