"""Which fault is found by which check: the table of planted faults, kept true."""

import pytest

from migration_ops.models import Mismatch, Verdict
from migration_ops.tests.validation.faults import FAULTS
from migration_ops.tests.validation.moved import COMPANY, LATE, LEAD, PAID, SENT, moved_company, plant
from migration_ops.validation.report import Depth
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db
NAMES = [fault.name for fault in FAULTS]


@pytest.fixture
def company(db):
    return moved_company()


def failing(company) -> set[str]:
    return {depth.depth for depth in validate(company).depths if not depth.passed}


def test_the_moved_company_passes_at_every_depth(company):
    report = validate(company)

    assert [d for depth in report.depths for d in depth.differences] == []
    assert [check for check in report.checks if not check.passed] == []
    assert report.passed
    assert (report.missing, report.extra, report.mismatched, report.rows_checked) == (0, 0, 0, 5)


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_planted_fault_is_named_at_fields(company, fault):
    plant(*fault.statements)

    (fields,) = validate(company, [Depth.FIELDS]).depths

    assert not fields.passed
    named = {(d.table, d.column, d.kind.value, str(d.legacy_id)) for d in fields.differences}
    assert {(fault.table, fault.column, fault.kind, id) for id in fault.legacy_ids} <= named
    stored = Mismatch.objects.filter(verdict_id=fields.verdict_id, table=fault.table, column=fault.column)
    assert {str(id) for id in stored.values_list("legacy_id", flat=True)} == set(fault.legacy_ids)


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_planted_fault_is_found_by_checksum_down_to_the_field(company, fault):
    plant(*fault.statements)

    (checksum,) = validate(company, [Depth.CHECKSUM]).depths

    assert not checksum.passed
    named = {(d.table, d.column, d.kind.value, str(d.legacy_id)) for d in checksum.differences}
    assert {(fault.table, fault.column, fault.kind, id) for id in fault.legacy_ids} <= named


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_the_difference_tells_both_values(company, fault):
    plant(*fault.statements)

    (fields,) = validate(company, [Depth.FIELDS]).depths

    for difference in fields.differences:
        assert difference.expected != difference.found


# What the counts and the round trip see of each fault; checksum and fields see all of them.
COUNTS, ROUNDTRIP = "counts", "roundtrip"
SEEN = {
    "a cent in a quote's total": {COUNTS, ROUNDTRIP},
    "a cent in an item's price": {ROUNDTRIP},
    "two totals swapped": {ROUNDTRIP},
    "an item missing": {COUNTS, ROUNDTRIP},
    "a blank behind a text": {ROUNDTRIP},
    "a payment missing": {COUNTS},
    "an hour in a time": {ROUNDTRIP},
    "NULL in place of a value": {ROUNDTRIP},
    "a late legacy change nobody captured": {COUNTS, ROUNDTRIP},
    "a late legacy row nobody captured": {COUNTS, ROUNDTRIP},
}


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_which_fault_is_found_by_which_depth(company, fault):
    plant(*fault.statements)

    assert failing(company) - {"business"} == {"checksum", "fields"} | SEEN[fault.name]


GENERAL = {
    "row never migrated": (
        (f"DELETE FROM leads_new WHERE id = '{LEAD}'", f"DELETE FROM migration_legacy_link WHERE legacy_id = '{LEAD}'"),
        {"counts", "checksum", "fields", "roundtrip", "business"},
    ),
    "update never captured": (
        (f"UPDATE quotes SET notes = 'Ring once' WHERE id = '{PAID}'",),
        {"checksum", "fields", "roundtrip"},
    ),
    "ghost row": (
        (
            "INSERT INTO quotes_new (id, company_id, customer_id, status, total, created_at, updated_at)"
            f" SELECT '{LATE}', company_id, customer_id, status, 0, created_at, updated_at FROM quotes_new"
            f" WHERE id = '{SENT}'",
        ),
        {"counts", "checksum", "fields"},
    ),
    "ghost link": (
        (
            "INSERT INTO migration_legacy_link (legacy_id, company_id, contact_id, flags, fingerprint, mapping_version)"
            f" SELECT '{LATE}', company_id, contact_id, flags, fingerprint, 1 FROM migration_legacy_link"
            f" WHERE legacy_id = '{SENT}'",
        ),
        {"counts", "checksum", "fields", "roundtrip"},
    ),
    "two amounts swapped between rows": (
        (
            f"UPDATE quotes_new SET total = CASE id WHEN '{PAID}' THEN 50 ELSE 1089 END"
            f" WHERE id IN ('{PAID}', '{SENT}')",
        ),
        {"checksum", "fields", "roundtrip"},
    ),
    "offsetting errors": (
        (
            f"UPDATE quotes_new SET total = total + 1 WHERE id = '{PAID}'",
            f"UPDATE quotes_new SET total = total - 1 WHERE id = '{SENT}'",
        ),
        {"checksum", "fields", "roundtrip"},
    ),
    "a quarantined row changed and nobody saw": (
        ("UPDATE quotes SET total = 2 WHERE items = '[\"no object\"]'",),
        {"roundtrip"},
    ),
    "a fingerprint of another row": (
        (f"UPDATE migration_legacy_link SET fingerprint = fingerprint + 1 WHERE legacy_id = '{PAID}'",),
        {"checksum", "fields"},
    ),
    "a contact's text changed": (
        ("UPDATE customer_contacts SET name = 'Bob Roy' WHERE name = 'Bob Ray'",),
        {"checksum", "fields", "roundtrip"},
    ),
    "an address changed": (
        ("UPDATE customer_addresses SET address = '2 Oak Rd' WHERE address = '2 Oak Road'",),
        {"checksum", "fields", "roundtrip"},
    ),
    "a golden record nobody recorded": (
        ("UPDATE customers_new SET name = 'Robert' WHERE name = 'Bob Ray'",),
        {"fields"},
    ),
    "a match key changed": (("UPDATE customer_contacts SET phone_key = '+1' WHERE name = 'Bob Ray'",), {"fields"}),
}


@pytest.mark.parametrize("name", GENERAL)
def test_the_table_of_faults_and_checks(company, name):
    statements, expected = GENERAL[name]
    plant(*statements)

    assert failing(company) == expected


def test_every_verdict_is_stored_with_its_checks(company):
    report = validate(company)

    stored = {verdict.depth: verdict for verdict in Verdict.objects.filter(company_id=COMPANY)}
    assert set(stored) == set(Depth.values)
    for depth in report.depths:
        assert stored[depth.depth].pk == depth.verdict_id
        assert stored[depth.depth].has_passed
        assert len(stored[depth.depth].checks) == len(depth.checks)
