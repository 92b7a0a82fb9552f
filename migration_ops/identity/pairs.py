"""What is to become of two records that share something: one customer, a question, a relation, or nothing (pure).

Source: docs/decisions/0004-identity.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from migration_ops.identity.evidence import NAME_KINDS, Kind, Reason
from migration_ops.identity.names import AMBIGUOUS, COMPATIBLE, Likeness, company_core, likeness
from migration_ops.identity.records import MAX_USERS, Component, KeyUse, Record, domain_of


class RelationKind(StrEnum):
    """How two customers that stay apart are linked."""

    HOUSEHOLD = "household"
    WORKS_FOR = "works_for"


@dataclass(slots=True)
class Judgement:
    """The verdict on one pair: at most one of ``is_same``, ``reason`` and ``relation`` is set."""

    likeness: Likeness
    kinds: set[Kind]
    is_same: bool = False
    reason: Reason | None = None
    relation: RelationKind | None = None


@dataclass(slots=True)
class _Shared:
    """What two records share, generic values left out."""

    phones: list[KeyUse]
    mailboxes: list[KeyUse]
    roles: list[KeyUse]
    has_address: bool
    has_personal_phone: bool
    has_personal_mailbox: bool

    @property
    def is_strong(self) -> bool:
        return bool(self.phones or self.mailboxes)

    @property
    def is_personal(self) -> bool:
        return self.has_personal_phone or self.has_personal_mailbox

    @property
    def kinds_of_contact(self) -> int:
        return bool(self.phones) + bool(self.mailboxes or self.roles) + self.has_address


def candidates(component: Component) -> Iterator[tuple[int, int]]:
    """Pairs of record numbers (lower first) that share a value which is not generic, each once, in order."""
    found: set[tuple[int, int]] = set()
    for use in (*component.keys.values(), *component.addresses.values()):
        if not use.is_generic and len(use.records) <= MAX_USERS:
            found.update(combinations(use.records, 2))
    found.update(_same_domain(component))
    yield from sorted(found)


def _same_domain(component: Component) -> Iterator[tuple[int, int]]:
    """A company and each person whose mailbox is at the company's own domain."""
    domains: dict[str, list[Record]] = {}
    for record in component.records:
        for domain in domain_of(record):
            domains.setdefault(domain, []).append(record)
    for users in domains.values():
        companies = [record for record in users if record.is_company]
        if len(users) <= MAX_USERS and companies:
            for company in companies:
                for other in users:
                    if not other.is_company and other.name is not None:
                        yield (min(company.number, other.number), max(company.number, other.number))


def _shared(first: Record, second: Record, component: Component) -> _Shared:
    uses = [component.keys[key] for key in first.phones & second.phones]
    phones = [use for use in uses if not use.is_generic]
    uses = [component.keys[key] for key in first.mailboxes & second.mailboxes]
    mailboxes = [use for use in uses if not use.is_generic]
    return _Shared(
        phones=phones,
        mailboxes=[use for use in mailboxes if not use.is_role],
        roles=[use for use in mailboxes if use.is_role],
        has_address=any(not component.addresses[key].is_generic for key in first.addresses & second.addresses),
        has_personal_phone=any(use.is_personal for use in phones),
        has_personal_mailbox=any(use.is_personal for use in mailboxes),
    )


def _kinds(first: Record, second: Record, shared: _Shared, like: Likeness) -> set[Kind]:
    kinds = {NAME_KINDS[like]}
    if shared.phones:
        kinds.add(Kind.PHONE_PERSONAL if shared.has_personal_phone else Kind.PHONE_SHARED)
    elif first.phones and second.phones and not first.phones & second.phones:
        kinds.add(Kind.PHONE_DIFFERENT)
    if shared.mailboxes:
        kinds.add(Kind.MAILBOX_PERSONAL if shared.has_personal_mailbox else Kind.MAILBOX_SHARED)
    elif shared.roles:
        kinds.add(Kind.MAILBOX_ROLE)
    elif first.mailboxes and second.mailboxes and not first.mailboxes & second.mailboxes:
        kinds.add(Kind.MAILBOX_DIFFERENT)
    if shared.has_address:
        kinds.add(Kind.ADDRESS_SAME)
    return kinds


def judge(first: Record, second: Record, component: Component) -> Judgement:
    """The verdict on two records of a component; the same whichever comes first."""
    shared = _shared(first, second, component)
    like = likeness(first.name, second.name)
    verdict = Judgement(like, _kinds(first, second, shared, like))
    if like in COMPATIBLE:
        _compatible(first, second, component, shared, verdict)
    elif like is Likeness.SUFFIX_MISSING:
        verdict.is_same = shared.has_personal_mailbox
        if shared.is_strong and not verdict.is_same:
            verdict.reason = Reason.SUFFIX_MISSING
    elif like is Likeness.HOUSEHOLD:
        if shared.is_strong or shared.has_address:
            verdict.relation = RelationKind.HOUSEHOLD
    elif like is Likeness.COMPANY_PERSON:
        _company_and_person(first, second, shared, verdict)
    elif like is Likeness.SUFFIX_CLASH:
        verdict.reason = Reason.SUFFIX_CLASH if shared.is_strong else None
    elif like is Likeness.TYPO:
        verdict.reason = Reason.NAME_TYPO if shared.is_strong else None
    elif not _are_colleagues(first, second, shared):
        verdict.reason = _unlike(shared)
    return verdict


def _compatible(first: Record, second: Record, component: Component, shared: _Shared, verdict: Judgement) -> None:
    like = verdict.likeness
    is_full = like in (Likeness.EQUAL, Likeness.VARIANT)
    if like is Likeness.MISSING:
        verdict.is_same = shared.is_personal and shared.kinds_of_contact >= 2
        if shared.is_strong and not verdict.is_same:
            verdict.reason = Reason.NAME_MISSING
    elif shared.is_personal:
        # The name is one kind of evidence, the personal key the second.
        if like in AMBIGUOUS and _has_namesake(first, second, component):
            verdict.reason = Reason.AMBIGUOUS_NAME
        else:
            verdict.is_same = True
    elif shared.is_strong:
        verdict.reason = Reason.SAME_NAME_SHARED_KEY if is_full else Reason.AMBIGUOUS_NAME
    elif is_full and shared.roles:
        verdict.reason = Reason.SAME_NAME_SHARED_KEY
    elif is_full and shared.has_address:
        verdict.reason = Reason.SAME_NAME_AND_ADDRESS


def _has_namesake(first: Record, second: Record, component: Component) -> bool:
    """Whether somebody at a phone, mailbox or address of either fits one of the two names but not the other."""
    uses = [component.keys[key] for record in (first, second) for key in record.mailboxes | record.phones]
    uses += [component.addresses[key] for record in (first, second) for key in record.addresses]
    others = {name for use in uses if not use.is_generic for name in use.names}
    return any(
        (likeness(name, first.name) in COMPATIBLE) != (likeness(name, second.name) in COMPATIBLE) for name in others
    )


def _company_and_person(first: Record, second: Record, shared: _Shared, verdict: Judgement) -> None:
    company, person = (first, second) if first.is_company else (second, first)
    if company.name is None or person.name is None:
        return
    if company_core(company.name) == person.name:
        verdict.reason = Reason.COMPANY_SAME_NAME if shared.is_strong else None
    elif shared.is_strong or shared.roles or domain_of(company) & domain_of(person):
        verdict.relation = RelationKind.WORKS_FOR


def _are_colleagues(first: Record, second: Record, shared: _Shared) -> bool:
    """Two people who share nothing but what their company uses as well."""
    if first.is_company or second.is_company:
        return False
    return all(use.has_company for use in (*shared.phones, *shared.mailboxes))


def _unlike(shared: _Shared) -> Reason | None:
    if shared.phones and shared.mailboxes:
        return Reason.PHONE_AND_MAILBOX_UNLIKE_NAMES
    if shared.phones and shared.has_address:
        return Reason.PHONE_AND_ADDRESS_UNLIKE_NAMES
    if shared.phones:
        return Reason.PHONE_UNLIKE_NAMES
    return Reason.MAILBOX_UNLIKE_NAMES if shared.mailboxes else None
