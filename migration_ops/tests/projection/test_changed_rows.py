"""A row that changes after it was projected: projected again, it stands there as if it had always been so."""

import pytest
from django.db import connection

from migration_ops.identity.late import resolve_late
from migration_ops.models import OutboxEntry
from migration_ops.projection.project import Scope, write
from migration_ops.tests.validation.moved import LEAD, NAMELESS, PAID, REFUSED, SENT, moved_company
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db

CHANGES = {
    "a placeholder gets another address": (NAMELESS, "address = '4 New Street'"),
    "a placeholder loses its address": (NAMELESS, "address = NULL"),
    "a placeholder gets a name": (NAMELESS, "customer_name = 'Dee Fox'"),
    "a placeholder gets a known contact": (NAMELESS, "customer_name = 'Bob Ray', email = 'bob@example.com'"),
    "a row loses its contact": (SENT, "customer_name = NULL, email = '', phone = ' '"),
    "a row gets another contact": (SENT, "email = 'robert@example.com'"),
    "a row gets the contact of another customer": (
        SENT,
        "customer_name = 'Ann Lee', email = 'ann@example.com', phone = '+12025550147'",
    ),
    "a row gets another address": (SENT, "address = '5 Ash Way'"),
    "a row loses its address": (SENT, "address = ' '"),
    "a paid deal is taken back to a lead": (
        PAID,
        "status = NULL, items = NULL, total = NULL, quote_number = NULL, job_number = NULL, started_at = NULL,"
        " completed_at = NULL, invoice_number = NULL, invoice_sent_at = NULL, paid_at = NULL",
    ),
    "a lead becomes a paid deal": (
        LEAD,
        "status = 'completed', paid_at = now(), total = 5, items = '[{\"name\": \"x\"}]'",
    ),
    "a lead status goes away": (PAID, "lead_status = NULL"),
    "an item goes away": (PAID, "items = items - 1"),
    "all items go away": (PAID, "items = '[]'"),
    "items in another order": (PAID, "items = jsonb_build_array(items -> 1, items -> 0)"),
    "a payment is taken back": (PAID, "paid_at = NULL"),
    "a number nobody can read": (SENT, 'items = \'[{"name": "x", "unit_price": "about 5"}]\''),
    "a total that is NaN": (PAID, "total = 'NaN'"),
    "a refused row is corrected": (REFUSED, 'items = \'[{"name": "x", "quantity": 2}]\''),
    "a refused row is refused for another reason": (REFUSED, "items = '5'"),
    "nothing but the time": (SENT, "updated_at = now()"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_row_is_projected_as_if_new(name):
    company = moved_company()
    id, change = CHANGES[name]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE quotes SET {change} WHERE id = %s", [id])
        cursor.execute("DISCARD TEMPORARY")
    resolve_late(company, [id])
    write(Scope(company=company, ids=[id]), batch_id=None)
    OutboxEntry.objects.all().delete()

    report = validate(company)

    assert [difference for depth in report.depths for difference in depth.differences] == []
    assert [check for check in report.checks if not check.passed] == []


@pytest.mark.parametrize("id", [PAID, LEAD, NAMELESS, REFUSED])
def test_a_deleted_row_leaves_nothing_behind(id):
    company = moved_company()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM quotes WHERE id = %s", [id])
        cursor.execute("DISCARD TEMPORARY")
    resolve_late(company, [id])
    write(Scope(company=company, ids=[id]), batch_id=None)
    OutboxEntry.objects.all().delete()

    report = validate(company)

    assert [difference for depth in report.depths for difference in depth.differences] == []
    assert [check for check in report.checks if not check.passed] == []
    assert report.rows_checked == 4
