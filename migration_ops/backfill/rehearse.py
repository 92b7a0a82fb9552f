"""The whole migration of a company, done and rolled back: what would come out, what would wait, how long it takes."""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import audit
from migration_ops.backfill.finish import finish
from migration_ops.backfill.plan import refuse_if_active
from migration_ops.dual_write import fence
from migration_ops.exceptions import NoSuchRun
from migration_ops.identity.customers import write_customers
from migration_ops.identity.resolve import decide_clusters, find_components
from migration_ops.identity.stage import stage_contacts
from migration_ops.models import AuditLine, MigrationRun
from migration_ops.projection import project
from migration_ops.projection.project import Scope
from migration_ops.selectors.summary import COUNTS, Summary, summary_of
from migration_ops.sql.loader import block

REHEARSED = "rehearse"
"""What the audit log calls a rehearsal."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What the migration would give, and the seconds one process took for it."""

    summary: Summary
    seconds: float


def rehearse(company: Company, *, batch_rows: int, actor: str) -> Rehearsal:
    """Migrate the company inside one transaction and roll it back. No legacy row is locked, no stage moves.

    A line of the audit log keeps what came out: the forecast beside the real run.

    Raises:
        LegacySchemaDrift: the legacy table is not what the mirror says.
        NoSuchRun: the company was migrated already, so there is nothing left to rehearse.
        RunAlreadyActive: a run of the company is being driven.
    """
    ensure_no_drift()
    refuse_if_active(company)
    if MigrationRun.objects.filter(company=company).exists():
        raise NoSuchRun(
            company=company.slug, verb="rehearse", why="it was migrated already; compare it with validate_migration"
        )
    began = time.monotonic()
    with transaction.atomic():
        fence.mark()
        if company._state.adding:
            company.save()
        stage_contacts(company, parts=1, part=0)
        find_components(company)
        decide_clusters(company, parts=1, part=0)
        write_customers(company, parts=1, part=0)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customer_contacts, customer_addresses")
            cursor.execute(block("queries/plan.sql", "ranges").sql, {"company": company.pk, "batch_rows": batch_rows})
            ranges = cursor.fetchall()
        for low, high in ranges:
            project.write(Scope(company=company, low=low, high=high), batch_id=None, is_locking=False)
            project.empty_work_tables()
        finish(company)
        summary = summary_of(company)
        transaction.set_rollback(True)
    seconds = time.monotonic() - began
    told = {name: getattr(summary, name) for name in COUNTS} | {"seconds": round(seconds, 1)}
    audit.record(actor=actor, action=REHEARSED, company=company.pk, detail=told)
    return Rehearsal(summary=summary, seconds=seconds)


def forecast_of(company: Company) -> dict[str, Any] | None:
    """What the last rehearsal said: counts by name, and the seconds one process took; None where there was none."""
    line = AuditLine.objects.filter(company_id=company.pk, action=REHEARSED).order_by("-id").first()
    return None if line is None else dict(line.detail)
