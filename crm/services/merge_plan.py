"""What a merge would do, worked out before anybody presses the button."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from crm.exceptions import MergeRefused, NotTwoCustomers
from crm.models import Company, CustomerDecision
from crm.ports import merge_companion
from crm.selectors.decisions import standing_between
from crm.services import survivorship
from crm.services.members import Member, members_of
from crm.services.references import known_references, owned_by, refuse_unknown
from crm.services.survivorship import Field, Recorded, Shown
from crm.sql import block

MOST_MEMBERS = 50
PART_WORDS = {
    "customers_new": "what is shown", "decisions": "decisions about them", "going": "what would go to a new customer",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How many rows of a table leave one of the customers, and how many of them the survivor has already."""

    table: str
    words: str
    customer: UUID
    rows: int
    duplicates: int = 0


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Addresses and relations that do not move as they are: which go, and what the ones that stay take over.

    ``addresses``: whose each of them is. ``replaced``: the one with the same text that stays for it.
    ``kept_addresses``: first and last use of each that stays.
    """

    addresses: Mapping[UUID, UUID]
    replaced: Mapping[UUID, UUID]
    kept_addresses: Mapping[UUID, tuple[datetime, datetime]]
    relations: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class MergePlan:
    """Everything a merge will do.

    ``parts``: what it was made from, "how many:which, in short" by "customer/table", so that a change can be named.
    ``against``: decisions of people that the merge would go against.
    """

    company: UUID
    survivor: UUID
    members: tuple[Member, ...]
    fields: tuple[Field, ...]
    moves: tuple[Moves, ...]
    duplicates: Duplicates
    against: tuple[CustomerDecision, ...]
    parts: Mapping[str, str]

    @property
    def merged(self) -> tuple[UUID, ...]:
        """Those that become part of the survivor."""
        return tuple(member.id for member in self.members if member.id != self.survivor)

    @property
    def fingerprint(self) -> str:
        """Of everything the plan was made from and decides."""
        chosen = {field.name: field.chosen for field in self.fields}
        text = json.dumps([str(self.survivor), dict(self.parts), chosen], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def member(self, id: UUID) -> Member:
        """One of the members."""
        return next(member for member in self.members if member.id == id)

    def counts(self) -> dict[str, int]:
        """Rows that move, by table, in the order of the list of relations."""
        totals: dict[str, int] = {}
        for each in self.moves:
            totals[each.table] = totals.get(each.table, 0) + each.rows
        return totals


def plan_merge(
    company: Company,
    customers: Sequence[UUID],
    *,
    survivor: UUID | None = None,
    choices: Mapping[str, str | None] | None = None,
) -> MergePlan:
    """Work out what merging these customers would do; writes nothing.

    Args:
        customers: two or more living customers, the survivor among them.
        survivor: who stays; without it the one with the most quotes, then the oldest.
        choices: values for ``name``, ``email``, ``phone``, each one of the field's candidates; the others follow
            the evidence.
    Raises:
        CustomerUnknown: one is no customer of this company.
        NotTwoCustomers: fewer than two different ones.
        AlreadyMerged: one is part of another customer; says since when and by whom.
        MergeRefused: a placeholder is among them, a chosen value is nobody's, or they are too many.
        RelationUnknown: a table refers to customers that merging knows nothing about.
    """
    refuse_unknown()
    ids = sorted(set(customers))
    members = _members(company, ids)
    if survivor is None:
        survivor = max(members, key=lambda member: (member.quotes, -member.created_at.timestamp(), -member.id.int)).id
    elif survivor not in ids:
        raise MergeRefused(why=f"the survivor {survivor} is not one of the customers to merge")
    members = tuple(sorted(members, key=lambda member: (member.id != survivor, member.id)))
    fields = _fields(company, members, choices or {})
    owned = owned_by(company, ids)
    duplicates = _duplicates(company, ids, survivor)
    against = tuple(standing_between(company, ids))
    parts = {f"{customer}/{table}": f"{rows}:{which}" for table, customer, rows, which in owned}
    parts |= {f"{member.id}/customers_new": f"1:{digest(member.row)}" for member in members}
    parts["decisions"] = f"{len(against)}:{digest(sorted(str(decision.pk) for decision in against))}"
    return MergePlan(
        company=company.pk, survivor=survivor, members=members, fields=fields,
        moves=_moves(owned, survivor, duplicates), duplicates=duplicates, against=against, parts=parts,
    )  # fmt: skip


class Planned(Protocol):
    """What ``changes_since`` asks of a plan."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The customers it is about."""

    @property
    def parts(self) -> Mapping[str, str]:
        """What it was made from."""


def changes_since(seen: Mapping[str, str], plan: Planned) -> list[str]:
    """What is different now from what a person saw, a line each; empty when nothing is."""
    names = {str(member.id): str(member) for member in plan.members}
    words = {reference.table: reference.words for reference in known_references() if reference.words}
    lines = []
    for part in sorted({*seen, *plan.parts}):
        before, now = seen.get(part, "0:"), plan.parts.get(part, "0:")
        if before == now:
            continue
        customer, _, table = part.rpartition("/")
        what = PART_WORDS.get(table, words.get(table, table))
        whose = f" of {names.get(customer, customer)}" if customer else ""
        old, new = before.partition(":")[0], now.partition(":")[0]
        lines.append(f"{what}{whose}: {old} then, {new} now" if old != new else f"{what}{whose}: changed")
    return lines


def _members(company: Company, ids: list[UUID]) -> tuple[Member, ...]:
    if len(ids) < 2:
        raise NotTwoCustomers(what="a merge", why="a customer cannot be merged with itself")
    if len(ids) > MOST_MEMBERS:
        raise MergeRefused(why=f"{len(ids)} customers at once are too many to look at; merge {MOST_MEMBERS} at most")
    return members_of(company, ids)


def _fields(company: Company, members: Sequence[Member], choices: Mapping[str, str | None]) -> tuple[Field, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            block("merge", "contacts"), {"company": company.pk, "customers": [member.id for member in members]}
        )
        rows = cursor.fetchall()
    uses = merge_companion().uses(company, [row[0] for row in rows])
    contacts = [
        Recorded(
            customer=customer, name=name, email=email, phone=phone, email_key=email_key, phone_key=phone_key,
            quotes=uses[id].quotes if id in uses else None,
            last_used_at=uses[id].last_used_at if id in uses else last_at,
        )
        for id, customer, name, email, phone, email_key, phone_key, _, last_at in rows
    ]  # fmt: skip
    shown = [
        Shown(
            id=member.id, name=member.name, email=member.email, phone=member.phone, settled=member.settled,
            quotes=member.quotes, last_used_at=member.last_quote_at,
        )
        for member in members
    ]  # fmt: skip
    fields = []
    for field in survivorship.weigh(shown, contacts):
        try:
            fields.append(survivorship.choose(field, choices[field.name]) if field.name in choices else field)
        except ValueError as error:
            raise MergeRefused(why=f"none of them has the {field.name} {choices[field.name]!r}") from error
    return tuple(fields)


def _duplicates(company: Company, ids: list[UUID], survivor: UUID) -> Duplicates:
    params: dict[str, Any] = {"company": company.pk, "customers": ids, "survivor": survivor}
    kept: dict[str, UUID] = {}
    times: dict[UUID, tuple[datetime, datetime]] = {}
    gone: dict[UUID, UUID] = {}
    replaced: dict[UUID, UUID] = {}
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "addresses"), params)
        for id, owner, text, _, created_at, last_used_at in cursor.fetchall():
            if text in kept:
                first, last = times[kept[text]]
                times[kept[text]] = (min(first, created_at), max(last, last_used_at))
                gone[id], replaced[id] = owner, kept[text]
            else:
                kept[text], times[id] = id, (created_at, last_used_at)
        cursor.execute(block("merge", "relations"), params)
        relations = cursor.fetchall()
    seen: set[tuple[UUID, UUID, str]] = set()
    ended: list[UUID] = []
    # The survivor's own relations come first: of two alike, those stay.
    for id, one, other, kind in sorted(relations, key=lambda row: (survivor not in row[1:3], row[0])):
        pair = (survivor if one in ids else one, survivor if other in ids else other, kind)
        if pair[0] == pair[1] or pair in seen:
            ended.append(id)
        seen.add(pair)
    return Duplicates(addresses=gone, replaced=replaced, kept_addresses=times, relations=tuple(ended))


def _moves(owned: Sequence[tuple[str, UUID, int, str]], survivor: UUID, duplicates: Duplicates) -> tuple[Moves, ...]:
    words = {reference.table: reference.words for reference in known_references() if reference.words}
    order = list(words)
    moves = [
        Moves(table=table, words=words[table], customer=customer, rows=rows)
        for table, customer, rows, _ in owned
        if customer != survivor
    ]
    dropped = list(duplicates.addresses.values())
    return tuple(
        replace(each, duplicates=dropped.count(each.customer)) if each.table == "customer_addresses" else each
        for each in sorted(moves, key=lambda each: (order.index(each.table), each.customer))
    )


def digest(value: Any) -> str:
    """A value, in short."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
