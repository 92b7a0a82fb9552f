"""One answer for all cases of a pattern: the sample first, then the rest, then one undo."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from crm.models import Customer, CustomerMerge, CustomerMergeRun, CustomerRelation
from crm.selectors.decisions import kept_apart
from migration_ops.exceptions import BulkRefused
from migration_ops.identity.duplicates import bulk as bulks
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.models import AuditLine, BulkDecision, DedupCase, DedupConflict
from migration_ops.tests.identity.test_cases import ask, company, whose  # noqa: F401 - the fixture
from migration_ops.tests.merging import assert_same_state, living, state
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(company):  # noqa: F811
    """Three cases of one pattern: everybody of the company in one of them."""
    for pair in (("Ann Lee", "Anne Lee"), ("Bob Ray", "Bobby Ray"), ("Anna Lee", "Cy Poe")):
        ask(company, *pair)
    return company


def drawn(company, verdict="same"):  # noqa: F811
    (pattern,) = bulks.patterns(company)
    bulk = bulks.draw(company, pattern.key, actor="ann")
    for case in bulk.sample:
        bulk = bulks.look(bulk, UUID(case), verdict, actor="ann")
    return bulk


def test_cases_with_the_same_reason_and_evidence_are_one_pattern(three):
    (pattern,) = bulks.patterns(three)
    assert (pattern.cases, pattern.records, pattern.money) == (3, 6, 18400)
    assert (pattern.reason, pattern.words) == ("probable", ("the names are alike",))
    odd = DedupConflict.objects.order_by("pk").first()
    odd.evidence = [*odd.evidence, {"kind": "phone_exact", "text": "the same phone", "weight": 9.0}]
    odd.save()
    rebuild_cases(three)
    assert [each.cases for each in bulks.patterns(three)] == [2]
    # What a field weighs differs from pair to pair; how large the company is says nothing.
    odd.evidence = [
        {"kind": "name", "text": "the names are alike", "weight": 3.5},
        {"kind": "prior", "text": "x", "weight": -9},
    ]
    odd.save()
    rebuild_cases(three)
    assert [each.cases for each in bulks.patterns(three)] == [3]


def test_a_case_of_several_questions_is_of_no_pattern(company):  # noqa: F811
    ask(company, "Ann Lee", "Anne Lee", "Anna Lee")
    assert DedupCase.objects.get().pattern == ""
    with pytest.raises(BulkRefused, match="no two open cases"):
        bulks.draw(company, "", actor="ann")


def test_nothing_is_decided_before_the_whole_sample_was_looked_at(three):
    (pattern,) = bulks.patterns(three)
    bulk = bulks.draw(three, pattern.key, actor="ann")
    one, *_, last = bulk.sample
    bulks.look(bulk, UUID(one), "same", actor="ann")
    with pytest.raises(BulkRefused, match="2 of the 3 drawn cases have not been looked at"):
        bulks.begin(bulk, actor="ann")
    for case in bulk.sample:
        bulks.look(bulk, UUID(case), "same", actor="ann")
    bulk = bulks.look(bulk, UUID(last), "different", actor="ann")
    with pytest.raises(BulkRefused, match="different answers"):
        bulks.begin(bulk, actor="ann")
    with pytest.raises(BulkRefused, match="no answer to a case of the sample"):
        bulks.look(bulk, UUID(int=7), "same", actor="ann")
    with pytest.raises(BulkRefused, match="sample is being looked at"):
        bulks.go_on(bulk, actor="ann")
    assert CustomerMerge.objects.count() == 0
    assert bulks.drop(bulk).state == "dropped"


def test_one_answer_merges_all_and_one_undo_takes_all_back(three):
    before = state()
    bulk = bulks.begin(drawn(three), actor="ann", why="one list twice")
    with pytest.raises(BulkRefused, match="being carried out already, by ann"):
        bulks.begin(bulk, actor="bob")
    # Killed after each case: it goes on where it was.
    for done in (1, 2, 3):
        bulk = bulks.go_on(bulk, actor="ann", until=lambda: True)
        assert (bulk.decided, bulk.left) == (done, [])
    assert bulk.state == "done"
    assert len(living(three)) == 3
    run = CustomerMergeRun.objects.get()
    assert (run.origin, run.merges.count(), run.words) == ("pattern", 3, "3 cases like one another: the same customer")
    assert set(CustomerMerge.objects.values_list("origin", "reason")) == {("person", "one list twice")}
    assert rebuild_cases(three) == 0
    assert_valid(three)
    bulk = bulks.take_back(bulk, actor="bob")
    assert (bulk.state, bulk.undone_by, bulk.decided, bulk.left) == ("undone", "bob", 0, [])
    assert_same_state(before)
    assert kept_apart(three) == set()
    assert set(DedupCase.objects.values_list("state", "claimed_by", "bulk")) == {("open", "", None)}
    assert CustomerMergeRun.objects.get().undone_at is not None
    with pytest.raises(BulkRefused, match="taken back"):
        bulks.take_back(bulk, actor="bob")
    assert list(AuditLine.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "bulk_decision",
        "bulk_undo",
    ]


def test_the_same_household_is_kept_apart_and_linked(three):
    bulk = bulks.go_on(bulks.begin(drawn(three, "household"), actor="ann"), actor="ann")
    assert (bulk.state, bulk.decided, bulk.run) == ("done", 3, None)
    assert CustomerRelation.objects.filter(kind="household").count() == 3
    assert len(kept_apart(three)) == 3
    assert len(living(three)) == 6
    bulks.take_back(bulk, actor="ann")
    assert CustomerRelation.objects.count() == 0
    assert kept_apart(three) == set()


def test_changed_claimed_and_decided_cases_are_left_out_and_told(three):
    bulk = bulks.begin(drawn(three), actor="ann")
    ann = Customer.objects.get(pk=whose(three, "Ann Lee"))
    Customer.objects.filter(pk=ann.pk).update(email="another@example.com")
    bobs = DedupCase.objects.get(words__contains="Bobby")
    DedupCase.objects.filter(pk=bobs.pk).update(claimed_by="bob", claimed_until=timezone.now() + timedelta(minutes=5))
    bulk = bulks.go_on(bulk, actor="ann")
    assert (bulk.state, bulk.decided) == ("done", 1)
    told = {each["words"]: each["why"] for each in bulk.left}
    assert len(told) == 2
    assert told[bobs.words].startswith("bob is looking at this case until")
    assert "it changed since the sample was drawn" in told.values()
    assert len(living(three)) == 5
    assert DedupCase.objects.filter(state="open").count() == 2


def test_what_stands_in_the_way_of_the_undo_is_told_and_the_rest_is_undone(three):
    from crm.services.merge import merge

    bulk = bulks.go_on(bulks.begin(drawn(three), actor="ann"), actor="ann")
    later = merge(three, sorted({whose(three, "Ann Lee"), whose(three, "Bob Ray")}), actor="cy")
    bulk = bulks.take_back(bulk, actor="ann")
    assert (bulk.state, bulk.decided) == ("done", 2)
    assert all("later merges of the same customers come first" in each["why"] for each in bulk.left)
    from crm.services.undo import undo_merge

    undo_merge(later, actor="cy", remember=False)
    bulk = bulks.take_back(bulk, actor="ann")
    assert (bulk.state, bulk.decided, bulk.left) == ("undone", 0, [])
    assert len(living(three)) == 6


def test_a_case_decided_again_alone_is_no_part_of_the_bulk_any_more(three):
    from migration_ops.identity.duplicates.cases import Answer, customers_of, decide_case, undo_case

    bulk = bulks.go_on(bulks.begin(drawn(three), actor="ann"), actor="ann")
    case = undo_case(bulk.decided_cases.order_by("pk").first(), actor="ann")
    decide_case(case, Answer(groups=tuple((id,) for id in customers_of(case))), actor="ann")
    bulk = bulks.take_back(bulk, actor="bob")
    assert bulk.state == "undone"
    assert DedupCase.objects.get(pk=case.pk).state == "decided"
    assert BulkDecision.objects.get().undone_by == "bob"
