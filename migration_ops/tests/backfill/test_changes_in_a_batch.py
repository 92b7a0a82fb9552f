"""A row that somebody changes while its batch is in work: one of the two waits, and nothing is lost (B4, B5, B16)."""

import threading

import pytest
from django.db import connection, connections

from migration_ops.backfill.batch import run_step
from migration_ops.backfill.migrate import migrate
from migration_ops.models import LegacyLink, MigrationRun
from migration_ops.tests.backfill.driving import BATCH_ROWS, assert_right, at_rows, to_the_end
from migration_ops.tests.legacy_rows import fill, id_at, insert
from migration_ops.tests.state import is_waiting, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Worker(threading.Thread):
    """One step of a run in a session of its own that stands still after its batch has read its rows, or ends."""

    def __init__(self, run: MigrationRun) -> None:
        super().__init__()
        self.run_of = run
        self.has_read, self.may_go_on = threading.Event(), threading.Event()
        self.pid = 0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with connection.execute_wrapper(self._wrap):
                connection.ensure_connection()
                self.pid = connection.connection.info.backend_pid
                run_step(self.run_of.pk, self.run_of.generation, "thread")
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits for the thread
            self.error = error
        finally:
            connections.close_all()

    def _wrap(self, execute, statement, params, many, context):
        result = execute(statement, params, many, context)
        if "INSERT INTO batch_deal" in str(statement):
            self.has_read.set()
            assert self.may_go_on.wait(60)
        return result

    def finish(self) -> None:
        self.may_go_on.set()
        self.join(60)
        if self.error is not None:
            raise self.error


CHANGES = {
    "update": "UPDATE quotes SET total = 4711, customer_name = 'Changed' WHERE id = %s",
    "delete": "DELETE FROM quotes WHERE id = %s",
    "move": "UPDATE quotes SET company_id = %s WHERE id = %s",
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_that_comes_while_its_batch_is_in_work_waits_for_it(companies, session, kind):
    """The batch has read the row and not written it yet: the change comes after, and is not lost (B4, B5, B16)."""
    here, there = companies
    writer = session()
    ids = fill(writer, here.pk, 30)
    insert(writer, there.pk, id_at(0.5), customer_name="Somebody there")
    writer.commit()
    run = at_rows(here)
    worker = Worker(run)
    worker.start()
    assert worker.has_read.wait(30)
    params = [there.pk, ids[4]] if kind == "move" else [ids[4]]
    change = threading.Thread(target=writer.execute, args=(CHANGES[kind], params))
    change.start()
    wait_until(lambda: is_waiting(writer.info.backend_pid), "the writer to wait for the batch")
    worker.finish()
    change.join(60)
    writer.commit()
    to_the_end(run)
    migrate(there, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert_right(*companies)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("is_committed", [True, False])
def test_a_batch_leaves_a_row_that_is_being_written_to_the_sweep(companies, session, kind, is_committed):
    """The batch neither waits for the writer nor copies what the row said before; the sweep copies what it says after."""
    here, there = companies
    writer = session()
    ids = fill(writer, here.pk, 30)
    insert(writer, there.pk, id_at(0.5), customer_name="Somebody there")
    writer.commit()
    run = at_rows(here)
    worker = Worker(run)
    writer.execute(CHANGES[kind], [there.pk, ids[4]] if kind == "move" else [ids[4]])
    worker.start()
    worker.finish()
    assert run.batches.filter(kind="rows", state="done", attempts=0).count() == 1
    assert not LegacyLink.objects.filter(pk=ids[4]).exists()
    writer.commit() if is_committed else writer.rollback()
    to_the_end(run)
    migrate(there, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert_right(*companies)
