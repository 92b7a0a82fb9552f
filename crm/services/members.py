"""The customers that take part in a merge or a split, as they are now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from crm.exceptions import AlreadyMerged, CustomerUnknown, MergeRefused
from crm.models import Company, CustomerMerge, CustomerMergeMove
from crm.sql import block


@dataclass(frozen=True, kw_only=True)
class Member:
    """A customer that takes part, as it is now. ``row``: all its columns."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    settled: tuple[str, ...]
    phone_is_shared: bool
    created_at: datetime
    quotes: int
    money: Decimal
    last_quote_at: datetime | None
    row: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or "Customer without name"


def members_of(company: Company, ids: list[UUID]) -> tuple[Member, ...]:
    """These living customers as they are now, in the order of their ids.

    Raises:
        CustomerUnknown, AlreadyMerged: one is none of the company, or part of another by now.
        MergeRefused: one is a placeholder.
    """
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "members"), {"company": company.pk, "customers": ids})
        rows = {row[0]: row for row in cursor.fetchall()}
    for id in ids:
        if id not in rows:
            raise CustomerUnknown(customer=id, company=company.slug)
    members = tuple(
        Member(
            id=id, name=name, email=email, phone=phone, settled=tuple(settled), phone_is_shared=shared,
            created_at=created_at, quotes=quotes, money=money, last_quote_at=last_at, row=_decoded(row),
        )
        for id, name, email, phone, settled, _, shared, _, created_at, quotes, money, last_at, row in rows.values()
    )  # fmt: skip
    for member in members:
        if rows[member.id][7] is not None:
            raise already_merged(company, member.id, str(member))
        if rows[member.id][5]:
            raise MergeRefused(
                why=f"{member} stands for a deal without name, e-mail and phone; record a contact on the deal instead"
            )
    return members


def already_merged(company: Company, customer: UUID, words: str) -> AlreadyMerged:
    """Who merged this customer, when, and into whom."""
    move = (
        CustomerMergeMove.objects.filter(
            company=company, row_id=customer, table="customers_new", merge__undone_at__isnull=True
        )
        .select_related("merge__survivor")
        .order_by("-id")
        .first()
    )
    merge: CustomerMerge | None = move.merge if move else None
    if merge is None:
        # Made by a split that was undone: it went back to the customer it came from.
        split = CustomerMerge.objects.filter(
            company=company,
            moves__row_id=customer,
            moves__change=CustomerMergeMove.Change.MADE,
            undone_at__isnull=False,
        ).first()
        if split is not None:
            return AlreadyMerged(
                customer=words, survivor=split.survivor, merge=None, actor=split.undone_by,
                at=f"when its split was undone on {timezone.localtime(split.undone_at):%Y-%m-%d %H:%M}",
            )  # fmt: skip
    return AlreadyMerged(
        customer=words,
        survivor=merge.survivor if merge else "another customer",
        at=f"on {timezone.localtime(merge.at):%Y-%m-%d %H:%M}" if merge else "before",
        actor=merge.actor if merge else "somebody",
        merge=merge.pk if merge else None,
    )


def _decoded(row: Any) -> Mapping[str, Any]:
    return dict(json.loads(row)) if isinstance(row, str) else dict(row)
