import json
from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from legacy.models import COLUMNS
from legacy.seed.deals import Ledger, company_sizes, company_uuid
from legacy.seed.people import NULL

ITEM_KEYS = {
    "name",
    "description",
    "quantity",
    "unit_price",
    "total",
    "option_tier",
    "is_upsell",
    "is_discount",
    "sort_order",
}
TIMES = ("created_at", "sent_at", "scheduled_at", "started_at", "completed_at", "invoice_sent_at", "paid_at")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str | None]]:
    ledger = Ledger(random=Random("deals"), company_id=company_uuid(1, 0), rows=4000, until=date(2025, 12, 31))
    return [
        {column: None if value == NULL else value for column, value in zip(COLUMNS, row, strict=True)}
        for row, _ in ledger.rows()
    ]


def test_amounts_add_up_to_the_cent(rows):
    quotes = 0
    for row in rows:
        if row["items"] is None:
            continue
        quotes += 1
        items = json.loads(row["items"], parse_float=Decimal)
        subtotal, discount = Decimal(row["subtotal"]), Decimal(row["discount_amount"])
        assert 1 <= len(items) <= 8
        for position, item in enumerate(items, start=1):
            assert set(item) == ITEM_KEYS
            assert item["quantity"] * item["unit_price"] == item["total"]
            assert item["sort_order"] == position
            assert (item["total"] < 0) == item["is_discount"]
        assert sum(item["total"] for item in items) == subtotal
        tax = (subtotal - discount) * Decimal(row["tax_rate"]) / 100
        assert abs(tax - Decimal(row["tax_amount"])) <= Decimal("0.005")
        assert subtotal - discount + Decimal(row["tax_amount"]) == Decimal(row["total"]) > 0
    assert quotes > 3000


def test_times_follow_each_other(rows):
    for row in rows:
        known = [row[column] for column in TIMES if row[column] is not None]
        assert known == sorted(known), row
        assert row["updated_at"] >= row["created_at"]
        assert row["updated_at"] <= "2026"


def test_every_stage_occurs_with_the_evidence_it_has(rows):
    stages = Counter()
    for row in rows:
        paid, invoiced, job = row["paid_at"], row["invoice_number"], row["job_number"]
        assert not paid or (invoiced and row["payment_method"] and row["completed_at"])
        assert not invoiced or (job and row["status"] == "completed" and row["invoice_sent_at"])
        assert bool(job) == (row["status"] in ("accepted", "scheduled", "completed"))
        assert (row["status"] is None) == (row["items"] is None) == (row["quote_number"] is None)
        stages["paid" if paid else "invoiced" if invoiced else row["status"] or row["lead_status"]] += 1
    assert set(stages) == {
        "new", "contacted", "qualified", "draft", "sent", "accepted", "scheduled", "completed", "invoiced", "paid",
    }  # fmt: skip
    assert min(stages.values()) > 40


def test_numbers_are_unique(rows):
    for column in ("id", "quote_number", "job_number", "invoice_number"):
        numbers = [row[column] for row in rows if row[column]]
        assert len(numbers) == len(set(numbers))


def test_customers_come_back_and_are_spelled_differently(rows):
    mailboxes = Counter(row["email"].lower() for row in rows if row["email"])
    assert 1.8 < sum(mailboxes.values()) / len(mailboxes) < 3.2
    spellings: dict[str, set[tuple]] = {}
    for row in rows:
        spellings.setdefault((row["email"] or "").lower(), set()).add((row["customer_name"], row["phone"]))
    assert sum(len(each) > 1 for each in spellings.values()) > 200
    assert sum(row["phone"] is None for row in rows) > 40
    assert sum(row["email"] is None for row in rows) > 40
    by_phone: dict[str, set[str]] = {}
    for row in rows:
        if row["phone"] and row["phone"][-4:].isdigit():
            by_phone.setdefault(row["phone"][-4:] + row["address"][:12], set()).add(row["customer_name"].split()[0])
    assert any(len(names) > 1 for names in by_phone.values())


def test_texts_need_no_escaping_and_mailboxes_are_ascii(rows):
    for row in rows:
        assert all("\t" not in value and "\\" not in value and "\n" not in value for value in row.values() if value)
        assert (row["email"] or "").isascii()


@pytest.mark.parametrize(("rows", "companies"), [(1, 1), (3000, 3), (10, 10), (1000, 700), (999_999, 1000)])
def test_company_sizes_sum_up_and_shrink(rows, companies):
    sizes = company_sizes(rows, companies)
    assert sum(sizes) == rows
    assert len(sizes) == companies
    assert min(sizes) >= 1
    assert sizes == sorted(sizes, reverse=True)


def test_company_ids_are_fixed():
    assert str(company_uuid(1, 0)) == "0ef932f2-32a5-504e-a220-57f1f795e1d6"
    assert len({company_uuid(seed, index) for seed in range(5) for index in range(5)}) == 25
