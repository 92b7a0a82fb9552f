"""What people decided, as it holds for the customers there are now."""

from uuid import UUID

from django.db import connection

from crm.models import Company, CustomerDecision

from crm.sql import statement

APART = (
    CustomerDecision.Verdict.DIFFERENT,
    CustomerDecision.Verdict.HOUSEHOLD,
    CustomerDecision.Verdict.WORKS_FOR,
    CustomerDecision.Verdict.BRANCH_OF,
)


def kept_apart(company: Company) -> set[tuple[UUID, UUID]]:
    """Pairs of living customers that a person keeps apart, the lower id first.

    A decision about a customer that was merged holds for the customer it is part of now.
    """
    return _pairs(company, [str(verdict) for verdict in APART])


def kept_together(company: Company) -> set[tuple[UUID, UUID]]:
    """Pairs of living customers that a person called the same and that are not one customer yet."""
    return _pairs(company, [str(CustomerDecision.Verdict.SAME)])


def _pairs(company: Company, verdicts: list[str]) -> set[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(statement("decided_pairs"), {"company": company.pk, "verdicts": verdicts})
        return {(a, b) for a, b in cursor.fetchall()}
