"""The pairs that a move depends on, in every order of their steps: batch, update or delete, and apply; merge and late write
(B4, B5, D16). The cutover's are in dual_write/test_fence_orders.py, the reader's in dual_write/test_apply_orders.py."""

import itertools
from uuid import UUID, uuid4

import pytest

from crm.models import Company, CustomerContact, CustomerMerge, Quote
from crm.services.merge import merge
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.backfill.batch import run_step
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import LegacyLink
from migration_ops.tests.backfill.driving import at_rows, to_the_end
from migration_ops.tests.cutover.invariants import INVARIANTS, violations
from migration_ops.tests.interleavings import Session, orders, process, run
from migration_ops.tests.legacy_rows import fill, insert
from migration_ops.tests.living import backfill
from migration_ops.tests.merging import on_buried

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]

READ, WRITTEN = "INSERT INTO batch_deal", 'UPDATE "migration_batch"'
BURYING = f'INSERT INTO "{CustomerMerge._meta.db_table}"'
AT_REST = [name for name in INVARIANTS if name.split()[0] not in ("V22", "V25")]
CHANGES = {
    "update": "UPDATE quotes SET total = 4711, customer_name = 'Changed' WHERE id = %s",
    "delete": "DELETE FROM quotes WHERE id = %s",
    "move": "UPDATE quotes SET company_id = %s WHERE id = %s",
}


def assert_at_rest(company: Company, order: object, *, without: str = "") -> None:
    found = {name: rows for name in AT_REST if name.split()[0] != without and (rows := violations(company, name))}
    assert not found, (order, found)


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    """A change that met a locked row is tried again at once."""
    monkeypatch.setattr(conf, "APPLY_BACKOFF_S", 0.0)


@pytest.fixture
def watcher(session):
    connection = session()
    connection.autocommit = True
    return connection


@pytest.mark.parametrize("kind", CHANGES)
def test_a_batch_a_change_and_an_apply(session, watcher, kind):
    """{read, write, commit} × {change, commit} × {apply}: 60 orders each, on a company of its own."""
    writer = session()
    there = Company.objects.create(name="There", slug="there")
    fill(writer, there.pk, 1)
    writer.commit()
    backfill(there)
    for number, order in enumerate(orders([3, 2, 1])):
        here = Company.objects.create(name=f"Here {number}", slug=f"here-{number}")
        ids = [uuid4() for _ in range(3)]
        for id in ids:
            insert(writer, here.pk, id, customer_name=f"Person {id}", email=f"{id}@mail.example", phone=None)
        writer.commit()
        batch_run = at_rows(here)
        params = [there.pk, ids[1]] if kind == "move" else [ids[1]]
        batch = process(lambda r=batch_run: run_step(r.pk, r.generation, "thread"), READ, WRITTEN)
        sessions = [
            batch,
            Session(
                connection=writer,
                steps=[lambda c, params=params: c.execute(CHANGES[kind], params) and None, lambda c: c.commit()],
            ),
            process(apply_once),
        ]
        run(sessions, order, watcher)
        assert [each.error for each in sessions] == [None] * 3, order
        to_the_end(batch_run)
        apply_once()
        assert_at_rest(here, order)
        assert_at_rest(there, order)
        expected = {"update": here.pk, "delete": None, "move": there.pk}[kind]
        assert getattr(LegacyLink.objects.filter(pk=ids[1]).first(), "company_id", None) == expected, order
        if kind == "update":
            assert Quote.objects.get(pk=ids[1]).total == 4711, order


def test_a_merge_a_late_write_and_an_apply(session, watcher):
    """{bury, commit} × {write, commit} × {read, write}: every late row lands on the survivor."""
    writer = session()
    here = Company.objects.create(name="Here", slug="here")
    fill(writer, here.pk, 2)
    writer.commit()
    backfill(here)
    for number, order in enumerate(orders([2, 2, 2])):
        pair, late = [UUID(int=number * 10 + place + 1) for place in range(2)], uuid4()
        for place, id in enumerate(pair):
            insert(
                writer,
                here.pk,
                id,
                customer_name=f"Pair {number} {place}",
                email=f"{number}-{place}@m.example",
                phone=None,
            )
        writer.commit()
        apply_once()
        one, other = (Quote.objects.get(pk=id).customer_id for id in pair)
        contact = CustomerContact.objects.filter(customer=other).get()
        columns = {"customer_name": contact.name, "email": contact.email, "phone": contact.phone}
        sessions = [
            process(
                lambda one=one, other=other: merge(here, [one, other], survivor=one, actor="ann"),
                BURYING,
            ),
            Session(
                connection=writer,
                steps=[lambda c, late=late, columns=columns: insert(c, here.pk, late, **columns), lambda c: c.commit()],
            ),
            process(apply_once, READ),
        ]
        run(sessions, order, watcher)
        assert [each.error for each in sessions] == [None] * 3, order
        apply_once()
        assert Quote.objects.get(pk=late).customer_id == one, order
        assert on_buried(here) == [], order
        assert_at_rest(here, order, without="V16")  # a merge is a finding: the company is to be validated again
    assert LegacyQuote.objects.count() == 2 + 3 * 90


def test_these_are_all_of_them():
    assert len(set(orders([3, 2, 1]))) == 60
    assert len(set(itertools.islice(orders([2, 2, 2]), 1_000))) == 90
