"""A worker killed at any statement: its batch happened or it did not (B1, B2)."""

import pytest

from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.tests.state import (
    assert_counters_are_facts,
    assert_valid,
    differences,
    done_batches,
    final_rows,
    undisturbed,
)

KILLED, DONE, NOTHING_LEFT = -9, 0, 10
ROWS, BATCH_ROWS = 40, 20


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_killed_at_every_statement_of_every_batch(seeded, killed_child):
    company = seeded(ROWS)
    expected, _ = undisturbed(company, batch_rows=BATCH_ROWS)
    kills, at = 0, 0
    before, done = final_rows(), done_batches()
    while True:
        # The first step also plans the run: there every statement counts from the very start.
        since = "step" if done else "start"
        code = killed_child(company.pk, at=at, since=since, batch_rows=BATCH_ROWS)
        assert code in (KILLED, DONE, NOTHING_LEFT)
        now, found = done_batches(), final_rows()
        assert now.items() >= done.items(), f"a committed batch was done again after kill {at}"
        if now == done:
            assert not differences(before, found), f"kill {at} after {len(done)} batches left something"
        kills += code == KILLED
        # The next batch, or the next phase, is killed from its own first statement on.
        at = 0 if code != KILLED or now != done else at + 1
        before, done = found, now
        if MigrationRun.objects.filter(status=RunStatus.FINISHED).exists():
            break
    run = MigrationRun.objects.get()
    assert run.status == RunStatus.FINISHED
    assert kills > 200
    assert not MigrationBatch.objects.exclude(state="done").exists()
    assert not differences(expected, final_rows())
    assert_counters_are_facts(run)
    assert_valid(company)
