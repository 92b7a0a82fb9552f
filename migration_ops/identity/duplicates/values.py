"""The desk for values: which are used by many customers, what a word on one would do, and a person's word on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import audit
from migration_ops.exceptions import RulingRefused
from migration_ops.identity import clusters
from migration_ops.identity.duplicates import columns, engine, store
from migration_ops.identity.duplicates.addresses import fold_address
from migration_ops.identity.duplicates.columns import ContactTexts
from migration_ops.identity.duplicates.decisions import decided, rulings_of
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.rulings import ADDRESS, KINDS, MAILBOX, NAME, PHONE, Rulings
from migration_ops.identity.duplicates.store import Book, Ids
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, OFFICE_ABOVE, count_people
from migration_ops.identity.keys import contact_keys
from migration_ops.models import ValueRuling
from migration_ops.sql.loader import block

VALUES: Final = "duplicates/values.sql"
# Values of fewer customers are not listed.
LEAST_CUSTOMERS: Final = 3
MOST_VALUES: Final = 50
# Contacts a company may have for its whole to be searched again; of larger ones it is what lies around the value.
WHOLE_UP_TO: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value many customers use. ``names``: unlike names that use it. ``by_use``: what it counts for without a
    person's word: "nothing", "little" or "much". ``ruling``: a person's word, where there is one."""

    kind: str
    value: str
    customers: int
    contacts: int
    names: int
    by_use: str
    ruling: ValueRuling | None


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


def values_by_use(company: Company) -> list[Value]:
    """The company's most used values, and those a person has a word on; two statements."""
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"company": company.pk, "least": LEAST_CUSTOMERS, "most": MOST_VALUES}
        cursor.execute(block(VALUES, "contact_values").sql, params)
        rows = cursor.fetchall()
    said = {
        (row.kind, row.value): row for row in ValueRuling.objects.filter(company=company, ended_at__isnull=True)
    }  # fmt: skip
    found: list[Value] = []
    for kind, recorded, customers, contacts, names in rows:
        value = fold_address(recorded) if kind == ADDRESS else recorded
        if not value or any(each.kind == kind and each.value == value for each in found):
            continue
        people = 1 if kind == NAME else sum(count_people(names or (), GENERIC_ADDRESS_ABOVE))
        found.append(
            Value(
                kind=kind, value=value, customers=customers, contacts=contacts, names=people,
                by_use=_by_use(kind, people), ruling=said.pop((kind, value), None),
            )
        )  # fmt: skip
    found += [
        Value(kind=kind, value=value, customers=0, contacts=0, names=0, by_use="much", ruling=ruling)
        for (kind, value), ruling in said.items()
    ]
    return sorted(found, key=lambda each: (-each.customers, KINDS.index(each.kind), each.value))


def effects(company: Company, kind: str, value: str, words: Sequence[bool | None]) -> list[Effect]:
    """What each of these words (None: leaving it to use again) would change; searched again, nothing is written.

    Raises:
        RulingRefused: there is no such kind of value.
    """
    _check(kind, value)
    now = rulings_of(company)
    with transaction.atomic():
        book, is_part = _book(company, kind, value)
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
                joined=_joined(company, kind, value, then) if is_generic else 0, contacts=len(book.ids),
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


def _by_use(kind: str, names: int) -> str:
    if kind == NAME:
        return "much"
    if names > (GENERIC_ADDRESS_ABOVE if kind == ADDRESS else GENERIC_ABOVE):
        return "nothing"
    return "little" if names > OFFICE_ABOVE and kind != ADDRESS else "much"


def _book(company: Company, kind: str, value: str) -> tuple[Book, bool]:
    """The company's contacts, or, of a large one, those that use the value and those that share something with them."""
    book = store.read_book(company)
    if len(book.ids) <= WHOLE_UP_TO:
        return book, False
    records = book.records
    users = [each for each in records if value in _texts(each, kind)]
    near = {("", each.name) for each in users if each.name} | {
        (of, text) for each in users for of, texts in zip("mpa", each[1:], strict=True) for text in texts
    }
    chosen = [
        row
        for row, each in enumerate(records)
        if ("", each.name) in near
        or any((of, text) in near for of, texts in zip("mpa", each[1:], strict=True) for text in texts)
    ][:WHOLE_UP_TO]
    ids, of_customer = Ids(), Ids()
    for row in chosen:
        ids.add(book.ids[row].bytes)
        of_customer.add(book.customer_ids[book.customers[row]].bytes)
    customers, customer_ids = of_customer.numbered()
    part = Book(ids, columns.build([book.columns.record(row) for row in chosen]), customers, customer_ids)
    return part, True


def _texts(record: ContactTexts, kind: str) -> tuple[str | None, ...]:
    texts = {PHONE: record.phones, MAILBOX: record.mailboxes, ADDRESS: record.addresses}
    return texts.get(kind, (record.name,))


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


def _joined(company: Company, kind: str, value: str, rulings: Rulings) -> int:
    """Customers of several contacts that identity would keep apart without the value."""
    if kind == ADDRESS:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(block(VALUES, "users").sql, {"company": company.pk, "value": value})
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
