"""Splits a customer that is two people, and takes a split back; written down like a merge, and undone like one."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from crm.exceptions import DecidedOtherwise, PlanChanged
from crm.models import Company, Customer, CustomerMerge, CustomerMergeMove
from crm.ports import merge_companion
from crm.selectors.decisions import standing_between
from crm.services import decisions
from crm.services.members import members_of
from crm.services.merge import Origin, alone, lock_customers
from crm.services.merge_plan import changes_since
from crm.services.references import MOVING, composed
from crm.services.split_plan import Half, SplitPlan, plan_split
from crm.services.survivorship import FIELDS
from crm.sql import block


def split(
    company: Company,
    customer: UUID,
    contacts: Collection[UUID],
    *,
    deals: Collection[UUID] = (),
    actor: str,
    reason: str = "",
    seen: Mapping[str, str] | None = None,
) -> CustomerMerge:
    """Give these contacts of a customer, with their deals, a customer of their own; "not the same" is written down.

    Args:
        seen: ``SplitPlan.parts`` as the person saw them; if anything differs now, nothing happens.
    Returns:
        What was done; ``made_by`` says whom it made, ``undo_merge`` takes it back.
    Raises:
        PlanChanged: with what changed, a line each.
        CustomersBusy: somebody else holds the customer.
        CustomerUnknown, AlreadyMerged, MergeRefused, RelationUnknown: as ``plan_split``.
    """
    with alone(company):
        lock_customers(company, [customer])
        plan = plan_split(company, customer, contacts, deals=deals)
        if seen is not None and (changes := changes_since(seen, plan)):
            raise PlanChanged(done="split", changes="; ".join(changes), lines=changes)
        return _carry_out(company, plan, actor=actor, reason=reason)


def made_by(done: CustomerMerge) -> UUID:
    """The customer that a split made."""
    return next(UUID(id) for id in done.before if id != str(done.survivor_id))


def _carry_out(company: Company, plan: SplitPlan, *, actor: str, reason: str) -> CustomerMerge:
    customer, made = plan.customer.id, uuid4()
    params: dict[str, Any] = {"company": company.pk, "customer": customer, "made": made}
    phones = [half.values["phone"] for half in (plan.stays, plan.goes) if half.values["phone"]]
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "next_number"))
        (number,) = cursor.fetchone()
        contacts = _contacts(company, customer)
        alone_with_phone = _ids("phones_alone", company, phones=phones)
        done = CustomerMerge.objects.create(
            company=company, survivor_id=customer, origin=Origin.SPLIT, fingerprint=plan.fingerprint,
            counts=plan.counts(), actor=actor, reason=reason, at=timezone.now(), number=number,
            before={str(customer): {"row": plan.customer.row, "contacts": contacts}},
        )  # fmt: skip
        params["merge"] = done.pk
        cursor.execute(
            block("merge", "journal_addresses"), params | {"customers": [customer], "survivor": customer, "removed": []}
        )
        _show(company, plan, made)
        CustomerMergeMove.objects.create(
            company=company, merge=done, table="customers_new", row_id=made, customer_id=made,
            change=CustomerMergeMove.Change.MADE,
        )  # fmt: skip
        for reference in MOVING:
            rows = {"rows": list(plan.rows[reference.table])}
            cursor.execute(composed("split_journal", reference, file="split"), params | rows)
            cursor.execute(composed("split_move", reference, file="split"), params | rows)
    both = sorted((customer, made))
    merge_companion().settle(company, both, refreshed=both, replaced={}, lasting=())
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "primary"), params | {"customers": both})
    rows_now = {member.id: member.row for member in members_of(company, both)}
    done.before[str(made)] = {
        "row": dict(rows_now[made]),
        "contacts": "",
        "shared": sorted(
            str(id) for id in alone_with_phone - _ids("phones_alone", company, phones=phones) - {customer}
        ),
    }
    done.fields = {
        name: {
            "value": rows_now[customer][name] or None,
            "settled": name in rows_now[customer]["settled"],
            "from": [str(customer)],
            "why": "recorded by those who stay",
            "lost": [{"value": rows_now[made][name], "from": [str(made)], "why": "recorded by those who went"}]
            if rows_now[made][name] and rows_now[made][name] != rows_now[customer][name]
            else [],
        }
        for name in FIELDS
    }
    done.save(update_fields=["before", "fields"])
    decisions.separated(company, done, both, actor=actor, reason=reason)
    return done


def _show(company: Company, plan: SplitPlan, made: UUID) -> None:
    """Both halves with what they show; a phone that somebody else shows too is shared, on all sides."""
    times = [(contact.first_seen_at, contact.last_seen_at) for contact in plan.contacts]
    customer = Customer.objects.get(company=company, pk=plan.customer.id)
    if customer.phone != plan.stays.values["phone"]:
        customer.phone_is_shared = False
    _write(company, customer, plan.stays)
    new = Customer(
        pk=made, company=company, created_at=min(first for first, _ in times), updated_at=max(last for _, last in times)
    )
    _write(company, new, plan.goes)


def _write(company: Company, customer: Customer, half: Half) -> None:
    customer.name, customer.settled = half.values["name"] or "", list(half.settled)
    customer.email, customer.phone = half.values["email"], half.values["phone"]
    if customer.phone:
        params: dict[str, Any] = {"company": company.pk, "customers": [customer.pk], "phone": customer.phone}
        with connection.cursor() as cursor:
            cursor.execute(block("merge", "others_with_phone"), params)
            if cursor.fetchone()[0]:
                customer.phone_is_shared = True
                cursor.execute(block("merge", "mark_shared"), {"company": company.pk, "phones": [customer.phone]})
    customer.save()


def take_back(company: Company, done: CustomerMerge, *, actor: str, reason: str) -> None:
    """Everything of the customer that a split made goes back, what came later too. The caller holds both customers.

    Raises:
        DecidedOtherwise: a person said something else about the two since, which the split did not.
    """
    customer, made = done.survivor_id, made_by(done)
    standing = [each for each in standing_between(company, [customer, made]) if each.merge_id != done.pk]
    if standing:
        raise DecidedOtherwise(
            words="; ".join(decisions.in_words(each) for each in standing), decisions=[each.pk for each in standing]
        )
    both = sorted((customer, made))
    params: dict[str, Any] = {"company": company.pk, "merge": done.pk, "customer": customer, "made": made}
    moved = {"survivor": customer, "customers": [made]}
    with connection.cursor() as cursor:
        for reference in MOVING:
            cursor.execute(composed("move", reference), params | moved)
        cursor.execute(block("merge", "no_primary"), params | {"customers": both})
        for name in ("addresses_back", "addresses_again", "primary_again"):
            cursor.execute(block("undo", name), params)
        cursor.execute(block("split", "doubled_relations"), params)
        cursor.execute(block("merge", "move_relations"), params | moved)
    _bury(company, done, made)
    is_changed = done.before[str(customer)]["contacts"] != _contacts(company, customer)
    lasting = done.moves.filter(table="customer_addresses").values_list("row_id", flat=True)
    merge_companion().settle(
        company, both, refreshed=[customer] if is_changed else [], replaced={}, lasting=list(lasting)
    )
    with connection.cursor() as cursor:
        cursor.execute(block("split", "rest_of_addresses"), params)
        if cursor.rowcount:
            cursor.execute(block("merge", "no_primary"), params | {"customers": both})
        cursor.execute(block("split", "doubled_addresses"), params)
        cursor.execute(block("merge", "primary"), params | {"customers": [customer]})
        flagged = [UUID(id) for id in done.before[str(made)]["shared"]]
        cursor.execute(block("split", "unshare"), params | {"customers": flagged})
    decisions.forget(done)
    done.undone_at, done.undone_by, done.undone_reason = timezone.now(), actor, reason
    done.save(update_fields=["undone_at", "undone_by", "undone_reason"])


def _bury(company: Company, done: CustomerMerge, made: UUID) -> None:
    """The made customer is a tombstone; the other shows what it showed, but for what somebody settled since."""
    Customer.objects.filter(company=company, pk=made).update(merged_into=done.survivor_id)
    customer = Customer.objects.get(company=company, pk=done.survivor_id)
    before = done.before[str(customer.pk)]["row"]
    settled = set(before["settled"])
    phone = customer.phone
    for name in FIELDS:
        now = getattr(customer, name) or None
        if name in customer.settled and now != done.fields[name]["value"]:
            settled.add(name)
        else:
            setattr(customer, name, before[name])
    customer.settled = sorted(settled)
    customer.created_at, customer.updated_at = before["created_at"], before["updated_at"]
    if customer.phone == before["phone"]:
        customer.phone_is_shared = before["phone_is_shared"]
    elif customer.phone != phone:
        customer.phone_is_shared = False
    half = Half(values={name: getattr(customer, name) for name in FIELDS}, settled=tuple(customer.settled))
    _write(company, customer, half)


def _contacts(company: Company, customer: UUID) -> str:
    """The customer's contacts, in short."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "contact_digests_now"), {"company": company.pk, "customers": [customer]})
        return str(dict(cursor.fetchall()).get(customer, ""))


def _ids(name: str, company: Company, **params: Any) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(block("split", name), {"company": company.pk, **params})
        return {id for (id,) in cursor.fetchall()}
