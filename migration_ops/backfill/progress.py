"""How far a run is: share, rate and time left (pure figures from one query)."""

from dataclasses import dataclass

from django.db import connection

from migration_ops.models import MigrationRun
from migration_ops.sql.loader import block
from migration_ops.stages import kinds_in


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A run at one moment. Rows are planned rows, so `done` never passes `total`."""

    run: int
    status: str
    phase: str
    total: int
    done: int
    parts: int
    parts_done: int
    migrated: int
    quarantined: int
    rows_per_second: float | None
    seconds_left: tuple[float, float] | None

    @property
    def placed(self) -> int:
        """Rows the run has migrated or set aside so far."""
        return self.migrated + self.quarantined

    @property
    def share(self) -> float:
        """Done rows of all planned ones, 0 to 1."""
        return self.done / self.total if self.total else float(self.phase in ("indexes", "sweep", "finish"))


def progress_of(run: MigrationRun) -> Progress:
    """The run's progress; the time left is an interval, from the slow and the fast third of recent batches."""
    with connection.cursor() as cursor:
        cursor.execute(
            block("queries/progress.sql", "progress").sql, {"run": run.pk, "kinds": list(kinds_in(run.phase))}
        )
        *counts, rate, slow, fast = cursor.fetchone()
    total, done, parts, parts_done, migrated, quarantined = map(int, counts)
    left = total - done
    return Progress(
        run=run.pk, status=run.status, phase=run.phase, total=total, done=done, parts=parts, parts_done=parts_done,
        migrated=migrated, quarantined=quarantined, rows_per_second=rate,
        seconds_left=(left / fast, left / slow) if left and slow and fast else None,
    )  # fmt: skip
