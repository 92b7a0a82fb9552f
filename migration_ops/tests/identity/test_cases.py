"""Cases: the queue, deciding, two people at once, taking back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from django.utils import timezone

from crm.exceptions import PlanChanged
from crm.models import Customer, CustomerContact, CustomerRelation
from crm.selectors.decisions import kept_apart
from crm.services.merge import merge
from crm.services.merge_plan import plan_merge
from migration_ops.exceptions import CaseClaimed, CaseDecided, MigrationOpsError
from migration_ops.identity.duplicates.cases import (
    Answer,
    Verdict,
    claim,
    customers_of,
    decide_case,
    next_case,
    questions_of,
    rebuild_cases,
    undo_case,
)
from migration_ops.models import DedupCase, DedupConflict
from migration_ops.tests import moving
from migration_ops.tests.merging import assert_same_state, living, state
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)
COMPANY = UUID("e0000000-0000-4000-8000-000000000001")


def a_row(number: int, name: str, total: str) -> dict[str, str | None]:
    at = f"2024-05-{number + 1:02} 09:00+00"
    return {
        "id": str(UUID(int=number + 1)), "company_id": str(COMPANY), "customer_name": name, "status": "sent",
        "email": f"p{number}@example.com", "phone": f"+1202555{number:04}", "address": f"{number} Elm Street",
        "total": total, "created_at": at, "updated_at": at,
    }  # fmt: skip


@pytest.fixture
def company():
    made = moving.company_of(COMPANY)
    names = ("Ann Lee", "Anne Lee", "Anna Lee", "Bob Ray", "Bobby Ray", "Cy Poe")
    moving.insert([a_row(place, name, "9000" if name.startswith("Bob") else "100") for place, name in enumerate(names)])
    moving.move(made)
    return made


def ask(company, *names: str, score: float = 0.9) -> None:
    """A question about each two in a row of these people."""
    contacts = [CustomerContact.objects.get(company=company, name=name) for name in names]
    case = min(contact.customer_id for contact in contacts)
    for one, other in pairwise(contacts):
        a, b = sorted((one, other), key=lambda contact: contact.pk)
        DedupConflict.objects.create(
            company=company, contact_a=a, contact_b=b, reason="probable", score=score, case=case,
            evidence=[{"kind": "name", "text": "the names are alike", "weight": 4.0}], fingerprint="f1",
            counterfactual="the same phone", created_at=datetime(2024, 6, 1, tzinfo=UTC),
        )  # fmt: skip
    rebuild_cases(company)


def whose(company, name: str) -> UUID:
    return CustomerContact.objects.get(company=company, name=name).customer_id


def test_the_queue_begins_with_the_most_at_stake_and_each_takes_another(company):
    ask(company, "Ann Lee", "Anne Lee", "Anna Lee")
    ask(company, "Bob Ray", "Bobby Ray")
    first = next_case(actor="ann")
    assert set(first.words.split(" / ")) == {"Bob Ray", "Bobby Ray"}
    assert (first.records, first.money, first.questions) == (2, 18000, 1)
    assert next_case(actor="ann").pk == first.pk
    second = next_case(actor="bob")
    assert second.pk != first.pk
    assert len(customers_of(second)) == 3
    assert next_case(actor="cy") is None
    assert next_case(actor="ann", after=first.pk) is None
    with pytest.raises(CaseClaimed, match="ann is looking at this case until"):
        claim(first, actor="bob")
    DedupCase.objects.filter(pk=first.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    claim(first, actor="bob")
    assert first.holder == "bob"
    assert next_case(actor="ann", company=UUID(int=9)) is None


def test_deciding_merges_separates_answers_and_can_be_taken_back(company):
    before = state()
    ask(company, "Ann Lee", "Anne Lee", "Anna Lee")
    case = next_case(actor="ann")
    ann, anne, anna = (whose(company, name) for name in ("Ann Lee", "Anne Lee", "Anna Lee"))
    groups = (tuple(sorted((ann, anne))), (anna,))
    decided = decide_case(case, Answer(groups=groups, between=Verdict.HOUSEHOLD), actor="ann")
    assert whose(company, "Ann Lee") == whose(company, "Anne Lee") != whose(company, "Anna Lee")
    # The names are those of before: merged, both are Anne.
    assert {"Ann Lee", "Anne Lee"} == set(decided.decided_words.split(" | ")[0].split(" = "))
    assert decided.decided_words.endswith("same household, not the same")
    assert CustomerRelation.objects.filter(kind="household").count() == 1
    assert kept_apart(company) == {tuple(sorted((whose(company, "Ann Lee"), anna)))}
    assert set(DedupConflict.objects.values_list("state", flat=True)) == {"same", "different"}
    assert rebuild_cases(company) == 0
    assert_valid(company)
    again = undo_case(decided, actor="bob")
    assert (again.state, again.outcome) == ("open", {})
    assert kept_apart(company) == set()
    assert set(DedupConflict.objects.values_list("state", flat=True)) == {"open"}
    assert_same_state(before)
    with pytest.raises(MigrationOpsError, match="not decided"):
        undo_case(again, actor="bob")


def test_the_second_person_is_told_who_decided_what(company):
    ask(company, "Bob Ray", "Bobby Ray")
    case = next_case(actor="ann")
    members = tuple(customers_of(case))
    with pytest.raises(CaseClaimed, match="ann is looking at this case until"):
        decide_case(case, Answer(groups=(members,)), actor="bob")
    decide_case(case, Answer(groups=(members,)), actor="ann")
    with pytest.raises(CaseDecided, match=r"ann decided this case on .*: Bob.* = Bob.*: the same customer"):
        decide_case(case, Answer(groups=(members,)), actor="bob")


def test_what_changed_meanwhile_stops_the_decision_and_leaves_everything(company):
    ask(company, "Bob Ray", "Bobby Ray")
    case = next_case(actor="ann")
    members = tuple(customers_of(case))
    plan = plan_merge(company, members)
    Customer.objects.filter(pk=members[0]).update(name="Robert Ray")
    before = state()
    with pytest.raises(PlanChanged, match="what is shown of Robert Ray: changed"):
        decide_case(case, Answer(groups=(members,), seen={0: plan.parts}), actor="ann")
    assert_same_state(before)
    case.refresh_from_db()
    assert case.state == "open"
    with pytest.raises(MigrationOpsError, match="others by now"):
        decide_case(case, Answer(groups=(members[:1],)), actor="ann")


def test_a_question_that_a_merge_answered_leaves_the_queue(company):
    ask(company, "Bob Ray", "Bobby Ray")
    ask(company, "Ann Lee", "Anne Lee")
    merge(company, [whose(company, "Bob Ray"), whose(company, "Bobby Ray")], actor="ann")
    assert rebuild_cases(company) == 1
    assert DedupCase.objects.get(state="gone").words.startswith("Bob")
    assert len(living(company)) == 5


def test_evidence_is_kept_with_the_decision(company):
    ask(company, "Bob Ray", "Bobby Ray")
    case = next_case(actor="ann")
    assert [each.counterfactual for each in questions_of(case)] == ["the same phone"]
    decide_case(case, Answer(groups=tuple((id,) for id in customers_of(case))), actor="ann")
    bob = Customer.objects.get(pk=whose(company, "Bob Ray"))
    (decision,) = (*bob.decisions_as_a.all(), *bob.decisions_as_b.all())
    assert (decision.evidence_fingerprint, decision.evidence[0]["text"]) == ("f1", "the names are alike")
