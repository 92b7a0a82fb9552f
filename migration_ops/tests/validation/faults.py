"""Faults to plant in the moved company, each with what the fields depth must name."""

from dataclasses import dataclass

from migration_ops.tests.validation.moved import COMPANY, LATE, PAID, SENT


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Statements that plant it; the table, the column ('' for a whole row) and the kind that must be told."""

    name: str
    statements: tuple[str, ...]
    table: str
    column: str
    kind: str = "mismatched"
    legacy_ids: tuple[str, ...] = (str(PAID),)


def _of(table: str, change: str, deal: object = PAID) -> str:
    where = {
        "quotes_new": "id = '{}'",
        "quote_items_new": "quote_id = '{}' AND position = 2",
        "jobs_new": "quote_id = '{}'",
    }[table].format(deal)
    return f"UPDATE {table} SET {change} WHERE {where}"


FAULTS = (
    Fault(
        name="a cent in a quote's total",
        statements=(_of("quotes_new", "total = total + 0.01"),),
        table="quotes_new",
        column="total",
    ),
    Fault(
        name="a cent in an item's price",
        statements=(_of("quote_items_new", "unit_price = unit_price - 0.01"),),
        table="quote_items_new",
        column="unit_price",
    ),
    Fault(
        name="two totals swapped",
        statements=(_of("quotes_new", "total = 50"), _of("quotes_new", "total = 1089", SENT)),
        table="quotes_new",
        column="total",
        legacy_ids=(str(PAID), str(SENT)),
    ),
    Fault(
        name="an item missing",
        statements=(f"DELETE FROM quote_items_new WHERE quote_id = '{PAID}' AND position = 2",),
        table="quote_items_new",
        column="",
        kind="missing",
    ),
    Fault(
        name="a blank behind a text",
        statements=(_of("quotes_new", "job_name = job_name || ' '"),),
        table="quotes_new",
        column="job_name",
    ),
    Fault(name="a payment missing", statements=("DELETE FROM payments",), table="payments", column="", kind="missing"),
    Fault(
        name="an hour in a time",
        statements=(_of("jobs_new", "scheduled_start = scheduled_start + interval '1 hour'"),),
        table="jobs_new",
        column="scheduled_start",
    ),
    Fault(
        name="NULL in place of a value",
        statements=(_of("quotes_new", "notes = NULL"),),
        table="quotes_new",
        column="notes",
    ),
    Fault(
        name="a late legacy change nobody captured",
        statements=(f"UPDATE quotes SET total = 1088 WHERE id = '{PAID}'",),
        table="quotes_new",
        column="total",
    ),
    Fault(
        name="a late legacy row nobody captured",
        statements=(
            "INSERT INTO quotes (id, company_id, customer_name, email, phone, status, total)"
            f" SELECT '{LATE}', '{COMPANY}', customer_name, email, phone, 'sent', 5 FROM quotes WHERE id = '{PAID}'",
        ),
        table="quotes_new",
        column="",
        kind="missing",
        legacy_ids=(str(LATE),),
    ),
)
