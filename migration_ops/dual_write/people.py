"""What staff change of a customer, in the words of legacy: recorded texts on a deal.

A legacy row has texts of its own, so an edit of a customer does not rewrite history: the customer's last deal takes up
what staff wrote, as a contact recorded after all others; every other row keeps what was recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from crm.models import Company
from crm.services.survivorship import FIELDS
from migration_ops import conf
from migration_ops.exceptions import LegacyCannotHold
from migration_ops.identity.golden import golden, refresh_customers
from migration_ops.identity.keys import contact_keys
from migration_ops.projection import project
from migration_ops.projection.ids import contact_id
from migration_ops.sql.loader import block
from migration_ops.validation.query import rows

CARRY = "reverse/carry.sql"
TABLES = ("customers_new", "customer_contacts", "customer_addresses")
Shown = tuple[str, str | None, str | None]


def carry(company: Company, touched: Mapping[str, set[UUID]]) -> set[UUID]:
    """Take up edits of customers, contacts and addresses; the deals whose legacy row says something else now.

    Raises:
        LegacyCannotHold: a customer shows what no recorded contact can give.
    """
    customers, contacts, addresses = (touched[table] for table in TABLES)
    texts = [*contacts, *addresses]
    deals = {id for (id,) in _rows("people_deals", company, customers=texts)} if texts else set()
    for id, name, email, phone, settled in _rows("edited_customers", company, customers=list(customers)):
        deals |= _take_up(company, id, name or None, email, phone, settled)
    for address, customer in _rows("primary_addresses", company, customers=list(addresses)):
        for (deal,) in _rows("latest_deal", company, customer=customer):
            _run("relink_address", company, id=deal, contact=address)
            deals.add(deal)
    return deals


def _take_up(
    company: Company, customer: UUID, name: str | None, email: str | None, phone: str | None, settled: Sequence[str]
) -> set[UUID]:
    deal = next((id for (id,) in _rows("latest_deal", company, customer=customer)), None)
    shown = (name or "", email, phone)
    if deal is None or _is_recorded(company, customer, shown, settled):
        return set()  # nothing edited, or a customer without a deal: only the new side knows such people
    if name is None and email is None and phone is None:
        raise LegacyCannotHold(what=f"customer {customer} without name, e-mail and phone", company=company.slug)
    contact = _note(company, customer, name, email, phone)
    _run("not_placeholder", company, customer=customer)
    _run("relink_contact", company, id=deal, contact=contact)
    refresh_customers(company, [customer])
    if (found := _golden(company, _contacts(company, customer))) != shown:
        raise LegacyCannotHold(
            what=f"customer {customer} shown as {shown}: from what was recorded it would be {found}",
            company=company.slug,
        )
    return {deal}


def link(company: Company, ids: Iterable[UUID]) -> None:
    """Give deals born on the new side, or handed to another customer, a contact of their customer.

    Raises:
        LegacyCannotHold: the customer has neither name, e-mail nor phone.
    """
    for deal, customer, contact, is_born in _rows("unlinked", company, ids=list(ids)):
        if contact is None:
            ((_, name, email, phone, _),) = _rows("edited_customers", company, customers=[customer])
            if not (name or email or phone):
                raise LegacyCannotHold(what=f"customer {customer} without name, e-mail and phone", company=company.slug)
            contact = _note(company, customer, name or None, email, phone)
        if is_born:
            _run(
                "link_born", company, id=deal, contact=contact, customer=customer, mapping_version=conf.MAPPING_VERSION
            )
        else:
            _run("relink_contact", company, id=deal, contact=contact)


def _note(company: Company, customer: UUID, name: str | None, email: str | None, phone: str | None) -> UUID:
    keys = contact_keys(name, email, phone, company.phone_region)
    contact = contact_id(company.pk, name, email, phone)
    noted = _rows(
        "note_contact", company, id=contact, customer=customer, name=name, email=email, phone=phone,
        name_key=keys.name_key, email_key=keys.email_key, phone_key=keys.phone_key,
        extra_keys=list(keys.extra_keys), flags=list(keys.flags),
    )  # fmt: skip
    if not noted:
        known = _rows("edited_contact", company, id=contact)
        if not known or known[0][0] != customer:
            raise LegacyCannotHold(
                what=f"customer {customer} with exactly the texts of another customer: merge them", company=company.slug
            )
    return contact


def _is_recorded(company: Company, customer: UUID, shown: Shown, settled: Sequence[str]) -> bool:
    """Whether the customer shows the value recorded last of each field, or one that a person settled on in a merge:
    that one is recorded on another of the customer's rows, and the last deal's row is nobody's edit."""
    contacts = _contacts(company, customer)
    return bool(contacts) and all(
        value == latest or (field in settled and value in recorded)
        for field, value, latest, recorded in zip(
            FIELDS,
            shown,
            _golden(company, contacts),
            zip(*(_golden(company, [contact]) for contact in contacts), strict=True),
            strict=True,
        )
    )


def _contacts(company: Company, customer: UUID) -> list[tuple[Any, ...]]:
    found = rows("identity/late.sql", "contacts_of", {"company": company.pk, "customers": [customer]})
    return [row[2:] for row in found]


def _golden(company: Company, contacts: Sequence[tuple[Any, ...]]) -> Shown:
    record = golden(contacts, company.phone_region)
    return record.name, record.email, record.phone


def _rows(which: str, company: Company, /, **params: Any) -> list[tuple[Any, ...]]:
    return rows(CARRY, which, {"company": company.pk} | params)


def _run(which: str, company: Company, /, **params: Any) -> None:
    project.execute(block(CARRY, which).sql, {"company": company.pk} | params)
