"""Lines 89 to 104: the money of the whole document, and times."""

from collections.abc import Iterator

from migration_ops.tests.dirty.case import Case, Columns, line


def _case(number: int, name: str, columns: Columns, *flags: str, base: str = "quote", **rest: object) -> Case:
    return Case(line=number, name=name, columns=columns, flags=frozenset(flags), base=base, **rest)  # type: ignore[arg-type]


def money() -> Iterator[Case]:
    """Lines 89 to 96, 111."""
    yield _case(89, "total absent", {"total": None}, "total_missing", rows={"quotes_new.total": None})
    yield _case(89, "subtotal absent", {"subtotal": None}, "subtotal_missing", rows={"quotes_new.subtotal": None})
    yield _case(90, "total is not the sum", {"total": "60.00"}, "doc_sum", rows={"quotes_new.total": "60.00"})
    yield _case(90, "subtotal is not the items", {"subtotal": "51", "total": "56", "tax_rate": None, "tax_amount": "5"},
                "doc_sum", rows={"quotes_new.subtotal": "51"})  # fmt: skip
    yield _case(91, "credit note", {"total": "-55.00"}, "total_negative", "doc_sum", base="deal",
                rows={"payments.amount": "-55.00", "invoices_new.amount_due": "-55.00"})  # fmt: skip
    yield _case(92, "more than two decimals", {"tax_amount": "5.005", "total": "55.005"}, "total_fraction",
                rows={"quotes_new.total": "55.005"})  # fmt: skip
    yield _case(92, "zeros are no decimals", {"total": "55.0000"}, rows={"quotes_new.total": "55.0000"})
    yield _case(93, "rate as a share", {"tax_rate": "0.19", "tax_amount": "9.50", "total": "59.50"})
    yield _case(93, "rate as a percentage", {"tax_rate": "19", "tax_amount": "9.50", "total": "59.50"})
    yield _case(93, "rate not proven", {"tax_rate": "0.19", "tax_amount": "3", "total": "53"}, "tax_rate_unit",
                rows={"quotes_new.tax_rate": "0.19"})  # fmt: skip
    yield _case(
        94, "rate too high", {"tax_rate": "250"}, "tax_rate_odd", "tax_rate_unit", rows={"quotes_new.tax_rate": "250"}
    )
    yield _case(94, "rate negative", {"tax_rate": "-7"}, "tax_rate_odd", rows={"quotes_new.tax_rate": "-7"})
    yield _case(95, "discount above the subtotal", {"discount_amount": "60", "tax_rate": None, "tax_amount": None, "total": "-10"},
                "discount_odd", "total_negative")  # fmt: skip
    yield _case(95, "discount negative", {"discount_amount": "-5", "tax_rate": None, "tax_amount": None, "total": "55"},
                "discount_odd")  # fmt: skip
    yield _case(96, "two currencies in a row", {}, "currency_mixed", "item_number_text",
                item=line({"unit_price": '"$12.50"', "total": '"€25.00"'}),
                residue='{"item": {"2": {"raw": {"unit_price": "$12.50", "total": "€25.00"}, "absent": []}}}',
                rows={"quote_items_new.unit_price": "12.50", "quote_items_new.total": "25.00"})  # fmt: skip
    for column in ("subtotal", "discount_amount", "tax_rate", "tax_amount", "total"):
        yield _case(76, f"{column} NaN", {column: "NaN"}, reason="number_nan", at=column)
        yield _case(77, f"{column} infinite", {column: "-Infinity"}, reason="number_range", at=column)
    yield _case(78, "total too large", {"total": "1e18"}, reason="number_range", at="total")
    yield _case(78, "total of thirteen decimals", {"total": "55.0000000000001"}, reason="number_range", at="total")
    yield _case(78, "total of 18 digits", {"total": "999999999999999999.99"}, "doc_sum",
                rows={"quotes_new.total": "999999999999999999.99"})  # fmt: skip
    yield _case(111, "paid, total absent", {"total": None}, "total_missing", "paid_without_total", base="deal",
                rows={"payments.amount": "0", "invoices_new.amount_paid": "0", "invoices_new.amount_due": None})  # fmt: skip
    yield _case(111, "paid, total 0", {"total": "0"}, "paid_without_total", "doc_sum", base="deal",
                rows={"payments.amount": "0", "invoices_new.amount_due": "0"})  # fmt: skip


def times() -> Iterator[Case]:
    """Lines 98 to 104, 110."""
    for column in (
        "scheduled_at",
        "started_at",
        "completed_at",
        "sent_at",
        "invoice_sent_at",
        "paid_at",
        "created_at",
        "updated_at",
    ):
        yield _case(98, f"{column} infinite", {column: "infinity"}, base="deal", reason="timestamp_range", at=column)
    for value in ("-infinity", "0001-01-01 00:00:00+00", "0044-03-15 12:00:00+00 BC", "10000-01-01 00:00:00+00"):
        yield _case(98, f"sent_at {value}", {"sent_at": value}, reason="timestamp_range", at="sent_at")
        yield _case(98, f"created_at {value} of nobody", {"created_at": value}, base="empty", reason="timestamp_range",
                    at="created_at")  # fmt: skip
    yield _case(98, "year 2", {"created_at": "0002-01-01 00:00:00+00"}, "placeholder_date", base="lead",
                rows={"leads_new.created_at": "0002-01-01 00:00:00+00"})  # fmt: skip
    yield _case(98, "year 9999", {"scheduled_at": "9999-12-30 23:59:59.999999+00"}, base="lead",
                rows={"leads_new.scheduled_visit_at": "9999-12-30 23:59:59.999999+00"})  # fmt: skip
    for day in ("1970-01-01", "1900-01-01"):
        yield _case(99, f"sent on {day}", {"sent_at": f"{day} 00:00:00+00"}, "placeholder_date", "date_order")
        yield _case(99, f"created on {day}", {"created_at": f"{day} 00:00:00+00"}, "placeholder_date")
    yield _case(100, "an hour that does not exist", {"sent_at": "2024-03-10 02:30:00 America/New_York"},
                rows={"quotes_new.sent_at": "2024-03-10 07:30:00+00"})  # fmt: skip
    yield _case(100, "an hour that exists twice", {"sent_at": "2024-11-03 01:30:00 America/New_York"},
                rows={"quotes_new.sent_at": "2024-11-03 06:30:00+00"})  # fmt: skip
    yield _case(
        102, "created after it was changed", {"created_at": "2024-03-21 09:00:00+00"}, "date_order", base="lead"
    )
    yield _case(102, "created in the future", {"created_at": "2090-01-01 00:00:00+00", "updated_at": "2090-01-01 00:00:00+00"},
                "date_future", base="lead")  # fmt: skip
    yield _case(103, "ended before it began", {"completed_at": "2024-03-05 10:15:00+00"}, "date_order", base="deal",
                rows={"jobs_new.actual_end": "2024-03-05 10:15:00+00"})  # fmt: skip
    yield _case(103, "ended before it was planned", {"started_at": None, "completed_at": "2024-03-04 10:00:00+00"},
                "date_order", base="deal", rows={"jobs_new.status": "completed"})  # fmt: skip
    yield _case(
        104,
        "near midnight",
        {"created_at": "2024-02-29 23:30:00-05"},
        rows={"quotes_new.created_at": "2024-03-01 04:30:00+00"},
    )
    yield _case(110, "paid before it was sent", {"paid_at": "2024-03-01 10:00:00+00"}, "date_order", base="deal",
                rows={"payments.paid_at": "2024-03-01 10:00:00+00"})  # fmt: skip


def cases() -> Iterator[Case]:
    """Each line as it stands in the list."""
    yield from money()
    yield from times()
