"""What people decide about two customers, and what follows from it at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crm.models import Company, CustomerDecision

Verdict = CustomerDecision.Verdict


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
    """Write down a person's answer about two customers; an older answer about the same two is superseded.

    For ``works_for`` and ``branch_of`` the first customer is the one who works for, or is a branch of, the other.
    A household, an employee and a branch become a relation of the two as well.

    Raises:
        CustomerUnknown: one of them is not a customer of the company.
        NotTwoCustomers: both are the same customer, or part of one by now.
    """
    raise NotImplementedError
