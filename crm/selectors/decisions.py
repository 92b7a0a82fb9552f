"""What people decided, as it holds for the customers there are now."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from crm.models import Company, CustomerDecision
from crm.sql import block, statement

Verdict = CustomerDecision.Verdict
APART = (Verdict.DIFFERENT, Verdict.HOUSEHOLD, Verdict.WORKS_FOR, Verdict.BRANCH_OF)


def kept_apart(company: Company) -> set[tuple[UUID, UUID]]:
    """Pairs of living customers that a person keeps apart, the lower id first.

    A decision about a customer that was merged holds for the customer it is part of now.
    """
    return _pairs(company, [str(verdict) for verdict in APART])


def kept_together(company: Company) -> set[tuple[UUID, UUID]]:
    """Pairs of living customers that a person called the same and that are not one customer yet."""
    return _pairs(company, [str(Verdict.SAME)])


def standing_between(company: Company, customers: Sequence[UUID]) -> list[CustomerDecision]:
    """Decisions in force that keep some of these living customers apart, what was merged into them included."""
    return [decision for decision in in_force_between(company, customers) if decision.verdict in APART]


def in_force_between(company: Company, customers: Sequence[UUID]) -> list[CustomerDecision]:
    """Decisions in force about two of these living customers, what was merged into them included, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "family"), {"company": company.pk, "customers": list(customers)})
        root: dict[UUID, UUID] = dict(cursor.fetchall())
    decisions = CustomerDecision.objects.filter(
        company=company, superseded_at__isnull=True, customer_a__in=root, customer_b__in=root
    ).select_related("customer_a", "customer_b")
    return [
        decision
        for decision in decisions.order_by("at", "pk")
        if root[decision.customer_a_id] != root[decision.customer_b_id]
    ]


def decisions_about(company: Company, customer: UUID) -> list[CustomerDecision]:
    """Decisions in force about a living customer and whatever was merged into it, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "family"), {"company": company.pk, "customers": [customer]})
        family = [id for id, _ in cursor.fetchall()]
    about = CustomerDecision.objects.filter(company=company, superseded_at__isnull=True).select_related(
        "customer_a", "customer_b", "subject"
    )
    found = {
        decision.pk: decision
        for side in ("customer_a__in", "customer_b__in")
        for decision in about.filter(**{side: family})
    }
    return sorted(found.values(), key=lambda decision: decision.at, reverse=True)


def _pairs(company: Company, verdicts: list[str]) -> set[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(statement("decided_pairs"), {"company": company.pk, "verdicts": verdicts})
        return {(a, b) for a, b in cursor.fetchall()}
