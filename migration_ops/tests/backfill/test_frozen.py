"""A process that stands still in a transaction keeps nobody waiting for longer than a moment (Q13, P11)."""

import threading

import pytest
from django.db import DatabaseError, connections

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill import batch, plan, runner
from migration_ops.backfill.owner import this_process
from migration_ops.cutover import switch
from migration_ops.exceptions import FenceTimedOut, MigrationOpsError, RunTakenOver
from migration_ops.models import CompanyStage, LegacyLink, MigrationRun
from migration_ops.tests.backfill.driving import assert_right, at_rows, to_the_end
from migration_ops.tests.legacy_rows import fill, update

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 20


@pytest.fixture
def company(session, monkeypatch) -> Company:
    monkeypatch.setattr(conf, "STANDSTILL_MS", 300)
    company = Company.objects.create(name="Here", slug="here")
    writer = session()
    fill(writer, company.pk, 40)
    writer.commit()
    return company


class Frozen:
    """A thread that stands still where it is told to, until it is let go."""

    def __init__(self) -> None:
        self._here, self._go = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None

    def stand_still(self) -> None:
        """Called by the thread."""
        if threading.current_thread() is self._thread:
            self._here.set()
            assert self._go.wait(PATIENCE_S)

    def begin(self, work) -> None:
        """Work in the thread until it stands still."""

        def call() -> None:
            try:
                work()
            except (DatabaseError, MigrationOpsError) as error:
                self.error = error
            finally:
                connections.close_all()

        self._thread = threading.Thread(target=call)
        self._thread.start()
        assert self._here.wait(PATIENCE_S)

    def end(self) -> None:
        """Let it go on, to whatever end it comes."""
        self._go.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def frozen():
    frozen = Frozen()
    yield frozen
    frozen.end()


def test_a_worker_frozen_before_its_commit_keeps_nobody_from_taking_the_run_over(company, frozen, monkeypatch):
    run = at_rows(company)
    MigrationRun.objects.update(owner=this_process()[:-1] + "x")  # whoever drove it is dead
    fence = batch._fence

    def fence_and_freeze(*args) -> None:
        fence(*args)
        frozen.stand_still()

    monkeypatch.setattr(batch, "_fence", fence_and_freeze)
    frozen.begin(lambda: runner.work(run.pk, 1, "frozen", until=lambda: False, on_step=lambda: None))
    taken = plan.start(company, batch_rows=10, owner=this_process()).run
    assert (taken.pk, taken.generation) == (run.pk, 2)
    frozen.end()
    assert isinstance(frozen.error, RunTakenOver)
    assert not LegacyLink.objects.exists()
    to_the_end(taken)
    assert not taken.batches.filter(worker="frozen").exists()
    assert_right(company)


def test_a_step_frozen_inside_the_fence_holds_up_no_writer_for_long_and_changes_nothing(
    company, frozen, session, monkeypatch
):
    to_the_end(at_rows(company))
    set_stage = switch._set_stage

    def freeze_and_set(*args) -> bool:
        frozen.stand_still()
        return set_stage(*args)

    monkeypatch.setattr(switch, "_set_stage", freeze_and_set)
    monkeypatch.setattr(conf, "FENCE_WAIT_MS", 100)
    monkeypatch.setattr(conf, "FENCE_DRAIN_MS", 100)
    frozen.begin(lambda: switch.move_stage(company, "shadow", reason="", actor="anna", needs_gates=False))
    writer = session()
    update(writer, LegacyLink.objects.first().legacy_id, job_name="meanwhile")
    writer.commit()
    frozen.end()
    assert isinstance(frozen.error, FenceTimedOut)
    assert "stood still" in str(frozen.error)
    assert CompanyStage.objects.get().stage == "dualwrite"
