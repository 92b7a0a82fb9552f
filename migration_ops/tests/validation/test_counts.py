"""Each check of the counts has its own broken example."""

import pytest

from crm.models import Company
from migration_ops.models import OutboxEntry
from migration_ops.sql.loader import block, blocks
from migration_ops.tests.validation.moved import (
    COMPANY,
    LATE,
    LEAD,
    NAMELESS,
    PAID,
    REFUSED,
    SENT,
    deal,
    move,
    moved_company,
    plant,
)
from migration_ops.validation.counts import FAULTS, NAMES, PAIRS, SQL
from migration_ops.validation.report import Depth
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db
OTHER = "c0000000-0000-4000-8000-00000000000f"
NOBODY = "00000000-0000-4000-8000-00000000000e"

OF_COLUMNS = {
    "links": f"UPDATE migration_legacy_link SET legacy_id = '{LATE}' WHERE legacy_id = '{SENT}'",
    "leads": f"DELETE FROM leads_new WHERE id = '{LEAD}'",
    "quotes": f"DELETE FROM quotes_new WHERE id = '{SENT}'",
    "quote_totals": f"UPDATE quotes_new SET total = 51 WHERE id = '{SENT}'",
    "quote_totals_missing": f"UPDATE quotes_new SET total = NULL WHERE id = '{SENT}'",
    "quote_subtotals": f"UPDATE quotes_new SET subtotal = 51 WHERE id = '{SENT}'",
    "quote_subtotals_missing": f"UPDATE quotes_new SET subtotal = NULL WHERE id = '{SENT}'",
    "discounts": f"UPDATE quotes_new SET discount_amount = 1 WHERE id = '{SENT}'",
    "tax_amounts": f"UPDATE quotes_new SET tax_amount = 1 WHERE id = '{SENT}'",
    "jobs": "DELETE FROM jobs_new",
    "invoices": "DELETE FROM invoices_new",
    "paid_invoices": "UPDATE invoices_new SET status = 'sent'",
    "amounts_due": "UPDATE invoices_new SET amount_due = 1",
    "amounts_due_missing": "UPDATE invoices_new SET amount_due = NULL",
    "amounts_paid": "UPDATE invoices_new SET amount_paid = 1",
    "payments": "DELETE FROM payments",
    "payment_amounts": "UPDATE payments SET amount = 1",
    "placeholder_customers": "UPDATE customers_new SET is_placeholder = false",
    "quote_items": f"DELETE FROM quote_items_new WHERE quote_id = '{SENT}'",
    "quote_item_totals": f"UPDATE quote_items_new SET total = 51 WHERE quote_id = '{SENT}'",
    "quote_item_totals_missing": f"UPDATE quote_items_new SET total = NULL WHERE quote_id = '{SENT}'",
    "customers": "UPDATE migration_legacy_link SET contact_id ="
    f" (SELECT contact_id FROM migration_legacy_link WHERE legacy_id = '{SENT}') WHERE legacy_id = '{NAMELESS}'",
    "contacts": "UPDATE migration_legacy_link SET contact_id ="
    f" (SELECT contact_id FROM migration_legacy_link WHERE legacy_id = '{PAID}') WHERE legacy_id = '{LEAD}'",
    "addresses": f"UPDATE migration_legacy_link SET address_id = NULL WHERE legacy_id = '{SENT}'",
}
OF_FAULTS = {
    "ghost_links": f"UPDATE migration_legacy_link SET legacy_id = '{LATE}' WHERE legacy_id = '{SENT}'",
    "ghost_quarantine": f"DELETE FROM quotes WHERE id = '{REFUSED}'",
    "unexplained_quarantine": "UPDATE migration_quarantined_row SET reason = 'because'",
    "links_without_contact": f"UPDATE migration_legacy_link SET contact_id = '{NOBODY}' WHERE legacy_id = '{SENT}'",
    "leads_without_customer": f"UPDATE leads_new SET customer_id = '{NOBODY}'",
    "quotes_without_customer": f"UPDATE quotes_new SET customer_id = '{NOBODY}'",
    "items_without_quote": f"UPDATE quote_items_new SET quote_id = '{NOBODY}' WHERE quote_id = '{SENT}'",
    "jobs_without_quote": f"UPDATE jobs_new SET quote_id = '{NOBODY}'",
    "jobs_without_customer": f"UPDATE jobs_new SET customer_id = '{NOBODY}'",
    "invoices_without_job": f"UPDATE invoices_new SET job_id = '{NOBODY}'",
    "invoices_without_customer": f"UPDATE invoices_new SET customer_id = '{NOBODY}'",
    "payments_without_invoice": f"UPDATE payments SET invoice_id = '{NOBODY}'",
    "contacts_without_customer": "DELETE FROM customers_new WHERE name = 'Bob Ray'",
    "addresses_without_customer": f"UPDATE customer_addresses SET customer_id = '{NOBODY}' WHERE address LIKE '2 %'",
    "unpaid": "DELETE FROM payments",
    "paid_otherwise": "UPDATE payments SET amount = amount - 0.01",
    "item_places": f"UPDATE quote_items_new SET position = 3 WHERE quote_id = '{PAID}' AND position = 2",
    "primary_address": "UPDATE customer_addresses SET is_primary = false WHERE address LIKE '2 %'",
    "customers_without_contact": "DELETE FROM customer_contacts WHERE name = 'Bob Ray'",
    "foreign_links": f"UPDATE quotes SET company_id = '{OTHER}' WHERE id = '{SENT}'",
    "merged_in_circles": "UPDATE customers_new c SET merged_into = o.id FROM customers_new o"
    " WHERE o.company_id = c.company_id AND (c.name, o.name) IN (('Ann Lee', 'Bob Ray'), ('Bob Ray', 'Ann Lee'))",
}


@pytest.fixture
def company(db):
    return moved_company()


def failed_checks(company) -> set[str]:
    (counts,) = validate(company, [Depth.COUNTS]).depths
    assert counts.passed == all(check.passed for check in counts.checks)
    return {check.name for check in counts.checks if not check.passed}


def test_every_check_has_an_example():
    columns = [column for pair in PAIRS for column in block(SQL, f"expected_{pair}").columns]
    assert list(OF_COLUMNS) == columns
    assert list(OF_FAULTS) == list(blocks(FAULTS))


@pytest.mark.parametrize("column", OF_COLUMNS)
def test_a_figure_that_differs_fails_its_check(company, column):
    plant(OF_COLUMNS[column])

    assert NAMES.get(column, column.replace("_", " ")) in failed_checks(company)


@pytest.mark.parametrize("name", OF_FAULTS)
def test_a_thing_there_must_be_none_of_fails_its_check(company, name):
    plant(OF_FAULTS[name])

    assert block(FAULTS, name).header["check"] in failed_checks(company)


def test_an_unlinked_row_is_pending(company):
    plant(f"DELETE FROM leads_new WHERE id = '{LEAD}'", f"DELETE FROM migration_legacy_link WHERE legacy_id = '{LEAD}'")

    assert {"rows pending", "rows migrated or set aside", "missing rows", "rows compared"} <= failed_checks(company)


def test_a_row_in_two_places_is_found(company):
    plant(f"UPDATE migration_quarantined_row SET legacy_id = '{PAID}'")

    assert {"rows in two places", "mismatched rows"} <= failed_checks(company)


def test_a_waived_row_is_in_its_place(company):
    plant(
        "UPDATE migration_quarantined_row SET resolution = 'waived', resolved_by = 'ann', resolved_reason = 'test',"
        " resolved_at = now()"
    )

    assert failed_checks(company) == set()


def test_a_waiver_without_a_reason_is_not_explained(company):
    plant("UPDATE migration_quarantined_row SET resolution = 'waived', resolved_by = 'ann', resolved_at = now()")

    assert failed_checks(company) == {"quarantine entries not explained"}


def test_a_captured_change_that_waits_fails_by_its_name(company):
    OutboxEntry.objects.create(legacy_id=PAID, company_id=COMPANY, operation="U", captured_at="2024-05-01T00:00:00Z")

    assert failed_checks(company) == {"pending changes"}


def test_a_captured_change_that_failed_is_told_apart(company):
    OutboxEntry.objects.create(
        legacy_id=PAID, company_id=COMPANY, operation="U", captured_at="2024-05-01T00:00:00Z", state="failed"
    )

    assert failed_checks(company) == {"failed changes"}


@pytest.mark.parametrize(
    ("recorded", "region", "read"),
    [
        ("12.50", "US", "12.5"),
        ("$1,200.00", "US", "1200"),
        ("1.200,00 €", "DE", "1200"),
        ("(50.00)", "US", "-50"),
        ("1,200", "US", "1200"),
        ("2,5", "DE", "2.5"),
    ],
)
def test_totals_recorded_as_text_are_read_a_second_time(db, recorded, region, read):
    """The reading is another one than the projection's: both must come to the same sum."""
    Company.objects.create(pk=COMPANY, name="Texts", slug="texts", phone_region=region)
    deal(PAID, customer_name="Ann", status="sent", items=[{"name": "Tap", "total": recorded}])
    company = move()

    (counts,) = validate(company, [Depth.COUNTS]).depths
    (totals,) = [check for check in counts.checks if check.name == NAMES["quote_item_totals"]]
    assert counts.passed
    assert str(totals.expected) == read
