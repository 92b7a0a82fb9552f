"""Rows that come while customers are merged, and two workers that meet the same new person (D1, D5, D6, D14, D17)."""

from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from crm.models import Customer, CustomerContact
from crm.selectors.customers import living as living_of
from crm.services.merge import merge
from crm.services.undo import undo_merge
from legacy.models import LegacyQuote
from migration_ops.backfill.sweep import settle
from migration_ops.models import LegacyLink, OutboxEntry
from migration_ops.tests import moving
from migration_ops.tests.identity.test_cases import company, whose  # noqa: F401 - the fixture
from migration_ops.tests.identity.test_merge_machine import apply
from migration_ops.tests.journey.test_merges import first_then
from migration_ops.tests.legacy_rows import insert
from migration_ops.tests.merging import on_buried
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)
# What a program writes into a row of a customer that was merged.
EDITS = {
    "name": {"customer_name": "Annette Lee-Smith"},
    "e-mail": {"email": "annette@example.com"},
    "phone": {"phone": "+12025558888"},
    "address": {"address": "77 Other Road"},
    "another person": {
        "customer_name": "Zed Zulu", "email": "zed@example.com", "phone": "+12025557777", "address": "1 Zed Road",
    },
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_a_late_write_to_a_row_of_a_merged_customer_lands_on_the_survivor_and_revives_nobody(company, edit):  # noqa: F811
    ann, anne = whose(company, "Ann Lee"), whose(company, "Anne Lee")
    done = merge(company, [ann, anne], survivor=ann, actor="cy", choices={"phone": "+12025550000"})
    shown = Customer.objects.values("name", "email", "phone").get(pk=ann)
    row = UUID(int=2)  # Anne's
    LegacyQuote.objects.filter(pk=row).update(**EDITS[edit])
    apply(company, [row])
    assert LegacyLink.objects.get(pk=row).contact.customer_id == ann
    assert living_of(company, [anne]) == {anne: ann}
    assert Customer.objects.values("name", "email", "phone").get(pk=ann) == shown, "what a person settled stays"
    assert on_buried(company) == []
    assert_valid(company)
    undo_merge(done, actor="cy")
    assert LegacyLink.objects.get(pk=row).contact.customer_id == anne
    assert_valid(company)


def test_two_workers_that_meet_the_same_new_person_make_one_customer(company, session):  # noqa: F811
    with session() as other_program:
        for number in (71, 72):
            insert(
                other_program, company.pk, UUID(int=number), customer_name="New Person", email="new@example.com",
                phone="+12025556666", address="6 New Road",
            )  # fmt: skip

    def work(number: int) -> None:
        with transaction.atomic():
            settle(company, [UUID(int=number)], batch_id=None)
            OutboxEntry.objects.filter(legacy_id=UUID(int=number)).delete()

    refused = first_then(lambda: work(71), lambda: work(72))
    assert refused is None
    contact = CustomerContact.objects.get(company=company, name="New Person")
    assert contact.legacy_links.count() == 2
    assert_valid(company)


def test_one_phone_is_shown_by_one_living_customer_and_no_phone_by_any_number(company):  # noqa: F811
    ann, bob = (Customer.objects.get(pk=whose(company, name)) for name in ("Ann Lee", "Bob Ray"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=bob.pk).update(phone=ann.phone, phone_is_shared=False)
    assert Customer.objects.filter(pk__in=[ann.pk, bob.pk]).update(phone=None) == 2


def test_the_same_person_in_two_companies_is_two_customers(company):  # noqa: F811
    there = moving.company_of(UUID(int=99))
    ann = LegacyQuote.objects.get(pk=UUID(int=1))
    ann.pk, ann.company_id = UUID(int=9_001), there.pk
    ann.save(force_insert=True)
    moving.move(there)
    contacts = CustomerContact.objects.filter(name="Ann Lee")
    assert {contact.company_id for contact in contacts} == {company.pk, there.pk}
    assert len({contact.customer_id for contact in contacts}) == 2
