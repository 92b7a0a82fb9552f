"""Merges customers: one transaction, everything it changed written down, so that it can be undone."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from crm.models import Company, CustomerMerge, CustomerMergeRun

Origin = CustomerMerge.Origin


def merge(
    company: Company,
    customers: Sequence[UUID],
    *,
    actor: str,
    reason: str = "",
    survivor: UUID | None = None,
    choices: Mapping[str, str | None] | None = None,
    seen: Mapping[str, str] | None = None,
    overrules: Collection[UUID] = (),
    origin: CustomerMerge.Origin = Origin.PERSON,
    run: CustomerMergeRun | None = None,
) -> CustomerMerge:
    """Merge customers into one of them.

    Args:
        seen: ``MergePlan.parts`` as the person saw them; if anything differs now, nothing happens. Without it the
            merge is planned and done at once.
        overrules: decisions ("not the same") that the person has seen and takes back by merging.
        run: the bulk run this merge is part of.
    Raises:
        PlanChanged, AlreadyMerged, DecidedOtherwise, RelationUnknown, MergeRefused, CustomerUnknown,
        NotTwoCustomers, CustomersBusy.
    """
    raise NotImplementedError
