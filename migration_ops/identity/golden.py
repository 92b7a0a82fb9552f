"""The golden record of single customers, recomputed from their contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from migration_ops.identity.keys import contact_keys
from migration_ops.sql.loader import block

LATE = "identity/late.sql"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What a customer shows: of each value the one recorded last."""

    name: str
    email: str | None
    phone: str | None
    first_at: datetime
    last_at: datetime


def golden(contacts: Sequence[tuple[str | None, str | None, str | None, datetime, datetime]], region: str) -> Golden:
    """The golden record of contacts (name, email, phone, first seen, last seen), the one seen last first."""
    keys = [contact_keys(name, email, phone, region) for name, email, phone, _, _ in contacts]
    return Golden(
        name=next((k.display_name for k in keys if k.display_name is not None), ""),
        email=next((k.display_email for k in keys if k.display_email is not None), None),
        phone=next((k.display_phone for k in keys if k.display_phone is not None), None),
        first_at=min(first for _, _, _, first, _ in contacts),
        last_at=max(last for _, _, _, _, last in contacts),
    )


def refresh_customers(company: Company, customers: Sequence[UUID]) -> None:
    """Bring these customers and their primary address up to date with their contacts, in the caller's transaction.

    What a person settled stays.
    """
    if not customers:
        return
    params: dict[str, Any] = {"company": company.pk, "customers": list(customers)}
    with connection.cursor() as cursor:
        cursor.execute(block(LATE, "contacts_of").sql, params)
        shown = {
            customer: golden([row[2:] for row in rows], company.phone_region)
            for customer, rows in groupby(cursor.fetchall(), key=itemgetter(0))
        }
        params |= {
            "ids": list(shown),
            "names": [record.name for record in shown.values()],
            "emails": [record.email for record in shown.values()],
            "phones": [record.phone for record in shown.values()],
            "firsts": [record.first_at for record in shown.values()],
            "lasts": [record.last_at for record in shown.values()],
        }
        for name in (
            "golden_table", "golden_clear", "golden_rows", "golden_shared", "mark_shared_phones", "golden",
        ):  # fmt: skip
            cursor.execute(block(LATE, name).sql, params)
    make_primary(company, customers)


def make_primary(company: Company, customers: Sequence[UUID]) -> None:
    """The address these customers used last becomes their primary one."""
    if not customers:
        return
    with connection.cursor() as cursor:
        for name in ("no_primary", "primary"):
            cursor.execute(block(LATE, name).sql, {"company": company.pk, "customers": list(customers)})
