"""Each invariant V1 to V25 holds for a company at rest, and finds a violation that is planted."""

from uuid import uuid4

import pytest
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from crm.models import Company
from migration_ops.backfill.migrate import migrate
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import LegacyLink
from migration_ops.stages import Stage
from migration_ops.tests.cutover.invariants import (
    INVARIANTS,
    assert_invariants,
    assert_second_pass_changes_nothing,
    violations,
)
from migration_ops.tests.legacy_rows import UNREADABLE, insert, update
from migration_ops.tests.living import migrated, take_to

pytestmark = pytest.mark.django_db(transaction=True)

ID = "(SELECT legacy_id FROM migration_legacy_link ORDER BY 1 LIMIT 1)"
# What is planted, in a transaction that is rolled back: without the triggers of references, marked as our own writes.
PLANTED = {
    "V1": [f"DELETE FROM migration_legacy_link WHERE legacy_id = {ID}"],
    "V2": [f"DELETE FROM quotes WHERE id = {ID}"],
    "V3": [f"UPDATE quotes_new SET notes = 'changed' WHERE id = {ID}"],
    "V4": [f"UPDATE quotes_new SET total = total + 0.0001 WHERE id = {ID}"],
    "V5": [f"UPDATE quote_items_new SET position = position + 5 WHERE quote_id = {ID} AND position = (SELECT max(position) FROM quote_items_new WHERE quote_id = {ID})"],
    "V6": [f"UPDATE quotes_new SET company_id = %(other)s WHERE id = {ID}"],
    "V7": ["UPDATE customers_new SET merged_into = (SELECT max(id::text)::uuid FROM customers_new) WHERE id = (SELECT min(id::text)::uuid FROM customers_new)"],
    "V8": [f"UPDATE quotes SET email = 'else@mail.example' WHERE id = {ID}"],
    "V9": [f"UPDATE quotes SET user_id = gen_random_uuid() WHERE id = {ID}"],
    "V10": [f"INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at, state) VALUES ({ID}, %(company)s, 'U', now(), 'failed')"],
    "V11": ["ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2"],
    "V12": ["UPDATE migration_batch SET low = high, high = '00000000-0000-0000-0000-000000000000' WHERE kind = 'rows'"],
    "V13": ["UPDATE migration_run SET rows_planned = rows_planned + 1"],
    "V15": [f"INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at) VALUES ({ID}, %(company)s, 'U', now())"],
    "V16": ["INSERT INTO migration_reverse_outbox (company_id, table_name, row_id, operation, captured_at, xid) VALUES (%(company)s, 'leads_new', gen_random_uuid(), 'U', now(), 1)"],
    "V17": ["UPDATE migration_quarantined_row SET resolved_at = now()"],
    "V18": ["UPDATE invoices_new SET invoice_number = 'I-9' WHERE id = (SELECT id FROM invoices_new ORDER BY 1 LIMIT 1)"],
    "V19": ["UPDATE payments SET amount = amount - 0.01 WHERE id = (SELECT id FROM payments ORDER BY 1 LIMIT 1)"],
    "V20": ["CREATE UNLOGGED TABLE forgettable (id int)"],
    "V21": ["ALTER TABLE quotes ADD COLUMN surprise text"],
    "V22": ["UPDATE migration_verdict SET rows_checked = 0, rows_expected = 0"],
    "V23": ["UPDATE migration_company_stage SET stage = 'rampdown'"],
    "V24": ["ALTER TABLE quotes_new ADD CONSTRAINT loose FOREIGN KEY (customer_id) REFERENCES customers_new (id)"],
}  # fmt: skip


def named(short: str) -> str:
    return next(name for name in INVARIANTS if name.split()[0] == short)


@pytest.fixture
def company(session):
    writer = session()
    here = migrated(writer, rows=4, status="completed", invoice_number="I-1", paid_at="2024-05-01 10:00+00")
    items = [{"name": n, "quantity": 1, "unit_price": 50, "total": 50} for n in ("Roof", "Gutter", "Door")]
    insert(writer, here.pk, uuid4(), items=Jsonb(items))
    writer.execute("UPDATE quotes SET items = items || items || items")
    aside = uuid4()
    insert(writer, here.pk, aside)
    update(writer, aside, **UNREADABLE)
    writer.commit()
    apply_once()
    return here


def test_every_invariant_finds_what_is_planted(company, session):
    assert {*PLANTED, "V14", "V25"} == {f"V{number}" for number in range(1, 26)}
    assert_invariants(company)
    other = Company.objects.create(name="There", slug="there")
    # V24's planted reference needs something to refer to.
    for short, statements in PLANTED.items():
        with transaction.atomic(), connection.cursor() as cursor:
            if short == "V24":
                cursor.execute("ALTER TABLE customers_new ADD UNIQUE (id)")
            if short != "V24":
                cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
            for statement in statements:
                cursor.execute(statement, {"company": company.pk, "other": other.pk})
                assert cursor.rowcount != 0, f"{short}: nothing was planted"
            if short == "V15":
                cursor.execute("UPDATE migration_company_stage SET stage = 'live'")
            assert violations(company, named(short)), f"{named(short)} does not see {statements}"
            transaction.set_rollback(True)
        assert not violations(company, named(short)), short
    # V14: a pass that writes something is found.
    writer, linked = session(), LegacyLink.objects.order_by("pk").values_list("pk", flat=True)[0]
    update(writer, linked, job_name="New roof")
    writer.commit()
    with pytest.raises(AssertionError, match="V14"):
        assert_second_pass_changes_nothing(lambda: (apply_once(), again(company)))
    again(company)
    assert_second_pass_changes_nothing(lambda: again(company))
    # V25: an open transaction that has written is found, once it is old enough.
    update(writer, linked, job_name="Open")
    assert violations(company, named("V25"), old_s=0)
    assert not violations(company, named("V25"))
    writer.rollback()


def test_they_hold_on_the_side_that_leads_too(session):
    writer = session()
    here = migrated(writer, rows=4, status="completed", invoice_number="I-1", paid_at="2024-05-01 10:00+00")
    take_to(here, Stage.LIVE)
    assert_invariants(here)


def again(company: Company) -> None:
    migrate(company, workers=1, batch_rows=100, report=lambda _: None)
