"""Verdicts: not vacuous, not fooled by rows in flight, refused where the table drifted."""

from itertools import pairwise
from uuid import UUID

import pytest
from django.db import connection

from crm.models import Company
from legacy.exceptions import LegacySchemaDrift
from legacy.seed.writer import SeedPlan, seed
from migration_ops import conf
from migration_ops.dual_write import capture
from migration_ops.dual_write.apply import apply_rest
from migration_ops.models import OutboxEntry, Verdict
from migration_ops.projection.project import HIGHEST, LOWEST
from migration_ops.tests.validation.moved import LATE, PAID, SENT, move, moved_company, plant
from migration_ops.validation import chunks
from migration_ops.validation.report import Depth, Kind, Tally, judge
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(db):
    return moved_company()


def failed(report) -> set[tuple[str, str]]:
    return {(check.depth, check.name) for check in report.checks if not check.passed}


@pytest.mark.parametrize(("expected", "checked"), [(0, 0), (10, 9), (10, 0), (9, 10)])
def test_a_verdict_that_compared_nothing_or_not_everything_fails(expected, checked):
    report = judge(Depth.CHECKSUM, Tally(rows_expected=expected, rows_checked=checked), ())

    assert not report.passed
    assert [check.name for check in report.checks if not check.passed] == ["rows compared"]


def test_a_company_without_legacy_rows_fails_at_every_depth(db):
    capture.install()
    company = Company.objects.create(name="Empty", slug="empty")

    report = validate(company)

    assert not report.passed
    assert not any(depth.passed for depth in report.depths)
    assert (Depth.COUNTS, "legacy rows") in failed(report)
    assert {(depth, "rows compared") for depth in Depth} <= failed(report)
    assert not Verdict.objects.filter(company=company, has_passed=True).exists()


def test_a_report_without_depths_has_not_passed(company):
    assert not validate(company, []).passed


def test_a_capture_hole_fails_every_depth_by_name(company):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")

    report = validate(company)

    assert failed(report) == {(depth, "capture") for depth in Depth}
    assert "qp_capture_v2 is not ENABLE ALWAYS" in {check.found for check in report.checks}


def test_schema_drift_is_refused(company):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes ADD COLUMN colour text")

    with pytest.raises(LegacySchemaDrift, match="colour"):
        validate(company)


def test_a_captured_change_that_is_not_applied_is_pending_and_not_different(company):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes SET total = 1088, notes = 'x' WHERE id = %s", [PAID])

    report = validate(company)

    assert (report.missing, report.extra, report.mismatched) == (0, 0, 0)
    for depth in report.depths:
        if depth.depth in chunks.CHUNKED:
            assert (depth.rows_expected, depth.rows_checked) == (5, 4)
            assert (depth.depth, "rows with pending changes") in failed(report)
    assert (Depth.COUNTS, "pending changes") in failed(report)


def test_a_pending_row_hides_no_other_difference(company):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes SET total = 1088 WHERE id = %s", [PAID])
    plant(f"UPDATE quotes_new SET total = 51 WHERE id = '{SENT}'")

    (fields,) = validate(company, [Depth.FIELDS]).depths

    assert [(d.row_id, d.column) for d in fields.differences] == [(SENT, "total")]
    assert (fields.mismatched, fields.rows_checked) == (1, 4)


def test_a_row_in_flight_is_read_again_before_it_is_called_different(company, monkeypatch):
    plant(f"UPDATE quotes_new SET total = 51 WHERE id = '{SENT}'")
    rests = []

    def land(seconds: float) -> None:
        rests.append(seconds)
        plant(f"UPDATE quotes_new SET total = 50 WHERE id = '{SENT}'")

    monkeypatch.setattr(chunks.time, "sleep", land)

    assert validate(company, [Depth.CHECKSUM, Depth.FIELDS, Depth.ROUNDTRIP]).passed
    assert len(rests) == 1


def test_a_change_applied_right_after_the_last_look_makes_no_difference(company, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes SET total = 1088, notes = 'x' WHERE id = %s", [PAID])
    looks = []

    def compare_and_apply(*args, **options):
        tallies = compare(*args, **options)
        looks.append(tallies)
        if len(looks) == 2:
            apply_rest(company)
        return tallies

    compare = chunks.compare_now
    monkeypatch.setattr(chunks, "compare_now", compare_and_apply)
    (chunk,) = chunks.plan(company, chunk_rows=100)

    tallies = chunks.check_chunk(company, chunk, [Depth.FIELDS, Depth.ROUNDTRIP])

    assert [(tally.is_clean, tally.pending, tally.pending_ids) for tally in tallies.values()] == [(True, 1, [PAID])] * 2


def test_chunks_cover_every_id_there_can_be(company, monkeypatch):
    planned = chunks.plan(company, chunk_rows=2)

    assert (planned[0].low, planned[-1].high) == (LOWEST, HIGHEST)
    assert all(after.low.int == before.high.int + 1 for before, after in pairwise(planned))
    assert sum(chunk.rows for chunk in planned) == 5
    assert max(chunk.rows for chunk in planned) <= 2


def test_ghosts_outside_the_range_of_legacy_ids_are_found(company):
    ghost = UUID(int=2**128 - 1)
    plant(
        "INSERT INTO quotes_new (id, company_id, customer_id, status, created_at, updated_at)"
        f" SELECT '{ghost}', company_id, customer_id, status, created_at, updated_at FROM quotes_new"
        f" WHERE id = '{SENT}'"
    )

    (checksum,) = validate(company, [Depth.CHECKSUM]).depths

    assert [(d.kind, d.table, d.row_id) for d in checksum.differences] == [(Kind.EXTRA, "quotes_new", ghost)]


STRAYS = {
    "customer_contacts": "INSERT INTO customer_contacts (id, company_id, customer_id, name, extra_keys, flags,"
    f" first_seen_at, last_seen_at) SELECT '{LATE}', company_id, id, 'Nobody', '{{}}', '{{}}', now(), '1999-01-01'"
    " FROM customers_new WHERE name = 'Bob Ray'",
    "customers_new": "INSERT INTO customers_new (id, company_id, name, is_placeholder, phone_is_shared, created_at,"
    f" updated_at) SELECT '{LATE}', company_id, 'Nobody', false, false, now(), now() FROM customers_new LIMIT 1",
    "customer_addresses": "INSERT INTO customer_addresses (id, company_id, customer_id, address, is_primary,"
    f" created_at, last_used_at) SELECT '{LATE}', company_id, id, '9 Made Up', false, now(), now()"
    " FROM customers_new WHERE name = 'Bob Ray'",
}


@pytest.mark.parametrize("table", STRAYS)
def test_people_nobody_recorded_are_extra(company, table):
    plant(STRAYS[table])

    (fields,) = validate(company, [Depth.FIELDS]).depths

    assert (Kind.EXTRA, table, LATE) in {(d.kind, d.table, d.row_id) for d in fields.differences}


def test_a_contact_that_is_gone_is_named_with_what_the_row_says(company):
    plant("DELETE FROM customer_contacts WHERE name = 'Bob Ray'")

    (fields,) = validate(company, [Depth.FIELDS]).depths

    (link,) = [d for d in fields.differences if d.table == "migration_legacy_link"]
    assert (link.legacy_id, link.column) == (SENT, "contact")
    assert "Bob Ray" in link.expected
    assert fields.extra == 1  # the customer nobody is the contact of any more


def test_differences_are_all_counted_and_some_kept(company, monkeypatch):
    monkeypatch.setattr(conf, "MISMATCHES_KEPT", 1)
    plant("UPDATE quote_items_new SET name = 'x'")

    (fields,) = validate(company, [Depth.FIELDS]).depths

    assert (fields.mismatched, len(fields.differences)) == (3, 1)
    assert Verdict.objects.get(pk=fields.verdict_id).mismatches.count() == 1


def test_dirty_rows_pass_in_many_chunks(db, monkeypatch):
    monkeypatch.setattr(conf, "VALIDATION_CHUNK_ROWS", 90)
    ((id, rows),) = seed(SeedPlan(rows=600, companies=1, dirty=1.0, seed=7)).companies
    company = move(id)
    told = []

    report = validate(company, progress=lambda *each: told.append(each))

    assert [d for depth in report.depths for d in depth.differences] == []
    assert failed(report) == set()
    assert report.rows_checked == rows == 600
    assert told[-1] == (7, 7, 600)


def test_a_second_company_is_not_looked_at(company):
    ((other, _),) = seed(SeedPlan(rows=40, companies=1, seed=3)).companies
    OutboxEntry.objects.all().delete()

    assert validate(company).passed
    assert not validate(Company.objects.create(pk=other, name="Other", slug="other")).passed


def test_verdicts_name_the_mapping_they_were_made_for(company):
    validate(company, [Depth.BUSINESS])

    assert Verdict.objects.get().mapping_version == conf.MAPPING_VERSION
