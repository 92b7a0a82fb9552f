"""What migrate_legacy would do, without doing it."""

from dataclasses import dataclass
from math import ceil

from django.db import connection

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import conf, transitions
from migration_ops.backfill.plan import is_settled
from migration_ops.dual_write import capture
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.sql.loader import block
from migration_ops.stages import ACTIVE, Stage


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
    active = MigrationRun.objects.filter(company=company, status__in=ACTIVE).first()
    last = MigrationRun.objects.filter(company=company).first()
    is_first = last is None or last.mapping_version != conf.MAPPING_VERSION
    batches = ceil(rows / batch_rows) if is_first else 0
    would: list[str] = []
    if capture.holes():
        would.append("install change capture on the legacy table")
    if stage == Stage.OFF:
        would.append("take the company from off to dualwrite")
    if active is not None:
        would.append(f"resume run {active.pk}, which is {active.status}")
    elif is_settled(company):
        would.append("do nothing: everything is migrated and nothing waits")
    elif is_first:
        would.append(f"read contacts, find customers, then project {rows:,} rows in {batches:,} batches")
    else:
        would.append(f"catch up: {rows - migrated - quarantined:,} rows and {changes:,} captured changes wait")
    return DryRun(
        stage=stage,
        rows=rows,
        migrated=migrated,
        quarantined=quarantined,
        changes=changes,
        batches=batches,
        would=would,
    )
