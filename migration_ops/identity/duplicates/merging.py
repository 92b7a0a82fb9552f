"""Carries out the automatic merges of the last search for duplicates, as one run with one undo."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from crm.exceptions import AlreadyMerged, CustomersBusy, CustomerUnknown, DecidedOtherwise, MergeRefused
from crm.models import Company, CustomerMerge, CustomerMergeRun
from crm.services.merge import Origin, merge
from migration_ops.exceptions import AutomaticMergingStopped
from migration_ops.identity.duplicates.automatic import AutomaticGroup, automatic_groups
from migration_ops.identity.duplicates.standing_audit import refuse_if_stopped

# Reasons that concern one group alone: the others are merged all the same. A relation nobody knows concerns them all.
OF_ONE_GROUP = (AlreadyMerged, CustomersBusy, CustomerUnknown, DecidedOtherwise, MergeRefused)


@dataclass(frozen=True, kw_only=True)
class MergedRun:
    """What became of the groups: merged, customers that became part of others, and groups left, each with the reason.

    ``run``: what to undo; None where nothing was merged. ``stopped``: why the standing audit does not let it merge.
    """

    run: CustomerMergeRun | None
    merges: int
    customers: int
    left: tuple[str, ...]
    stopped: str = ""


def merge_automatic(
    company: Company, *, actor: str, progress: Callable[[int, int], None] = lambda done, of: None
) -> MergedRun:
    """Merge the company's automatic groups, each in a transaction of its own.

    A person's decision is never overruled: a group that two people's answers keep apart is left, also when the answer
    came while this was running. Started again after a crash it goes on with the groups that are left.

    A company that the standing audit stopped is left as it is; one that it stops meanwhile ends where it is.

    Raises:
        RelationUnknown: a table refers to customers and merging knows nothing about it; what was merged stays.
    """
    groups = automatic_groups(company)
    run: CustomerMergeRun | None = None
    left: list[str] = []
    merges = customers = 0
    stopped = ""
    for done, group in enumerate(groups, start=1):
        try:
            refuse_if_stopped(company)
        except AutomaticMergingStopped as error:
            stopped = str(error)
            break
        run = run or _begin(company, group, actor)
        try:
            made = _merge(company, group, actor, run)
        except OF_ONE_GROUP as error:
            left.append(str(error))
        else:
            merges += 1
            customers += len(made.before) - 1
        progress(done, len(groups))
    if run is not None and not merges:
        run.delete()
        run = None
    elif run is not None:
        run.words = f"{merges:,} groups by the rules: {customers:,} customers became part of others"
        run.save(update_fields=["words"])
    return MergedRun(run=run, merges=merges, customers=customers, left=tuple(left), stopped=stopped)


def _begin(company: Company, group: AutomaticGroup, actor: str) -> CustomerMergeRun:
    return CustomerMergeRun.objects.create(
        company=company, origin=CustomerMergeRun.Origin.RULES, words="groups by the rules, not finished",
        rule_version=group.engine_version, actor=actor, at=timezone.now(),
    )  # fmt: skip


def _merge(company: Company, group: AutomaticGroup, actor: str, run: CustomerMergeRun) -> CustomerMerge:
    return merge(
        company, group.customers, actor=actor, reason=_reason(group), origin=Origin.RULES, run=run
    )  # fmt: skip


def _reason(group: AutomaticGroup) -> str:
    """The score and, of each link, what weighs most for it."""
    words = dict.fromkeys(text for link in group.links for text in link.reasons)
    return f"{group.score:.4f}: {'; '.join(words)}"
