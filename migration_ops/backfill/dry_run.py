"""What migrate_legacy would do, without doing it."""

from dataclasses import dataclass
from math import ceil

from django.db import connection

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import transitions
from migration_ops.backfill.decide import Task, decide
from migration_ops.backfill.plan import refuse_if_active
from migration_ops.dual_write import capture
from migration_ops.exceptions import RunAlreadyActive
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.sql.loader import block
from migration_ops.stages import NEW_SIDE_LEADS, BatchKind, BatchState, Stage


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The plan for a company: what is there, what is left, and how it would be done."""

    stage: str
    rows: int
    migrated: int
    quarantined: int
    changes: int
    batches: int
    would: list[str]

    @property
    def pending(self) -> int:
        """Rows that are neither migrated nor set aside."""
        return self.rows - self.migrated - self.quarantined


def dry_run(company: Company, *, batch_rows: int) -> DryRun:
    """Look at the company and say what migrate_legacy would do; reads only.

    Raises:
        LegacySchemaDrift: the legacy table is not what the mirror says.
    """
    ensure_no_drift()
    with connection.cursor() as cursor:
        cursor.execute(block("queries/summary.sql", "places").sql, {"company": company.pk})
        rows, migrated, quarantined = cursor.fetchone()
    changes = OutboxEntry.objects.filter(company_id=company.pk, state=OutboxEntry.State.PENDING).count()
    stage = transitions.stage_of(company)
    waiting = f"{rows - migrated - quarantined:,} rows and {changes:,} captured changes wait"
    would, batches = _would(company, stage, ceil(rows / batch_rows), rows=rows, waiting=waiting)
    return DryRun(
        stage=stage,
        rows=rows,
        migrated=migrated,
        quarantined=quarantined,
        changes=changes,
        batches=batches,
        would=would,
    )


def _would(company: Company, stage: Stage, batches: int, *, rows: int, waiting: str) -> tuple[list[str], int]:
    """What plan.start would do, in its order, and the batches of rows that would be begun."""
    if stage in NEW_SIDE_LEADS:
        return [f"refuse: the company is {stage}, the new tables lead, so there is nothing to copy from legacy"], 0
    try:
        refuse_if_active(company)
    except RunAlreadyActive as error:
        return [f"refuse: {error}"], 0
    would: list[str] = []
    has_holes = bool(capture.holes())
    if has_holes:
        would.append("install change capture on the legacy table")
    if stage == Stage.OFF:
        would.append("take the company from off to dualwrite")
    decision = decide(company, is_capture_whole=not has_holes)
    left = 0
    if decision.last is not None:
        left = decision.last.batches.filter(kind=BatchKind.ROWS, state=BatchState.PENDING).count()
    words, begun = {
        Task.FIRST: (f"read contacts, find customers, then project {rows:,} rows in {batches:,} batches", batches),
        Task.REMAP: (f"project all {rows:,} rows again in {batches:,} batches: the mapping has changed", batches),
        Task.RECOPY: (
            f"project all {rows:,} rows again in {batches:,} batches: change capture was off for a while", batches
        ),
        Task.RESUME: (f"resume {_named(decision.last)}: {left:,} batches of rows are left", left),
        Task.ADOPT: (f"go on with what {_named(decision.last)}, left: {left:,} batches of rows", left),
        Task.NOTHING: ("do nothing: everything is migrated and nothing waits", 0),
        Task.CATCH_UP: (f"catch up: {waiting}", 0),
    }[decision.task]  # fmt: skip
    return [*would, words], begun


def _named(run: MigrationRun | None) -> str:
    return "no run" if run is None else f"run {run.pk}, which is {run.status}"
