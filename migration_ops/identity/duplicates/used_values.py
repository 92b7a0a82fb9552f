"""The values many customers use: counted when somebody looks, of a large company by its last search."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from crm.models import Company, CustomerContact
from migration_ops.identity.duplicates import store
from migration_ops.identity.duplicates.addresses import fold_address
from migration_ops.identity.duplicates.rulings import ADDRESS, KINDS, NAME
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, OFFICE_ABOVE, count_people
from migration_ops.models import DedupRun, ValueRuling
from migration_ops.sql.loader import block

VALUES: Final = "duplicates/values.sql"
# Values of fewer customers are not listed.
LEAST_CUSTOMERS: Final = 3
MOST_VALUES: Final = 50
# Contacts up to which values are counted when somebody looks.
COUNTED_UP_TO: Final = 20_000

# Kind, value, customers, contacts, unlike names.
Used = tuple[str, str, int, int, int]


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


def is_large(company: Company) -> bool:
    """Whether counting would keep a person waiting: the last search has counted, then."""
    return CustomerContact.objects.filter(company=company).order_by()[: COUNTED_UP_TO + 1].count() > COUNTED_UP_TO


def counted_at(company: Company) -> datetime | None:
    """When the last search counted a large company's values; None where none has."""
    return DedupRun.objects.filter(company=company).exclude(used=[]).values_list("at", flat=True).first()


@contextmanager
def counting(company: Company, *, contacts: int) -> Iterator[list[Used]]:
    """Count a large company's most used values while what is inside goes on, which must not ask the database; the list
    has them, as ``count_used`` gives them, when it ends."""
    used: list[Used] = []
    if contacts <= COUNTED_UP_TO:
        yield used
        return
    with store.meanwhile(VALUES, "contact_values", _asked(company)) as cursor:
        yield used
    used += _used(cursor.fetchall())


def count_used(company: Company) -> list[Used]:
    """The company's most used values, from its contacts and addresses: (kind, value, customers, contacts, names)."""
    with connection.cursor() as cursor:
        cursor.execute(block(VALUES, "contact_values").sql, _asked(company))
        return _used(cursor.fetchall())


def _asked(company: Company) -> dict[str, Any]:
    return {"company": company.pk, "least": LEAST_CUSTOMERS, "most": MOST_VALUES}


def _used(rows: Sequence[tuple[Any, ...]]) -> list[Used]:
    found: dict[tuple[str, str], Used] = {}
    for kind, recorded, customers, contacts, names in rows:
        value = fold_address(recorded) if kind == ADDRESS else recorded
        if value and (kind, value) not in found:
            people = 1 if kind == NAME else sum(count_people(names or (), GENERIC_ADDRESS_ABOVE))
            found[kind, value] = (kind, value, customers, contacts, people)
    return list(found.values())


def values_by_use(company: Company) -> list[Value]:
    """The company's most used values, of a large one as its last search counted them, and those a person has a word on;
    a fixed number of statements."""
    if is_large(company):
        rows = DedupRun.objects.filter(company=company).values_list("used", flat=True).first() or []
    else:
        rows = count_used(company)
    said = {
        (row.kind, row.value): row for row in ValueRuling.objects.filter(company=company, ended_at__isnull=True)
    }  # fmt: skip
    found = [
        Value(
            kind=kind, value=value, customers=customers, contacts=contacts, names=people, by_use=_by_use(kind, people),
            ruling=said.pop((kind, value), None),
        )
        for kind, value, customers, contacts, people in rows
    ]  # fmt: skip
    found += [
        Value(kind=kind, value=value, customers=0, contacts=0, names=0, by_use="much", ruling=ruling)
        for (kind, value), ruling in said.items()
    ]
    return sorted(found, key=lambda each: (-each.customers, KINDS.index(each.kind), each.value))


def _by_use(kind: str, names: int) -> str:
    if kind == NAME:
        return "much"
    if names > (GENERIC_ADDRESS_ABOVE if kind == ADDRESS else GENERIC_ABOVE):
        return "nothing"
    return "little" if names > OFFICE_ABOVE and kind != ADDRESS else "much"
