"""Defects of the document's amounts (cases 89 to 95, 76 to 78, 111)."""

from decimal import Decimal

from .registry import DirtyRow, defect, define

define("subtotal_missing", 89, "subtotal", None, needs="quote")
define("total_missing", 89, "total", None, needs="quote")
define("total_nan", 76, "total", "NaN", needs="quote", quarantine="number_nan")
define("total_infinite", 77, "total", "Infinity", "-Infinity", needs="quote", quarantine="number_range")
define("total_too_large", 78, "total", "1" + "0" * 20, needs="quote", quarantine="number_range")
define("tax_rate_share", 93, "tax_rate", "0.0825", "0.19", needs="quote")
define("tax_rate_odd", 94, "tax_rate", "250", "-7", needs="quote")
define("tax_amount_missing", 89, "tax_amount", None, needs="quote")
define("discount_missing", 89, "discount_amount", None, needs="quote")
define("discount_percent", 95, "discount_amount", "10", "15", needs="quote")


@defect(90, "total", needs="quote")
def total_wrong(row: DirtyRow) -> None:
    """Not what the parts add up to."""
    row.values["total"] = str(Decimal(row.text("total")) + 10)


@defect(91, "total", needs="quote")
def total_negative(row: DirtyRow) -> None:
    """Below zero, as a credit note."""
    row.values["total"] = f"-{row.text('total')}"


@defect(92, "total", needs="quote")
def total_fraction(row: DirtyRow) -> None:
    """More than two decimals."""
    row.values["total"] = f"{row.text('total')}5"


@defect(90, "subtotal", needs="quote")
def subtotal_wrong(row: DirtyRow) -> None:
    """Not the sum of the line items."""
    row.values["subtotal"] = str(Decimal(row.text("subtotal")) - Decimal("0.01"))


@defect(92, "total", needs="quote")
def total_scale(row: DirtyRow) -> None:
    """The same value, with zeros behind it."""
    row.values["total"] = f"{row.text('total')}0000"


@defect(95, "discount_amount subtotal", needs="quote")
def discount_large(row: DirtyRow) -> None:
    """More than the subtotal."""
    row.values["discount_amount"] = str(Decimal(row.text("subtotal")) * 2)


@defect(111, "total", needs="paid")
def paid_without_total(row: DirtyRow) -> None:
    """Paid, but how much?"""
    row.values["total"] = None
