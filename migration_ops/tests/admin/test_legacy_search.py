"""A large legacy table is searched by the new tables' indexes, and finds what reading it all would find."""

from uuid import UUID

import pytest
from django.urls import reverse

from crm.tests.admin.test_pages import found
from legacy import admin as legacy_admin
from migration_ops.tests.dirty.case import base_row
from migration_ops.tests.moving import company_of, insert, move

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:legacy_legacyquote_changelist")
TERMS = ("person3@homemail.net", "PERSON3@homemail.net", "Q-3", "Q-4711", "nobody@homemail.net", "long " + "x" * 80)


@pytest.fixture
def company():
    made = company_of(UUID(int=2**100))
    rows = [base_row("deal", place, UUID(int=2**101 + place), made.pk) for place in range(12)]
    # The same customer, known by another mailbox as well; and a number longer than what the index keeps of it.
    rows.append(base_row("deal", 3, UUID(int=2**101 + 50), made.pk) | {"email": "other3@homemail.net"})
    rows.append(base_row("deal", 20, UUID(int=2**101 + 51), made.pk) | {"quote_number": "long " + "x" * 80})
    rows.append(base_row("deal", 21, UUID(int=2**101 + 52), made.pk) | {"quote_number": "long " + "x" * 81})
    insert(rows)
    move(made)
    return made


def test_the_same_rows_are_found_however_large_the_table(admin_client, company, monkeypatch):
    def all_found() -> list[list[UUID]]:
        return [[row.pk for row in found(admin_client.get(LIST, {"q": term}))] for term in TERMS]

    small = all_found()
    assert [len(rows) for rows in small] == [1, 1, 2, 0, 0, 1]
    monkeypatch.setattr(legacy_admin, "row_estimate", lambda: 5_000_000)
    assert all_found() == small


def test_a_large_table_offers_no_filter_that_reads_it(admin_client, company, monkeypatch):
    assert len(admin_client.get(LIST).context["cl"].filter_specs) == 3
    monkeypatch.setattr(legacy_admin, "row_estimate", lambda: 5_000_000)
    assert len(admin_client.get(LIST).context["cl"].filter_specs) == 1
    # One that is asked for all the same is not applied.
    assert len(found(admin_client.get(LIST, {"status": "draft"}))) == 15
