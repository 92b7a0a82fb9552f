"""Taking a backup: a dump and what it must hold, both of one snapshot; the file is there whole or not at all."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from migration_ops import audit, conf
from migration_ops.backups import clients, contents
from migration_ops.backups.container import Sealed, seal
from migration_ops.backups.contents import SQL, Progress
from migration_ops.backups.place import ensure_place, publish, unfinished
from migration_ops.exceptions import BackupImpossible
from migration_ops.sql.loader import block


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A backup that was written: the file, what is in it, and how long it took."""

    sealed: Sealed
    bytes: int
    seconds: float

    @property
    def tables(self) -> int:
        """Tables in it."""
        return len(self.sealed.manifest["tables"])

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return rows_of(self.sealed.manifest)


def rows_of(manifest: dict[str, Any]) -> int:
    """Rows of all tables of a manifest."""
    return sum(count for count, _ in manifest["tables"].values())


def facts(sealed: Sealed) -> dict[str, Any]:
    """What evidence and audit log say of a backup."""
    manifest = sealed.manifest
    return {
        "file": sealed.path.name, "sha256": sealed.sha256, "snapshot_at": manifest["snapshot_at"],
        "tables": len(manifest["tables"]), "rows": rows_of(manifest),
    }  # fmt: skip


def backup(path: Path, *, actor: str, replaces: bool, progress: Progress) -> Taken:
    """Dump the whole database into a file of mode 0600.

    Args:
        path: the new file; its folder must be there.
        replaces: an existing file may be replaced; it stays as it was until the new one is whole.
    Raises:
        BackupRefused: the file exists, or cannot be written there.
        BackupImpossible: no fitting pg_dump, no room, or it failed; nothing was left behind.
    """
    began = time.monotonic()
    ensure_place(path, replaces=replaces)
    with clients.session() as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        server = session.execute(block(SQL, "server").sql, {}).fetchone()
        assert server is not None
        major, version, name, oid, system, snapshot_at, database_bytes = server
        pg_dump = clients.program("pg_dump", server_major=major)
        _ensure_room(path.parent, database_bytes)
        (snapshot,) = session.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        counted = contents.sequences(session)
        with unfinished(path) as part:
            # Row security off is pg_dump's default and stays so: a role that sees half of the rows must fail.
            process = clients.start([
                pg_dump, "--format=custom", "--compress=6", "--no-password", f"--snapshot={snapshot}",
                f"--lock-wait-timeout={conf.LOCK_TIMEOUT_MS}", "--file", part,
            ])  # fmt: skip
            try:
                held = _read(session, progress)
                companies: dict[str, int | None] = dict(session.execute(block(SQL, "companies").sql, {}).fetchall())
                clients.finish(process, "pg_dump")
            finally:
                clients.end(process)
            manifest = held | {
                "sequences": counted,
                "database": {"name": name, "oid": oid, "system": system}, "server_major": major,
                "server_version": version, "snapshot_at": snapshot_at.isoformat(), "companies": companies,
                "mapping_version": conf.MAPPING_VERSION,
            }  # fmt: skip
            sealed = _sealed(part, manifest)
            publish(part, path, replaces=replaces)
    sealed = Sealed(path=path, sha256=sealed.sha256, dump_bytes=sealed.dump_bytes, manifest=sealed.manifest)
    audit.record(actor=actor, action="backup", company=None, detail=facts(sealed))
    return Taken(sealed=sealed, bytes=path.stat().st_size, seconds=time.monotonic() - began)


def _read(session: psycopg.Connection, progress: Progress) -> dict[str, Any]:
    session.execute("SELECT set_config('lock_timeout', %s, true)", [str(conf.LOCK_TIMEOUT_MS)])
    try:
        return contents.read(session, progress)
    except psycopg.errors.LockNotAvailable as error:
        why = f"a table stayed locked for {conf.LOCK_TIMEOUT_MS} ms: {str(error).splitlines()[0]}"
        raise BackupImpossible(why=why) from error


def _sealed(part: Path, manifest: dict[str, Any]) -> Sealed:
    try:
        return seal(part, manifest)
    except OSError as error:
        raise BackupImpossible(why=f"{part.parent} cannot be written: {error.strerror}") from error


def _ensure_room(folder: Path, database_bytes: int) -> None:
    # Compressed a dump takes less than half of its database as a rule; where it does not, it fails and leaves nothing.
    needed = database_bytes // 2 + conf.BACKUP_ROOM_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupImpossible(
            why=f"{folder} has {free >> 20:,} MB free and the backup may take {needed >> 20:,} MB: make room first"
        )
