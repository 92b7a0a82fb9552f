"""The contacts of one component as distinct records, and who uses each key (pure)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from migration_ops.identity import emails, lexicon, names
from migration_ops.identity.folding import is_company

# A key used by more contacts, or under more unlike names, than these says nothing about who somebody is.
MAX_USERS: Final = 50
MAX_UNLIKE_NAMES: Final = 3


@dataclass(slots=True)
class Contact:
    """One distinct (name, e-mail, phone) of a company, by its match keys (``ContactKeys``)."""

    id: UUID
    name_key: str | None
    email_key: str | None
    phone_key: str | None
    extra_keys: tuple[str, ...]
    email_is_role: bool
    address_keys: tuple[str, ...]
    first_at: float  # seconds since 1970


@dataclass(slots=True)
class Record:
    """Contacts whose keys are all equal: one thing in several spellings.

    ``number`` is the place in the order of the records' first contacts; ``contacts`` are in (first_at, id) order.
    """

    number: int
    name: str | None
    mailboxes: frozenset[str]
    phones: frozenset[str]
    is_company: bool
    contacts: list[Contact]
    addresses: set[str] = field(default_factory=set)


@dataclass(slots=True)
class KeyUse:
    """Who uses one mailbox, number or address among the contacts at hand.

    ``is_personal``: a person's phone or mailbox, used under one name. ``has_company``: a company uses it.
    """

    users: int = 0
    names: set[str] = field(default_factory=set)
    records: list[int] = field(default_factory=list)
    is_role: bool = False
    is_generic: bool = False
    is_personal: bool = False
    has_company: bool = False


@dataclass(slots=True)
class Component:
    """Records in order, and the use of every key and address."""

    records: list[Record]
    keys: dict[str, KeyUse]
    addresses: dict[str, KeyUse]


def keys_of(contact: Contact) -> set[str]:
    """All mailboxes and numbers of a contact."""
    return {key for key in (contact.email_key, contact.phone_key, *contact.extra_keys) if key}


def domain_of(record: Record) -> set[str]:
    """The record's mail domains that are its own, not a mail provider's."""
    domains = {mailbox.rpartition("@")[2] for mailbox in record.mailboxes}
    return domains - lexicon.FREE_MAIL_DOMAINS


def build(contacts: Sequence[Contact], generic_keys: Collection[str]) -> Component:
    """The component of the contacts.

    Args:
        contacts: all contacts of the company that hang together by a key, in any order.
        generic_keys: mailboxes, numbers and addresses known to say nothing.
    """
    ordered = sorted(contacts, key=lambda contact: (contact.first_at, contact.id))
    keys: dict[str, KeyUse] = {}
    addresses: dict[str, KeyUse] = {}
    for contact in ordered:
        for key in keys_of(contact):
            use = keys.setdefault(key, KeyUse())
            use.users += 1
            if contact.name_key is not None:
                use.names.add(contact.name_key)
            if "@" in key and ((key == contact.email_key and contact.email_is_role) or emails.is_role(key)):
                use.is_role = True
        for address in set(contact.address_keys):
            use = addresses.setdefault(address, KeyUse())
            use.users += 1
            if contact.name_key is not None:
                use.names.add(contact.name_key)
    for key, use in (*keys.items(), *addresses.items()):
        _judge_use(key, use, is_generic=key in generic_keys)
    records = _records(ordered, keys)
    for record in records:
        for key in record.mailboxes | record.phones:
            keys[key].records.append(record.number)
        for address in record.addresses:
            addresses[address].records.append(record.number)
    return Component(records, keys, addresses)


def _judge_use(key: str, use: KeyUse, *, is_generic: bool) -> None:
    is_shared = len(use.names) > 1
    use.is_generic = (
        is_generic
        or use.users > MAX_USERS
        or (is_shared and names.count_unlike(use.names, MAX_UNLIKE_NAMES) > MAX_UNLIKE_NAMES)
    )
    if use.is_generic:
        return
    use.has_company = any(is_company(name) for name in use.names)
    # A mailbox settles which of two generations somebody is; a phone, which a family shares, does not.
    use.is_personal = not use.is_role and (
        not is_shared or names.all_compatible(sorted(use.names), allow_missing_suffix="@" in key)
    )


def _records(ordered: Sequence[Contact], keys: dict[str, KeyUse]) -> list[Record]:
    records: list[Record] = []
    seen: dict[tuple[str | None, frozenset[str]], Record] = {}
    for contact in ordered:
        own = frozenset(keys_of(contact))
        record = seen.get((contact.name_key, own))
        if record is None:
            record = Record(
                number=len(records),
                name=contact.name_key,
                mailboxes=frozenset(key for key in own if "@" in key),
                phones=frozenset(key for key in own if "@" not in key),
                is_company=contact.name_key is not None and is_company(contact.name_key),
                contacts=[],
            )
            records.append(record)
            # Spelling is no difference; but a name alone, or with a key everybody uses, is no identity either,
            # and an office's mailbox without a name says nothing about who wrote.
            if any(not keys[key].is_generic and (record.name or not keys[key].is_role) for key in own):
                seen[contact.name_key, own] = record
        record.contacts.append(contact)
        record.addresses.update(contact.address_keys)
    return records
