"""Captured changes reach the new tables: in any order, once, whoever is in the way (O1, O2, O5 to O7, O12 to O16)."""

import threading
import time
from contextlib import suppress
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection, connections

from crm.models import Quote
from legacy.models import LegacyQuote
from legacy.ports import write_guard
from migration_ops import conf
from migration_ops.dual_write import apply
from migration_ops.dual_write.follow import apply_once, drop_unneeded, follow
from migration_ops.models import Finding, LegacyLink, MigrationRun, OutboxEntry
from migration_ops.stages import RunStatus
from migration_ops.tests.dual_write.conftest import ids_of
from migration_ops.tests.legacy_rows import NAMELESS, READABLE, UNREADABLE, insert, update
from migration_ops.tests.state import assert_valid, is_waiting, wait_until
from migration_ops.validation import chunks

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_of_change_is_applied_and_leaves_nothing_behind(company, writer):
    ids, new = ids_of(company), uuid4()
    update(writer, ids[0], total=4711)
    update(writer, ids[1], **NAMELESS)
    update(writer, ids[2], **UNREADABLE)
    writer.execute("DELETE FROM quotes WHERE id = %s", [ids[3]])
    insert(
        writer, company.pk, new, customer_name="Fresh", status="completed", paid_at="2024-05-01", invoice_number="I-1"
    )
    row = writer.execute("DELETE FROM quotes WHERE id = %s RETURNING status", [ids[4]]).fetchone()
    insert(writer, company.pk, ids[4], status=row[0], customer_name="Again")
    writer.execute("SAVEPOINT s")
    insert(writer, company.pk, uuid4())
    writer.execute("ROLLBACK TO SAVEPOINT s")
    writer.commit()
    done = apply_once()
    assert (done.deals, done.put_off) == (6, 0)
    assert not OutboxEntry.objects.exists()
    assert not LegacyLink.objects.filter(pk=ids[3]).exists()
    assert Quote.objects.get(pk=new).total == 100
    assert_valid(company)
    assert apply_once().entries == 0
    assert not Finding.objects.exists(), "our own writes are nobody's finding"
    update(writer, ids[2], **READABLE)
    writer.commit()
    apply_once()
    assert_valid(company)


class Worker(threading.Thread):
    """Applies in a session of its own that stands still once it has read the rows."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.has_read, self.may_go_on = threading.Event(), threading.Event()

    def run(self) -> None:
        def wrap(execute, statement, params, many, context):
            result = execute(statement, params, many, context)
            if "INSERT INTO batch_deal" in str(statement) and not self.has_read.is_set():
                self.has_read.set()
                assert self.may_go_on.wait(30)
            return result

        with connection.execute_wrapper(wrap):
            apply.apply_waiting()
        connections.close_all()


CHANGES = {
    "update": "UPDATE quotes SET total = 4712 WHERE id = %(id)s",
    "delete": "DELETE FROM quotes WHERE id = %(id)s",
    "move": "UPDATE quotes SET company_id = %(there)s WHERE id = %(id)s",
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_that_comes_while_its_row_is_applied_waits_and_is_applied_after(company, writer, session, kind):
    id, there = ids_of(company)[0], uuid4()
    update(writer, id, total=4711)
    writer.commit()
    worker, other = Worker(), session()
    worker.start()
    assert worker.has_read.wait(30)
    change = threading.Thread(target=other.execute, args=(CHANGES[kind], {"id": id, "there": there}))
    change.start()
    wait_until(lambda: is_waiting(other.info.backend_pid), "the writer to wait for the row")
    worker.may_go_on.set()
    worker.join(30)
    change.join(30)
    other.commit()
    apply_once()
    assert_valid(company)
    assert Quote.objects.filter(pk=id, company=company).exists() == (kind == "update")


def test_a_poison_change_waits_alone_and_heals_itself(company, writer, monkeypatch):
    monkeypatch.setattr(conf, "APPLY_BACKOFF_S", 0.0)
    ids = ids_of(company)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes_new ADD CONSTRAINT poison CHECK (job_name <> 'poison')")
    try:
        for id in ids:
            update(writer, id, total=7, job_name="poison" if id == ids[2] else "fine")
        writer.commit()
        done = apply_once()
        assert done.deals == len(ids) - 1
        assert Quote.objects.filter(total=7).count() == len(ids) - 1
        (entry,) = OutboxEntry.objects.all()
        assert (entry.legacy_id, entry.attempts > 0) == (ids[2], True)
        assert "poison" in entry.error
        for _ in range(conf.APPLY_ATTEMPTS):
            apply_once()
        entry.refresh_from_db()
        assert entry.state == OutboxEntry.State.FAILED
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE quotes_new DROP CONSTRAINT poison")
    apply_once()
    assert not OutboxEntry.objects.exists()
    assert_valid(company)


def test_a_row_somebody_keeps_locked_keeps_nobody_else_waiting(company, writer, session):
    ids, holder = ids_of(company), session()
    for id in ids:
        update(writer, id, total=8)
    writer.commit()
    holder.execute("SELECT 1 FROM quotes WHERE id = %s FOR UPDATE", [ids[1]])
    done = apply_once()
    assert (done.deals, Quote.objects.filter(total=8).count()) == (len(ids) - 1, len(ids) - 1)
    holder.rollback()
    OutboxEntry.objects.update(not_before="2024-01-01T00:00Z")
    apply_once()
    assert Quote.objects.filter(total=8).count() == len(ids)
    assert not OutboxEntry.objects.exists()


def test_four_workers_at_once_have_one_effect(company, writer):
    ids = ids_of(company)
    for number in range(40):
        update(writer, ids[number % 3], total=number)
        writer.commit()

    def work() -> None:
        apply_once()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    apply_once()
    assert not OutboxEntry.objects.exists()
    assert_valid(company)


def test_a_writer_wakes_whoever_waits(company, writer, monkeypatch):
    """With a poll of a minute only the notification can be in time."""
    monkeypatch.setattr(conf, "APPLY_POLL_MS", 60_000)
    stop, (id, *_) = threading.Event(), ids_of(company)

    def work() -> None:
        follow(until=stop.is_set)
        connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    with connection.cursor() as cursor:

        def is_listening() -> bool:
            cursor.execute("SELECT EXISTS (SELECT FROM migration_apply_listener WHERE waiting_until > now())")
            return bool(cursor.fetchone()[0])

        wait_until(is_listening, "the follower to wait")
    update(writer, id, total=99)
    writer.commit()
    wait_until(lambda: Quote.objects.get(pk=id).total == 99, "the change to be applied")
    stop.set()
    update(writer, id, total=98)
    writer.commit()
    thread.join(30)
    assert not thread.is_alive()


def test_a_company_in_the_middle_of_its_backfill_is_left_to_the_backfill(company, writer):
    MigrationRun.objects.update(status=RunStatus.PAUSED)
    update(writer, ids_of(company)[0], total=5)
    writer.commit()
    assert apply_once().entries == 0
    MigrationRun.objects.update(status=RunStatus.FINISHED)
    assert apply_once().entries == 1


def test_our_own_write_is_on_both_sides_when_it_commits_or_on_neither(company):
    (id, *_) = ids_of(company)
    with write_guard(company.pk, [id]):
        LegacyQuote.objects.filter(pk=id).update(total=12)
    assert Quote.objects.get(pk=id).total == 12
    assert not OutboxEntry.objects.exists()
    with suppress(RuntimeError), write_guard(company.pk, [id]):
        LegacyQuote.objects.filter(pk=id).update(total=13)
        raise RuntimeError
    assert (LegacyQuote.objects.get(pk=id).total, Quote.objects.get(pk=id).total) == (12, 12)


def test_changes_of_companies_that_do_not_move_are_dropped(company, writer):
    insert(writer, uuid4(), uuid4())
    update(writer, ids_of(company)[0], total=5)
    writer.commit()
    assert drop_unneeded() == 1
    assert OutboxEntry.objects.get().company_id == company.pk


def test_rows_that_arrive_between_two_looks_of_a_validation_count_as_compared(company, writer, monkeypatch):
    insert(writer, company.pk, uuid4(), customer_name="Late")
    writer.commit()
    moment = SimpleNamespace(sleep=lambda _: apply_once(), monotonic=time.monotonic)
    monkeypatch.setattr(chunks, "time", moment)  # the first look saw the row on one side only
    assert_valid(company)


def test_a_company_that_is_written_all_the_while_can_be_validated(company, session):
    """Nobody else applies: the validation makes its own moment in which nothing waits."""
    ids, stop, errors = ids_of(company), threading.Event(), []

    def write() -> None:
        try:
            with session() as other:
                number = 0
                while not stop.is_set():
                    number += 1
                    update(other, ids[number % len(ids)], total=number, job_name=f"job {number}")
                    other.commit()
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        wait_until(lambda: OutboxEntry.objects.count() > 5, "the writer")
        assert_valid(company)
    finally:
        stop.set()
        thread.join(30)
    assert not errors
    apply_once()
    assert_valid(company)
