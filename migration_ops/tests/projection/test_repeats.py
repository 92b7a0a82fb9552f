"""The projection done again: nothing changes, ids are the same, a row follows its company."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill.decide import Task, decide
from migration_ops.backfill.finish import finish
from migration_ops.backfill.sweep import settle, sweep_slice
from migration_ops.models import MigrationBatch, MigrationRun, OutboxEntry
from migration_ops.projection import project
from migration_ops.projection.project import Scope
from migration_ops.stages import BatchKind, RunStatus
from migration_ops.tests.dirty.case import base_row, rows_of
from migration_ops.tests.dirty_rows import CASES
from migration_ops.tests.moving import (
    TABLES,
    company_of,
    contents,
    fates,
    identify,
    insert,
    move,
    project_rows,
    proven,
)

pytestmark = pytest.mark.django_db(transaction=True)


def dirty_rows(company: UUID) -> Iterator[dict[str, str | None]]:
    """A row of every case, in one company."""
    for number, case in enumerate((case for case in CASES if case.line != 67), start=1):
        ids = [UUID(int=2**101 + number * 10 + offset) for offset in range(1 + len(case.also))]
        yield from (row | {"id": str(id)} for row, id in zip(rows_of(case, number, ids, company), ids, strict=True))


@pytest.fixture
def company() -> Company:
    made = company_of(UUID(int=2**100))
    insert(dirty_rows(made.pk))
    move(made, batch_rows=100)
    return made


def test_a_second_projection_changes_nothing(company):
    before = contents([company], with_versions=True)
    read, quarantined, unidentified = project_rows(company, batch_rows=64)
    assert (read, unidentified) == (sum(len(before[table]) for table in TABLES[-2:]), 0)
    assert quarantined == len(before["migration_quarantined_row"])
    assert contents([company], with_versions=True) == before


def test_ids_and_rows_are_the_same_after_deleting_and_projecting_again(company):
    before = contents([company])
    with connection.cursor() as cursor:
        for table in ("migration_dedup_conflict", "customer_relations", "payments", "invoices_new", "jobs_new", "quote_items_new", "quotes_new", "leads_new",
                      "migration_legacy_link", "customer_addresses", "customer_contacts", "customers_new"):  # fmt: skip
            cursor.execute(f"DELETE FROM {table} WHERE company_id = %s", [company.pk])
    move(company, batch_rows=33)
    assert contents([company]) == before


def test_rows_asked_for_by_id_give_what_the_whole_company_gave(company):
    before = contents([company])
    ids = sorted(fates(company))
    for start in range(0, len(ids), 50):
        with transaction.atomic():
            settle(company, ids[start : start + 50], batch_id=None)
    # Contacts that only quarantined rows have were looked up again; the end of a run lets go of them.
    with transaction.atomic():
        finish(company)
    assert contents([company]) == before


def test_a_row_that_changes_its_company_moves_with_all_it_has(company):
    other = company_of(UUID(int=2**100 + 1))
    insert(base_row("deal", number, UUID(int=2**110 + number), company.pk) for number in (9_001, 9_002))
    insert(base_row("deal", number, UUID(int=2**110 + number), other.pk) for number in (9_003, 9_004))
    ids = [UUID(int=2**110 + number) for number in (9_001, 9_002)]
    with transaction.atomic():
        settle(company, ids, batch_id=None)
    move(other)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes SET company_id = %s WHERE id = %s", [other.pk, ids[0]])
    with transaction.atomic():
        settle(company, [ids[0]], batch_id=None)
    with transaction.atomic():
        settle(other, [ids[0]], batch_id=None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM migration_outbox")
        for table in ("leads_new", "quotes_new", "migration_legacy_link"):
            key = "legacy_id" if table == "migration_legacy_link" else "id"
            cursor.execute(f"SELECT company_id FROM {table} WHERE {key} = ANY (%s) ORDER BY {key}", [ids])
            assert cursor.fetchall() == [(other.pk,), (company.pk,)]
    proven(company)
    proven(other)


def test_the_lowest_id_is_swept_like_any_other():
    company = company_of(UUID(int=2**100))
    insert([base_row("deal", 1, UUID(int=0), company.pk)])
    run = MigrationRun.objects.create(
        company=company, mapping_version=conf.MAPPING_VERSION, status=RunStatus.FINISHED, rows_planned=1, batch_rows=1,
        started_at=timezone.now(), heartbeat_at=timezone.now(),
    )  # fmt: skip
    OutboxEntry.objects.all().delete()
    assert decide(company).task is Task.CATCH_UP
    batch = MigrationBatch(run=run, kind=BatchKind.SWEEP, part=0)
    for _ in range(2):
        with transaction.atomic():
            is_done = sweep_slice(company, batch)
    assert is_done
    assert set(fates(company)) == {UUID(int=0)}


def test_rows_of_a_batch_are_left_out_while_their_contact_is_unknown_and_land_later():
    company = company_of(UUID(int=2**100))
    insert([base_row("deal", 1, UUID(int=1), company.pk)])
    identify(company)
    insert([base_row("deal", 2, UUID(int=2), company.pk), base_row("empty", 3, UUID(int=3), company.pk)])
    assert project_rows(company, batch_rows=10) == (2, 0, 1)
    with transaction.atomic():
        outcome = project.write(
            Scope(company=company, ids=[UUID(int=2)], low=UUID(int=2), high=UUID(int=2)), batch_id=None
        )
    assert outcome.unidentified == 1
    with transaction.atomic():
        settle(company, [UUID(int=2)], batch_id=None)
    assert set(fates(company)) == {UUID(int=1), UUID(int=2), UUID(int=3)}
