"""Merges customers: one transaction, everything it changed written down, so that it can be undone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from crm.exceptions import CustomersBusy, DecidedOtherwise, PlanChanged
from crm.models import Company, Customer, CustomerMerge, CustomerMergeRun
from crm.ports import merge_companion
from crm.services import decisions, survivorship
from crm.services.merge_plan import MergePlan, changes_since, plan_merge
from crm.services.references import MOVING, composed
from crm.sql import block

Origin = CustomerMerge.Origin
LOCK_TIMEOUT_MS = 10_000
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"


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

    What a person merged, a person settled: where the members differ, later contacts do not change the value.

    Args:
        seen: ``MergePlan.parts`` as the person saw them; if anything differs now, nothing happens. Without it the
            merge is planned and done at once.
        overrules: decisions ("not the same") that the person has seen and takes back by merging.
        run: the bulk run this merge is part of.
    Raises:
        PlanChanged: with what changed, a line each.
        DecidedOtherwise: a person keeps some of them apart, and that decision is not among ``overrules``.
        CustomersBusy: somebody else holds them.
        AlreadyMerged, CustomerUnknown, NotTwoCustomers, MergeRefused, RelationUnknown: as ``plan_merge``.
    """
    with alone(company):
        lock_customers(company, customers)
        plan = plan_merge(company, customers, survivor=survivor, choices=choices)
        if seen is not None and (changes := changes_since(seen, plan)):
            raise PlanChanged(done="merged", changes="; ".join(changes), lines=changes)
        _refuse_against(plan, overrules if origin == Origin.PERSON else ())
        return _carry_out(company, plan, actor=actor, reason=reason, origin=origin, run=run)


@contextmanager
def alone(company: Company) -> Iterator[None]:
    """A transaction in which nobody else merges, or projects legacy rows, in this company; waits are bounded.

    Raises:
        CustomersBusy: others did not finish in time.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"])
            cursor.execute(block("merge", "lock"), {"company": company.pk})
            yield
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) in (LOCK_NOT_AVAILABLE, DEADLOCK):
            raise CustomersBusy(company=company.name) from error
        raise


def lock_customers(company: Company, customers: Collection[UUID]) -> None:
    """Lock these customers in the order of their ids, until the transaction ends: nobody can attach rows to them."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "lock_customers"), {"company": company.pk, "customers": list(customers)})


def _refuse_against(plan: MergePlan, overrules: Collection[UUID]) -> None:
    standing = [decision for decision in plan.against if decision.pk not in overrules]
    if standing:
        raise DecidedOtherwise(
            words="; ".join(decisions.in_words(decision) for decision in standing),
            decisions=[decision.pk for decision in standing],
        )


def _carry_out(
    company: Company, plan: MergePlan, *, actor: str, reason: str, origin: CustomerMerge.Origin,
    run: CustomerMergeRun | None,
) -> CustomerMerge:  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "next_number"))
        (number,) = cursor.fetchone()
    done = CustomerMerge.objects.create(
        company=company, survivor_id=plan.survivor, run=run, origin=origin, fingerprint=plan.fingerprint,
        before={str(member.id): {"row": member.row} for member in plan.members}, counts=plan.counts(),
        actor=actor, reason=reason, at=timezone.now(), number=number,
    )  # fmt: skip
    _move(company, plan, done)
    settled = _show(company, plan, origin)
    merge_companion().settle(
        company, [plan.survivor], refreshed=[plan.survivor], replaced=plan.duplicates.replaced,
        lasting=list(plan.duplicates.kept_addresses),
    )  # fmt: skip
    survivor = Customer.objects.get(company=company, pk=plan.survivor)
    done.fields = {
        field.name: survivorship.as_json(
            field, is_settled=field.name in settled, value=getattr(survivor, field.name) or None
        )
        for field in plan.fields
    }
    done.before |= _contacts_of(company, plan, done)
    done.save(update_fields=["fields", "before"])
    if origin == Origin.PERSON:
        decisions.merged(company, done, plan.merged, overruled=plan.against, actor=actor, reason=reason)
    return done


def _move(company: Company, plan: MergePlan, done: CustomerMerge) -> None:
    params: dict[str, Any] = {
        "company": company.pk, "merge": done.pk, "survivor": plan.survivor, "customers": list(plan.merged),
    }  # fmt: skip
    everybody = params | {"customers": [member.id for member in plan.members]}
    kept = plan.duplicates.kept_addresses
    with connection.cursor() as cursor:
        for reference in MOVING:
            cursor.execute(composed("journal_moves", reference), params)
            cursor.execute(composed("move", reference), params)
        removed = list(plan.duplicates.addresses)
        cursor.execute(block("merge", "journal_addresses"), everybody | {"removed": removed})
        cursor.execute(block("merge", "remove_addresses"), everybody | {"removed": removed})
        cursor.execute(
            block("merge", "move_addresses"),
            everybody | {
                "kept": list(kept),
                "first_at": [first for first, _ in kept.values()],
                "last_at": [last for _, last in kept.values()],
            },
        )  # fmt: skip
        cursor.execute(block("merge", "primary"), params | {"customers": [plan.survivor]})
        removed = list(plan.duplicates.relations)
        cursor.execute(block("merge", "journal_relations"), everybody | {"removed": removed})
        cursor.execute(block("merge", "remove_relations"), everybody | {"removed": removed})
        cursor.execute(block("merge", "move_relations"), everybody)
        cursor.execute(block("merge", "bury"), params)


def _show(company: Company, plan: MergePlan, origin: CustomerMerge.Origin) -> set[str]:
    """Let the survivor show what was chosen; the fields a person has settled now."""
    values = {field.name: field.chosen for field in plan.fields}
    settled = {name for member in plan.members for name in member.settled}
    if origin == Origin.PERSON:
        settled |= {field.name for field in plan.fields if field.differs}
    everybody = [member.id for member in plan.members]
    with connection.cursor() as cursor:
        is_shared = False
        if values["phone"]:
            params: dict[str, Any] = {"company": company.pk, "customers": everybody, "phone": values["phone"]}
            cursor.execute(block("merge", "others_with_phone"), params)
            (is_shared,) = cursor.fetchone()
            if is_shared:
                cursor.execute(block("merge", "mark_shared"), {"company": company.pk, "phones": [values["phone"]]})
        cursor.execute(
            block("merge", "show"),
            {"company": company.pk, "survivor": plan.survivor, "customers": everybody, "name": values["name"] or "",
             "email": values["email"], "phone": values["phone"], "settled": sorted(settled), "is_shared": is_shared},
        )  # fmt: skip
    return settled


def _contacts_of(company: Company, plan: MergePlan, done: CustomerMerge) -> dict[str, Any]:
    """Each member's row as it was, with a digest of the contacts that were its own."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "contact_digests"), {"company": company.pk, "merge": done.pk})
        digests = dict(cursor.fetchall())
    return {str(member.id): {"row": member.row, "contacts": digests.get(member.id, "")} for member in plan.members}
