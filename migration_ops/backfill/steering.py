"""A person steers a run: pause, cancel, pace. Each is written into the audit log in the same transaction."""

from typing import Any

from django.db import transaction

from crm.models import Company
from migration_ops import audit
from migration_ops.backfill import control
from migration_ops.exceptions import BadArgument
from migration_ops.models import MigrationRun

MAX_PAUSE_MS, MAX_TARGET_MS = 60_000, 600_000


@transaction.atomic
def pause_run(company: Company, *, actor: str, reason: str) -> MigrationRun:
    """As control.pause."""
    run = control.pause(company)
    _note(company, run, actor, "pause", reason=reason)
    return run


@transaction.atomic
def cancel_run(company: Company, *, actor: str, reason: str) -> MigrationRun:
    """As control.cancel."""
    run = control.cancel(company)
    _note(company, run, actor, "cancel", reason=reason)
    return run


@transaction.atomic
def set_pace(company: Company, *, pause_ms: int, target_ms: int, actor: str, reason: str) -> MigrationRun:
    """Change how long a run rests after a batch and what a batch should take; it holds from the next batch on.

    Raises:
        NoSuchRun: no run is unfinished.
        BadArgument: a number that cannot be used.
    """
    for name, value, most in (("pause_ms", pause_ms, MAX_PAUSE_MS), ("target_ms", target_ms, MAX_TARGET_MS)):
        if not 0 <= value <= most:
            raise BadArgument(argument=name, value=value, remedy=f"give 0 to {most} milliseconds")
    run = control.active_run(company, "set the pace of")
    before = {"pause_ms": run.pause_ms, "target_ms": run.target_ms}
    run.pause_ms, run.target_ms = pause_ms, target_ms
    run.save(update_fields=["pause_ms", "target_ms"])
    after = {"pause_ms": pause_ms, "target_ms": target_ms}
    _note(company, run, actor, "pace", reason=reason, before=before, after=after)
    return run


def _note(company: Company, run: MigrationRun, actor: str, action: str, **detail: Any) -> None:
    audit.record(
        actor=actor, action=action, company=company.pk, detail={"run": run.pk, "status": str(run.status), **detail}
    )
