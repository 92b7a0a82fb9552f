"""Indexes of lists that a first run does without while it writes: they are there again, however it ends."""

from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill import control, list_indexes, plan, runner
from migration_ops.backfill.batch import Step, run_step
from migration_ops.backfill.migrate import migrate
from migration_ops.backfill.owner import this_process
from migration_ops.models import IndexAside, MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.tests.backfill.driving import BATCH_ROWS, at_rows, to_the_end
from migration_ops.tests.state import as_json, assert_valid

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = {
    "customers_new_newest_idx", "customers_new_words_idx",
    "leads_new_newest_idx", "leads_new_status_idx",
    "quotes_new_newest_idx", "quotes_new_status_idx", "quotes_new_number_idx", "quotes_new_words_idx",
    "jobs_new_newest_idx", "jobs_new_status_idx",
    "invoices_new_newest_idx", "invoices_new_status_idx",
}  # fmt: skip


def indexes() -> dict[str, str]:
    """Every valid index of the schema, with its definition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indisvalid AND c.relnamespace = 'public'::regnamespace"
        )
        return dict(cursor.fetchall())


@pytest.fixture
def whole(transactional_db, monkeypatch):
    """The indexes as they are before and must be after, whatever a test does."""
    monkeypatch.setattr(conf, "INDEXES_ASIDE_FROM_ROWS", 20)
    before = indexes()
    assert before.keys() >= NAMES
    yield before
    connection.rollback()
    left = before.keys() - indexes().keys()
    list_indexes.put_back()
    assert not left
    assert indexes() == before
    assert not IndexAside.objects.exists()


def test_they_are_built_when_the_rows_are_there(seeded, whole):
    company = seeded(60)
    run = at_rows(company)
    assert whole.keys() - indexes().keys() == NAMES
    to_the_end(run)
    assert indexes() == whole
    assert_valid(company)


def test_two_workers_build_them(seeded, whole):
    assert migrate(seeded(60), workers=2, batch_rows=20, report=lambda _: None).status == RunStatus.FINISHED
    run = MigrationRun.objects.get()
    assert set(run.batches.filter(kind="indexes").values_list("state", flat=True)) == {"done"}
    assert run.batches.filter(kind="indexes").count() == len(NAMES)


def test_who_writes_to_their_tables_waits_until_the_last_is_built(seeded, whole, session):
    run = at_rows(seeded(60))
    while run.phase != "finish":
        run_step(run.pk, run.generation, "test")
        run.refresh_from_db()
    builder = session()
    held = run.batches.filter(kind="indexes").earliest("pk")
    builder.execute("SELECT FROM migration_batch WHERE id = %s FOR UPDATE", [held.pk])
    while run_step(run.pk, run.generation, "test") is Step.DONE:
        pass
    left = run.batches.filter(state="pending").order_by("pk")
    assert list(left.values_list("kind", "part")) == [("indexes", held.part), ("finish", 1), ("finish", 2)]
    builder.rollback()
    to_the_end(run)


def test_a_run_of_an_older_version_still_catches_up(seeded, whole):
    """Its indexes were a phase of their own, in front of the sweep."""
    company = seeded(60)
    run = at_rows(company)
    while run.phase == "rows":
        run_step(run.pk, run.generation, "test")
        run.refresh_from_db()
    MigrationRun.objects.update(phase="indexes")
    to_the_end(run)
    assert not run.batches.filter(state="pending").exists()
    assert_valid(company)


def test_the_finish_an_older_version_planned_is_still_all_done(seeded, whole):
    """It had two parts a round, and looked at the deals' figures in the first."""
    company = seeded(60)
    run = at_rows(company)
    run.batches.filter(kind="finish", part=2).delete()
    MigrationBatch.objects.create(run=run, kind="finish", part=2)
    MigrationBatch.objects.create(run=run, kind="finish", part=3)
    run.batches.filter(kind="finish", part__lt=2).update(state="done")
    with connection.cursor() as cursor:
        cursor.execute(import_module("migration_ops.migrations.0024_phase_order").THREE_PARTS)
    finish = run.batches.filter(kind="finish").order_by("part").values_list("part", "state")
    assert list(finish) == [(0, "done"), (1, "done"), (3, "pending"), (4, "pending"), (5, "pending")]
    to_the_end(run)
    assert not run.batches.filter(state="pending").exists()


def test_a_run_that_goes_on_elsewhere_builds_them(seeded, whole, manage):
    company = seeded(60)
    at_rows(company)
    told = manage("migration_status", "--company", company.slug, "--json")
    assert as_json(told.stdout)["indexes_aside"] == len(NAMES)
    assert "12 of lists and searches are built when the rows of a first run are there" in told.stdout
    MigrationRun.objects.update(status=RunStatus.FAILED)
    assert migrate(company, workers=1, batch_rows=20, report=lambda _: None).status == RunStatus.FINISHED


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.FAILED])
def test_a_cancelled_run_builds_them(seeded, whole, status):
    company = seeded(60)
    at_rows(company)
    MigrationRun.objects.update(status=status)
    assert control.cancel(company).status == RunStatus.CANCELLED


def test_a_run_cancelled_while_it_is_driven_builds_them(seeded, whole):
    company = seeded(60)
    run = at_rows(company)
    assert control.cancel(company).status == RunStatus.CANCELLING
    assert not indexes().keys() & NAMES
    runner.settle_request(run.pk, run.generation)
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


def test_a_schema_migration_finds_them(seeded, whole):
    at_rows(seeded(60))
    call_command("migrate", verbosity=0)
    assert indexes() == whole


def test_two_first_runs_at_once(seeded, whole):
    first, second = seeded(60), seeded(60, seed_number=8)
    run = at_rows(first)
    assert migrate(second, workers=1, batch_rows=20, report=lambda _: None).status == RunStatus.FINISHED
    assert indexes() == whole
    to_the_end(run)
    assert_valid(first, second)


class TestTheyStay:
    def start(self, company: Company) -> None:
        plan.start(company, batch_rows=BATCH_ROWS, owner=this_process())
        assert indexes().keys() >= NAMES
        assert not MigrationRun.objects.get(company=company).batches.filter(kind="indexes").exists()

    def test_for_a_small_run(self, seeded, whole):
        self.start(seeded(19))

    def test_where_another_companys_rows_stand(self, seeded, whole):
        migrate(seeded(10), workers=1, batch_rows=20, report=lambda _: None)
        self.start(seeded(60, seed_number=8))

    def test_where_somebody_reads_a_table(self, seeded, whole, session):
        reader = session()
        reader.execute("SELECT count(*) FROM jobs_new")
        self.start(seeded(60))

    def test_where_they_are_not_ours(self, seeded, whole):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE ROLE qp_not_the_owner")
            cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO qp_not_the_owner")
            cursor.execute("SET LOCAL ROLE qp_not_the_owner")
            list_indexes.set_aside(1_000)
            cursor.execute("RESET ROLE")
            assert indexes() == whole
            transaction.set_rollback(True)
