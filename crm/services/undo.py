"""Undoes merges and splits: single, a bulk run, or with the later ones that stand in the way."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from crm.exceptions import MergeRefused, UndoRefused
from crm.models import Company, Customer, CustomerMerge, CustomerMergeRun
from crm.ports import merge_companion
from crm.services import decisions, split
from crm.services.merge import alone, lock_customers
from crm.services.references import MOVING, composed
from crm.services.survivorship import FIELDS
from crm.sql import block


def undo_merge(
    merge: CustomerMerge, *, actor: str, reason: str = "", with_later: bool = False, remember: bool = True
) -> list[CustomerMerge]:
    """Give every customer of the merge back what was theirs; what came later stays with whom it belongs to. Of a split,
    everything goes back to the customer it was split from.

    A row that came later follows its contact: a contact that was first met as another spelling of one that had moved
    goes back with it. What belongs to nobody in particular stays with the survivor. A value somebody settled since
    the merge stays.

    Args:
        with_later: undo later merges that stand in the way too, the latest first.
        remember: write down that they are not the same. Without it, decisions are again what they were before.
    Returns:
        The merges undone, the latest first.
    Raises:
        UndoRefused: a later merge stands in the way; ``blocking`` in its facts.
        MergeRefused: it is undone already.
        CustomersBusy: somebody else holds the customers.
    """
    company = merge.company
    with alone(company):
        _refuse_undone(CustomerMerge.objects.get(company=company, pk=merge.pk))
        chain = [merge, *_later(merge)]
        if len(chain) > 1 and not with_later:
            _refuse(merge, chain[1:])
        chain.sort(key=lambda each: each.number, reverse=True)
        _lock(company, chain)
        for each in chain:
            # Later ones only stand in the way: nobody said that they were wrong.
            _undo(company, each, actor=actor, reason=reason, remember=remember and each.pk == merge.pk)
    return chain


def undo_run(run: CustomerMergeRun, *, actor: str, reason: str = "", remember: bool = True) -> list[CustomerMerge]:
    """Undo every merge of a bulk run that is not undone yet, the latest first, all or nothing.

    Raises:
        UndoRefused: a later merge outside the run stands in the way.
        MergeRefused: it is undone already.
        CustomersBusy: somebody else holds the customers.
    """
    company = run.company
    with alone(company):
        run = CustomerMergeRun.objects.select_for_update(of=("self",)).get(company=company, pk=run.pk)
        if run.undone_at is not None:
            raise MergeRefused(why=f"this was undone already: {timezone.localtime(run.undone_at):%Y-%m-%d %H:%M}")
        chain = list(run.merges.filter(undone_at__isnull=True).order_by("-number"))
        inside = {each.pk for each in chain}
        for each in chain:
            outside = [later for later in _later(each) if later.pk not in inside]
            if outside:
                _refuse(each, outside)
        _lock(company, chain)
        for each in chain:
            _undo(company, each, actor=actor, reason=reason, remember=remember)
        run.undone_at, run.undone_by = timezone.now(), actor
        run.save(update_fields=["undone_at", "undone_by"])
    return chain


def blocking(merge: CustomerMerge) -> list[CustomerMerge]:
    """Merges that would have to be undone before this one, the latest first."""
    return sorted(_later(merge), key=lambda each: each.number, reverse=True)


def _later(merge: CustomerMerge) -> list[CustomerMerge]:
    found: dict[UUID, CustomerMerge] = {}
    waiting = [merge.pk]
    while waiting:
        with connection.cursor() as cursor:
            cursor.execute(block("undo", "later_merges"), {"company": merge.company_id, "merge": waiting.pop()})
            new = [id for (id,) in cursor.fetchall() if id not in found]
        found |= {each.pk: each for each in CustomerMerge.objects.filter(company=merge.company_id, pk__in=new)}
        waiting += new
    return list(found.values())


def _refuse(merge: CustomerMerge, later: Sequence[CustomerMerge]) -> None:
    latest = sorted(later, key=lambda each: each.number, reverse=True)
    words = "; ".join(
        f"{names(each)} {did(each)} {each.survivor} on {timezone.localtime(each.at):%Y-%m-%d %H:%M} ({each.actor})"
        for each in latest
    )
    raise UndoRefused(
        why=f"later merges of the same customers come first: {words}", blocking=[each.pk for each in latest]
    )


def names(merge: CustomerMerge) -> str:
    """Who became part of the survivor, or was split from it, as they were called then."""
    rows = [before["row"] for id, before in merge.before.items() if id != str(merge.survivor_id)]
    return ", ".join(row["name"] or row["email"] or row["phone"] or "Customer without name" for row in rows)


def did(merge: CustomerMerge) -> str:
    """What happened to those whose names these are, up to the survivor's name."""
    return "was split from" if merge.origin == CustomerMerge.Origin.SPLIT else "became part of"


def members(merge: CustomerMerge) -> list[UUID]:
    """Every customer that took part, in the order of their ids."""
    return sorted(UUID(id) for id in merge.before)


def _lock(company: Company, chain: Sequence[CustomerMerge]) -> None:
    lock_customers(company, sorted({id for each in chain for id in members(each)}))


def _undo(company: Company, merge: CustomerMerge, *, actor: str, reason: str, remember: bool) -> None:
    merge = CustomerMerge.objects.select_for_update(of=("self",)).get(company=company, pk=merge.pk)
    _refuse_undone(merge)
    if merge.origin == CustomerMerge.Origin.SPLIT:
        split.take_back(company, merge, actor=actor, reason=reason)
        return
    everybody = members(merge)
    params: dict[str, Any] = {
        "company": company.pk, "merge": merge.pk, "survivor": merge.survivor_id, "customers": everybody,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(block("undo", "later_contacts"), params)
        for reference in MOVING:
            cursor.execute(composed("move_back", reference, file="undo"), params)
        cursor.execute(block("merge", "no_primary"), params)
        for name in ("addresses_back", "addresses_again", "primary_again"):
            cursor.execute(block("undo", name), params)
        cursor.execute(block("merge", "primary"), params)
        for name in ("relations_back", "relations_again"):
            cursor.execute(block("undo", name), params)
    _show_again(company, merge, params)
    lasting = merge.moves.filter(table="customer_addresses").values_list("row_id", flat=True)
    merge_companion().settle(
        company, everybody, refreshed=_changed(company, merge, everybody), replaced={}, lasting=list(lasting)
    )
    merge.undone_at, merge.undone_by, merge.undone_reason = timezone.now(), actor, reason
    merge.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    if remember:
        decisions.separated(company, merge, everybody, actor=actor, reason=reason)
    else:
        decisions.forget(merge)


def _refuse_undone(merge: CustomerMerge) -> None:
    if merge.undone_at is not None:
        raise MergeRefused(
            why=f"this merge was undone already, on {timezone.localtime(merge.undone_at):%Y-%m-%d %H:%M}"
            f" by {merge.undone_by}"
        )


def _show_again(company: Company, merge: CustomerMerge, params: dict[str, Any]) -> None:
    """Let the survivor show what it showed, but for what somebody settled since; and the others live again."""
    survivor = Customer.objects.get(company=company, pk=merge.survivor_id)
    rows = {UUID(id): before["row"] for id, before in merge.before.items()}
    before = rows[merge.survivor_id]
    values: dict[str, Any] = {}
    settled = set(before["settled"])
    for name in FIELDS:
        now = getattr(survivor, name)
        left = merge.fields[name]["value"]
        if name in survivor.settled and (now or None) != left:
            values[name] = now
            settled.add(name)
        else:
            values[name] = before[name]
    phones = [phone for phone in (values["phone"], *(row["phone"] for row in rows.values())) if phone]
    with connection.cursor() as cursor:
        cursor.execute(block("undo", "shown_by_others"), params | {"phones": phones})
        taken = {phone for (phone,) in cursor.fetchall()}
        others = [row["phone"] for id, row in rows.items() if id != merge.survivor_id]
        is_shared = before["phone_is_shared"] if values["phone"] == before["phone"] else survivor.phone_is_shared
        is_shared = is_shared or values["phone"] in taken or values["phone"] in others
        cursor.execute(block("merge", "mark_shared"), params | {"phones": sorted(taken)})
        cursor.execute(
            block("undo", "show_again"),
            params | values | {"settled": sorted(settled), "is_shared": is_shared,
                               "first_at": before["created_at"], "last_at": before["updated_at"]},
        )  # fmt: skip
        shared = [
            id for id, row in rows.items()
            if id != merge.survivor_id and row["phone"] and (row["phone"] in taken or row["phone"] == values["phone"])
        ]  # fmt: skip
        cursor.execute(block("undo", "share"), params | {"customers": shared})
        cursor.execute(block("undo", "revive"), params)


def _changed(company: Company, merge: CustomerMerge, everybody: Sequence[UUID]) -> list[UUID]:
    """Members whose contacts are others, or were used at other times, than before the merge."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "contact_digests_now"), {"company": company.pk, "customers": list(everybody)})
        now = dict(cursor.fetchall())
    return [id for id in everybody if merge.before[str(id)].get("contacts", "") != now.get(id, "")]
