"""The scratch database a backup is restored into: named, made and dropped here; never one that was there before."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from migration_ops.backups import clients
from migration_ops.exceptions import BackupImpossible
from migration_ops.sql.loader import block

NAME = re.compile(r"quotepro_verify_[0-9]{1,10}_[0-9a-f]{8}")


def ensure_scratch_name(name: str, *, live: str) -> None:
    """Refuse to make or drop any database but a scratch one.

    Raises:
        BackupImpossible: the name is not of our pattern, or it is the database in use.
    """
    if name == live or not NAME.fullmatch(name):
        raise BackupImpossible(why=f"{name!r} is no name of a scratch database: it is not touched")


@contextmanager
def scratch_database() -> Iterator[str]:
    """The name of an empty database on the same server, that sorts and folds as the one in use; dropped afterwards.

    Raises:
        BackupImpossible: the role may not create databases, or the server has no room.
    """
    live = clients.parameters()["dbname"]
    name = f"quotepro_verify_{os.getpid()}_{secrets.token_hex(4)}"
    ensure_scratch_name(name, live=live)
    with clients.session(autocommit=True) as server:
        statement = _create(server, name)
        try:
            try:
                # Without the cleaning up in `finally` a signal in the middle would leave it behind.
                server.execute(statement)
            except psycopg.errors.InsufficientPrivilege as error:
                raise BackupImpossible(
                    why="the database role may not create databases; grant CREATEDB to verify backups"
                ) from error
            except psycopg.Error as error:
                raise BackupImpossible(why=f"no scratch database: {str(error).splitlines()[0]}") from error
            yield name
        finally:
            # Of its own session: the one above may be in the middle of a statement that a signal cut short.
            _drop(name, live=live)


def _drop(name: str, *, live: str) -> None:
    ensure_scratch_name(name, live=live)
    with clients.session(autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(server: psycopg.Connection, name: str) -> sql.Composed:
    row = server.execute(block("queries/backup.sql", "locale").sql, {}).fetchone()
    assert row is not None
    encoding, provider, collate, ctype, locale = row
    parts: list[sql.Composable] = [
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
            sql.Identifier(name), sql.Literal(encoding), sql.Literal(collate), sql.Literal(ctype)
        )
    ]
    if provider == "i":
        parts.append(sql.SQL("LOCALE_PROVIDER icu ICU_LOCALE {}").format(sql.Literal(locale)))
    elif provider == "b":
        parts.append(sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE {}").format(sql.Literal(locale)))
    else:
        parts.append(sql.SQL("LOCALE_PROVIDER libc"))
    return sql.SQL(" ").join(parts)
