"""Undo gives back exactly what was, and keeps what came later."""

import pytest
from django.core.serializers import serialize

from crm.exceptions import MergeRefused, UndoRefused
from crm.models import (
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerMergeRun,
    CustomerRelation,
    Invoice,
    Job,
    Lead,
    Quote,
)
from crm.selectors.customers import living
from crm.selectors.decisions import kept_apart, kept_together
from crm.services.decisions import Verdict, decide
from crm.services.merge import Origin, merge
from crm.services.undo import blocking, undo_merge, undo_run
from crm.tests.services.rows import NOW, a_company, a_customer, a_quote, household

pytestmark = pytest.mark.django_db
TABLES = (Customer, CustomerContact, CustomerAddress, CustomerRelation, Lead, Quote, Job, Invoice)


@pytest.fixture(autouse=True)
def _alone(settings):
    settings.CRM_MERGE_COMPANION = "crm.tests.services.rows.IdleCompanion"


@pytest.fixture
def company():
    return a_company()


def everything():
    return {model.__name__: serialize("json", model.objects.order_by("pk")) for model in TABLES}


def pair(one, other):
    return tuple(sorted((one.pk, other.pk)))


def test_undo_is_exact(company):
    ann = a_customer(company, "Ann", quotes=2, addresses=("1 Elm Street", "2 Oak Road"))
    anne = a_customer(company, "Anne", quotes=1, addresses=("1 Elm Street", "3 Fir Lane"))
    anna = a_customer(company, "Anna", quotes=0, addresses=("3 Fir Lane",))
    bea = a_customer(company, "Bea")
    household(ann, anne)
    household(bea, anne)
    household(ann, bea)
    before = everything()
    done = merge(company, [ann.pk, anne.pk, anna.pk], actor="ann", choices={"phone": anna.phone})
    assert everything() != before
    assert [each.pk for each in undo_merge(done, actor="bob", reason="two people")] == [done.pk]
    assert everything() == before
    done.refresh_from_db()
    assert (done.undone_by, done.undone_reason) == ("bob", "two people")
    assert kept_apart(company) == {pair(ann, anne), pair(ann, anna), pair(anne, anna)}
    with pytest.raises(MergeRefused, match=r"undone already, on .* by bob"):
        undo_merge(done, actor="bob")


def test_chained_merges_are_undone_from_the_last(company):
    a, b, c, d = (a_customer(company, name) for name in "abcd")
    before = everything()
    first = merge(company, [a.pk, b.pk], actor="ann", survivor=b.pk)
    after_first = everything()
    second = merge(company, [b.pk, c.pk], actor="ann", survivor=c.pk, choices={"name": "c"})
    third = merge(company, [c.pk, d.pk], actor="bob", survivor=c.pk)
    with pytest.raises(
        UndoRefused, match=r"d became part of c on .* \(bob\); b became part of c on .* \(ann\)"
    ) as refused:
        undo_merge(first, actor="ann")
    assert refused.value.facts["blocking"] == [third.pk, second.pk]
    assert [each.pk for each in blocking(first)] == [third.pk, second.pk]
    undo_merge(third, actor="ann")
    undo_merge(second, actor="ann")
    assert everything() == after_first
    undo_merge(first, actor="ann")
    assert everything() == before


def test_what_stands_in_the_way_can_go_along_without_being_called_wrong(company):
    a, b, c = (a_customer(company, name) for name in "abc")
    before = everything()
    first = merge(company, [a.pk, b.pk], actor="ann", survivor=b.pk)
    second = merge(company, [b.pk, c.pk], actor="ann", survivor=c.pk)
    undone = undo_merge(first, actor="ann", with_later=True)
    assert [each.pk for each in undone] == [second.pk, first.pk]
    assert everything() == before
    assert kept_apart(company) == {pair(a, b)}
    assert kept_together(company) == set()


def test_merges_of_other_customers_do_not_stand_in_the_way(company):
    a, b, c, d = (a_customer(company, name) for name in "abcd")
    first = merge(company, [a.pk, b.pk], actor="ann", survivor=a.pk)
    merge(company, [c.pk, d.pk], actor="ann", survivor=c.pk)
    undo_merge(first, actor="ann")
    assert living(company, [a.pk, b.pk, c.pk, d.pk]) == {a.pk: a.pk, b.pk: b.pk, c.pk: c.pk, d.pk: c.pk}


def test_what_came_later_stays_with_whom_it_belongs_to(company):
    ann, anne = a_customer(company, "Ann", quotes=3), a_customer(company, "Anne")
    done = merge(company, [ann.pk, anne.pk], actor="ann", survivor=ann.pk)
    ann.refresh_from_db()
    later = a_quote(ann, "42")
    hers = CustomerContact.objects.get(name="Anne")
    spelling = CustomerContact.objects.create(
        company=company, customer=ann, name="ANNE", first_seen_at=NOW, last_seen_at=NOW, placed_with=hers
    )
    another = CustomerContact.objects.create(
        company=company, customer=ann, name="Anne L", first_seen_at=NOW, last_seen_at=NOW, placed_with=spelling
    )
    undo_merge(done, actor="ann")
    later.refresh_from_db()
    assert later.customer_id == ann.pk
    for contact in (spelling, another):
        contact.refresh_from_db()
        assert contact.customer_id == anne.pk


def test_a_value_somebody_settled_since_stays(company):
    ann, anne = a_customer(company, "Ann", quotes=3), a_customer(company, "Anne")
    phone = ann.phone
    done = merge(company, [ann.pk, anne.pk], actor="ann", survivor=ann.pk, choices={"phone": anne.phone})
    Customer.objects.filter(pk=ann.pk).update(email="new@example.com", settled=["email", "name", "phone"])
    undo_merge(done, actor="ann")
    ann.refresh_from_db()
    assert (ann.email, ann.phone, ann.settled) == ("new@example.com", phone, ["email"])


def test_a_phone_taken_meanwhile_is_shared_afterwards(company):
    ann, anne = a_customer(company, "Ann", quotes=3), a_customer(company, "Anne")
    done = merge(company, [ann.pk, anne.pk], actor="ann", survivor=ann.pk)
    newcomer = a_customer(company, "Cy", phone=anne.phone)
    undo_merge(done, actor="ann")
    for customer in (anne, newcomer):
        customer.refresh_from_db()
        assert customer.phone_is_shared


def test_without_memory_decisions_are_what_they_were(company):
    ann, anne = a_customer(company, "Ann"), a_customer(company, "Anne")
    decision = decide(company, ann.pk, anne.pk, Verdict.HOUSEHOLD, actor="bob")
    before = everything()
    done = merge(company, [ann.pk, anne.pk], actor="ann", overrules=[decision.pk])
    undo_merge(done, actor="ann", remember=False)
    decision.refresh_from_db()
    assert decision.superseded_at is None
    assert kept_apart(company) == {pair(ann, anne)}
    assert kept_together(company) == set()
    assert everything() == before


def test_a_run_is_undone_as_a_whole_or_not_at_all(company):
    a, b, c, d, e = (a_customer(company, name, quotes=9 if name == "c" else 1) for name in "abcde")
    before = everything()
    run = CustomerMergeRun.objects.create(company=company, origin="rules", words="by the rules", actor="rules", at=NOW)
    merge(company, [a.pk, b.pk], actor="rules", survivor=a.pk, origin=Origin.RULES, run=run)
    merge(company, [c.pk, d.pk], actor="rules", survivor=c.pk, origin=Origin.RULES, run=run)
    by_hand = merge(company, [c.pk, e.pk], actor="ann", survivor=c.pk)
    with pytest.raises(UndoRefused, match="e became part of c"):
        undo_run(run, actor="bob")
    assert Customer.objects.filter(merged_into__isnull=False).count() == 3
    undo_merge(by_hand, actor="ann")
    assert len(undo_run(run, actor="bob")) == 2
    assert everything() == before
    assert kept_apart(company) == {pair(a, b), pair(c, d), pair(c, e)}
    with pytest.raises(MergeRefused, match="undone already"):
        undo_run(run, actor="bob")
