"""What people decide about two customers, and what follows from it at once."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from crm.exceptions import CustomerUnknown, NotTwoCustomers
from crm.models import Company, Customer, CustomerDecision, CustomerMerge, CustomerRelation
from crm.selectors.customers import living
from crm.selectors.decisions import in_force_between

Verdict = CustomerDecision.Verdict
RELATIONS = {
    Verdict.HOUSEHOLD: CustomerRelation.Kind.HOUSEHOLD,
    Verdict.WORKS_FOR: CustomerRelation.Kind.WORKS_FOR,
    Verdict.BRANCH_OF: CustomerRelation.Kind.BRANCH_OF,
}
SENTENCES = {
    Verdict.SAME: "{a} and {b} are the same",
    Verdict.DIFFERENT: "{a} and {b} are not the same",
    Verdict.HOUSEHOLD: "{a} and {b} are one household, not the same",
    Verdict.WORKS_FOR: "{a} works for {b}",
    Verdict.BRANCH_OF: "{a} is a branch of {b}",
}


@transaction.atomic
def decide(
    company: Company,
    customer: UUID,
    other: UUID,
    verdict: CustomerDecision.Verdict,
    *,
    actor: str,
    reason: str = "",
    evidence: Sequence[Mapping[str, Any]] = (),
    evidence_fingerprint: str = "",
) -> CustomerDecision:
    """Write down a person's answer about two customers; older ones that it replaces are superseded.

    For ``works_for`` and ``branch_of`` the first customer is the one who works for, or is a branch of, the other.
    A household, an employee and a branch become a relation of the two as well. Saying "the same" merges nothing:
    ``merge`` does, and says it by itself.

    Raises:
        CustomerUnknown: one of them is not a customer of the company.
        NotTwoCustomers: both are the same customer, or part of one by now.
    """
    root = living(company, sorted({customer, other}))
    for id in (customer, other):
        if id not in root:
            raise CustomerUnknown(customer=id, company=company.slug)
    if root[customer] == root[other]:
        raise NotTwoCustomers(what="a decision", why="both are one customer")
    # In the order of their ids, as everybody locks: two people who answer at once answer one after the other.
    list(Customer.objects.select_for_update(of=("self",)).filter(pk__in=[customer, other]).order_by("pk"))
    older = _contradicting(in_force_between(company, [root[customer], root[other]]), verdict)
    decision = _record(
        company, customer, other, verdict, actor=actor, reason=reason, evidence=list(evidence),
        evidence_fingerprint=evidence_fingerprint,
    )  # fmt: skip
    _supersede(older, decision)
    if verdict in RELATIONS:
        CustomerRelation.objects.get_or_create(
            company=company, customer_id=root[customer], other_id=root[other], kind=RELATIONS[verdict]
        )
    return decision


@transaction.atomic
def keep_apart(
    company: Company, groups: Sequence[Sequence[UUID]], verdict: CustomerDecision.Verdict, *, actor: str,
    reason: str = "", evidence: Mapping[tuple[UUID, UUID], tuple[Sequence[Mapping[str, Any]], str]] | None = None,
) -> list[CustomerDecision]:  # fmt: skip
    """Write down that no two of these groups are the same, for each pair of customers as they were recorded.

    The groups may be merged already; the answer then also holds should such a merge be undone one day. For
    ``works_for`` and ``branch_of`` the first group is the one who works for, or is a branch of, the others. A
    household, an employee and a branch become relations of the customers there are now.

    Args:
        evidence: of a pair, the lower id first: what spoke for and against, and its fingerprint.
    """
    root = living(company, sorted({id for group in groups for id in group}))
    older = _contradicting(in_force_between(company, sorted(set(root.values()))), verdict)
    known = evidence or {}
    made: list[CustomerDecision] = []
    for place, group in enumerate(groups):
        for other_group in groups[place + 1 :]:
            for one in group:
                for other in other_group:
                    said, fingerprint = known.get((min(one, other), max(one, other)), ((), ""))
                    made.append(
                        _record(
                            company,
                            one,
                            other,
                            verdict,
                            actor=actor,
                            reason=reason,
                            evidence=list(said),
                            evidence_fingerprint=fingerprint,
                        )
                    )
            if verdict in RELATIONS and (place == 0 or verdict == Verdict.HOUSEHOLD):
                CustomerRelation.objects.get_or_create(
                    company=company, customer_id=root[group[0]], other_id=root[other_group[0]],
                    kind=RELATIONS[verdict],
                )  # fmt: skip
    if made:
        _supersede(older, made[0])
    return made


def withdraw(decisions: Sequence[UUID], company: Company) -> None:
    """Take back decisions, and the relations that came of them; what they had superseded is in force again."""
    said = list(CustomerDecision.objects.filter(company=company, pk__in=decisions, superseded_at__isnull=True))
    root = living(company, sorted({id for each in said for id in (each.customer_a_id, each.customer_b_id)}))
    _supersede(said, None)
    CustomerDecision.objects.filter(company=company, superseded_by__in=decisions).update(
        superseded_at=None, superseded_by=None
    )
    for each in said:
        kind = RELATIONS.get(Verdict(each.verdict))
        if kind is not None:
            sides = (root[each.customer_a_id], root[each.customer_b_id])
            CustomerRelation.objects.filter(company=company, customer__in=sides, other__in=sides, kind=kind).delete()


def merged(
    company: Company, merge: CustomerMerge, others: Sequence[UUID], *, overruled: Sequence[CustomerDecision],
    actor: str, reason: str,
) -> None:  # fmt: skip
    """A person merged: each is the same as the survivor, and decisions that said otherwise are taken back."""
    same = [
        _record(company, merge.survivor_id, other, Verdict.SAME, actor=actor, reason=reason, merge=merge)
        for other in others
    ]
    _supersede(overruled, same[0])


def separated(company: Company, merge: CustomerMerge, members: Sequence[UUID], *, actor: str, reason: str) -> None:
    """A merge was undone because it was wrong: no two of its members are the same."""
    older = _contradicting(in_force_between(company, members), Verdict.DIFFERENT)
    for one, other in combinations(sorted(members), 2):
        decision = _record(company, one, other, Verdict.DIFFERENT, actor=actor, reason=reason, merge=merge)
    if older:
        _supersede(older, decision)


def forget(merge: CustomerMerge) -> None:
    """Take back what a merge said, and what it made of earlier decisions, as if it had not been."""
    said = list(CustomerDecision.objects.filter(company=merge.company_id, merge=merge))
    CustomerDecision.objects.filter(pk__in=[each.pk for each in said], superseded_at__isnull=True).update(
        superseded_at=timezone.now()
    )
    CustomerDecision.objects.filter(superseded_by__in=[each.pk for each in said]).update(
        superseded_at=None, superseded_by=None
    )


def in_words(decision: CustomerDecision) -> str:
    """A decision in one sentence: who said what about whom, and when."""
    one, other = decision.customer_a, decision.customer_b
    if decision.subject_id is not None and decision.subject_id != one.pk:
        one, other = other, one
    sentence = SENTENCES[Verdict(decision.verdict)].format(a=one, b=other)
    return f"{sentence} ({decision.actor}, {timezone.localtime(decision.at):%Y-%m-%d %H:%M})"


def _record(
    company: Company, customer: UUID, other: UUID, verdict: CustomerDecision.Verdict, *, actor: str, reason: str,
    evidence: Sequence[Mapping[str, Any]] = (), evidence_fingerprint: str = "", merge: CustomerMerge | None = None,
) -> CustomerDecision:  # fmt: skip
    a, b = sorted((customer, other))
    now = timezone.now()
    older = list(
        CustomerDecision.objects.select_for_update(of=("self",)).filter(
            company=company, customer_a=a, customer_b=b, superseded_at__isnull=True
        )
    )
    _supersede(older, None)
    decision = CustomerDecision.objects.create(
        company=company, customer_a_id=a, customer_b_id=b, verdict=verdict,
        subject_id=customer if verdict in (Verdict.WORKS_FOR, Verdict.BRANCH_OF) else None, evidence=list(evidence),
        evidence_fingerprint=evidence_fingerprint, actor=actor, reason=reason, at=now, merge=merge,
    )  # fmt: skip
    CustomerDecision.objects.filter(pk__in=[each.pk for each in older]).update(superseded_by=decision)
    for each in older:
        kind = RELATIONS.get(Verdict(each.verdict))
        if kind is not None and each.verdict != verdict:
            CustomerRelation.objects.filter(
                company=company, customer_id__in=(a, b), other_id__in=(a, b), kind=kind
            ).delete()
    return decision


def _contradicting(older: Sequence[CustomerDecision], verdict: CustomerDecision.Verdict) -> list[CustomerDecision]:
    """Those that say the opposite. What only says it of other parts of the customers stays: a merge may be undone."""
    return [each for each in older if (each.verdict == Verdict.SAME) != (verdict == Verdict.SAME)]


def _supersede(decisions: Sequence[CustomerDecision], by: CustomerDecision | None) -> None:
    """End those that are still in force."""
    CustomerDecision.objects.filter(pk__in=[each.pk for each in decisions], superseded_at__isnull=True).update(
        superseded_at=timezone.now(), superseded_by=by
    )
