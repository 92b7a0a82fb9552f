"""Contacts of rows written or changed after the plan: each joins a customer there is, or gets one of its own.

An edit never splits a customer: the new contact stays with the customer its row had. It never merges two
either: where it would, a conflict for a person is recorded.
"""

import json
from collections.abc import Sequence
from hashlib import md5
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company, CustomerContact
from migration_ops import conf
from migration_ops.identity.clusters import Contact, Decision, decide
from migration_ops.identity.duplicates.decisions import rulings_of
from migration_ops.identity.duplicates.rulings import Rulings
from migration_ops.identity.golden import refresh_customers
from migration_ops.identity.keys import ContactKeys, contact_keys
from migration_ops.projection.ids import contact_id, derived_id
from migration_ops.sql.loader import block

LATE = "identity/late.sql"
# Contacts looked at for a value that a person said is somebody's own.
ORDINARY_LIMIT = 2_000


def hold_rows(ids: Sequence[UUID]) -> list[UUID]:
    """Lock these legacy rows before their contacts are looked up, so that nobody gives them another one meanwhile.

    Returns:
        Those that are there, in the order in which everybody locks them.
    """
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "hold_rows").sql, {"ids": list(ids)})
        return [id for (id,) in cursor.fetchall()]


def resolve_late(company: Company, ids: Sequence[UUID]) -> None:
    """Make every contact and address of these legacy rows known, in the caller's transaction."""
    params: dict[str, Any] = {"company": company.pk, "ids": list(ids)}
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "lock").sql, params)
        cursor.execute(block(LATE, "seen").sql, params)
        touched = {customer for (customer,) in cursor.fetchall()}
        cursor.execute(block(LATE, "new_contacts").sql, params)
        new = cursor.fetchall()
    rulings = rulings_of(company) if new else None
    for row in new:
        touched.add(_place(company, *row, rulings=rulings))
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "addresses").sql, params)
        stretched = cursor.fetchall()
        touched.update(customer for customer, _ in stretched)
        new_places = [customer for customer, is_new in stretched if is_new]
        if new_places:
            cursor.execute(block(LATE, "note_addresses").sql, params | {"customers": new_places})
    if touched:
        refresh_customers(company, sorted(touched))


def resolve_contact(
    company: Company, name: str | None, email: str | None, phone: str | None, at: Any
) -> tuple[UUID, UUID]:
    """Whose contact this is, made known where it is new, in the caller's transaction: ids of customer and contact.

    At least one of the three must not be blank.
    """
    id = contact_id(company.pk, name, email, phone)
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "lock").sql, {"company": company.pk})
    known = CustomerContact.objects.filter(pk=id, company=company).values_list("customer_id", flat=True).first()
    if known is not None:
        return known, id
    customer = _place(company, id, name, email, phone, at, at, [], [])
    refresh_customers(company, [customer])
    return customer, id


def _place(
    company: Company, id: UUID, name: str | None, email: str | None, phone: str | None, first_at: Any, last_at: Any,
    before: list[UUID], with_contacts: list[UUID], *, rulings: Rulings | None = None,
) -> UUID:  # fmt: skip
    """Write one new contact and say whose it is; what people ruled may be read once for many."""
    keys = contact_keys(name, email, phone, company.phone_region)
    rulings = rulings or rulings_of(company)
    compared = rulings.keys(keys)
    known, customers = _alike(company, compared, rulings)
    decision = decide([*known, _as_contact(id, compared, first_at)])
    together = next(cluster for cluster in decision.clusters if id in cluster)
    candidates = sorted({customers[contact] for contact in together if contact != id})
    placed_with: UUID | None = None
    if before:
        customer, placed_with = before[0], with_contacts[0]
    elif len(candidates) == 1:
        customer = candidates[0]
        placed_with = min(contact for contact in together if contact != id)
    else:
        # The contact may have been known, and its customer merged, before its rows were set aside for a while.
        customer = _living(company, derived_id(company.pk, f"customer:{id}"))
    values = {
        "id": id, "company": company.pk, "customer": customer, "name": name, "email": email, "phone": phone,
        "name_key": keys.name_key, "email_key": keys.email_key, "phone_key": keys.phone_key,
        "extra_keys": list(keys.extra_keys), "flags": list(keys.flags), "first_at": first_at, "last_at": last_at,
        "contact": placed_with,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "insert_customer").sql, values | {"id": customer})
        cursor.execute(block(LATE, "insert_contact").sql, values)
    _record_doubts(company, id, customer, customers, together, decision)
    return customer


def _living(company: Company, customer: UUID) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "living").sql, {"company": company.pk, "customer": customer})
        row = cursor.fetchone()
    return row[0] if row else customer


def _alike(company: Company, keys: ContactKeys, rulings: Rulings) -> tuple[list[Contact], dict[UUID, UUID]]:
    wanted = [key for key in (keys.phone_key, keys.email_key, *keys.extra_keys) if key is not None]
    digests = [md5(key.encode(), usedforsecurity=False).hexdigest() for key in wanted]
    if not digests:
        return [], {}
    # A person's word that a value is somebody's own outranks how many use it.
    limit = ORDINARY_LIMIT if any(rulings.is_ordinary(key) for key in wanted) else conf.KEY_GROUP_LIMIT
    with connection.cursor() as cursor:
        cursor.execute(
            block(LATE, "alike").sql,
            {"company": company.pk, "digests": digests, "wanted": wanted, "most": limit + 1},
        )
        rows = cursor.fetchall()
    if len(rows) > limit:
        return [], {}  # so many share the key that it says nothing
    known = [
        _as_contact(id, rulings.keys(contact_keys(name, email, phone, company.phone_region)), first_at)
        for id, _, name, email, phone, first_at in rows
    ]
    return known, {id: customer for id, customer, *_ in rows}


def _as_contact(id: UUID, keys: ContactKeys, first_at: Any) -> Contact:
    return Contact(
        id=id, name_key=keys.name_key, email_key=keys.email_key, phone_key=keys.phone_key, extra_keys=keys.extra_keys,
        email_is_role=keys.email_is_role, address_keys=(), first_at=first_at.timestamp(),
    )  # fmt: skip


def _record_doubts(
    company: Company, id: UUID, customer: UUID, customers: dict[UUID, UUID], together: list[UUID], decision: Decision
) -> None:
    doubts: list[tuple[Any, ...]] = [
        (*sorted((c.contact_a, c.contact_b)), c.reason, c.score, list(c.evidence))
        for c in decision.conflicts
        if id in (c.contact_a, c.contact_b)
    ]
    # The rules would have joined customers that exist apart, or an edited row with another customer.
    others: dict[UUID, UUID] = {}
    for contact in together:
        if contact != id and customers[contact] != customer:
            others.setdefault(customers[contact], contact)
    doubts += [(*sorted((id, contact)), "late_match", 0.99, []) for contact in others.values()]
    with connection.cursor() as cursor:
        for a, b, reason, score, evidence in doubts:
            cursor.execute(
                block(LATE, "insert_conflict").sql,
                {"company": company.pk, "a": a, "b": b, "reason": str(reason), "score": score,
                 "evidence": json.dumps(evidence)},
            )  # fmt: skip
