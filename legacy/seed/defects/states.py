"""Defects of statuses, times and whole rows (cases 45 to 50, 98 to 104, 110, 115, 116)."""

from ..people import NULL
from .registry import DirtyRow, defect, define

define("lead_status_respelled", 45, "lead_status", "NEW ", "Contacted", " qualified", needs="lead")
define("lead_status_unknown", 45, "lead_status", "hot", "cold", "won?", "", needs="lead")
define("lead_converted_without_quote", 46, "lead_status", "converted", needs="lead")
define("lead_status_missing", 47, "lead_status", None, needs="lead")
define("status_respelled", 45, "status", "Draft", "SENT ", " completed", needs="quote")
define("status_unknown", 45, "status", "on hold", "lost", "approved?", "", needs="quote")
define("status_deleted", 50, "status", "deleted", "archived", needs="quote")


@defect(47, "status lead_status", needs="quote")
def statuses_missing(row: DirtyRow) -> None:
    """The content of a quote, and no status at all."""
    row.values.update(status=None, lead_status=None)


@defect(48, "status lead_status", needs="job")
def status_contradicts_lead(row: DirtyRow) -> None:
    """An accepted quote of a lead that is still new."""
    row.values.update(status="accepted", lead_status="new")


@defect(49, "status paid_at payment_method", needs="quote")
def status_paid_without_payment(row: DirtyRow) -> None:
    """The status says paid, no date does."""
    row.values.update(status="paid", paid_at=None, payment_method=None)


@defect(49, "status", needs="invoice")
def status_draft_with_invoice(row: DirtyRow) -> None:
    """A draft that has been invoiced."""
    row.values["status"] = "draft"


@defect(49, "status scheduled_at started_at completed_at", needs="done")
def status_completed_without_dates(row: DirtyRow) -> None:
    """Completed, and nobody knows when."""
    row.values.update(status="completed", scheduled_at=None, started_at=None, completed_at=None)


define("time_placeholder", 99, "scheduled_at", "1970-01-01 00:00:00+00", "1900-01-01 00:00:00+00", needs="job")
define("time_year_one", 98, "started_at", "0001-01-01 00:00:00+00", needs="done")
define("time_dst_gap", 100, "scheduled_at", "2024-03-10 02:30:00 America/New_York", needs="job")
define("time_dst_twice", 100, "scheduled_at", "2024-11-03 01:30:00 America/New_York", needs="job")
define("time_infinite", 98, "scheduled_at", "infinity", "-infinity", quarantine="timestamp_range")
define("time_before_christ", 98, "started_at", "0044-03-15 12:00:00+00 BC", needs="done", quarantine="timestamp_range")
define("time_year_10000", 98, "sent_at", "12024-05-01 09:00:00+00", needs="sent", quarantine="timestamp_range")


@defect(102, "created_at updated_at")
def created_after_updated(row: DirtyRow) -> None:
    """Updated before it was created."""
    row.values["updated_at"] = "2019-06-30 08:00:00+00"


@defect(102, "created_at updated_at")
def created_in_future(row: DirtyRow) -> None:
    """Created in the year 2099."""
    row.values["created_at"] = row.values["updated_at"] = "2099-01-01 00:00:00+00"


@defect(104, "created_at updated_at", needs="lead")
def created_near_midnight(row: DirtyRow) -> None:
    """29 February here, 1 March there."""
    row.values["created_at"] = row.values["updated_at"] = "2024-02-29 23:59:59.999999+00"


@defect(103, "started_at completed_at", needs="done")
def completed_before_started(row: DirtyRow) -> None:
    """Completed before it was started."""
    values = row.values
    values["started_at"], values["completed_at"] = values["completed_at"], values["started_at"]


@defect(110, "paid_at", needs="paid")
def paid_before_created(row: DirtyRow) -> None:
    """Paid before there was a quote."""
    row.values["paid_at"] = "2019-01-02 10:00:00+00"


@defect(115, "id", needs="twin")
def row_twin(row: DirtyRow) -> None:
    """The same row again under another id."""
    assert row.twin is not None
    for column, value in zip(row.values, row.twin, strict=True):
        if column != "id":
            row.values[column] = None if value == NULL else value


@defect(
    116,
    "user_id customer_name email phone address lead_status status quote_number job_name job_number description items "
    "subtotal discount_amount tax_rate tax_amount total notes scheduled_at started_at completed_at sent_at "
    "invoice_number invoice_sent_at paid_at payment_method payment_link_url",
    needs="lead",
)
def row_empty(row: DirtyRow) -> None:
    """Every business column is NULL."""
    kept = ("id", "company_id", "created_at", "updated_at")
    row.values.update({column: None for column in row.values if column not in kept})
