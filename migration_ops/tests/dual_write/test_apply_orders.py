"""A reader and two writers, in every order of their steps; known wrong readers fail the same check (O1, O2; rulings 1, 2)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections, transaction

from crm.models import Company, Quote
from legacy.models import LegacyQuote
from migration_ops.dual_write import apply, fence
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import OutboxEntry
from migration_ops.tests.interleavings import Session, orders, run
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated

pytestmark = pytest.mark.django_db(transaction=True)

Look = Callable[[], object]


@contextmanager
def product() -> Iterator[Look]:
    """Entries by their state; what is applied is what the row says now."""
    yield apply_once


@contextmanager
def id_cursor() -> Iterator[Look]:
    """Entries beyond the last id that was seen."""
    last = OutboxEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def look() -> None:
        nonlocal last
        for entry in OutboxEntry.objects.filter(pk__gt=last).order_by("pk"):
            apply._guarded(Company.objects.get(pk=entry.company_id), [entry.legacy_id])
            last = max(last, entry.pk)

    yield look


@contextmanager
def xid_order() -> Iterator[Look]:
    """What each change said, in the order of their transactions' numbers, once no older one is open."""

    def look() -> None:
        with transaction.atomic(), fence.mirrored(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM wrong_record WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) RETURNING xid, n, id, total"
            )
            for _, _, id, total in sorted(cursor.fetchall(), key=lambda each: (int(each[0]), each[1])):
                cursor.execute("UPDATE quotes_new SET total = %s WHERE id = %s", [total, id])

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE wrong_record (n bigserial, xid xid8, id uuid, total numeric);"
            "CREATE FUNCTION wrong_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO wrong_record (xid, id, total) VALUES (pg_current_xact_id(), NEW.id, NEW.total); RETURN NULL; END $$;"
            "CREATE TRIGGER wrong_record AFTER UPDATE ON quotes FOR EACH ROW EXECUTE FUNCTION wrong_record()"
        )
    try:
        yield look
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE wrong_record; DROP FUNCTION wrong_record() CASCADE")


# Steps of the reader and of each writer: one that draws its transaction's number before it writes has three.
TWO_ROWS, ONE_ROW = (2, 2, 2), (1, 3, 3)


def wrong_orders(company: Company, session, reader, lengths: tuple[int, int, int]) -> list:
    """The first order after which the new side does not say what legacy says; with the product all are tried.

    The reader looks so many times in between, and once more at the end.
    """
    ids = list(LegacyQuote.objects.filter(company_id=company.pk).order_by("id").values_list("pk", flat=True))
    first, second = ids[:2] if lengths == TWO_ROWS else (ids[0], ids[0])
    writers, watcher = [session(), session()], session()
    watcher.autocommit = True
    for number, order in enumerate(orders(lengths)):
        with reader() as look:

            def turn(_: psycopg.Connection, look: Look = look) -> None:
                look()
                connections.close_all()

            steps = [turn] * lengths[0]
            sessions = [
                Session(connection=watcher, steps=steps),
                *(
                    Session(connection=each, steps=writing(id, 10 * number + place + 1)[-length:])
                    for place, (each, id, length) in enumerate(zip(writers, (first, second), lengths[1:], strict=True))
                ),
            ]
            run(sessions, order, watcher)
            assert [each.error for each in sessions] == [None] * 3
            look()
            right = dict(LegacyQuote.objects.filter(pk__in=ids).values_list("pk", "total"))
            found = dict(Quote.objects.filter(pk__in=ids).values_list("pk", "total"))
            assert {right[first], right[second]} & {10 * number + 1, 10 * number + 2}, "nobody has written"
        if right != found:
            return [(order, right, found)]
        apply_once()
    return []


def writing(id: object, total: int) -> list:
    """The steps of a writer; the name of the job makes it a change in any case."""
    return [
        lambda c: c.execute("SELECT pg_current_xact_id()").fetchone(),
        lambda c: update(c, id, total=total, job_name=f"{total} {c.info.backend_pid}"),
        lambda c: c.commit(),
    ]


@pytest.mark.parametrize(
    "lengths", [pytest.param(TWO_ROWS, marks=pytest.mark.nightly), ONE_ROW], ids=["two rows", "one row"]
)
def test_every_change_is_applied_in_any_order(session, lengths):
    assert wrong_orders(migrated(session()), session, product, lengths) == []


@pytest.mark.parametrize(("reader", "lengths"), [(id_cursor, TWO_ROWS), (xid_order, ONE_ROW)], ids=["ids", "xids"])
def test_a_known_wrong_reader_fails_the_same_check(session, reader, lengths):
    assert wrong_orders(migrated(session()), session, reader, lengths)


def test_orders_are_all_of_them():
    assert len(set(orders(TWO_ROWS))) == 90
    assert len(set(orders(ONE_ROW))) == 140
