"""What a merge does, and what it refuses."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.exceptions import AlreadyMerged, CustomerUnknown, DecidedOtherwise, MergeRefused, NotTwoCustomers, PlanChanged
from crm.models import Customer, CustomerAddress, CustomerDecision, CustomerMerge, CustomerRelation, Quote
from crm.selectors.customers import hold_living, living
from crm.selectors.decisions import kept_apart, kept_together
from crm.services.decisions import Verdict, decide
from crm.services.merge import Origin, merge
from crm.services.merge_plan import plan_merge
from crm.tests.services.rows import a_company, a_customer, a_quote, household

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alone(settings):
    settings.CRM_MERGE_COMPANION = "crm.tests.services.rows.IdleCompanion"


@pytest.fixture
def company():
    return a_company()


def field(plan, name):
    return next(each for each in plan.fields if each.name == name)


def test_the_plan_counts_what_moves_and_the_merge_moves_it(company):
    one = a_customer(company, "Ann Lee", quotes=3)
    other = a_customer(company, "Anne Lee", quotes=2, addresses=("1 Elm Street",))
    plan = plan_merge(company, [one.pk, other.pk])
    assert plan.survivor == one.pk
    assert plan.counts() == {
        "customer_contacts": 1, "leads_new": 1, "quotes_new": 2, "jobs_new": 2, "invoices_new": 2, "customer_addresses": 1,
    }  # fmt: skip
    done = merge(company, [one.pk, other.pk], actor="ann", reason="same phone", seen=plan.parts)
    assert done.counts == plan.counts()
    assert (done.actor, done.reason, done.fingerprint) == ("ann", "same phone", plan.fingerprint)
    other.refresh_from_db()
    assert other.merged_into_id == one.pk
    assert Quote.objects.filter(customer=one).count() == 5
    assert one.contacts.count() == 2
    assert one.addresses.get().is_primary
    assert done.moves.filter(table="quotes_new", customer=other).count() == 2


def test_the_value_on_most_quotes_is_suggested_and_a_person_may_choose_another(company):
    one = a_customer(company, "Ann Lee", quotes=7, email=None)
    other = a_customer(company, "Anne Leigh", quotes=2, phone="+12025559999", email="anne@example.com")
    plan = plan_merge(company, [one.pk, other.pk])
    assert field(plan, "name").suggested == "Ann Lee"
    assert field(plan, "phone").suggested == one.phone
    assert (field(plan, "email").suggested, field(plan, "email").differs) == ("anne@example.com", False)
    assert [(each.quotes, each.all_quotes) for each in field(plan, "phone").candidates] == [(7, 9), (2, 9)]
    done = merge(company, [one.pk, other.pk], actor="ann", choices={"phone": "+12025559999"})
    one.refresh_from_db()
    assert (one.name, one.phone, one.email) == ("Ann Lee", "+12025559999", "anne@example.com")
    assert one.settled == ["name", "phone"]
    assert done.fields["phone"]["from"] == [str(other.pk)]
    assert done.fields["phone"]["why"].startswith("on 2 of 9 quotes")
    assert done.fields["phone"]["lost"][0]["value"] == plan.member(one.pk).phone


def test_nobody_settles_anything_when_the_rules_merge(company):
    one, other = a_customer(company, "Ann"), a_customer(company, "Anne")
    merge(company, [one.pk, other.pk], actor="rules", origin=Origin.RULES)
    survivor = Customer.objects.get(company=company, merged_into__isnull=True)
    assert survivor.settled == []
    assert CustomerDecision.objects.count() == 0


def test_a_value_that_nobody_has_is_refused(company):
    one, other = a_customer(company, "Ann"), a_customer(company, "Anne")
    with pytest.raises(MergeRefused, match="none of them has the phone 'x'"):
        merge(company, [one.pk, other.pk], actor="ann", choices={"phone": "x"})


def test_the_same_address_stays_once_with_its_whole_time(company):
    one = a_customer(company, "Ann", addresses=("1 Elm Street", "2 Oak Road"), quotes=5)
    other = a_customer(company, "Anne", addresses=("1 Elm Street",))
    last = other.addresses.get().last_used_at
    plan = plan_merge(company, [one.pk, other.pk])
    assert [each.duplicates for each in plan.moves if each.table == "customer_addresses"] == [1]
    merge(company, [one.pk, other.pk], actor="ann")
    assert CustomerAddress.objects.filter(company=company).count() == 2
    kept = one.addresses.get(address="1 Elm Street")
    assert (kept.last_used_at, kept.is_primary) == (last, True)
    assert one.addresses.filter(is_primary=True).count() == 1


def test_relations_follow_and_none_leads_to_itself(company):
    one, other, wife = (a_customer(company, name) for name in ("Ann", "Anne", "Bea"))
    household(one, other)
    household(other, wife)
    household(one, wife)
    merge(company, [one.pk, other.pk], actor="ann", survivor=one.pk)
    assert [(each.customer_id, each.other_id) for each in CustomerRelation.objects.all()] == [(one.pk, wife.pk)]


def test_a_plan_that_is_not_true_any_more_changes_nothing_and_says_what_changed(company):
    one, other = a_customer(company, "Ann", quotes=1), a_customer(company, "Anne", quotes=3)
    plan = plan_merge(company, [one.pk, other.pk])
    a_quote(one)
    Customer.objects.filter(pk=other.pk).update(phone="+12025558888")
    with pytest.raises(PlanChanged) as refused:
        merge(company, [one.pk, other.pk], actor="ann", seen=plan.parts)
    assert "quotes of Ann: 1 then, 2 now" in str(refused.value)
    assert "what is shown of Anne: changed" in str(refused.value)
    assert not CustomerMerge.objects.exists()
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0


def test_what_cannot_be_merged(company):
    one, other = a_customer(company, "Ann"), a_customer(company, "Anne")
    placeholder = a_customer(company, "Unknown customer", is_placeholder=True)
    stranger = a_customer(a_company("other"), "Ann")
    with pytest.raises(NotTwoCustomers, match="with itself"):
        merge(company, [one.pk, one.pk], actor="ann")
    with pytest.raises(CustomerUnknown):
        merge(company, [one.pk, uuid4()], actor="ann")
    with pytest.raises(CustomerUnknown):
        merge(company, [one.pk, stranger.pk], actor="ann")
    with pytest.raises(MergeRefused, match="without name, e-mail and phone"):
        merge(company, [one.pk, placeholder.pk], actor="ann")
    with pytest.raises(MergeRefused, match="not one of the customers"):
        merge(company, [one.pk, other.pk], survivor=stranger.pk, actor="ann")
    merge(company, [one.pk, other.pk], actor="ann", survivor=one.pk)
    with pytest.raises(AlreadyMerged, match=r"Anne is already part of Ann: merged on .* by ann"):
        merge(company, [one.pk, other.pk], actor="bob")
    assert CustomerMerge.objects.count() == 1


def test_a_merge_across_companies_cannot_be_stored(company):
    one, stranger = a_customer(company, "Ann"), a_customer(a_company("other"), "Ann")
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=one.pk).update(merged_into=stranger)


def test_chains_lead_to_the_last_survivor(company):
    a, b, c = (a_customer(company, name) for name in "abc")
    merge(company, [a.pk, b.pk], actor="ann", survivor=b.pk)
    merge(company, [b.pk, c.pk], actor="ann", survivor=c.pk)
    assert living(company, [a.pk, b.pk, c.pk]) == dict.fromkeys([a.pk, b.pk, c.pk], c.pk)
    assert hold_living(company, a.pk) == c.pk
    with pytest.raises(CustomerUnknown):
        hold_living(company, uuid4())


def test_a_decision_stands_in_the_way_until_a_person_takes_it_back(company):
    one, other, third = (a_customer(company, name) for name in ("Ann", "Anne", "Cy"))
    decision = decide(company, one.pk, other.pk, Verdict.DIFFERENT, actor="bob")
    with pytest.raises(DecidedOtherwise, match=r"(Ann and Anne|Anne and Ann) are not the same \(bob, ") as refused:
        merge(company, [one.pk, other.pk, third.pk], actor="ann")
    assert refused.value.facts["decisions"] == [decision.pk]
    with pytest.raises(DecidedOtherwise):
        merge(company, [one.pk, other.pk], actor="rules", origin=Origin.RULES, overrules=[decision.pk])
    merge(company, [one.pk, other.pk], actor="ann", overrules=[decision.pk])
    decision.refresh_from_db()
    assert decision.superseded_by.verdict == Verdict.SAME
    assert kept_apart(company) == kept_together(company) == set()


def test_a_decision_holds_for_whom_the_customer_became_part_of(company):
    one, other, third = (a_customer(company, name) for name in ("Ann", "Anne", "Cy"))
    decide(company, one.pk, third.pk, Verdict.HOUSEHOLD, actor="bob")
    merge(company, [one.pk, other.pk], actor="ann", survivor=other.pk)
    assert kept_apart(company) == {tuple(sorted((other.pk, third.pk)))}
    with pytest.raises(DecidedOtherwise, match=r"(Ann and Cy|Cy and Ann) are one household"):
        merge(company, [other.pk, third.pk], actor="rules", origin=Origin.RULES)


def test_a_newer_answer_supersedes_the_older_ones(company):
    one, other = a_customer(company, "Ann"), a_customer(company, "Acme")
    decide(company, one.pk, other.pk, Verdict.HOUSEHOLD, actor="bob")
    decide(company, one.pk, other.pk, Verdict.WORKS_FOR, actor="ann")
    assert [(each.kind, each.customer_id) for each in CustomerRelation.objects.all()] == [("works_for", one.pk)]
    decide(company, other.pk, one.pk, Verdict.SAME, actor="cy")
    assert kept_together(company) == {tuple(sorted((one.pk, other.pk)))}
    assert kept_apart(company) == set()
    assert CustomerDecision.objects.filter(superseded_at__isnull=True).count() == 1
    assert CustomerDecision.objects.count() == 3
    with pytest.raises(NotTwoCustomers):
        decide(company, one.pk, one.pk, Verdict.SAME, actor="cy")


def test_a_phone_shared_by_those_who_merge_is_shared_no_longer(company):
    one = a_customer(company, "Ann", phone="+12025550000", phone_is_shared=True)
    other = a_customer(company, "Anne", phone="+12025550000", phone_is_shared=True)
    merge(company, [one.pk, other.pk], actor="ann", survivor=one.pk)
    one.refresh_from_db()
    assert not one.phone_is_shared


def test_a_phone_that_a_third_has_too_stays_shared(company):
    one = a_customer(company, "Ann", phone="+12025550000")
    other = a_customer(company, "Anne", quotes=9)
    # Shown by nobody but Ann; the survivor takes it over, while another customer comes to show it.
    Customer.objects.filter(pk=one.pk).update(phone_is_shared=True)
    third = a_customer(company, "Cy", phone="+12025550000", phone_is_shared=True)
    merge(company, [one.pk, other.pk], actor="ann", choices={"phone": "+12025550000"})
    assert set(Customer.objects.filter(phone_is_shared=True).values_list("pk", flat=True)) >= {other.pk, third.pk}


def test_planning_costs_the_same_whatever_belongs_to_the_customers(company):
    small = [a_customer(company, "Ann").pk, a_customer(company, "Anne").pk]
    large = [a_customer(company, "Bob", quotes=20).pk, a_customer(company, "Bobby", quotes=20).pk]
    counts = []
    for members in (small, large):
        with CaptureQueriesContext(connection) as queries:
            plan_merge(company, members)
        counts.append(len(queries))
    assert counts[0] == counts[1]
