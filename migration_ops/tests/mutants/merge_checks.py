"""The check of each promise of merging; each is given a company of eight rows of four customers, two rows each."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from crm.exceptions import DecidedOtherwise, PlanChanged, RelationUnknown, UndoRefused
from crm.models import Company, CustomerAddress, CustomerContact, CustomerMergeRun, Quote
from crm.selectors.decisions import kept_apart
from crm.services.decisions import Verdict, decide
from crm.services.merge import Origin, merge
from crm.services.merge_plan import plan_merge
from crm.services.redo import redo_merge
from crm.services.split import made_by, split
from crm.services.split_plan import plan_split
from crm.services.undo import undo_merge, undo_run
from migration_ops.identity.clusters import decide as decide_clusters
from migration_ops.identity.duplicates import engine, policy
from migration_ops.tests.identity.component import component, shape
from migration_ops.tests.identity.duplicates.people import contact, strangers
from migration_ops.tests.identity.test_merge_machine import (
    START,
    a_row,
    apply,
    contacts_of,
    two_in_one,
)
from migration_ops.tests.identity.test_undo_exact import assert_undo_leaves_what_would_be_there_without_the_merge
from migration_ops.tests.merging import assert_same_state, living, on_buried, state, values


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


def a_quote_of(customer: UUID) -> Quote:
    quote = Quote.objects.filter(customer=customer).first()
    quote.pk, quote.lead_id = uuid4(), None
    quote.save(force_insert=True)
    return quote


def merged_pair(company: Company):
    """Two customers, made one: the first stays."""
    one, other = living(company)[:2]
    return one, other, merge(company, [one, other], survivor=one, actor="ann")


def check_every_value_stays_reachable(company):
    one, other = living(company)[:2]
    CustomerAddress.objects.create(
        company=company, customer_id=other, address="noted by hand", created_at=START, last_used_at=START
    )
    known = values(company)
    merge(company, [one, other], survivor=one, actor="ann")
    assert values(company) == known


def check_nothing_belongs_to_a_tombstone(company):
    merged_pair(company)
    assert on_buried(company) == []


def check_undo_is_exact(company):
    before = state()
    _, _, done = merged_pair(company)
    undo_merge(done, actor="ann")
    assert_same_state(before)


def check_later_edits_do_not_change_whose_an_address_is(company):
    for one, other in ((0, 3), (3, 4), (4, 2), (2, 0)):
        later = [(one, False, "9 New Road", 400), (other, False, "9 New Road", 5)]
        assert_undo_leaves_what_would_be_there_without_the_merge(company, 4, Origin.PERSON, later)


def check_a_split_moves_what_its_plan_says_and_can_be_undone(company):
    customer = two_in_one(company)[0]
    # Of a use that no row shows any more.
    CustomerAddress.objects.filter(customer=customer).update(created_at=START - timedelta(days=900))
    before, quotes = state(), Quote.objects.filter(customer=customer).count()
    going = contacts_of(customer)[:1]
    plan = plan_split(company, customer, going)
    assert 0 < plan.counts()["quotes_new"] < quotes
    done = split(company, customer, going, actor="ann")
    made = made_by(done)
    assert Quote.objects.filter(customer=made).count() == plan.counts()["quotes_new"]
    assert on_buried(company) == []
    undo_merge(done, actor="ann")
    now = state()
    # What was made stays as a tombstone.
    now["customers_new"] = [row for row in now["customers_new"] if f'"id": "{made}"' not in row]
    assert on_buried(company) == []
    assert now == before


def check_what_came_after_a_split_goes_back(company):
    customer = two_in_one(company)[0]
    done = split(company, customer, contacts_of(customer)[:1], actor="ann")
    made = made_by(done)
    a_row(50, _texts(contacts_of(made)[0]), "7 Later Lane", 500)
    apply(company, [UUID(int=51)])
    assert Quote.objects.get(pk=UUID(int=51)).customer_id == made
    undo_merge(done, actor="ann")
    assert Quote.objects.get(pk=UUID(int=51)).customer_id == customer
    assert on_buried(company) == []


def _texts(id: UUID):
    row = CustomerContact.objects.get(pk=id)
    return (row.name, row.email, row.phone)


def check_rules_never_overrule_a_person(company):
    one, other = living(company)[:2]
    decide(company, one, other, Verdict.DIFFERENT, actor="cy")
    with pytest.raises(DecidedOtherwise):
        merge(company, [one, other], actor="rules", origin=Origin.RULES)


def check_a_decision_outlives_a_merge(company):
    one, other, third = living(company)[:3]
    decide(company, one, other, Verdict.DIFFERENT, actor="cy")
    merge(company, [other, third], survivor=third, actor="ann")
    with pytest.raises(DecidedOtherwise):
        merge(company, [one, third], actor="rules", origin=Origin.RULES)


def check_redo_takes_back_only_what_its_undo_said(company):
    one, other, done = merged_pair(company)
    undo_merge(done, actor="ann")
    decide(company, one, other, Verdict.HOUSEHOLD, actor="cy")
    done.refresh_from_db()
    with pytest.raises(DecidedOtherwise):
        redo_merge(done, actor="bob")


def check_undo_of_a_split_takes_back_only_what_the_split_said(company):
    customer = two_in_one(company)[0]
    done = split(company, customer, contacts_of(customer)[:1], actor="ann")
    decide(company, customer, made_by(done), Verdict.HOUSEHOLD, actor="cy")
    with pytest.raises(DecidedOtherwise):
        undo_merge(done, actor="ann")


def check_an_unknown_relation_refuses(company):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE loyalty_cards (company_id uuid, holder uuid, FOREIGN KEY (company_id, holder)"
            " REFERENCES customers_new (company_id, id))"
        )
    with pytest.raises(RelationUnknown):
        merge(company, living(company)[:2], actor="ann")


def check_nothing_happens_where_something_changed(company):
    one, other = living(company)[:2]
    plan = plan_merge(company, [one, other])
    a_quote_of(other)
    before = state()
    with pytest.raises(PlanChanged):
        merge(company, [one, other], actor="ann", seen=plan.parts)
    assert_same_state(before)


def check_no_split_where_something_changed(company):
    customer = two_in_one(company)[0]
    going = contacts_of(customer)[:1]
    plan = plan_split(company, customer, going)
    a_quote_of(customer)
    with pytest.raises(PlanChanged):
        split(company, customer, going, actor="ann", seen=plan.parts)


def check_later_quotes_stay(company):
    one, _, done = merged_pair(company)
    later = a_quote_of(one)
    undo_merge(done, actor="ann")
    later.refresh_from_db()
    assert later.customer_id == one


def check_undo_writes_not_the_same(company):
    one, other, done = merged_pair(company)
    undo_merge(done, actor="ann")
    assert kept_apart(company) == {pair(one, other)}


def check_a_split_writes_not_the_same(company):
    customer = two_in_one(company)[0]
    done = split(company, customer, contacts_of(customer)[:1], actor="ann")
    assert kept_apart(company) == {pair(customer, made_by(done))}


def check_chained_merges_go_from_the_last(company):
    one, _, done = merged_pair(company)
    merge(company, [one, living(company)[-1]], survivor=living(company)[-1], actor="ann")
    with pytest.raises(UndoRefused):
        undo_merge(done, actor="ann")


def check_a_bulk_run_is_undone_as_a_whole(company):
    before, customers = state(), living(company)
    run = CustomerMergeRun.objects.create(
        company=company, origin="rules", words="by the rules", actor="rules", at=timezone.now()
    )
    for members in (customers[:2], customers[2:4]):
        merge(company, members, actor="rules", origin=Origin.RULES, run=run)
    undo_run(run, actor="ann")
    assert_same_state(before)


def check_an_employee_is_kept_apart_and_linked(company):
    found = decide_clusters(component(("acme roofing llc", None, "+12025550101"), ("john smith", None, "+12025550101")))
    assert shape(found) == ([[1], [2]], [], [(2, 1, "works_for")])


def check_the_search_links_employees(company):
    people = (("Abernathy Roofing LLC", None, "217-555-0143"), ("Joan Abernathy", None, "217-555-0143"))
    scored = engine.search([*(contact(*texts) for texts in people), *strangers()]).scored
    kinds = dict(
        zip(zip(scored.one.tolist(), scored.other.tolist(), strict=True), scored.relation.tolist(), strict=True)
    )
    assert policy.RELATIONS[kinds[0, 1]] == "works_for"
