"""Each defect alone on a row that suits it: it changes its own columns only, and is what its name says."""

import json
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from legacy.models import COLUMNS
from legacy.seed.deals import Ledger, company_uuid
from legacy.seed.defects import DEFECTS, Deck, DirtyRow
from legacy.seed.defects.deck import kinds_of
from legacy.seed.people import NULL
from legacy.seed.writer import copy_line

Values = dict[str, str | None]


def dirty_rows() -> list[DirtyRow]:
    ledger = Ledger(random=Random("defects"), company_id=company_uuid(2, 0), rows=400, until=date(2025, 12, 31))
    rows, twin = [], None
    for row, items in ledger.rows():
        values = {column: None if value == NULL else value for column, value in zip(COLUMNS, row, strict=True)}
        rows.append(DirtyRow(values, items, Random(len(rows)), twin))
        twin = row
    return rows


def soiled(name: str) -> list[tuple[Values, Values]]:
    """Before and after, for every row that suits the defect (a new row each)."""
    pairs = []
    for row in dirty_rows():
        if DEFECTS[name].needs in kinds_of(row):
            before = dict(row.values)
            DEFECTS[name].apply(row)
            pairs.append((before, row.values))
    assert pairs, name
    return pairs


def first_item(values: Values) -> dict:
    return json.loads(values["items"], parse_float=Decimal)[0]


def nested(values: Values, levels: int):
    loaded = values["items"]
    for _ in range(levels):
        assert isinstance(loaded, str)
        loaded = json.loads(loaded)
    return loaded


def digits(values: Values) -> str:
    return "".join(filter(str.isdigit, values["phone"]))


# What a defect says about the row, beyond the columns it names; for those whose name does not say it all.
CLAIMS = {
    "name_missing": lambda b, a: a["customer_name"] is None,
    "name_empty": lambda b, a: a["customer_name"] == "",
    "name_blank": lambda b, a: a["customer_name"] and not a["customer_name"].strip(),
    "name_padded": lambda b, a: a["customer_name"] != a["customer_name"].strip(),
    "name_zero_width": lambda b, a: a["customer_name"].replace("\u200b", "") == b["customer_name"],
    "name_last_first": lambda b, a: ", " in a["customer_name"],
    "name_upper": lambda b, a: a["customer_name"].isupper() and "  " in a["customer_name"],
    "name_two_people": lambda b, a: b["customer_name"] in a["customer_name"],
    "name_long": lambda b, a: len(a["customer_name"]) > 300,
    "name_unicode": lambda b, a: not a["customer_name"].isascii(),
    "email_missing": lambda b, a: a["email"] is None,
    "email_padded": lambda b, a: a["email"].strip().lower() == b["email"].lower() and a["email"].strip() != a["email"],
    "email_two": lambda b, a: a["email"].count("@") == 2,
    "email_display_name": lambda b, a: b["email"] in a["email"] and a["email"] != b["email"],
    "email_line_break": lambda b, a: "\r\n" in a["email"],
    "email_plus_tag": lambda b, a: "+" in a["email"],
    "phone_missing": lambda b, a: a["phone"] is None,
    "phone_two": lambda b, a: len(digits(a)) >= 20,
    "phone_extension": lambda b, a: a["phone"].endswith("12"),
    "phone_float": lambda b, a: a["phone"].endswith(".0") and len(digits(a)) == 11,
    "phone_full_width": lambda b, a: not a["phone"].isascii() and [int(d) for d in a["phone"]],
    "contact_missing": lambda b, a: a["customer_name"] is a["email"] is a["phone"] is None,
    "address_lines": lambda b, a: ", " not in a["address"],
    "lead_status_missing": lambda b, a: a["lead_status"] is a["status"] is None,
    "statuses_missing": lambda b, a: a["lead_status"] is a["status"] is None and a["items"],
    "status_contradicts_lead": lambda b, a: (a["status"], a["lead_status"]) == ("accepted", "new"),
    "status_paid_without_payment": lambda b, a: a["status"] == "paid" and a["paid_at"] is None,
    "status_draft_with_invoice": lambda b, a: a["status"] == "draft" and a["invoice_number"],
    "created_after_updated": lambda b, a: a["created_at"] > a["updated_at"],
    "completed_before_started": lambda b, a: a["completed_at"] < a["started_at"],
    "paid_before_created": lambda b, a: a["paid_at"] < a["created_at"],
    "row_empty": lambda b, a: {c for c in a if a[c]} == {"id", "company_id", "created_at", "updated_at"},
    "row_twin": lambda b, a: a["id"] == b["id"],
    "invoice_number_missing": lambda b, a: a["invoice_number"] is None and a["invoice_sent_at"],
    "paid_without_number": lambda b, a: a["invoice_number"] is None and a["paid_at"],
    "invoice_without_numbers": lambda b, a: a["invoice_number"] is a["job_number"] is None,
    "invoice_number_on_lead": lambda b, a: a["invoice_number"] and a["status"] is None,
    "quote_number_respelled": lambda b, a: a["quote_number"].strip().upper() == b["quote_number"],
    "description_long": lambda b, a: len(a["description"]) > 20_000,
    "total_wrong": lambda b, a: Decimal(a["total"]) == Decimal(b["total"]) + 10,
    "total_negative": lambda b, a: Decimal(a["total"]) < 0,
    "total_fraction": lambda b, a: Decimal(a["total"]).as_tuple().exponent == -3,
    "total_scale": lambda b, a: Decimal(a["total"]) == Decimal(b["total"]) and a["total"] != b["total"],
    "discount_large": lambda b, a: Decimal(a["discount_amount"]) > Decimal(a["subtotal"]),
    "paid_without_total": lambda b, a: a["total"] is None and a["paid_at"],
    "items_missing": lambda b, a: a["items"] is None,
    "items_single_object": lambda b, a: isinstance(nested(a, 1), dict),
    "items_object_of_objects": lambda b, a: list(nested(a, 1).values()) == nested(b, 1),
    "items_json_text": lambda b, a: nested(a, 2) == nested(b, 1),
    "items_json_text_twice": lambda b, a: nested(a, 3) == nested(b, 1),
    "items_mixed": lambda b, a: not all(isinstance(item, dict) for item in nested(a, 1)),
    "items_many": lambda b, a: len(nested(a, 1)) == 250,
    "items_duplicate_keys": lambda b, a: a["items"].count('"name"') == b["items"].count('"name"') + 1,
    "item_unknown_keys": lambda b, a: set(first_item(a)) - set(first_item(b)) == {"sku", "color", "meta"},
    "item_key_aliases": lambda b, a: {"qty", "price", "desc"} <= set(first_item(a)),
    "item_name_missing": lambda b, a: set(first_item(b)) - set(first_item(a)) == {"name"},
    "item_name_null": lambda b, a: first_item(a)["name"] is None,
    "item_quantity_missing": lambda b, a: set(first_item(b)) - set(first_item(a)) == {"quantity"},
    "item_quantity_negative": lambda b, a: first_item(a)["quantity"] == -2,
    "item_price_nan": lambda b, a: first_item(a)["unit_price"] == "NaN",
    "item_price_large": lambda b, a: first_item(a)["unit_price"] > 10**10,
    "item_price_too_large": lambda b, a: first_item(a)["unit_price"] >= 10**18,
    "item_price_decimals": lambda b, a: first_item(a)["unit_price"] == Decimal("10.005"),
    "item_total_missing": lambda b, a: set(first_item(b)) - set(first_item(a)) == {"total"},
    "item_sort_order_missing": lambda b, a: set(first_item(b)) - set(first_item(a)) == {"sort_order"},
    "item_numbers_as_text": lambda b, a: (
        isinstance(first_item(a)["total"], str) and Decimal(first_item(a)["total"]) == first_item(b)["total"]
    ),
    "item_sort_order_duplicate": lambda b, a: {item["sort_order"] for item in nested(a, 1)} == {1},
    "item_currency_mixed": lambda b, a: {str(item["unit_price"])[0] for item in nested(a, 1)} >= {"$", "€"},
    "item_bare": lambda b, a: set(first_item(a)) == {"name"},
}


def test_claims_are_about_defects():
    assert set(CLAIMS) <= set(DEFECTS)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_changes_its_own_columns_and_is_what_it_says(name):
    declared = set(DEFECTS[name].columns)
    pairs = soiled(name)
    for before, after in pairs:
        assert list(after) == list(COLUMNS)
        if name != "row_twin":
            assert {column for column in after if after[column] != before[column]} <= declared
        if name in CLAIMS:
            assert CLAIMS[name](before, after), after
    assert any(before != after for before, after in pairs)


def test_a_twin_equals_the_row_before_in_all_but_its_id():
    rows = dirty_rows()
    before = dict(rows[6].values)
    DEFECTS["row_twin"].apply(rows[7])
    assert {column for column in COLUMNS if rows[7].values[column] != before[column]} == {"id"}


@pytest.mark.django_db
def test_the_table_takes_every_defect_and_gives_it_back():
    wanted: dict[str, Values] = {}
    for position, name in enumerate(DEFECTS):
        _, after = soiled(name)[0]
        wanted[name] = {**after, "id": f"{position:032x}"}
    with connection.cursor() as cursor:
        with cursor.cursor.copy("COPY quotes FROM STDIN") as copy:
            for values in wanted.values():
                copy.write(copy_line(values))
        texts = [column for column in COLUMNS if column.endswith(("name", "number", "notes", "description", "email"))]
        for values in wanted.values():
            cursor.execute(f"SELECT {', '.join(texts)} FROM quotes WHERE id = %s", [values["id"]])
            assert dict(zip(texts, cursor.fetchone(), strict=True)) == {column: values[column] for column in texts}


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_every_defect_occurs_in_three_thousand_rows(share):
    from legacy.seed.writer import SeedPlan, SeedReport, copy_lines

    report = SeedReport()
    assert sum(1 for _ in copy_lines(SeedPlan(dirty=share), report)) == 3000
    assert set(report.defects) == set(DEFECTS)
    assert 0 < report.quarantine_rows < report.dirty_rows / 10


def test_defects_of_one_row_share_no_column():
    deck = Deck(Random("deck"))
    counts = set()
    for row in dirty_rows():
        deck.soil(row)
        columns = [column for name in row.defects for column in DEFECTS[name].columns]
        assert len(columns) == len(set(columns))
        counts.add(len(row.defects))
    assert counts == {1, 2, 3}
