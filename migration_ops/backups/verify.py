"""Proving a backup: restored into a scratch database and compared with its manifest, table by table."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.backups import clients, contents
from migration_ops.backups.container import Sealed, opened
from migration_ops.backups.contents import SQL, Progress
from migration_ops.backups.scratch import scratch_database
from migration_ops.backups.take import facts, rows_of
from migration_ops.cutover import findings
from migration_ops.exceptions import BackupRefused
from migration_ops.sql.loader import block

GATE = "backup"
DIFFERENCES_KEPT = 20


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What the comparison found; `companies` is how many have it as evidence."""

    sealed: Sealed
    differences: list[dict[str, Any]]
    tables_compared: int
    companies: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything the manifest names was compared, there was something, and all of it is equal."""
        expected = len(self.sealed.manifest["tables"])
        return not self.differences and 0 < expected == self.tables_compared and rows_of(self.sealed.manifest) > 0


def verify_backup(path: Path, *, actor: str, progress: Progress) -> Verified:
    """Check a backup file, restore it into a scratch database, compare, and keep the result as evidence.

    Raises:
        BackupRefused: the file is damaged, not ours, of another database or of a newer version; nothing was touched.
        BackupImpossible: no fitting pg_restore, no right to create databases, no room, or the restore failed.
    """
    began = time.monotonic()
    sealed = opened(path)
    with clients.session(autocommit=True) as session:
        server = session.execute(block(SQL, "server").sql, {}).fetchone()
    assert server is not None
    major, _, _, oid, system, _, _ = server
    ensure_fits(sealed, major=major, database={"oid": oid, "system": system})
    pg_restore = clients.program("pg_restore", server_major=major)
    with scratch_database() as name:
        restore(pg_restore, path, name)
        found = read_restored(name, progress)
    differing = contents.differences(sealed.manifest, found)
    compared = len(found["tables"].keys() & sealed.manifest["tables"].keys())
    done = Verified(
        sealed=sealed, differences=differing, tables_compared=compared, companies=0,
        seconds=time.monotonic() - began,
    )  # fmt: skip
    companies = _keep(done, actor=actor)
    return Verified(
        sealed=sealed, differences=differing, tables_compared=done.tables_compared, companies=companies,
        seconds=time.monotonic() - began,
    )  # fmt: skip


def ensure_fits(sealed: Sealed, *, major: int, database: dict[str, Any]) -> None:
    """Whether this server can restore the backup, and whether it is of the database in use.

    Raises:
        BackupRefused: it is of another major version, of another database, or no backup at all.
    """
    manifest = sealed.manifest
    if "database" not in manifest:
        raise BackupRefused(file=sealed.path.name, why="it is no backup but an archive of legacy rows: retire_legacy")
    version, name = manifest["server_version"], manifest["database"]["name"]
    if manifest["server_major"] != major:
        raise BackupRefused(
            file=sealed.path.name,
            why=f"it was taken from PostgreSQL {version} and this server is {major}: verify it on its own",
        )
    if {key: manifest["database"][key] for key in database} != database:
        raise BackupRefused(
            file=sealed.path.name,
            why=f"it was taken from another database ({name!r} of another server or since replaced)",
        )


def restore(pg_restore: Path, path: Path, database: str) -> None:
    """Restore the dump into an empty database; the first error ends it.

    Raises:
        BackupImpossible: pg_restore failed.
    """
    process = clients.start(
        # Publications and subscriptions would reach out of the scratch database; owners need not exist here.
        [pg_restore, "--exit-on-error", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions",
         "--no-password", "--dbname", database, path],
        database=database,
    )  # fmt: skip
    try:
        clients.finish(process, "pg_restore")
    finally:
        clients.end(process)


def read_restored(database: str, progress: Progress) -> dict[str, Any]:
    """What the restored database holds."""
    with clients.session(database) as session:
        session.read_only = True
        return contents.read(session, progress) | {"sequences": contents.sequences(session)}


@transaction.atomic
def _keep(done: Verified, *, actor: str) -> int:
    """Leave the evidence for every company that is in the backup, and a line in the audit log."""
    runs: dict[str, int | None] = done.sealed.manifest["companies"]
    known = facts(done.sealed)
    count = 0
    for company in Company.objects.filter(pk__in=list(runs)).iterator():
        detail = known | {"run": runs[str(company.pk)], "differences": len(done.differences)}
        findings.leave_evidence(company, GATE, has_passed=done.passed, detail=detail)
        count += 1
    audit.record(
        actor=actor, action="verify_backup", company=None,
        detail=known | {"passed": done.passed, "differences": done.differences[:DIFFERENCES_KEPT],
                        "companies": count, "mapping_version": conf.MAPPING_VERSION},
    )  # fmt: skip
    return count
