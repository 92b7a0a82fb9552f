"""What splitting a customer that is two people would do, worked out before anybody presses the button."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crm.exceptions import MergeRefused
from crm.models import Company, CustomerAddress, CustomerContact, Invoice, Job, Lead, Quote
from crm.ports import Placed, merge_companion
from crm.services.members import Member, members_of
from crm.services.merge_plan import digest
from crm.services.references import MOVING, owned_by, refuse_unknown
from crm.services.survivorship import FIELDS

FIELD_WORDS = {"name": "name", "email": "e-mail", "phone": "phone"}


@dataclass(frozen=True, kw_only=True)
class Going:
    """How many rows of a table go to the new customer, and how many stay; ``both``: addresses that both have then."""

    table: str
    words: str
    rows: int
    stay: int
    both: int = 0


@dataclass(frozen=True, kw_only=True)
class Half:
    """What one of the two customers shows afterwards, and which of it a person settled."""

    values: Mapping[str, str | None]
    settled: tuple[str, ...]

    def __str__(self) -> str:
        return next((value for value in self.values.values() if value), "Customer without name")


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """Everything a split will do. ``rows``: ids by table; ``parts``: what it was made from, as ``MergePlan.parts``."""

    company: UUID
    customer: Member
    contacts: tuple[CustomerContact, ...]
    stays: Half
    goes: Half
    rows: Mapping[str, tuple[UUID, ...]]
    moves: tuple[Going, ...]
    parts: Mapping[str, str]

    @property
    def members(self) -> tuple[Member, ...]:
        """The customer it is about."""
        return (self.customer,)

    @property
    def fingerprint(self) -> str:
        """Of everything the plan was made from and decides."""
        text = json.dumps([str(self.customer.id), dict(self.parts)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def shown(self) -> list[tuple[str, str | None, str | None]]:
        """Of each field: its name, what the customer shows, what the new one shows."""
        return [
            (FIELD_WORDS[name], self.stays.values[name], self.goes.values[name]) for name in FIELDS
        ]  # fmt: skip

    def counts(self) -> dict[str, int]:
        """Rows that go, by table."""
        return {each.table: each.rows for each in self.moves if each.rows}


@dataclass(frozen=True, kw_only=True)
class Deals:
    """A customer's deals: the rows of each, and who recorded those that somebody else keeps with a contact."""

    recorded: Mapping[UUID, Placed]
    quotes: Mapping[UUID, UUID]
    leads: tuple[UUID, ...]

    def contact(self, deal: UUID) -> UUID | None:
        """The contact the deal goes with; None for one that can be chosen by itself."""
        rows = [deal, *(quote for quote, of in self.quotes.items() if of == deal)]
        return next((self.recorded[row].contact_id for row in rows if row in self.recorded), None)

    def free(self) -> list[UUID]:
        """Deals that no contact takes along."""
        bound = {deal for quote, deal in self.quotes.items() if quote in self.recorded} | set(self.recorded)
        return [deal for deal in dict.fromkeys((*self.quotes.values(), *self.leads)) if deal not in bound]

    def of(self, contacts: Collection[UUID]) -> set[UUID]:
        """Deals that go with these contacts."""
        rows = {row for row, placed in self.recorded.items() if placed.contact_id in contacts}
        return {self.quotes.get(row, row) for row in rows}


def deals_of(company: Company, customer: UUID) -> Deals:
    """The customer's deals; a deal is known by its lead, or by its quote where there is no lead."""
    owner = {"company": company, "customer": customer}
    quotes = Quote.objects.filter(**owner).order_by("pk").values_list("pk", "lead_id")
    return Deals(
        recorded=merge_companion().recorded(company, customer),
        quotes={quote: lead or quote for quote, lead in quotes},
        leads=tuple(Lead.objects.filter(**owner).order_by("pk").values_list("pk", flat=True)),
    )


def plan_split(
    company: Company, customer: UUID, contacts: Collection[UUID], *, deals: Collection[UUID] = ()
) -> SplitPlan:
    """Work out what giving these contacts a customer of their own would do; writes nothing.

    A deal goes with the contact that it recorded; an address goes with the deals that use it, and both have it where
    deals of both do. Relations and addresses that no deal uses stay.

    Args:
        contacts: some of the customer's, not all.
        deals: deals that no contact takes along (``Deals.free``) and that go too.
    Raises:
        CustomerUnknown, AlreadyMerged: it is no customer of the company, or part of another by now.
        MergeRefused: nothing or everything would go, a contact or deal is not the customer's, or a deal belongs to a
            contact that stays.
        RelationUnknown: a table refers to customers that splitting knows nothing about.
    """
    refuse_unknown()
    (member,) = members_of(company, [customer])
    known = list(CustomerContact.objects.filter(company=company, customer=customer).order_by("-last_seen_at", "pk"))
    going = [contact for contact in known if contact.pk in contacts]
    staying = [contact for contact in known if contact.pk not in contacts]
    if strangers := sorted(str(id) for id in set(contacts) - {contact.pk for contact in known}):
        raise MergeRefused(why=f"{member} has no contact {strangers[0]}; look at the customer again")
    if not going:
        raise MergeRefused(why=f"choose which names, e-mails and phones of {member} go to the new customer")
    if not staying:
        raise MergeRefused(why=f"every contact of {member} would go; leave the ones that stay unmarked")
    found = deals_of(company, customer)
    rows = _rows(company, found, {contact.pk for contact in going}, _chosen(member, found, known, contacts, deals))
    owned = {table: (number, which) for table, _, number, which in owned_by(company, [customer])}
    rows["customer_contacts"] = tuple(contact.pk for contact in going)
    parts = {f"{customer}/{table}": f"{number}:{which}" for table, (number, which) in owned.items()}
    parts[f"{customer}/customers_new"] = f"1:{digest(member.row)}"
    parts[f"{customer}/going"] = f"{sum(map(len, rows.values()))}:{digest(rows)}"
    moves = [
        Going(
            table=each.table, words=each.words, rows=len(rows[each.table]),
            stay=owned.get(each.table, (0, ""))[0] - len(rows[each.table]),
        )
        for each in MOVING
    ]  # fmt: skip
    stays, goes = _halves(member, staying, going)
    return SplitPlan(
        company=company.pk, customer=member, contacts=tuple(going), stays=stays, goes=goes, rows=rows,
        moves=(*moves, _addresses(company, customer, found, rows)), parts=parts,
    )  # fmt: skip


def _chosen(
    member: Member, found: Deals, known: Sequence[CustomerContact], contacts: Collection[UUID], deals: Collection[UUID]
) -> set[UUID]:
    free = set(found.free())
    words = {contact.pk: str(contact) for contact in known}
    for deal in sorted(set(deals) - free):
        contact = found.contact(deal)
        if contact is None:
            raise MergeRefused(why=f"{member} has no deal {deal}; look at the customer again")
        if contact not in contacts:
            raise MergeRefused(why=f"the deal {deal} goes with {words.get(contact, contact)}; mark that one")
    return free & set(deals)


def _rows(
    company: Company, found: Deals, contacts: Collection[UUID], deals: Collection[UUID]
) -> dict[str, tuple[UUID, ...]]:
    going = found.of(contacts) | set(deals)
    quotes = tuple(quote for quote, deal in found.quotes.items() if deal in going)
    jobs = tuple(Job.objects.filter(company=company, quote__in=quotes).order_by("pk").values_list("pk", flat=True))
    invoices = Invoice.objects.filter(company=company, job__in=jobs).order_by("pk").values_list("pk", flat=True)
    return {
        "customer_contacts": (),
        "leads_new": tuple(lead for lead in found.leads if lead in going),
        "quotes_new": quotes,
        "jobs_new": jobs,
        "invoices_new": tuple(invoices),
    }


def _addresses(company: Company, customer: UUID, found: Deals, rows: Mapping[str, Sequence[UUID]]) -> Going:
    everybody = CustomerAddress.objects.filter(company=company, customer=customer).count()
    gone = {*rows["quotes_new"], *rows["leads_new"]}
    used: dict[bool, set[UUID | None]] = {True: set(), False: set()}
    for row, placed in found.recorded.items():
        used[row in gone].add(placed.address_id)
    goes = used[True] - {None}
    both = goes & used[False]
    return Going(
        table="customer_addresses", words="addresses", rows=len(goes), stay=everybody - len(goes) + len(both),
        both=len(both),
    )  # fmt: skip


def _halves(member: Member, staying: Sequence[CustomerContact], going: Sequence[CustomerContact]) -> tuple[Half, Half]:
    """Each shows what its own contacts recorded last; what a person settled stays with those who recorded it."""
    stays: dict[str, str | None] = {}
    goes: dict[str, str | None] = {}
    settled: dict[str, bool] = {}
    for name in FIELDS:
        value = getattr(member, name) or None
        leaves = bool(value and _recorded(going, name, value) and not _recorded(staying, name, value))
        stays[name] = _latest(staying, name) if leaves else value
        is_settled = name in member.settled
        goes[name] = value if leaves and is_settled else _latest(going, name)
        if is_settled:
            settled[name] = leaves
    return (
        Half(values=stays, settled=tuple(name for name in member.settled if not settled[name])),
        Half(values=goes, settled=tuple(name for name in member.settled if settled[name])),
    )


def _recorded(contacts: Sequence[CustomerContact], name: str, value: str) -> bool:
    wanted = " ".join(value.split()).casefold()
    return any(
        text and " ".join(text.split()).casefold() == wanted
        for contact in contacts
        for text in (getattr(contact, name), getattr(contact, f"{name}_key"))
    )


def _latest(contacts: Sequence[CustomerContact], name: str) -> str | None:
    def value(contact: CustomerContact) -> Any:
        return contact.name if name == "name" else getattr(contact, f"{name}_key") or getattr(contact, name)

    return next((value(contact) for contact in contacts if value(contact)), None)
