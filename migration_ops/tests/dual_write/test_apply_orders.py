"""Readers and writers in every order, and the known wrong ways to read an outbox (O1, rulings 1 and 2)."""

import pytest
from django.db import connections

from crm.models import Company, Quote
from migration_ops.dual_write import apply
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import OutboxEntry
from migration_ops.tests.dual_write.conftest import ids_of
from migration_ops.tests.interleavings import Session, orders, run
from migration_ops.tests.legacy_rows import update

pytestmark = pytest.mark.django_db(transaction=True)


def read(last: list[int], wanted: str = "") -> None:
    """A reader with a known wrong way to read; without one the product's."""
    if not wanted:
        apply_once()
        return
    entries = list(OutboxEntry.objects.filter(pk__gt=last[0]).order_by("pk"))
    for entry in entries:
        apply._guarded(Company.objects.get(pk=entry.company_id), [entry.legacy_id])
    last[0] = max([last[0], *(entry.pk for entry in entries)])


def wrong_orders(company: Company, session, wanted: str) -> list:
    """One reader that looks twice, and once more at the end, and two writers: the first orders after which a change was
    never applied; with the product's reader all are tried."""
    first, second = ids_of(company)[:2]
    writers = [session(), session()]
    watcher = session()
    watcher.autocommit = True
    for number, order in enumerate(orders([2, 2, 2])):
        last = [OutboxEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0]
        steps = [lambda _, last=last: (read(last, wanted), connections.close_all())] * 2
        sessions = [
            Session(connection=watcher, steps=steps),
            *(
                Session(
                    connection=each,
                    steps=[
                        lambda c, id=id, number=number: update(
                            c, id, total=number + 1, job_name=str(c.info.backend_pid)
                        ),
                        lambda c: c.commit(),
                    ],
                )
                for each, id in zip(writers, (first, second), strict=True)
            ),
        ]
        run(sessions, order, watcher)
        assert all(each.error is None for each in sessions)
        read(last, wanted)
        late = [id for id in (first, second) if Quote.objects.get(pk=id).total != number + 1]
        if late:
            return [(order, late)]
        apply_once()
    return []


def test_a_reader_and_two_writers_in_every_order(company, session):
    assert wrong_orders(company, session, "") == []


def test_a_cursor_over_ids_loses_a_change_in_some_order(company, session):
    assert wrong_orders(company, session, "id cursor")


def test_values_in_the_order_of_transactions_would_be_stale(company, session):
    """T1 draws its number first, T2 writes the row and commits, T1 writes it: by number T2 comes last (ruling 2)."""
    (id, *_), (one, other) = ids_of(company), (session(), session())
    for number, (first, second) in enumerate(((one, other), (other, one))):
        first.execute("SELECT pg_current_xact_id()")
        update(second, id, total=100 + number)
        xids = {100 + number: second.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]}
        second.commit()
        update(first, id, total=200 + number)
        xids[200 + number] = first.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
        first.commit()
        assert max(xids, key=xids.__getitem__) == 100 + number, "by transaction the older value would win"
        apply_once()
        assert Quote.objects.get(pk=id).total == 200 + number
