"""A scratch database with a copy of one company, made and dropped again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg
from django.db import connection
from psycopg import sql

from crm.models import Company
from migration_ops.exceptions import DrillFailed
from migration_ops.sessions import another_session
from migration_ops.sql.loader import block

# In the order of their references; the stage comes last, so that the copying itself is nobody's change.
TABLES = (
    "companies", "customers_new", "customer_contacts", "customer_addresses", "customer_relations", "leads_new",
    "quotes_new", "quote_items_new", "jobs_new", "invoices_new", "payments", "quotes", "migration_run",
    "migration_legacy_link", "migration_quarantined_row", "migration_outbox", "migration_reverse_outbox",
    "migration_company_stage",
)  # fmt: skip


@contextmanager
def scratch_database(company: Company) -> Iterator[str]:
    """The URL of an empty database on the same server, dropped afterwards.

    Raises:
        DrillFailed: the role may not create databases.
    """
    name = f"quotepro_drill_{company.pk.hex[:8]}_{os.getpid()}"
    with another_session(autocommit=True) as server:
        try:
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise DrillFailed(why="the database role may not create databases; grant CREATEDB for the drill") from error
        try:
            yield _url(name)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy_company(company: Company, url: str) -> int:
    """Copy what belongs to the company into a database with the same schema, as it was at one moment.

    Returns:
        Legacy rows copied.
    """
    copied = 0
    with another_session() as source, psycopg.connect(url) as target:
        source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for table in TABLES:
            rows = _copy(source, target, table, company)
            copied = rows if table == "quotes" else copied
            for column, sequence in target.execute(
                block("queries/scratch.sql", "sequences").sql, {"name": table}
            ).fetchall():
                target.execute(
                    sql.SQL("SELECT setval({}, (SELECT coalesce(max({}), 0) + 1 FROM {}), false)").format(
                        sql.Literal(sequence), sql.Identifier(column), sql.Identifier(table)
                    )
                )
        target.commit()
        target.autocommit = True
        target.execute("ANALYZE")
    return copied


def _copy(source: psycopg.Connection, target: psycopg.Connection, table: str, company: Company) -> int:
    found = source.execute(block("queries/scratch.sql", "columns").sql, {"name": table}).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(column) for (column,) in found)
    key = sql.Identifier("id" if table == "companies" else "company_id")
    out = sql.SQL("COPY (SELECT {} FROM {} WHERE {} = {}) TO STDOUT").format(
        columns, sql.Identifier(table), key, sql.Literal(company.pk)
    )
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with source.cursor() as reading, target.cursor() as writing:
        with reading.copy(out) as data, writing.copy(into) as copy:
            for chunk in data:
                copy.write(chunk)
        return writing.rowcount


def _url(database: str) -> str:
    settings = connection.settings_dict
    user = quote(settings["USER"]) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    # The host as an option: a socket folder has no place between @ and /.
    options = {name: settings[name.upper()] for name in ("host", "port") if settings[name.upper()]}
    return f"postgres://{user}@/{quote(database)}?{urlencode(options)}"
