"""A customer that is two people becomes two, and one again; an undone merge can be done once more."""

from datetime import timedelta

import pytest
from django.core.serializers import serialize

from crm.exceptions import AlreadyMerged, DecidedOtherwise, MergeRefused, PlanChanged, UndoRefused
from crm.models import (
    Company,
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerRelation,
    Invoice,
    Job,
    Lead,
    Quote,
)
from crm.selectors.customers import living
from crm.selectors.decisions import kept_apart, kept_together
from crm.services.decisions import Verdict, decide
from crm.services.merge import merge
from crm.services.redo import plan_redo, redo_merge
from crm.services.split import made_by, split
from crm.services.split_plan import deals_of, plan_split
from crm.services.undo import blocking, undo_merge
from crm.tests.services.rows import NOW, a_company, a_customer, a_quote, household

pytestmark = pytest.mark.django_db
TABLES = (CustomerContact, CustomerAddress, CustomerRelation, Lead, Quote, Job, Invoice)


@pytest.fixture(autouse=True)
def _alone(settings):
    settings.CRM_MERGE_COMPANION = "crm.tests.services.rows.IdleCompanion"


@pytest.fixture
def company() -> Company:
    return a_company()


@pytest.fixture
def two(company) -> Customer:
    """Ann and Bob under one name, as an import made them, with three quotes and a lead of nobody in particular."""
    made = a_customer(company, "Ann", quotes=3, addresses=("1 Elm Street",), settled=["phone"])
    CustomerContact.objects.create(
        company=company, customer=made, name="Bob", email="bob@example.com", email_key="bob@example.com",
        phone="+12025559999", phone_key="+12025559999", first_seen_at=NOW - timedelta(days=9),
        last_seen_at=NOW - timedelta(days=3),
    )  # fmt: skip
    return made


def everything():
    rows = {model.__name__: serialize("json", model.objects.order_by("pk")) for model in TABLES}
    living = Customer.objects.filter(merged_into__isnull=True)
    return rows | {"Customer": serialize("json", living.order_by("pk"))}


def bob(customer):
    return CustomerContact.objects.get(company=customer.company, name="Bob")


def test_a_split_moves_what_the_plan_says_and_its_undo_is_exact(company, two):
    deal = Quote.objects.filter(customer=two).first()
    before = everything()
    plan = plan_split(company, two.pk, [bob(two).pk], deals=[deal.pk])
    assert plan.counts() == {"customer_contacts": 1, "quotes_new": 1, "jobs_new": 1, "invoices_new": 1}
    assert {each.table: each.stay for each in plan.moves} == {
        "customer_contacts": 1, "leads_new": 1, "quotes_new": 2, "jobs_new": 2, "invoices_new": 2,
        "customer_addresses": 1,
    }  # fmt: skip
    assert everything() == before
    done = split(company, two.pk, [bob(two).pk], deals=[deal.pk], actor="ann", seen=plan.parts)
    made = Customer.objects.get(pk=made_by(done))
    two.refresh_from_db()
    assert (made.name, made.email, made.phone, made.settled) == ("Bob", "bob@example.com", "+12025559999", [])
    assert (two.name, two.settled) == ("Ann", ["phone"])
    for model, rows in ((Quote, 1), (Job, 1), (Invoice, 1), (Lead, 0), (CustomerContact, 1)):
        assert model.objects.filter(customer=made).count() == rows
    assert kept_apart(company) == {tuple(sorted((two.pk, made.pk)))}
    with pytest.raises(DecidedOtherwise):
        merge(company, [two.pk, made.pk], actor="bob")
    undo_merge(done, actor="bob", reason="one man after all")
    assert everything() == before
    assert kept_apart(company) == set()
    assert living(company, [made.pk]) == {made.pk: two.pk}
    with pytest.raises(AlreadyMerged, match=r"when its split was undone on .* by bob"):
        plan_split(company, made.pk, [])


def test_what_came_later_goes_back_too(company, two):
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    made = Customer.objects.get(pk=made_by(done))
    later, cy = a_quote(made), a_customer(company, "Cy")
    household(made, cy)
    household(two, cy)
    CustomerAddress.objects.create(
        company=company, customer=made, address="9 New Road", is_primary=True, created_at=NOW,
        last_used_at=NOW + timedelta(days=9_000),
    )  # fmt: skip
    CustomerAddress.objects.create(
        company=company, customer=made, address="1 Elm Street", created_at=NOW - timedelta(days=50), last_used_at=NOW
    )
    undo_merge(done, actor="ann")
    later.refresh_from_db()
    assert later.customer_id == two.pk
    addresses = CustomerAddress.objects.filter(customer=two)
    assert {each.address: each.is_primary for each in addresses} == {"9 New Road": True, "1 Elm Street": False}
    assert addresses.get(address="1 Elm Street").created_at == NOW - timedelta(days=50)
    assert CustomerRelation.objects.filter(customer=two, other=cy).count() == CustomerRelation.objects.count() == 1


def test_a_value_that_only_the_other_one_recorded_goes_with_the_other_one(company, two):
    Customer.objects.filter(pk=two.pk).update(name="Bob", phone="+12025559999", settled=["name", "phone"])
    before = everything()
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    made = Customer.objects.get(pk=made_by(done))
    two.refresh_from_db()
    assert (made.name, made.phone, sorted(made.settled)) == ("Bob", "+12025559999", ["name", "phone"])
    assert (two.name, two.settled) == ("Ann", [])
    assert two.phone == CustomerContact.objects.get(name="Ann").phone
    undo_merge(done, actor="ann")
    assert everything() == before


def test_a_phone_that_others_show_is_shared_until_the_split_is_undone(company, two):
    other = a_customer(company, "Cy", phone="+12025559999")
    before = everything()
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    for customer in (other, Customer.objects.get(pk=made_by(done))):
        customer.refresh_from_db()
        assert customer.phone_is_shared
    undo_merge(done, actor="ann")
    assert everything() == before


@pytest.mark.parametrize(
    ("contacts", "words"), [((), "choose which"), (("Ann", "Bob"), "every contact"), (("Cy",), "has no contact")]
)
def test_nobody_everybody_and_strangers_are_refused(company, two, contacts, words):
    a_customer(company, "Cy")
    before = everything()
    ids = list(CustomerContact.objects.filter(name__in=contacts).values_list("pk", flat=True))
    with pytest.raises(MergeRefused, match=words):
        split(company, two.pk, ids, actor="ann")
    assert everything() == before


def test_what_changed_since_the_preview_stops_it(company, two):
    plan = plan_split(company, two.pk, [bob(two).pk])
    a_quote(two)
    before = everything()
    with pytest.raises(PlanChanged, match=r"nothing was split, .* quotes of Ann: 3 then, 4 now"):
        split(company, two.pk, [bob(two).pk], actor="ann", seen=plan.parts)
    with pytest.raises(PlanChanged, match="what would go to a new customer"):
        split(company, two.pk, [bob(two).pk], deals=deals_of(company, two.pk).free()[:1], actor="ann", seen=plan.parts)
    assert everything() == before


def test_splits_and_merges_are_undone_from_the_last(company, two):
    before = everything()
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    made, cy = made_by(done), a_customer(company, "Cy")
    after = everything()
    later = merge(company, [made, cy.pk], survivor=cy.pk, actor="bob")
    assert blocking(done) == [later]
    with pytest.raises(UndoRefused, match="Bob became part of Cy"):
        undo_merge(done, actor="ann")
    undo_merge(later, actor="ann", remember=False)
    assert everything() == after
    earlier = merge(company, [two.pk, cy.pk], survivor=two.pk, actor="bob")
    again = split(company, two.pk, [CustomerContact.objects.get(name="Cy").pk], actor="cy")
    with pytest.raises(UndoRefused, match="Cy was split from Ann"):
        undo_merge(earlier, actor="ann")
    assert {each.pk for each in undo_merge(done, actor="ann", with_later=True)} == {again.pk, earlier.pk, done.pk}
    assert {row.pk for row in Customer.objects.filter(merged_into__isnull=True)} == {two.pk, cy.pk}
    assert serialize("json", Quote.objects.filter(customer=two).order_by("pk")) == before["Quote"]


def test_another_answer_about_the_two_stands(company, two):
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    decide(company, two.pk, made_by(done), Verdict.HOUSEHOLD, actor="cy")
    before = everything()
    with pytest.raises(DecidedOtherwise, match="one household, not the same \\(cy"):
        undo_merge(done, actor="ann")
    assert everything() == before


def test_redo_does_the_merge_again_and_takes_only_its_own_undo_back(company):
    ann, anne = a_customer(company, "Ann", quotes=2), a_customer(company, "Anne")
    first = merge(company, [ann.pk, anne.pk], actor="ann", choices={"phone": anne.phone})
    merged = everything()
    with pytest.raises(MergeRefused, match="in force since"):
        redo_merge(first, actor="ann")
    undo_merge(first, actor="bob")
    first.refresh_from_db()
    seen = plan_redo(first).parts
    again = redo_merge(first, actor="cy", seen=seen)
    assert everything() == merged
    assert (kept_apart(company), again.survivor_id) == (set(), first.survivor_id)
    with pytest.raises(AlreadyMerged, match="by cy"):
        redo_merge(first, actor="cy")
    undo_merge(again, actor="bob")
    decide(company, ann.pk, anne.pk, Verdict.HOUSEHOLD, actor="dan")
    again.refresh_from_db()
    with pytest.raises(DecidedOtherwise, match="dan"):
        redo_merge(again, actor="cy")
    assert kept_together(company) == set()


def test_a_split_is_not_done_again_by_itself(company, two):
    done = split(company, two.pk, [bob(two).pk], actor="ann")
    undo_merge(done, actor="ann")
    done.refresh_from_db()
    with pytest.raises(MergeRefused, match="split the customer again"):
        redo_merge(done, actor="ann")
