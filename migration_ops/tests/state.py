"""What the database holds, in a form that two runs of a migration can be compared by."""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from django.db import connection
from psycopg import sql

from crm.models import Company
from migration_ops.backfill.migrate import migrate
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.validation.run import validate

PATIENCE_S = 60

# Every table a migration writes, with the columns that say when or by which run a row was written and not what it is.
TABLES: dict[str, tuple[str, ...]] = {
    "customers_new": (),
    "customer_contacts": (),
    "customer_addresses": (),
    "customer_relations": (),
    "leads_new": (),
    "quotes_new": (),
    "quote_items_new": (),
    "jobs_new": (),
    "invoices_new": (),
    "payments": (),
    "migration_legacy_link": ("batch_id",),
    "migration_quarantined_row": ("batch_id", "first_seen_at", "last_seen_at", "resolved_at"),
    "migration_dedup_conflict": ("id", "created_at"),
    "migration_staged_contact": (),
    "migration_staged_address": ("id",),
    "migration_staged_cluster": (),
    "migration_staged_doubt": (),
    "migration_staged_finding": ("id",),
    "migration_outbox": ("id", "captured_at"),
}
# What depends on the way rows came: a contact that was edited stays with its customer, a fresh one may join another.
OF_PEOPLE = ("customer_id", "contact_id", "address_id", "flags")
DEALS = ("leads_new", "quotes_new", "quote_items_new", "jobs_new", "invoices_new", "payments", "migration_legacy_link")


def final_rows(*, without: tuple[str, ...] = (), tables: tuple[str, ...] = tuple(TABLES)) -> dict[str, list[str]]:
    """Every row of every table as text, in order; equal for equal content."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                sql.SQL('SELECT (to_jsonb(t) - %s::text[])::text COLLATE "C" FROM {} AS t ORDER BY 1').format(
                    sql.Identifier(table)
                ),
                [[*TABLES[table], *without]],
            )
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def differences(expected: dict[str, list[str]], found: dict[str, list[str]]) -> list[str]:
    """What differs, a line a row, short enough to read; empty when nothing does."""
    lines = []
    for table, rows in expected.items():
        missing, extra = set(rows) - set(found[table]), set(found[table]) - set(rows)
        lines += [f"{table} lacks {row[:600]}" for row in sorted(missing)]
        lines += [f"{table} has besides {row[:600]}" for row in sorted(extra)]
        if not missing and not extra and len(rows) != len(found[table]):
            lines.append(f"{table} has {len(found[table])} rows instead of {len(rows)}")
    return lines[:20]


def assert_valid(*companies: Company) -> None:
    """Every company passes at every depth; what does not is named."""
    for company in companies:
        report = validate(company)
        failed = [
            (part.depth, each.name, each.expected, each.found)
            for part in report.depths
            for each in part.checks
            if not each.passed
        ]
        assert report.passed, [*failed, *(each for part in report.depths for each in part.differences[:5])]


def done_batches() -> dict[int, str]:
    """When each committed batch was finished: a batch that is done again gets another time."""
    done = MigrationBatch.objects.filter(state="done").values_list("pk", "finished_at")
    return {pk: str(finished_at) for pk, finished_at in done}


def assert_counters_are_facts(run: MigrationRun) -> None:
    """The counters of a run are what its batches left in the tables (V13), and no more rows are done than planned."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.migrated, b.quarantined,"
            " (SELECT count(*) FROM migration_legacy_link l WHERE l.batch_id = b.id),"
            " (SELECT count(*) FROM migration_quarantined_row z WHERE z.batch_id = b.id)"
            " FROM migration_batch b WHERE b.run_id = %s AND b.kind = 'rows' AND b.state = 'done'",
            [run.pk],
        )
        for batch, migrated, quarantined, links, aside in cursor.fetchall():
            assert (migrated, quarantined) == (links, aside), f"batch {batch}"
        cursor.execute(
            "SELECT coalesce(sum(rows), 0), coalesce(sum(migrated + quarantined), 0) FROM migration_batch"
            " WHERE run_id = %s AND kind = 'rows' AND state <> 'split'",
            [run.pk],
        )
        planned, settled = cursor.fetchone()
    assert planned == settled == run.rows_planned


def activity() -> dict[str, tuple[int, int, int]]:
    """Rows inserted, updated and deleted so far in each table, by every process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
        )
        return {name: (inserted, updated, deleted) for name, inserted, updated, deleted in cursor.fetchall()}


def activity_when_alone() -> dict[str, tuple[int, int, int]]:
    """activity() once every other session has ended: the server counts what a command wrote when it ends its session,
    some time after the command."""
    wait_until(nobody_else_is_connected, "the commands' sessions to end")
    return activity()


def forget_migration() -> None:
    """Empty every table but the legacy one, and those that are only ever added to: the company was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
            " AND (tablename LIKE 'migration\\_%%' OR tablename = ANY (%s)) AND tablename NOT IN ('migration_audit_log', 'migration_certificate')",
            [[*TABLES, "companies"]],
        )
        tables = cursor.fetchone()[0]
        cursor.execute(f"TRUNCATE {tables} CASCADE")


@contextmanager
def blocked_session(session: psycopg.Connection, statement: str, params: object = None) -> Iterator[None]:
    """Runs a statement of another session that has to wait, for as long as the block lasts; it is done afterwards."""
    from threading import Thread

    errors: list[Exception] = []

    def run() -> None:
        try:
            session.execute(statement, params)
        except psycopg.Error as error:
            errors.append(error)

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
    if errors:
        raise errors[0]


def is_waiting(pid: int) -> bool:
    """Whether this session waits for a lock of another one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])


def is_waited_for(session: psycopg.Connection) -> bool:
    """Whether another session waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE %s = ANY (pg_blocking_pids(a.pid)))",
            [session.info.backend_pid],
        )
        return bool(cursor.fetchone()[0])


def as_json(output: str) -> dict:
    """The object on the last line of a command's stdout."""
    return json.loads(output.splitlines()[-1])


def only_run(company: UUID) -> MigrationRun:
    """The company's only run."""
    return MigrationRun.objects.get(company_id=company)


def undisturbed(company: Company, *, batch_rows: int) -> tuple[dict[str, list[str]], float]:
    """What a run that nobody disturbs leaves, and its seconds; forgotten again."""
    result = migrate(company, workers=1, batch_rows=batch_rows, report=lambda _: None)
    assert result.status == RunStatus.FINISHED
    rows = final_rows()
    forget_migration()
    company.save(force_insert=True)
    return rows, result.seconds


def nobody_else_is_connected() -> bool:
    """Whether this session is the database's only one: the server ends a killed client's some time after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid())"
        )
        return bool(cursor.fetchone()[0])


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}"
        time.sleep(0.02)


def random_seed() -> random.Random:
    """Chance for one test, whose seed is printed; QUOTEPRO_TEST_SEED repeats it."""
    number = int(os.environ.get("QUOTEPRO_TEST_SEED", random.randrange(10**6)))
    sys.stdout.write(f"QUOTEPRO_TEST_SEED={number}\n")
    return random.Random(number)
