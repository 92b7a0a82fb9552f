"""Splits a planned batch that would take too long, before it is begun."""

from itertools import pairwise
from uuid import UUID

from django.db import connection

from migration_ops import conf
from migration_ops.backfill.pace import pieces_that_fit
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import BatchKind, BatchState


def split_to_fit(run: MigrationRun, batch: MigrationBatch) -> bool:
    """Put pieces that fit the run's target in the place of a claimed batch, inside the caller's transaction.

    The pieces tile its range and share its planned rows, so that progress stays exact. A batch that was tried
    already is left alone: what is in its way is no matter of size.

    Returns:
        False when the batch stays as planned.
    """
    if batch.kind != BatchKind.ROWS or batch.attempts or not run.target_ms:
        return False
    with connection.cursor() as cursor:
        cursor.execute(block("queries/progress.sql", "ms_per_row").sql, {"run": run.pk, "most": conf.PACE_BATCHES})
        pieces = pieces_that_fit(rows=batch.rows, ms_per_row=cursor.fetchone()[0], target_ms=run.target_ms)
        if pieces < 2:
            return False
        cursor.execute(
            block("queries/plan.sql", "piece_ends").sql,
            {"company": run.company_id, "low": batch.low, "high": batch.high, "parts": pieces},
        )
        ends: list[UUID] = [end for (end,) in cursor.fetchall()]
    if len(ends) < 2:  # most of its rows are gone since it was planned
        return False
    lows = [batch.low, *(UUID(int=end.int + 1) for end in ends[:-1])]
    highs = [*ends[:-1], batch.high]
    shares = [after - before for before, after in pairwise(batch.rows * n // len(ends) for n in range(len(ends) + 1))]
    MigrationBatch.objects.bulk_create(
        MigrationBatch(run=run, kind=BatchKind.ROWS, part=batch.part, low=low, high=high, rows=rows)
        for low, high, rows in zip(lows, highs, shares, strict=True)
    )
    batch.state = BatchState.SPLIT
    batch.save(update_fields=["state"])
    return True
