"""A moment in which nothing waits, made where writers never leave one by themselves."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import Max

from crm.models import Company
from migration_ops import conf, transitions
from migration_ops.dual_write import apply, fence
from migration_ops.exceptions import MigrationOpsError
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.sessions import another_session
from migration_ops.stages import ACTIVE, MIRRORED, RunStatus
from migration_ops.validation.chunks import snapshot

FOLLOWED_WITHIN_S: Final = 3.0
"""How long a change may wait while somebody applies them, seconds; three times what is promised."""


class Moments:
    """Gives a validation its looks at the company: moments in which nothing waits, where somebody applies changes.

    What waited when the validation began and is not applied for FOLLOWED_WITHIN_S waits for nobody: then every look is
    an ordinary snapshot and what waits is reported, instead of being applied by who only came to look.
    """

    def __init__(self, company: Company, *, is_applying: bool) -> None:
        """A validation begins. is_applying: its caller has just applied changes and goes on with it, whatever waits."""
        self._waiting = OutboxEntry.objects.filter(company_id=company.pk, state=OutboxEntry.State.PENDING)
        self._newest = None if is_applying else self._waiting.aggregate(newest=Max("pk"))["newest"]
        self._deadline: float | None = None

    def __call__(self, company: Company) -> AbstractContextManager[None]:
        """The next look."""
        return settled(company) if self._is_followed() else snapshot()

    def _is_followed(self) -> bool:
        if self._newest is None or connection.in_atomic_block:
            return True
        if self._deadline is None:
            self._deadline = time.monotonic() + FOLLOWED_WITHIN_S
        while self._waiting.filter(pk__lte=self._newest).exists():
            if time.monotonic() > self._deadline:
                return False
            time.sleep(0.1)
        return True


@contextmanager
def settled(company: Company) -> Iterator[None]:
    """As chunks.snapshot, taken while the company's writers are held up for the moment the last changes take to apply.

    Where that cannot be had (writers that do not end, a run at work, a change that cannot be applied, a transaction
    around), it is an ordinary snapshot, and what waits is reported.
    """
    if connection.in_atomic_block or not _may_apply(company):
        with snapshot():
            yield
        return
    with another_session() as holder:
        _hold(holder, company)
        with snapshot():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # the snapshot is taken by the first statement
            with suppress(psycopg.InternalError):  # the server ended it: it is an ordinary snapshot then
                holder.rollback()
            yield


def _may_apply(company: Company) -> bool:
    runs = MigrationRun.objects.filter(company=company)
    return (
        transitions.stage_of(company) in MIRRORED
        and runs.filter(status=RunStatus.FINISHED).exists()
        and not runs.filter(status__in=ACTIVE).exists()
    )


def _hold(holder: psycopg.Connection, company: Company) -> None:
    try:
        holder.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{conf.FENCE_WAIT_MS}ms", f"{conf.STANDSTILL_MS}ms"],
        )
        fence.close(holder.execute, company.pk)
        with transaction.atomic():
            fence.bound_waits(lock_ms=conf.FENCE_WAIT_MS, statement_ms=conf.FENCE_DRAIN_MS)
            for _ in range(conf.DRAIN_ROUNDS):
                if not apply.apply_rest(company).entries:
                    break
    except (psycopg.OperationalError, DatabaseError, MigrationOpsError):
        holder.rollback()
