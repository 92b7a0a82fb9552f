"""Undo leaves what the projection would have written had nobody merged or split, whatever came in between."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.services.merge import Origin, merge
from crm.services.redo import redo_merge
from crm.services.split import made_by, split
from crm.services.undo import undo_merge
from legacy.models import LegacyQuote
from migration_ops.tests.identity.test_merge_machine import (
    ADDRESS,
    ADDRESSES,
    BY,
    PEOPLE,
    PICK,
    QUICK,
    START,
    a_moved_company,
    a_row,
    apply,
    contacts_of,
    discarded,
    two_in_one,
)
from migration_ops.tests.merging import STATE, living
from migration_ops.tests.state import assert_valid, differences, final_rows

pytestmark = pytest.mark.django_db
ROWS = st.lists(st.tuples(st.sampled_from(PEOPLE[:7]), ADDRESS, st.integers(0, 400)), min_size=4, max_size=8)
LATER = st.lists(st.tuples(PICK, st.booleans(), ADDRESS, st.integers(0, 800)), max_size=4)
ONE_BY_ONE = settings(
    max_examples=20, phases=QUICK, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)


def changes(company, number, later):
    """Rows of known contacts, and edits of address and day, of the first so many rows.

    A row is edited once: an address that no row has any more is kept, but nobody can tell any longer by whose row it came.
    """
    edited = set()
    for place, (choice, is_new, address, day) in enumerate(later):
        if choice % number in edited:
            continue
        edited.add(choice % number)
        at = START + timedelta(days=day)
        row = LegacyQuote.objects.order_by("pk")[choice % number]
        if is_new:
            a_row(100 + place, (row.customer_name, row.email, row.phone), address, day)
            apply(company, [UUID(int=101 + place)])
        else:
            LegacyQuote.objects.filter(pk=row.pk).update(address=address, created_at=at)
            apply(company, [row.pk])


def assert_undo_leaves_what_would_be_there_without_the_merge(company, size, by, later):
    """Nothing of it has happened afterwards."""
    customers, number = living(company), LegacyQuote.objects.filter(company_id=company.pk).count()
    if len(customers) < 2:
        return
    with discarded():
        with discarded():
            changes(company, number, later)
            expected = final_rows(tables=STATE)
        done = merge(company, customers[:size], actor="ann", origin=by)
        merged = final_rows(tables=STATE)
        with discarded():
            undo_merge(done, actor="bob")
            done.refresh_from_db()
            redo_merge(done, actor="eve")
            if by == Origin.PERSON:
                assert differences(merged, final_rows(tables=STATE)) == []
        done.refresh_from_db()
        changes(company, number, later)
        undo_merge(done, actor="bob")
        assert differences(expected, final_rows(tables=STATE)) == []


@ONE_BY_ONE
@given(rows=ROWS, size=st.integers(2, 4), by=st.sampled_from(BY), later=LATER)
def test_undo_leaves_what_would_be_there_without_the_merge(rows, size, by, later):
    with discarded():
        assert_undo_leaves_what_would_be_there_without_the_merge(a_moved_company(rows), size, by, later)


@pytest.mark.parametrize("spelling", ["1 Elm Street", " 1 Elm Street"])
def test_an_address_that_rows_of_several_were_edited_to_is_each_ones_own(spelling):
    """One of them first met it years after the other: what one's row says must not reach the other's address."""
    company = a_moved_company([(PEOPLE[place], "2 Oak Road", 10 + place) for place in (0, 3, 4, 5) for _ in range(2)])
    for one, other in ((0, 2), (2, 4), (4, 6), (6, 0)):
        later = [(one, False, "1 Elm Street", 400), (other, False, spelling, 5)]
        assert_undo_leaves_what_would_be_there_without_the_merge(company, 4, Origin.PERSON, later)
        assert_undo_leaves_what_would_be_there_without_the_merge(company, 4, Origin.PERSON, later[::-1])


@ONE_BY_ONE
@given(rows=ROWS, some=PICK, later=LATER)
def test_undo_of_a_split_leaves_what_would_be_there_without_it(rows, some, later):
    rows = [(PEOPLE[0], ADDRESSES[0], 3), (PEOPLE[1], ADDRESSES[1], 300), *rows]
    with discarded():
        company = a_moved_company(rows)
        customer = two_in_one(company)[some % len(two_in_one(company))]
        contacts = contacts_of(customer)
        with discarded():
            changes(company, len(rows), later)
            expected = final_rows(tables=STATE)
        done = split(company, customer, contacts[: 1 + some % (len(contacts) - 1)], actor="ann")
        assert_valid(company)
        changes(company, len(rows), later)
        undo_merge(done, actor="bob")
        found = final_rows(tables=STATE)
        # What was made stays as a tombstone.
        found["customers_new"] = [row for row in found["customers_new"] if f'"id": "{made_by(done)}"' not in row]
        assert differences(expected, found) == []
