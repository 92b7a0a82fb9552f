"""Any sequence of merges, splits, undos, merges done again, decisions, new rows, edits and deletions: nothing is lost, nobody is overruled."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Count
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from crm.exceptions import AlreadyMerged, DecidedOtherwise, MergeRefused, UndoRefused
from crm.models import Company, Customer, CustomerContact, CustomerMerge
from crm.selectors.customers import living as living_of
from crm.services import split as splitting
from crm.services.decisions import Verdict, decide
from crm.services.merge import Origin, merge
from crm.services.merge_plan import plan_merge
from crm.services.redo import of_undo, redo_merge
from crm.services.split import made_by, split
from crm.services.split_plan import plan_split
from crm.services.undo import blocking, undo_merge
from legacy.models import LegacyQuote
from migration_ops.backfill.finish import finish
from migration_ops.backfill.sweep import settle
from migration_ops.projection.project import empty_work_tables
from migration_ops.sql.loader import block
from migration_ops.tests import moving
from migration_ops.tests.merging import living, on_buried, values
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db
COMPANY = UUID("d0000000-0000-4000-8000-000000000001")
START = datetime(2024, 1, 1, tzinfo=UTC)
# People who share phones, mailboxes and addresses, in several spellings.
PEOPLE = (
    ("Ann Lee", "ann@example.com", "+12025550101"),
    ("ANN LEE", "ann@example.com", "202-555-0101"),
    ("Anne Lee", "anne@example.com", "+12025550102"),
    ("Bea Lee", None, "+12025550101"),
    ("Bob Ray", "bob@example.com", None),
    ("Cy Poe", "cy@example.com", "+12025550105"),
    ("Acme Plumbing LLC", "office@acme.example", "+12025550106"),
    (None, None, None),
)
ADDRESSES = ("1 Elm Street", "2 Oak Road", " 1 Elm Street", None)
# Looking for the shortest failing sequence takes minutes; the nightly run does.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
BY = (Origin.PERSON, Origin.RULES)
PERSON, ADDRESS, PICK = st.sampled_from(PEOPLE), st.sampled_from(ADDRESSES), st.integers(0, 1_000)
ROW = st.tuples(PERSON, ADDRESS, st.integers(0, 400))


def a_row(number: int, person: tuple[str | None, ...], address: str | None, day: int) -> LegacyQuote:
    at = START + timedelta(days=day)
    return LegacyQuote.objects.create(
        pk=UUID(int=number + 1), company_id=COMPANY, customer_name=person[0], email=person[1], phone=person[2],
        address=address, status="completed", total="100", paid_at=at, created_at=at, updated_at=at,
    )  # fmt: skip


def a_moved_company(rows: list[tuple[tuple[str | None, ...], str | None, int]]) -> Company:
    company = moving.company_of(COMPANY)
    for number, row in enumerate(rows):
        a_row(number, *row)
    moving.move(company)
    return company


def apply(company: Company, ids: list[UUID]) -> None:
    """What the move does with changed rows; in one transaction with the changes before, for speed."""
    with transaction.atomic():
        empty_work_tables()
        settle(company, ids, batch_id=None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM migration_outbox WHERE company_id = %s", [company.pk])


@contextmanager
def discarded() -> Iterator[None]:
    """Whatever happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def contacts_of(customer: UUID) -> list[UUID]:
    return list(CustomerContact.objects.filter(customer=customer).order_by("pk").values_list("pk", flat=True))


def two_in_one(company: Company) -> list[UUID]:
    """Customers that can be split."""
    several = Customer.objects.annotate(known=Count("contacts")).filter(known__gt=1, pk__in=living(company))
    return list(several.order_by("pk").values_list("pk", flat=True))


def held_by(customer: UUID) -> dict[str, int]:
    """How many rows of each table a customer has, where it has any."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("customer_contacts", "customer_addresses", "leads_new", "quotes_new", "jobs_new", "invoices_new"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE customer_id = %s", [customer])
            found[table] = cursor.fetchone()[0]
    return {table: rows for table, rows in found.items() if rows}


class Merges(RuleBasedStateMachine):
    """A company whose rows change while people merge, separate and decide."""

    def __init__(self):
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        # Customers are picked in the order of their ids: the same sequence must meet the same ones each time.
        numbers = random.Random(1)
        self.ids = patch.object(splitting, "uuid4", lambda: UUID(int=numbers.getrandbits(128), version=4))
        self.ids.start()
        self.rows = 6
        self.company = a_moved_company([(person, ADDRESSES[0], place) for place, person in enumerate(PEOPLE[:6])])
        self.recorded = set(values(self.company))
        self.apart: set[tuple[UUID, UUID]] = set()
        self.merges: list[CustomerMerge] = []
        self.overruled: dict[UUID, set[tuple[UUID, UUID]]] = {}

    def teardown(self):
        try:
            with transaction.atomic():
                empty_work_tables()
            assert_valid(self.company)
        finally:
            self.ids.stop()
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def pick(self, choice: int, rows: list):
        return rows[choice % len(rows)]

    @rule(row=ROW)
    def new_row(self, row):
        made = a_row(self.rows, *row)
        self.rows += 1
        apply(self.company, [made.pk])

    @rule(choice=PICK, person=PERSON, address=ADDRESS)
    def edit(self, choice, person, address):
        row = self.pick(choice, list(LegacyQuote.objects.order_by("pk").only("pk")))
        LegacyQuote.objects.filter(pk=row.pk).update(
            customer_name=person[0], email=person[1], phone=person[2], address=address
        )
        apply(self.company, [row.pk])

    @rule(choice=PICK)
    def set_aside(self, choice):
        row = self.pick(choice, list(LegacyQuote.objects.order_by("pk").only("pk")))
        LegacyQuote.objects.filter(pk=row.pk).update(items=["no object"])
        apply(self.company, [row.pk])
        with transaction.atomic():
            empty_work_tables()
            with connection.cursor() as cursor:
                cursor.execute(block("identity/prune.sql", "work_table").sql)
                cursor.execute("TRUNCATE batch_unused")
            finish(self.company)
        # Contacts that only rows set aside have may be dropped: they wait with their rows.
        self.recorded &= set(values(self.company))

    @precondition(lambda self: LegacyQuote.objects.count() > 3)
    @rule(choice=PICK)
    def delete(self, choice):
        row = self.pick(choice, list(LegacyQuote.objects.order_by("pk").only("pk")))
        LegacyQuote.objects.filter(pk=row.pk).delete()
        apply(self.company, [row.pk])

    @precondition(lambda self: len(living(self.company)) > 1)
    @rule(choice=PICK, size=st.integers(2, 3), by=st.sampled_from(BY), survivor=PICK, insists=st.booleans())
    def merge(self, choice, size, by, survivor, insists):
        customers = living(self.company)
        members = sorted({self.pick(choice + place, customers) for place in range(size)})
        plan = plan_merge(self.company, members, survivor=self.pick(survivor, members))
        overrules = [decision.pk for decision in plan.against] if insists else []
        parted = self.parted(members)
        assert bool(parted) == bool(plan.against)
        try:
            done = merge(
                self.company, members, survivor=plan.survivor, actor="ann", origin=by, seen=plan.parts,
                overrules=overrules,
            )  # fmt: skip
        except DecidedOtherwise:
            assert parted
            return
        assert not parted or (by == Origin.PERSON and insists)
        self.apart -= parted
        self.overruled[done.pk] = parted
        self.merges.append(done)

    @precondition(lambda self: self.merges)
    @rule(choice=PICK, with_later=st.booleans())
    def undo(self, choice, with_later):
        done = self.pick(choice, self.merges)
        done.refresh_from_db()
        later = blocking(done)
        try:
            undone = undo_merge(done, actor="bob", with_later=with_later)
        except UndoRefused:
            assert later
            assert not with_later
            return
        except MergeRefused:
            assert done.undone_at is not None
            return
        except DecidedOtherwise:
            # Somebody said more about the two than their split did.
            assert any(each.origin == Origin.SPLIT for each in (done, *later))
            return
        assert with_later or not later
        members = sorted(UUID(id) for id in done.before)
        # Of those that only stood in the way nobody said that they were wrong: all is as before them.
        for each in later:
            self.apart |= self.overruled[each.pk]
        for each in (done, *later):
            if each.origin == Origin.SPLIT:
                self.apart.discard(tuple(sorted((each.survivor_id, made_by(each)))))
        if done.origin == Origin.SPLIT:
            assert living_of(self.company, members) == dict.fromkeys(members, done.survivor_id)
        else:
            assert living_of(self.company, members) == {id: id for id in members}
            self.apart |= {(a, b) for a in members for b in members if a < b}
        assert {each.pk for each in undone} == {done.pk, *(each.pk for each in later)}

    @precondition(lambda self: two_in_one(self.company))
    @rule(choice=PICK, some=PICK)
    def split(self, choice, some):
        customer = self.pick(choice, two_in_one(self.company))
        contacts = contacts_of(customer)
        going = contacts[: 1 + some % (len(contacts) - 1)]
        plan = plan_split(self.company, customer, going)
        done = split(self.company, customer, going, actor="dan", seen=plan.parts)
        made = made_by(done)
        assert held_by(made) == {table: rows for table, rows in plan.counts().items() if rows}
        self.apart.add(tuple(sorted((customer, made))))
        self.overruled[done.pk] = set()
        self.merges.append(done)

    @precondition(lambda self: self.merges)
    @rule(choice=PICK)
    def redo(self, choice):
        done = self.pick(choice, self.merges)
        done.refresh_from_db()
        members = sorted(UUID(id) for id in done.before)
        roots, parted = living_of(self.company, members), self.parted(members)
        own = {(each.customer_a_id, each.customer_b_id) for each in of_undo(done)}
        try:
            again = redo_merge(done, actor="eve")
        except MergeRefused:
            assert done.undone_at is None or done.origin == Origin.SPLIT
            return
        except AlreadyMerged:
            assert roots != {id: id for id in members}
            return
        except DecidedOtherwise:
            assert parted - own
            return
        assert parted <= own
        self.apart -= parted
        self.overruled[again.pk] = parted
        self.merges.append(again)

    @precondition(lambda self: len(living(self.company)) > 1)
    @rule(choice=PICK, verdict=st.sampled_from([each for each in Verdict if each != Verdict.SAME]))
    def decide(self, choice, verdict):
        customers = living(self.company)
        one, other = self.pick(choice, customers), self.pick(choice + 1, customers)
        decide(self.company, one, other, verdict, actor="cy")
        self.apart.add(tuple(sorted((one, other))))

    @precondition(lambda self: living(self.company))
    @rule(choice=PICK)
    def settle_a_phone(self, choice):
        customer = Customer.objects.get(pk=self.pick(choice, living(self.company)), company=self.company)
        # What a person settled before, such as the fields a merge chose, stays settled.
        settled = sorted({*customer.settled, "phone"})
        Customer.objects.filter(pk=customer.pk).update(phone="+12025559999", phone_is_shared=True, settled=settled)

    def parted(self, members: list[UUID]) -> set[tuple[UUID, UUID]]:
        """Pairs people keep apart that a merge of these would join."""
        roots = living_of(self.company, sorted({id for pair in self.apart for id in pair}))
        return {(a, b) for a, b in self.apart if roots[a] != roots[b] and roots[a] in members and roots[b] in members}

    @invariant()
    def nothing_belongs_to_a_buried_customer(self):
        assert on_buried(self.company) == []

    @invariant()
    def every_recorded_value_is_reachable(self):
        now = set(values(self.company))
        assert self.recorded <= now
        self.recorded = now

    @invariant()
    def nobody_is_overruled(self):
        roots = living_of(self.company, sorted({id for pair in self.apart for id in pair}))
        assert all(roots[a] != roots[b] for a, b in self.apart)

    @invariant()
    def rows_belong_to_the_customer_of_their_contact(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT l.legacy_id FROM migration_legacy_link l JOIN customer_contacts c ON c.id = l.contact_id"
                " LEFT JOIN customer_addresses a ON a.id = l.address_id"
                " LEFT JOIN quotes_new q ON q.id = l.legacy_id LEFT JOIN jobs_new j ON j.quote_id = q.id"
                " WHERE q.customer_id <> c.customer_id OR j.customer_id <> c.customer_id"
                " OR (l.address_id IS NOT NULL AND a.customer_id IS DISTINCT FROM c.customer_id)"
            )
            assert cursor.fetchall() == []


def test_any_sequence_keeps_everything_and_overrules_nobody():
    run_state_machine_as_test(
        Merges,
        settings=settings(
            max_examples=10, phases=QUICK, stateful_step_count=12, deadline=None, print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


@pytest.mark.nightly
def test_any_long_sequence_keeps_everything_and_overrules_nobody():
    run_state_machine_as_test(
        Merges,
        settings=settings(
            max_examples=400, stateful_step_count=40, deadline=None, print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
