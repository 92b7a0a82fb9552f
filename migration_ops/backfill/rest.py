"""Rests after a batch, for the reason that asks for most, and leaves the reason on the run."""

import logging
import time
from typing import Any

from django.db import connection

from migration_ops import conf
from migration_ops.backfill.pace import rest_after
from migration_ops.models import MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import BatchKind

log = logging.getLogger(__name__)


def rest(run_id: int, batch_ms: int) -> None:
    """Rest after a batch that took so many milliseconds; the limits are read anew each time."""
    run = MigrationRun.objects.only("company_id", "phase", "pause_ms", "rest_ms", "rest_reason").get(pk=run_id)
    # The sweep is what applies the changes: resting before it because they wait would only keep them waiting.
    is_catching_up = run.phase in (BatchKind.INDEXES, BatchKind.SWEEP, BatchKind.FINISH)
    unapplied = 0
    if not is_catching_up:
        unapplied = _figure("unapplied", {"company": run.company_id, "most": conf.UNAPPLIED_LIMIT + 1})
    rest_ms, reason = rest_after(
        batch_ms=batch_ms,
        pause_ms=run.pause_ms,
        oldest_transaction_s=_figure("oldest_transaction", {}),
        unapplied=unapplied,
        lock_waits=_figure("lock_waits", {"run": run_id, "most": conf.PACE_BATCHES}),
    )
    if (run.rest_ms, run.rest_reason) != (rest_ms, reason):
        MigrationRun.objects.filter(pk=run_id).update(rest_ms=rest_ms, rest_reason=reason)
    if rest_ms:
        log.info(reason, extra={"run": run_id, "milliseconds": rest_ms})
        time.sleep(rest_ms / 1000)


def _figure(name: str, params: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(block("queries/progress.sql", name).sql, params)
        return cursor.fetchone()[0]
