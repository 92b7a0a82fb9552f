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
    """Bring these customers and their primary address up to date with their contacts, in the caller's transaction."""
    late = "identity/late.sql"
    params: dict[str, Any] = {"company": company.pk, "customers": list(customers)}
    with connection.cursor() as cursor:
        cursor.execute(block(late, "contacts_of").sql, params)
        for customer, rows in groupby(cursor.fetchall(), key=itemgetter(0)):
            shown = golden([row[2:] for row in rows], company.phone_region)
            record = {
                "company": company.pk, "customer": customer, "name": shown.name, "email": shown.email,
                "phone": shown.phone, "first_at": shown.first_at, "last_at": shown.last_at, "is_shared": False,
            }  # fmt: skip
            if shown.phone is not None:
                cursor.execute(block(late, "mark_shared_phone").sql, record)
                cursor.execute(block(late, "has_shared_phone").sql, record)
                record["is_shared"] = cursor.fetchone()[0]
            cursor.execute(block(late, "golden").sql, record)
        for name in ("no_primary", "primary"):
            cursor.execute(block(late, name).sql, params)
