"""What a dirty row is: the legacy columns it changes, and what must become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

Columns = Mapping[str, str | None]

SYLLABLES = ("ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu")

LINE: dict[str, str] = {
    "name": '"Labour"', "description": '"Two hours"', "quantity": "2", "unit_price": "12.50", "total": "25.00",
    "option_tier": '"good"', "is_upsell": "false", "is_discount": "false", "sort_order": "2",
}  # fmt: skip
"""A clean line item: key to JSON text."""

MONEY: dict[str, str | None] = {
    "subtotal": "50.00", "discount_amount": "0", "tax_rate": "10", "tax_amount": "5.00", "total": "55.00",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of the list of dirty inputs, as a builder.

    Args:
        line: its number in the list.
        columns: legacy columns it changes, each as PostgreSQL reads it; None is NULL, {number} the deal's number.
        base: the clean row it changes: deal, quote, lead or empty.
        item: JSON text of the one line item it changes (the second of the row).
        flags: all flags of the migrated row, its contact's among them.
        reason, at: why and where it is quarantined; a row with a reason must not be migrated.
        residue: JSON text of the link's residue; None where the columns rebuild the row.
        rows: target column ("quotes_new.status") to its value as text ({id}: the legacy id); a table to its number of rows.
        also: further rows of the same deal that belong to the case, as changes of its own row.
        region: of the company.
    """

    line: int
    name: str
    columns: Columns = field(default_factory=dict)
    base: str = "deal"
    item: str | None = None
    flags: frozenset[str] = frozenset()
    reason: str = ""
    at: str = ""
    residue: str | None = None
    rows: Mapping[str, str | int | None] = field(default_factory=dict)
    also: tuple[Columns, ...] = ()
    region: str = "US"

    def __str__(self) -> str:
        return f"{self.line}: {self.name}"


def line(changes: Mapping[str, str | None] | None = None) -> str:
    """A line item with some keys changed, or left out (None), as JSON text."""
    keys = LINE | dict(changes or {})
    return "{" + ", ".join(f'"{key}": {value}' for key, value in keys.items() if value is not None) + "}"


def items(*lines: str) -> str:
    """A list of line items after one clean one."""
    return "[" + ", ".join((line({"sort_order": "1"}), *lines)) + "]"


def name_of(number: int) -> str:
    """A name of letters that no other number has."""
    return "Ana " + "".join(SYLLABLES[int(digit)] for digit in f"{number:06}").capitalize()


def base_row(base: str, number: int, id: UUID, company: UUID) -> dict[str, str | None]:
    """A clean legacy row: no flag, no residue. Rows of one number are one deal."""
    row: dict[str, str | None] = {
        "id": str(id), "company_id": str(company),
        "created_at": "2024-03-01 09:00:00+00", "updated_at": "2024-03-20 17:30:00.123456+00",
    }  # fmt: skip
    if base == "empty":
        return row
    row |= {
        "user_id": "6f1c2b1e-0000-4000-8000-000000000001", "customer_name": name_of(number),
        "email": f"person{number}@homemail.net",
        "phone": f"(212) {556 + number // 9000}-{1000 + number % 9000}", "address": f"{number} Oak Street, Springfield",
        "lead_status": "new", "description": "A new roof", "notes": "Call before the visit",
        "scheduled_at": "2024-03-05 10:00:00+00",
    }  # fmt: skip
    if base == "lead":
        return row
    row |= MONEY | {
        "lead_status": "qualified", "status": "sent", "quote_number": f"Q-{number}", "job_name": "Roof",
        "items": items(line()), "sent_at": "2024-03-02 09:00:00+00",
    }  # fmt: skip
    if base == "quote":
        return row
    return row | {
        "lead_status": "converted", "status": "completed", "job_number": f"J-{number}",
        "started_at": "2024-03-05 10:30:00+00", "completed_at": "2024-03-05 15:00:00+00",
        "invoice_number": f"INV-{number}", "invoice_sent_at": "2024-03-06 08:00:00+00",
        "paid_at": "2024-03-20 12:00:00+00", "payment_method": "cash",
        "payment_link_url": f"https://pay.example.com/i/{number}",
    }  # fmt: skip


def rows_of(case: Case, number: int, ids: list[UUID], company: UUID) -> list[dict[str, str | None]]:
    """The case's row, then the further ones it needs; one id each, unless the case has an id of its own."""
    changes = {column: value and value.replace("{number}", str(number)) for column, value in case.columns.items()}
    changed = base_row(case.base, number, ids[0], company) | changes
    if case.item is not None:
        changed["items"] = items(case.item)
    further = [changed | {"id": str(id)} | dict(changes) for id, changes in zip(ids[1:], case.also, strict=True)]
    return [changed, *further]
