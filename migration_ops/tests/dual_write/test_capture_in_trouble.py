"""Capture and apply when things go wrong around them: somebody else's open transaction, a locked outbox, gaps in its ids, a
new column, a storm on one row, one statement over very many (O3, O8, O14, O15, O17, O22, T47)."""

import threading
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from crm.models import Company, Quote
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.dual_write import apply
from migration_ops.dual_write.follow import apply_once
from migration_ops.dual_write.lag import lag_of
from migration_ops.exceptions import GateNotPassed
from migration_ops.models import OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tests.dual_write.conftest import ids_of
from migration_ops.tests.legacy_rows import insert, update
from migration_ops.tests.living import migrated, step
from migration_ops.tests.state import assert_valid, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_open_transaction_elsewhere_delays_nobody_and_its_own_change_comes_when_it_commits(company, session):
    ids, elsewhere, here, writer = ids_of(company), session(), session(), session()
    with psycopg.connect(here.info.dsn, dbname="postgres") as other_database:
        for open_one in (elsewhere, other_database):
            open_one.execute("SELECT pg_current_xact_id()")  # it has written, as far as every snapshot knows
        update(here, ids[0], total=11)  # an older entry than the next one, and not committed
        update(writer, ids[1], total=12)
        writer.commit()
        assert apply_once().deals == 1
        assert Quote.objects.get(pk=ids[1]).total == 12
        here.commit()
        assert apply_once().deals == 1
        assert Quote.objects.get(pk=ids[0]).total == 11
        other_database.rollback()
    assert not OutboxEntry.objects.exists()


def broken_outbox(statement: str, back: str):
    def trouble(session: psycopg.Connection):
        session.execute(statement)
        session.commit()

        def mend() -> None:
            session.execute(back)
            session.commit()

        return mend

    return trouble


def locked_outbox(session: psycopg.Connection):
    session.execute("LOCK TABLE migration_outbox IN ACCESS EXCLUSIVE MODE")
    return session.rollback


TROUBLE = {
    "locked": locked_outbox,
    "full": broken_outbox(
        "ALTER TABLE migration_outbox ADD CONSTRAINT full_disk CHECK (id < 0) NOT VALID",
        "ALTER TABLE migration_outbox DROP CONSTRAINT full_disk",
    ),
    "gone": broken_outbox(
        "ALTER TABLE migration_outbox RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO migration_outbox"
    ),
}


WRITES = {
    "insert": "INSERT INTO quotes (id, company_id, created_at, updated_at) VALUES (%(new)s, %(company)s, now(), now())",
    "update": "UPDATE quotes SET total = 99 WHERE id = %(id)s",
    "delete": "DELETE FROM quotes WHERE id = %(id)s",
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("kind", WRITES)
def test_what_cannot_be_captured_is_not_written(company, session, trouble, kind):
    (id, *_), writer, before = ids_of(company), session(), list(LegacyQuote.objects.order_by("pk").values())
    mend = TROUBLE[trouble](session())
    try:
        writer.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.Error):
            writer.execute(WRITES[kind], {"id": id, "new": uuid4(), "company": company.pk})
        writer.commit()  # as a program would that does not look
        assert list(LegacyQuote.objects.order_by("pk").values()) == before
    finally:
        mend()
    update(writer, id, total=99)
    writer.commit()
    assert apply_once().deals == 1


def test_nobody_waits_for_an_id_that_never_comes(company, writer):
    ids = ids_of(company)
    update(writer, ids[0], total=1)
    for _ in range(40):
        writer.execute("SELECT nextval(pg_get_serial_sequence('migration_outbox', 'id'))")
    writer.rollback()
    update(writer, ids[1], total=2)
    writer.commit()
    assert apply_once().entries == 1
    assert not OutboxEntry.objects.exists()


def test_a_new_column_is_captured_around_and_closes_the_gate(company, writer):
    (id, *_) = ids_of(company)
    writer.execute("ALTER TABLE quotes ADD COLUMN colour text")
    writer.commit()
    try:
        writer.execute("UPDATE quotes SET colour = 'red', total = 77 WHERE id = %s", [id])
        writer.commit()
        assert OutboxEntry.objects.filter(legacy_id=id).exists()
        with pytest.raises(GateNotPassed, match=r"schema: .*colour"):
            step(company, Stage.SHADOW)
        apply_once()
        assert Quote.objects.get(pk=id).total == 77
    finally:
        writer.rollback()
        writer.execute("ALTER TABLE quotes DROP COLUMN colour")
        writer.commit()


def test_a_storm_on_one_row_is_one_effect_and_others_flow(company, writer):
    """Four hundred changes of one row before a change of another one: both are in the first batch."""
    stormy, other = ids_of(company)[:2]
    for number in range(400):
        update(writer, stormy, total=number)
    update(writer, other, total=5)
    writer.commit()
    done = apply.apply_company(company)
    assert (done.deals, done.entries) == (2, 401)
    assert Quote.objects.get(pk=stormy).total == 399
    assert Quote.objects.get(pk=other).total == 5


@pytest.fixture
def there(session) -> Company:
    return migrated(session(), rows=5, name="there")


@pytest.mark.parametrize("rows", [300, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_one_statement_over_very_many_rows_is_applied_in_portions_and_shown(there, session, writer, monkeypatch, rows):
    """Another company's change does not wait for all of it, and each portion is a transaction of its own."""
    monkeypatch.setattr(conf, "APPLY_ROWS", min(rows // 3, 500))
    company = migrated(session(), rows=rows)
    writer.execute("UPDATE quotes SET total = coalesce(total, 0) + 1 WHERE company_id = %s", [company.pk])
    update(writer, ids_of(there)[0], total=8)
    writer.commit()
    assert lag_of(company).waiting == rows
    first = apply.apply_waiting()
    assert 1 < first.deals <= conf.APPLY_ROWS + 1
    assert lag_of(company).waiting == rows - (first.deals - 1)
    assert Quote.objects.get(pk=ids_of(there)[0]).total == 8
    apply_once()
    assert lag_of(company).waiting == 0
    assert_valid(company, there)


# Named as what the trigger's functions use; each would raise, and the table would take the entry away from us.
OURS = {
    "pg_advisory_xact_lock_shared": "bigint",
    "hashtextextended": "text, bigint",
    "clock_timestamp": "",
    "current_setting": "text",
    "qp_is_mirrored": "",
}


def test_what_a_writer_puts_on_its_search_path_has_no_effect(company, session):
    writer, id = session(), uuid4()
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE quotepro_hijacker; CREATE SCHEMA evil AUTHORIZATION quotepro_hijacker")
        cursor.execute("GRANT INSERT ON quotes TO quotepro_hijacker")
    try:
        writer.execute("SET ROLE quotepro_hijacker")
        for name, arguments in OURS.items():
            writer.execute(
                sql.SQL(
                    "CREATE FUNCTION evil.{}({}) RETURNS text LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$"
                ).format(sql.Identifier(name), sql.SQL(arguments))
            )
        writer.execute(
            "CREATE TABLE evil.migration_outbox (legacy_id uuid, company_id uuid, operation text, captured_at timestamptz)"
        )
        writer.execute("CREATE TABLE evil.migration_company_stage (company_id uuid, stage text)")
        writer.execute("SET search_path = evil, pg_catalog, public")
        with pytest.raises(psycopg.Error, match="hijacked"), writer.transaction():
            writer.execute("SELECT clock_timestamp()")  # it would work, were the path followed
        insert(writer, company.pk, id)
        writer.commit()
        writer.execute("RESET ROLE")
        assert writer.execute("SELECT count(*) FROM evil.migration_outbox").fetchone() == (0,)
        writer.commit()
        assert OutboxEntry.objects.get().legacy_id == id
    finally:
        writer.rollback()
        writer.close()
        with connection.cursor() as cursor:
            cursor.execute(
                "DROP SCHEMA evil CASCADE; REVOKE ALL ON quotes FROM quotepro_hijacker; DROP ROLE quotepro_hijacker"
            )


def test_many_writers_of_one_row_while_it_is_applied_leave_the_last_value(company, session):
    """The storm goes on while somebody applies, who comes to an end all the same; nothing is lost at the storm's."""
    (id, *_), stop = ids_of(company), threading.Event()
    written: list[int] = []

    def write() -> None:
        with session() as other:
            while not stop.is_set():
                update(other, id, total=len(written))
                other.commit()
                written.append(len(written))

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        for _ in range(5):
            apply_once()
            wait_until(lambda: OutboxEntry.objects.exists(), "the storm to go on")
    finally:
        stop.set()
        thread.join(30)
    apply_once()
    assert len(written) > 5
    assert Quote.objects.get(pk=id).total == written[-1]
    assert_valid(company)
