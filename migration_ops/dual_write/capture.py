"""Installs, checks and removes the capture triggers on the legacy table."""

import time
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from migration_ops import conf
from migration_ops.exceptions import CaptureNotInstalled
from migration_ops.models import CaptureInstallation, MigrationRun
from migration_ops.sql.loader import block, text

DDL = "ddl/capture_v1.sql"


@dataclass(frozen=True, kw_only=True)
class Hole:
    """One thing wrong with capture: the trigger's name and what is the matter."""

    trigger: str
    what: str


def holes() -> list[Hole]:
    """What is wrong with change capture; empty when every change of the legacy table is recorded."""
    with connection.cursor() as cursor:
        cursor.execute(block("queries/capture.sql", "holes").sql, {"source": text(DDL)})
        return [Hole(trigger=name, what=what) for name, what in cursor.fetchall()]


def install() -> bool:
    """Switch change capture on; True when it was not on before.

    CREATE TRIGGER waits for open writers and makes new ones wait behind it, so each attempt gives
    up after a short lock timeout and is repeated a moment later.

    Raises:
        CaptureNotInstalled: no attempt got the lock; nothing was changed.
    """
    if not holes():
        return False
    for attempt in range(conf.CAPTURE_ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{conf.CAPTURE_LOCK_TIMEOUT_MS}ms"])
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('qp_capture_v1'))")
                if holes():
                    cursor.execute(text(DDL))
                    CaptureInstallation.objects.create(at=timezone.now())
            return True
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            time.sleep(conf.CAPTURE_RETRY_MS / 1000 * (attempt + 1))
    raise CaptureNotInstalled(attempts=conf.CAPTURE_ATTEMPTS)


def was_off_since(run: MigrationRun) -> bool:
    """Whether capture was switched on again after the run began: changes in between were not recorded."""
    return CaptureInstallation.objects.filter(at__gt=run.started_at).exists()


def remove() -> None:
    """Switch change capture off (the scaffolding comes down, or a test cleans up)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS qp_capture_v1 ON public.quotes")
        cursor.execute("DROP TRIGGER IF EXISTS qp_refuse_truncate_v1 ON public.quotes")
        cursor.execute("DROP FUNCTION IF EXISTS public.qp_capture_v1(), public.qp_refuse_truncate_v1()")
