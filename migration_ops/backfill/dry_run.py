"""What migrate_legacy would do, without doing it."""

from dataclasses import dataclass
from math import ceil

from django.db import connection

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import conf, transitions
from migration_ops.backfill.plan import is_settled, refuse_if_active
from migration_ops.dual_write import capture
from migration_ops.exceptions import RunAlreadyActive
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.sql.loader import block
from migration_ops.stages import ACTIVE, NEW_SIDE_LEADS, BatchKind, BatchState, RunStatus, Stage


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
    last = MigrationRun.objects.filter(company=company).first()
    if last is None:
        return [*would, f"read contacts, find customers, then project {rows:,} rows in {batches:,} batches"], batches
    left = last.batches.filter(kind=BatchKind.ROWS, state=BatchState.PENDING).count()
    if last.mapping_version != conf.MAPPING_VERSION:
        return [*would, f"project all {rows:,} rows again in {batches:,} batches: the mapping has changed"], batches
    if has_holes or capture.was_off_since(last):
        again = f"project all {rows:,} rows again in {batches:,} batches: change capture was off for a while"
        return [*would, again], batches
    if last.status in ACTIVE:
        return [*would, f"resume run {last.pk}, which is {last.status}: {left:,} batches of rows are left"], left
    if last.status == RunStatus.CANCELLED:
        return [*would, f"go on with what cancelled run {last.pk} left: {left:,} batches of rows"], left
    if is_settled(company):
        return [*would, "do nothing: everything is migrated and nothing waits"], 0
    return [*would, f"catch up: {waiting}"], 0
