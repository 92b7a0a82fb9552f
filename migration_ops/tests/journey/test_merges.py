"""Customers merged and separated again while the move goes on."""

import threading
import time
from contextlib import ExitStack, contextmanager
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from crm.exceptions import AlreadyMerged, CustomersBusy, MergeRefused
from crm.models import Customer, CustomerContact, CustomerMerge, CustomerMergeRun, Quote
from crm.selectors.customers import hold_living
from crm.selectors.customers import living as living_of
from crm.services import merge as merging
from crm.services.merge import merge
from crm.services.merge_plan import plan_merge
from crm.services.undo import undo_merge, undo_run
from migration_ops.backfill.migrate import migrate
from migration_ops.backfill.sweep import settle
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.merging import merge_automatic
from migration_ops.models import DedupRun, LegacyLink
from migration_ops.tests import moving
from migration_ops.tests.legacy_rows import insert, update
from migration_ops.tests.merging import assert_same_state, living, on_buried, state, values
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 30


def run(company):
    return migrate(company, workers=1, batch_rows=None, report=lambda *_: None)


@pytest.fixture
def company(seeded):
    made = seeded(120)
    run(made)
    return made


def quoted(company) -> list[UUID]:
    """Customers that can be merged, those with quotes first."""
    having = Customer.objects.filter(company=company, merged_into__isnull=True, is_placeholder=False)
    return list(having.filter(quotes__isnull=False).distinct().order_by("pk").values_list("pk", flat=True))


def test_a_merge_is_valid_and_its_undo_exact(company):
    customers = living(company)
    before, known = state(), values(company)
    for size in (2, 3, 5):
        members = [customers.pop() for _ in range(size)]
        plan = plan_merge(company, members)
        done = merge(company, members, actor="ann", seen=plan.parts)
        assert on_buried(company) == []
        assert values(company) == known
        buried = Customer.objects.filter(merged_into=done.survivor_id)
        assert set(buried.values_list("pk", flat=True)) == set(plan.merged)
        assert_valid(company)
        undo_merge(done, actor="ann")
        assert_same_state(before)
        assert_valid(company)


def test_migrating_again_writes_nothing_and_overrules_nothing(company):
    customers = quoted(company)
    done = merge(company, customers[:3], actor="ann", choices=None)
    undone = merge(company, customers[3:5], actor="ann")
    undo_merge(undone, actor="bob")
    before = state()
    assert run(company).status == "nothing to do"
    assert_same_state(before)
    # Every row once more, as after a captured change of each.
    ids = list(LegacyLink.objects.filter(company=company).values_list("pk", flat=True))
    with transaction.atomic():
        settle(company, ids, batch_id=None)
    assert_same_state(before)
    assert set(living_of(company, customers[:3]).values()) == {done.survivor_id}
    assert_valid(company)


def test_later_rows_of_a_merged_customer_land_on_the_survivor_and_go_back_with_it(company, session):
    one, other = quoted(company)[:2]
    contact = CustomerContact.objects.filter(company=company, customer=one).first()
    done = merge(company, [one, other], survivor=other, actor="ann")
    other_program = session()
    new, edited = UUID(int=77), CustomerContact.objects.get(pk=contact.pk).legacy_links.first().pk
    insert(
        other_program, company.pk, new, customer_name=contact.name, email=contact.email, phone=contact.phone,
        address="99 New Street",
    )  # fmt: skip
    update(other_program, edited, customer_name="Somebody Else", address="98 Other Street")
    other_program.commit()
    run(company)
    shown = Customer.objects.get(pk=other)
    assert LegacyLink.objects.get(pk=new).contact.customer_id == other
    assert LegacyLink.objects.get(pk=edited).contact.customer_id == other
    assert on_buried(company) == []
    # What a person settled stays, whatever is recorded later.
    assert {shown.name, shown.phone} >= {done.fields["name"]["value"]} or not done.fields["name"]["settled"]
    assert_valid(company)
    undo_merge(done, actor="ann")
    assert LegacyLink.objects.get(pk=new).contact.customer_id == one
    assert LegacyLink.objects.get(pk=edited).contact.customer_id == one
    assert_valid(company)


def test_the_rules_merge_as_one_run_with_one_undo_and_never_against_a_person():
    company = moving.company_of(UUID("e0000000-0000-4000-8000-000000000003"))
    names = ("Alva", "Boris", "Cedric", "Dora", "Emil", "Frida", "Gustav", "Hilde")
    people = [(f"{name} Marlow", f"{name}@mail.example", f"+1202555{place:04}") for place, name in enumerate(names)]
    # Three of them again, misspelt and with another mailbox.
    people += [(f"{name}v", f"other-{email}", phone) for name, email, phone in people[:3]]
    moving.insert(
        {
            "id": str(UUID(int=place + 1)), "company_id": str(company.pk), "customer_name": name, "email": email,
            "phone": phone, "address": f"{phone[-1]} Abbey Road", "status": "sent", "total": "100",
            "created_at": "2024-05-01 09:00+00", "updated_at": "2024-05-01 09:00+00",
        }
        for place, (name, email, phone) in enumerate(people)
    )  # fmt: skip
    moving.move(company)
    find_duplicates(company, auto_from=0.6)
    before = state()
    assert DedupRun.objects.get().groups.exists()
    merged = merge_automatic(company, actor="rules")
    assert merged.merges == 3
    assert CustomerMerge.objects.filter(run=merged.run).count() == merged.merges
    assert_valid(company)
    undo_run(merged.run, actor="ann")
    assert_same_state(before)
    # Said once, it holds: for the plan there is, and for the next search.
    assert merge_automatic(company, actor="rules").merges == 0
    find_duplicates(company, auto_from=0.6)
    assert merge_automatic(company, actor="rules").merges == 0
    assert_same_state(before)
    assert CustomerMergeRun.objects.count() == 1


@contextmanager
def meanwhile(work):
    """Runs it in a thread with a connection of its own; what it gave or raised is in the list afterwards."""
    result = []

    def target():
        try:
            result.append(work())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            result.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=target)
    thread.start()
    yield result
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def wait_until(condition) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def first_then(first, second):
    """Both at once, the second waiting for the first: what the second gave or raised."""
    threads = ExitStack()
    with transaction.atomic():
        first()
        result = threads.enter_context(meanwhile(second))
        wait_until(is_somebody_waiting)
    threads.close()
    return result[0]


def test_two_merges_of_overlapping_groups_have_one_effect(company):
    a, b, c = quoted(company)[:3]
    refused = first_then(
        lambda: merge(company, [a, b], survivor=a, actor="ann"), lambda: merge(company, [b, c], survivor=c, actor="bob")
    )
    assert isinstance(refused, AlreadyMerged)
    assert "by ann" in str(refused)
    assert CustomerMerge.objects.count() == 1
    assert_valid(company)


def test_the_same_merge_twice_at_once_happens_once(company):
    a, b = quoted(company)[:2]
    plan = plan_merge(company, [a, b])
    refused = first_then(
        lambda: merge(company, [a, b], actor="ann", seen=plan.parts),
        lambda: merge(company, [b, a], actor="bob", seen=plan.parts),
    )
    assert isinstance(refused, AlreadyMerged)
    assert CustomerMerge.objects.count() == 1


def test_a_into_b_while_b_goes_into_a_makes_no_circle(company):
    a, b = quoted(company)[:2]
    refused = first_then(
        lambda: merge(company, [a, b], survivor=a, actor="ann"), lambda: merge(company, [a, b], survivor=b, actor="bob")
    )
    assert isinstance(refused, AlreadyMerged)
    assert living_of(company, [a, b]) == {a: a, b: a}


def test_an_undo_and_a_merge_at_once_come_one_after_the_other(company):
    a, b, c = quoted(company)[:3]
    done = merge(company, [a, b], survivor=a, actor="ann")
    merged = first_then(lambda: undo_merge(done, actor="ann"), lambda: merge(company, [a, c], survivor=c, actor="bob"))
    assert merged.survivor_id == c
    assert living_of(company, [a, b, c]) == {a: c, b: b, c: c}
    again = first_then(lambda: undo_merge(merged, actor="ann"), lambda: undo_merge(merged, actor="bob"))
    assert isinstance(again, MergeRefused)
    assert "undone already" in str(again)
    assert_valid(company)


def test_a_new_quote_and_a_merge_at_once_leave_no_quote_with_a_buried_customer(company):
    a, b = quoted(company)[:2]

    def new_quote(customer):
        with transaction.atomic():
            owner = hold_living(company, customer)
            quote = Quote.objects.filter(customer=owner).first()
            quote.pk = uuid4()
            quote.lead = None
            quote.save(force_insert=True)
        return quote

    written = first_then(lambda: merge(company, [a, b], survivor=a, actor="ann"), lambda: new_quote(b))
    assert written.customer_id == a
    assert on_buried(company) == []
    done = first_then(lambda: new_quote(a), lambda: undo_merge(CustomerMerge.objects.get(), actor="ann"))
    assert [each.undone_by for each in CustomerMerge.objects.all()] == ["ann"], done
    assert on_buried(company) == []


def test_a_legacy_row_that_is_projected_during_a_merge_lands_on_the_survivor(company, session):
    a, b = quoted(company)[:2]
    contact = CustomerContact.objects.filter(company=company, customer=b).first()
    with session() as other_program:
        insert(
            other_program, company.pk, UUID(int=77), customer_name=contact.name, email=contact.email,
            phone=contact.phone, address=None,
        )  # fmt: skip

    def project():
        with transaction.atomic():
            return settle(company, [UUID(int=77)], batch_id=None)

    outcome = first_then(lambda: merge(company, [a, b], survivor=a, actor="ann"), project)
    assert outcome.migrated == 1
    assert Quote.objects.get(pk=UUID(int=77)).customer_id == a
    merged = first_then(project, lambda: undo_merge(CustomerMerge.objects.get(), actor="ann"))
    assert [each.undone_by for each in CustomerMerge.objects.all()] == ["ann"], merged
    assert Quote.objects.get(pk=UUID(int=77)).customer_id == b


def test_somebody_who_does_not_let_go_is_told_about_and_nothing_happens(company, session, monkeypatch):
    monkeypatch.setattr(merging, "LOCK_TIMEOUT_MS", 100)
    a, b = quoted(company)[:2]
    before = state()
    other_program = session()
    other_program.execute("SELECT 1 FROM customers_new WHERE id = %s FOR UPDATE", [b])
    with pytest.raises(CustomersBusy, match="nothing was changed, try again"):
        merge(company, [a, b], actor="ann")
    other_program.rollback()
    assert_same_state(before)
