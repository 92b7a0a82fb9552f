"""Does an undone merge once more, with the values that were chosen then."""

from collections.abc import Mapping

from django.utils import timezone

from crm.exceptions import MergeRefused
from crm.models import CustomerDecision, CustomerMerge
from crm.services.merge import Origin, merge
from crm.services.merge_plan import MergePlan, plan_merge
from crm.services.undo import members


def plan_redo(done: CustomerMerge) -> MergePlan:
    """What doing an undone merge again would do; values chosen then are chosen again where somebody still has them.

    Raises:
        MergeRefused: it is in force, or it is a split.
        AlreadyMerged, CustomerUnknown, RelationUnknown: as ``plan_merge``.
    """
    _refuse(done)
    company, ids = done.company, members(done)
    plan = plan_merge(company, ids, survivor=done.survivor_id)
    choices = {
        field.name: value
        for field in plan.fields
        if (value := done.fields[field.name]["value"]) and field.candidate(value) is not None
    }
    return plan_merge(company, ids, survivor=done.survivor_id, choices=choices)


def redo_merge(
    done: CustomerMerge, *, actor: str, reason: str = "", seen: Mapping[str, str] | None = None
) -> CustomerMerge:
    """Do an undone merge again, as a merge of its own. The "not the same" that its undo wrote is taken back; any other
    decision of a person stands.

    Args:
        seen: ``MergePlan.parts`` as the person saw them; if anything differs now, nothing happens.
    Raises:
        DecidedOtherwise: somebody keeps some of them apart for another reason than that undo.
        MergeRefused: it is in force, or it is a split.
        PlanChanged, AlreadyMerged, CustomerUnknown, RelationUnknown, CustomersBusy: as ``merge``.
    """
    plan = plan_redo(done)
    return merge(
        done.company, members(done), survivor=done.survivor_id, actor=actor, reason=reason, origin=Origin.PERSON,
        choices={field.name: field.chosen for field in plan.fields}, seen=plan.parts if seen is None else seen,
        overrules=[decision.pk for decision in of_undo(done)],
    )  # fmt: skip


def of_undo(done: CustomerMerge) -> list[CustomerDecision]:
    """The "not the same" that the undo of this merge wrote and that is still in force."""
    return list(
        CustomerDecision.objects.filter(
            company=done.company_id, merge=done, verdict=CustomerDecision.Verdict.DIFFERENT, superseded_at__isnull=True
        )
    )


def _refuse(done: CustomerMerge) -> None:
    if done.origin == Origin.SPLIT:
        raise MergeRefused(why="this was a split; split the customer again on its page")
    if done.undone_at is None:
        raise MergeRefused(why=f"this merge is in force since {timezone.localtime(done.at):%Y-%m-%d %H:%M}")
