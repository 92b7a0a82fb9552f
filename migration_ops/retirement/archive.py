"""The archive of a company's legacy rows: written, proven by restoring it, and read back.

One file: the rows as COPY writes them, compressed, with a signed manifest behind them (backups.container).
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import psycopg
from psycopg import sql

from crm.models import Company
from migration_ops.backups import clients
from migration_ops.backups.container import Sealed, opened, seal
from migration_ops.backups.place import ensure_place, publish, unfinished
from migration_ops.backups.scratch import scratch_database
from migration_ops.exceptions import ArchiveRefused, BackupImpossible, BackupRefused
from migration_ops.models import Certificate
from migration_ops.retirement.figures import LEGACY, of_table, plainly
from migration_ops.sessions import another_session
from migration_ops.sql.loader import block

SQL = "queries/retirement.sql"
KIND = "legacy archive"
LINE_ROWS = 2_000
Progress = Callable[[int, int], None]
"""Told now and then: rows done, rows there are."""


def write(path: Path, certificate: Certificate, progress: Progress) -> Sealed:
    """Write the company's legacy rows into a new file of mode 0600, all of one snapshot.

    Raises:
        ArchiveRefused: the file exists, or cannot be written there; nothing was left behind.
    """
    try:
        ensure_place(path, replaces=False)
        with unfinished(path) as part:
            with another_session() as session:
                session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                session.read_only = True
                plainly(session)
                columns = [list(row) for row in session.execute(block(SQL, "columns").sql).fetchall()]
                held = of_table(session, LEGACY, certificate.company_id)
                _copy_out(session, part, columns, certificate.company_id)
            progress(held["rows"], held["rows"])
            sealed = seal(part, {
                "kind": KIND, "company": str(certificate.company_id), "certificate": certificate.sha256,
                "columns": columns, **held,
            })  # fmt: skip
            publish(part, path, replaces=False)
    except (BackupRefused, BackupImpossible) as error:
        raise ArchiveRefused(file=path.name, why=str(error.facts.get("why", error))) from error
    except OSError as error:
        raise ArchiveRefused(file=path.name, why=f"it cannot be written: {error.strerror}") from error
    return Sealed(path=path, sha256=sealed.sha256, dump_bytes=sealed.dump_bytes, manifest=sealed.manifest)


def _copy_out(session: psycopg.Connection, part: Path, columns: list[list[str]], company: UUID) -> None:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    statement = sql.SQL("COPY (SELECT {} FROM {} WHERE company_id = {} ORDER BY id) TO STDOUT").format(
        names, sql.Identifier(LEGACY), sql.Literal(company)
    )
    with (
        part.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed,
        session.cursor() as cursor, cursor.copy(statement) as data,
    ):  # fmt: skip
        for piece in data:
            packed.write(piece)


def open_archive(path: Path, company: Company) -> Sealed:
    """Read and check an archive: signature, SHA-256, kind, company, columns, number of rows; nothing else is touched.

    Raises:
        ArchiveRefused: it is cut off, changed, no archive, of another company, or of another legacy table.
    """
    try:
        sealed = opened(path)
    except BackupRefused as error:
        raise ArchiveRefused(file=path.name, why=str(error.facts["why"])) from error
    manifest = sealed.manifest
    if manifest.get("kind") != KIND:
        raise ArchiveRefused(file=path.name, why="it is no archive of legacy rows (a backup, perhaps)")
    if manifest["company"] != str(company.pk):
        raise ArchiveRefused(file=path.name, why=f"it is of another company ({manifest['company']})")
    with another_session() as session:
        columns = [list(row) for row in session.execute(block(SQL, "columns").sql).fetchall()]
    if manifest["columns"] != columns:
        raise ArchiveRefused(file=path.name, why="the legacy table has other columns now than when it was archived")
    count = sum(len(rows) for rows in batches(sealed, LINE_ROWS))
    if count != manifest["rows"]:
        raise ArchiveRefused(file=path.name, why=f"it holds {count:,} rows and its manifest says {manifest['rows']:,}")
    return sealed


def batches(sealed: Sealed, rows: int) -> Iterator[list[bytes]]:
    """The archive's rows in order, as lines COPY reads, so many at a time.

    Raises:
        ArchiveRefused: what was packed cannot be unpacked.
    """
    gathered: list[bytes] = []
    try:
        with (
            sealed.path.open("rb") as file,
            gzip.GzipFile(fileobj=_Front(file, sealed.dump_bytes), mode="rb") as packed,
        ):
            # COPY writes a line break inside a value as backslash and n: a line is a row.
            for line in packed:
                gathered.append(line)
                if len(gathered) == rows:
                    yield gathered
                    gathered = []
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveRefused(file=sealed.path.name, why=f"its rows cannot be unpacked: {error}") from error
    if gathered:
        yield gathered


class _Front:
    """The first bytes of a file, as a file: gzip would take the manifest behind them for another part of it."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many of the bytes that are left."""
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece

    def seek(self, _place: int, /) -> int:
        """Never: it is read once, from its start."""
        raise UnsupportedOperation("seek")


def prove(sealed: Sealed, company: Company, progress: Progress) -> int:
    """Restore the archive into a scratch database and compare it row by row with the live table; how many were equal.

    Raises:
        ArchiveRefused: a row is missing, more, or not the same to the letter; or it cannot be restored at all.
    """
    try:
        with scratch_database() as name, clients.session(name) as scratch:
            plainly(scratch)
            load(scratch, sealed)
            held = of_table(scratch, LEGACY, company.pk)
            if held["rows"] != sealed.manifest["rows"] or held["checksum"] != sealed.manifest["checksum"]:
                raise ArchiveRefused(file=sealed.path.name, why="what was restored is not what its manifest says")
            return _compare(scratch, sealed, company, progress)
    except BackupImpossible as error:
        raise ArchiveRefused(file=sealed.path.name, why=f"it could not be proven: {error}") from error
    except psycopg.errors.DataError as error:
        raise ArchiveRefused(
            file=sealed.path.name, why=f"it cannot be restored: {str(error).splitlines()[0]}"
        ) from error


def load(scratch: psycopg.Connection, sealed: Sealed) -> None:
    """Make the legacy table in an empty database, and put the archive's rows into it."""
    described = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type)) for name, type in sealed.manifest["columns"]
    )
    scratch.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(LEGACY), described))
    with scratch.cursor() as cursor, cursor.copy(copy_in(LEGACY, sealed)) as into:
        for rows in batches(sealed, LINE_ROWS):
            into.write(b"".join(rows))


def copy_in(table: str, sealed: Sealed) -> sql.Composed:
    """The statement that reads the archive's lines into a table."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in sealed.manifest["columns"])
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)


def _compare(scratch: psycopg.Connection, sealed: Sealed, company: Company, progress: Progress) -> int:
    texts = sql.SQL("SELECT id, t::text FROM {} t WHERE company_id = {} ORDER BY id").format(
        sql.Identifier(LEGACY), sql.Literal(company.pk)
    )
    done = 0
    with another_session() as live, _reading(live, texts) as there, _reading(scratch, texts) as here:
        for one, other in zip_longest(there, here):
            if one != other:
                id = (one or other or ("",))[0]
                raise ArchiveRefused(
                    file=sealed.path.name, why=f"row {id} of the legacy table is not the one that was restored"
                )
            done += 1
            if not done % LINE_ROWS:
                progress(done, sealed.manifest["rows"])
    if done != sealed.manifest["rows"]:
        raise ArchiveRefused(file=sealed.path.name, why=f"{done:,} rows were compared, not {sealed.manifest['rows']:,}")
    progress(done, done)
    return done


@contextmanager
def _reading(session: psycopg.Connection, statement: sql.Composed) -> Iterator[Iterator[Any]]:
    plainly(session)
    with session.cursor(name="archive") as cursor:
        cursor.itersize = LINE_ROWS
        cursor.execute(statement)
        yield iter(cursor)
    with suppress(psycopg.Error):
        session.rollback()
