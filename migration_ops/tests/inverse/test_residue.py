"""What a link's residue holds: only what the columns cannot express, so that no wrong column hides behind it."""

import json
from uuid import UUID

import pytest
from django.db import connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.projection.project import Scope
from migration_ops.projection.targets import TARGETS
from migration_ops.sql.loader import block
from migration_ops.tests.dirty.case import base_row, line, rows_of
from migration_ops.tests.dirty_rows import CASES
from migration_ops.tests.moving import PLACES, company_of, insert, move
from migration_ops.validation.comparables import UNCOMPARED
from migration_ops.validation.report import Depth, Kind
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db(transaction=True)

# The columns a legacy row is rebuilt from, and where only some rows of the table are.
NO_QUOTE = "NOT EXISTS (SELECT FROM quotes_new q WHERE q.id = l.legacy_id)"
NO_JOB = "NOT EXISTS (SELECT FROM jobs_new j WHERE j.quote_id = l.legacy_id)"
HOMES = {
    "customer_contacts": {"name": "", "email": "", "phone": ""},
    "customer_addresses": {"address": ""},
    "leads_new": {
        "status": "", "description": NO_QUOTE, "scheduled_visit_at": NO_JOB, "notes": NO_QUOTE, "created_by": NO_QUOTE,
        "created_at": NO_QUOTE, "updated_at": NO_QUOTE,
    },
    "quotes_new": dict.fromkeys(
        ("quote_number", "job_name", "description", "subtotal", "discount_amount", "tax_rate", "tax_amount", "total", "notes",
         "status", "sent_at", "created_by", "created_at", "updated_at"), ""),
    "quote_items_new": dict.fromkeys(
        ("name", "description", "quantity", "unit_price", "total", "option_tier", "is_upsell", "is_discount", "sort_order"), ""),
    "jobs_new": dict.fromkeys(("job_number", "scheduled_start", "actual_start", "actual_end"), ""),
    "invoices_new": dict.fromkeys(("invoice_number", "sent_at", "paid_at", "payment_method", "payment_link_url"), ""),
}  # fmt: skip
REFERENCES = {
    "id",
    "company_id",
    "customer_id",
    "lead_id",
    "quote_id",
    "job_id",
    "invoice_id",
    "legacy_id",
    "contact_id",
    "address_id",
}
# Another value of each type; a column that is NULL gets one.
CHANGED = {
    "text": "coalesce({c}, '') || '~'", "numeric": "coalesce({c} / 2, 0) + 0.25", "boolean": "{c} IS NOT TRUE",
    "uuid": "'00000000-0000-4000-8000-00000000000f'", "integer": "CASE WHEN {c} > 0 THEN {c} - 7 ELSE {c} + 7 END",
    "timestamp with time zone": "coalesce({c}, '2000-01-01') + interval '1 second'", "bigint": "coalesce({c}, 0) + 1",
    "ARRAY": "{c} || '{{made_up}}'", "jsonb": "coalesce({c}, '{{}}') || '{{\"made\": \"up\"}}'",
}  # fmt: skip


@pytest.fixture
def company(monkeypatch) -> Company:
    """A company with every kind of dirty row that migrates."""
    monkeypatch.setattr(conf, "RECHECK_MS", 0)
    monkeypatch.setattr(conf, "MISMATCHES_KEPT", 100_000)
    made = company_of(UUID(int=2**100))
    cases = [case for case in CASES if not case.reason and case.line != 67 and "id" not in case.columns]
    for number, case in enumerate(cases, start=1):
        ids = [UUID(int=2**101 + number * 10 + offset) for offset in range(1 + len(case.also))]
        insert(rows_of(case, number, ids, made.pk))
    move(made)
    return made


def types_of(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table])
        return dict(cursor.fetchall())


def ids(statement: str, *params: object) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {id for (id,) in cursor.fetchall()}


def change_all(table: str, column: str, company: Company) -> None:
    changed = CHANGED[types_of(table)[column]].format(c=column)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {changed} WHERE company_id = %s", [company.pk])


def test_a_wrong_value_in_any_column_of_any_table_shows_in_every_row_that_has_it(company):
    wrong = []
    for table, columns in HOMES.items():
        for column, only in columns.items():
            expected = ids(
                f"SELECT DISTINCT l.legacy_id FROM migration_legacy_link l JOIN {table} t ON {PLACES[table]}"
                f" WHERE l.company_id = %s AND {only or 'true'}", company.pk,
            )  # fmt: skip
            with transaction.atomic():
                change_all(table, column, company)
                (report,) = validate(company, [Depth.ROUNDTRIP]).depths
                transaction.set_rollback(True)
            found = {each.legacy_id for each in report.differences if each.kind == Kind.MISMATCHED}
            assert expected, (table, column)
            if found != expected:
                wrong.append(
                    f"{table}.{column}: hidden in {sorted(expected - found)[:3]}, also in {sorted(found - expected)[:3]}"
                )
    assert not wrong, "\n".join(wrong)


def test_a_wrong_value_in_any_projected_column_is_named(company):
    unnamed = []
    for target in TARGETS[3:]:
        for column in target.block.columns:
            if column in REFERENCES or column in UNCOMPARED or column == "position":
                continue
            with transaction.atomic():
                change_all(target.table, column, company)
                (report,) = validate(company, [Depth.FIELDS]).depths
                transaction.set_rollback(True)
            if (target.table, column) not in {(each.table, each.column) for each in report.differences}:
                unnamed.append(f"{target.table}.{column}")
    assert not unnamed


def rebuilt(company: Company, id: UUID) -> dict[str, object]:
    with connection.cursor() as cursor:
        statement = block("inverse/legacy_row.sql", "rebuilt").sql
        cursor.execute(f"SELECT to_jsonb(r) FROM ({statement}) AS r", Scope(company=company, ids=[id]).params())
        row: dict[str, object] = json.loads(cursor.fetchone()[0])
        return row


DIRTY = {
    "address": " 1 Main\r\nStreet ", "lead_status": " NEW", "status": None, "job_number": " ", "invoice_number": "",
    "items": "[" + line({"quantity": '"2"', "unit_price": '"$12.50"', "is_upsell": '"no"', "option_tier": '"Good"',
                         "sort_order": "null", "color": '"red"'}) + ", " + line({"quantity": None, "qty": '"4"'}) + "]",
}  # fmt: skip
EDITS = [
    ("customer_addresses", "address", "'2 Main Street'", "address", "2 Main Street"),
    ("leads_new", "status", "'contacted'", "lead_status", "contacted"),
    ("quotes_new", "status", "'sent'", "status", "sent"),
    ("jobs_new", "job_number", "'J-77'", "job_number", "J-77"),
    ("invoices_new", "invoice_number", "'INV-77'", "invoice_number", "INV-77"),
]
ITEM_EDITS = [
    (1, "quantity", "3", {"quantity": 3}), (1, "unit_price", "13", {"unit_price": 13}),
    (1, "is_upsell", "true", {"is_upsell": True}), (1, "option_tier", "'best'", {"option_tier": "best"}),
    (1, "sort_order", "9", {"sort_order": 9}), (1, "name", "'Paint'", {"name": "Paint"}),
    (2, "quantity", "5", {"quantity": 5}),
]  # fmt: skip


@pytest.fixture
def edited_company() -> Company:
    made = company_of(UUID(int=2**100))
    insert([base_row("deal", 1, UUID(int=1), made.pk) | DIRTY])
    move(made)
    return made


@pytest.mark.parametrize(("table", "column", "value", "legacy_column", "back"), EDITS)
def test_an_edited_column_wins_over_what_was_recorded(edited_company, table, column, value, legacy_column, back):
    before = rebuilt(edited_company, UUID(int=1))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {value}")
    assert rebuilt(edited_company, UUID(int=1)) == before | {legacy_column: back}


@pytest.mark.parametrize(("position", "column", "value", "changes"), ITEM_EDITS)
def test_an_edited_item_gives_back_everything_else_as_it_was_recorded(edited_company, position, column, value, changes):
    before = rebuilt(edited_company, UUID(int=1))["items"]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE quote_items_new SET {column} = {value} WHERE position = %s", [position])
    after = rebuilt(edited_company, UUID(int=1))["items"]
    before[position - 1] |= changes
    if position == 2:
        del before[1]["qty"]  # a column of that name says what the quantity is now
    assert after == before


def test_a_residue_that_repeats_a_column_is_a_difference(company):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE migration_legacy_link SET residue = coalesce(residue, '{}') || '{\"columns\": {\"total\": 1}}'"
        )
        (report,) = validate(company, [Depth.FIELDS]).depths
        transaction.set_rollback(True)
    assert not report.passed
