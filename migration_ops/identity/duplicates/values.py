"""The desk for values: what a word on one would do, and a person's word on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from crm.models import Company, CustomerAddress, CustomerContact
from migration_ops import audit
from migration_ops.exceptions import RulingRefused
from migration_ops.identity import clusters
from migration_ops.identity.duplicates import engine, store
from migration_ops.identity.duplicates.addresses import fold_address
from migration_ops.identity.duplicates.decisions import decided, rulings_of
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.rulings import ADDRESS, KINDS, Rulings
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.keys import contact_keys
from migration_ops.models import ValueRuling
from migration_ops.sql.loader import block

VALUES: Final = "duplicates/values.sql"
# Contacts a company may have for its whole to be searched again; of larger ones it is what lies around the value.
WHOLE_UP_TO: Final = 5_000
# Contacts searched around a value of a larger one: a person waits for three searches of them.
AROUND: Final = 500
LOOKED_AT: Final = 5_000

# Contact and customer.
Users = list[tuple[UUID, UUID]]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What another word on a value would change in the next search.

    Automatic merges and questions that would not be any more, and new ones; ``joined``: customers whose contacts only
    this value joins, which an import would keep apart; they stay as they are. ``contacts``: searched for this;
    ``is_part``: they are those around the value, not the whole company.
    """

    merges_gone: int
    merges_new: int
    questions_gone: int
    questions_new: int
    joined: int
    contacts: int
    is_part: bool


def users_of(company: Company, kind: str, value: str) -> Users:
    """Contacts that use the value, each with its customer, in the order of customers; a few thousand at most."""
    params: dict[str, Any] = {"company": company.pk, "most": WHOLE_UP_TO}
    if kind == ADDRESS:
        # Addresses have no stored key: those that begin alike, folded the same.
        first = value.split(" ", maxsplit=1)[0]
        near = CustomerAddress.objects.filter(company=company, address__istartswith=first).order_by()
        customers = {row.customer_id for row in near[:LOOKED_AT] if fold_address(row.address) == value}
        name, params = "contacts_of_customers", params | {"customers": sorted(customers)}
    else:
        name, params = "contacts_of_value", params | {"kind": kind, "value": value}
    with connection.cursor() as cursor:
        cursor.execute(block(VALUES, name).sql, params)
        return list(cursor.fetchall())


def effects(
    company: Company, kind: str, value: str, words: Sequence[bool | None], *, users: Users | None = None
) -> list[Effect]:
    """What each of these words (None: leaving it to use again) would change; searched again, nothing is written.

    Args:
        users: as `users_of` gives them, where the caller has them.
    Raises:
        RulingRefused: there is no such kind of value.
    """
    _check(kind, value)
    now = rulings_of(company)
    users = users_of(company, kind, value) if users is None else users
    with transaction.atomic():
        book, is_part = _book(company, users)
    users = users[:AROUND] if is_part else users
    before = _search(company, book, now)
    merges, asked = _merges(book, before), _questions(book, before)
    told = []
    for is_generic in words:
        then = now.but(kind, value, is_generic)
        after = _search(company, book, then)
        merges_then, asked_then = _merges(book, after), _questions(book, after)
        told.append(
            Effect(
                merges_gone=len(merges - merges_then), merges_new=len(merges_then - merges),
                questions_gone=len(asked - asked_then), questions_new=len(asked_then - asked),
                joined=_joined(company, kind, users, then) if is_generic else 0, contacts=len(book.ids),
                is_part=is_part,
            )
        )  # fmt: skip
    return told


@transaction.atomic
def rule(
    company: Company, kind: str, value: str, *, is_generic: bool, actor: str, reason: str
) -> ValueRuling:  # fmt: skip
    """A person's word on a value: it says nothing (generic), or it says who somebody is. An older word ends.

    It holds from the next search, look-up and import on; customers there are stay as they are.

    Raises:
        RulingRefused: no reason, no such kind, no value, or the same word is in force.
    """
    _check(kind, value)
    if not reason.strip():
        raise RulingRefused(why="say why: whoever comes after you wants to know")
    older = _in_force(company, kind, value)
    if older is not None and older.is_generic == is_generic:
        raise RulingRefused(why=f"{older.actor} said the same on {timezone.localtime(older.at):%Y-%m-%d %H:%M}")
    if older is not None:
        _end(older, actor, reason)
    made = ValueRuling.objects.create(
        company=company, kind=kind, value=value, is_generic=is_generic, actor=actor, reason=reason.strip(),
        at=timezone.now(),
    )  # fmt: skip
    _record("value_ruling", made, actor, reason)
    return made


@transaction.atomic
def withdraw(company: Company, kind: str, value: str, *, actor: str, reason: str = "") -> ValueRuling:
    """Take a person's word back: use decides again.

    Raises:
        RulingRefused: there is none in force.
    """
    _check(kind, value)
    older = _in_force(company, kind, value)
    if older is None:
        raise RulingRefused(why="nobody has a word on this value any more")
    _end(older, actor, reason)
    _record("value_ruling_withdrawn", older, actor, reason)
    return older


def _check(kind: str, value: str) -> None:
    if kind not in KINDS or not value:
        raise RulingRefused(why="there is no such value")


def _in_force(company: Company, kind: str, value: str) -> ValueRuling | None:
    # The company's row is the queue of those who have a word: two who say something at once say it in turn.
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    return ValueRuling.objects.filter(company=company, kind=kind, value=value, ended_at__isnull=True).first()


def _end(ruling: ValueRuling, actor: str, reason: str) -> None:
    ruling.ended_at, ruling.ended_by, ruling.ended_reason = timezone.now(), actor, reason.strip()
    ruling.save(update_fields=["ended_at", "ended_by", "ended_reason"])


def _record(action: str, ruling: ValueRuling, actor: str, reason: str) -> None:
    audit.record(
        actor=actor, action=action, company=ruling.company_id,
        detail={
            "kind": ruling.kind, "value": ruling.value, "is_generic": ruling.is_generic, "reason": reason.strip(),
            "ruling": ruling.pk,
        },
    )  # fmt: skip


def _book(company: Company, users: Users) -> tuple[Book, bool]:
    """The company's contacts, or, of a large one, those that use the value and those that share something with them."""
    if CustomerContact.objects.filter(company=company).order_by()[: WHOLE_UP_TO + 1].count() <= WHOLE_UP_TO:
        return store.read_book(company), False
    return store.read_near(company, [id for id, _ in users[:AROUND]], most=AROUND), True


def _search(company: Company, book: Book, rulings: Rulings) -> Found:
    decisions = decided(company)
    return engine.search(
        [each._replace(name=rulings.name(each.name)) for each in book.records],
        customers=book.customers,
        apart=list(store.customers_pairs(book, decisions.apart)),
        together=list(store.customers_pairs(book, decisions.together)),
        rulings=rulings,
    )


def _merges(book: Book, found: Found) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for record, label in enumerate(found.labels):
        groups.setdefault(label, set()).add(book.customers[record])
    return {frozenset(members) for members in groups.values() if len(members) > 1}


def _questions(book: Book, found: Found) -> set[frozenset[int]]:
    scored = found.scored
    return {
        frozenset((book.customers[int(scored.one[place])], book.customers[int(scored.other[place])]))
        for place in found.questions
    }


def _joined(company: Company, kind: str, users: Users, rulings: Rulings) -> int:
    """Customers of several contacts that identity would keep apart without the value."""
    if kind == ADDRESS:
        return 0
    customers = sorted({customer for _, customer in users})
    with connection.cursor() as cursor:
        cursor.execute(block(VALUES, "users").sql, {"company": company.pk, "customers": customers})
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    contacts: dict[Any, list[clusters.Contact]] = {}
    for customer, id, name, email, phone, first_at in rows:
        keys = rulings.keys(contact_keys(name, email, phone, company.phone_region))
        contacts.setdefault(customer, []).append(
            clusters.Contact(
                id=id, name_key=keys.name_key, email_key=keys.email_key, phone_key=keys.phone_key,
                extra_keys=keys.extra_keys, email_is_role=keys.email_is_role, address_keys=(),
                first_at=first_at.timestamp(),
            )
        )  # fmt: skip
    return sum(len(members) > 1 and len(clusters.decide(members).clusters) > 1 for members in contacts.values())
