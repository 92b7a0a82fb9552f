"""Installs, checks and removes the capture triggers: on the legacy table, and on the new ones."""

import time
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from migration_ops import conf
from migration_ops.exceptions import CaptureNotInstalled
from migration_ops.models import CaptureInstallation, MigrationRun
from migration_ops.sql.loader import block, text

LEGACY_SIDE = "ddl/capture_v2.sql"
NEW_SIDE = "ddl/new_side_v1.sql"
LEGACY_TABLE = "quotes"


@dataclass(frozen=True, kw_only=True)
class Hole:
    """One thing wrong with capture: the trigger's name, the table it belongs to and what is the matter."""

    trigger: str
    what: str
    table: str = LEGACY_TABLE

    def __str__(self) -> str:
        where = "" if self.table == LEGACY_TABLE else f" of {self.table}"
        return f"{self.trigger}{where} {self.what}"


def holes() -> list[Hole]:
    """What is wrong with change capture; empty when every change of both sides is recorded.

    A trigger that was off for a while, a rewritten table (ALTER TYPE, VACUUM FULL) and a TRUNCATE are noticed
    afterwards, by what they leave in the catalogue.
    """
    with connection.cursor() as cursor:
        cursor.execute(block("queries/capture.sql", "holes").sql, {"source": text(LEGACY_SIDE) + text(NEW_SIDE)})
        found = [Hole(table=table, trigger=name, what=what) for table, name, what in cursor.fetchall()]
    if not any(hole.table == LEGACY_TABLE for hole in found):
        last = CaptureInstallation.objects.values_list("fingerprint", flat=True).first()
        if last and last != _fingerprint():
            found.append(
                Hole(trigger="capture", what="was switched off, or the table rewritten, since it was installed")
            )
    return found


def _fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute(block("queries/capture.sql", "fingerprint").sql, {})
        return str(cursor.fetchone()[0])


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
                cursor.execute(
                    "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
                    [f"{conf.CAPTURE_LOCK_TIMEOUT_MS}ms"],
                )
                before = cursor.fetchone()[0]
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('qp_capture'))")
                found = holes()
                if any(hole.table != LEGACY_TABLE for hole in found):
                    cursor.execute(text(NEW_SIDE))
                if found:
                    cursor.execute(text(LEGACY_SIDE))
                    CaptureInstallation.objects.create(at=timezone.now(), fingerprint=_fingerprint())
                # Inside a transaction of the caller's the short timeout would stay.
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
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
    """Switch change capture of the legacy table off (the scaffolding comes down, or a test cleans up)."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in ("qp_capture_v2", "qp_refuse_truncate_v2"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON public.quotes")
            cursor.execute(f"DROP FUNCTION IF EXISTS public.{name}()")
