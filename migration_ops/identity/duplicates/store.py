"""Reads a company's contacts for the search, and writes what it found: questions, groups, relations, look-up keys."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from django.db import connection

from crm.models import Company
from migration_ops.identity.duplicates.columns import Builder, Columns, ContactTexts
from migration_ops.identity.duplicates.reading import read_contact
from migration_ops.identity.duplicates.rulings import NO_RULINGS, Rulings
from migration_ops.sql.loader import block

SEARCH, VALUES = "duplicates/search.sql", "duplicates/values.sql"
CHUNK = 1_000


class Ids(Sequence[UUID]):
    """Ids in 16 bytes each: a million take 16 MB instead of a hundred."""

    def __init__(self, packed: bytes | bytearray = b"") -> None:
        self._packed = bytearray(packed)

    def add(self, packed: bytes) -> None:
        """One more, as the database sends it."""
        self._packed += packed

    def __len__(self) -> int:
        return len(self._packed) // 16

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        start = 16 * range(len(self))[place]
        return UUID(bytes=bytes(self._packed[start : start + 16]))

    def text(self, place: int) -> str:
        """The id in hexadecimal digits, which the database reads as it reads an id; quicker than making a UUID."""
        return self._packed[16 * place : 16 * place + 16].hex()

    def dashed(self, place: int) -> str:
        """The id as a UUID is written."""
        text = self.text(place)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def places(self, wanted: Sequence[UUID]) -> list[int]:
        """The places of ids, -1 for one that is not among them; the ids are in ascending order."""
        if not wanted or not self._packed:
            return [-1] * len(wanted)
        # The first half of an id tells nearly all apart: the search is by it, and the whole is compared.
        own = np.frombuffer(bytes(self._packed), ">u8").reshape(-1, 2).astype(np.uint64)
        asked = np.frombuffer(b"".join(id.bytes for id in wanted), ">u8").reshape(-1, 2).astype(np.uint64)
        at = np.minimum(np.searchsorted(own[:, 0], asked[:, 0]), len(own) - 1)
        same = (own[at] == asked).all(axis=1)
        found: list[int] = np.where(same, at, -1).tolist()
        for place in np.flatnonzero(~same & (own[at, 0] == asked[:, 0])).tolist():
            found[place] = self.find(wanted[place]) if wanted[place] in self else -1
        return found

    def find(self, id: UUID) -> int:
        """The place of an id; the ids are in ascending order.

        Raises:
            KeyError: it is not among them.
        """
        wanted, low, high = id.bytes, 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._packed[16 * middle : 16 * middle + 16] < wanted:
                low = middle + 1
            else:
                high = middle
        if self._packed[16 * low : 16 * low + 16] != wanted:
            raise KeyError(id)
        return low

    def __contains__(self, id: object) -> bool:
        try:
            return isinstance(id, UUID) and self.find(id) >= 0
        except KeyError:
            return False

    def numbered(self) -> tuple[list[int], "Ids"]:
        """Of each id a number, in the order of the ids; and the different ids by their numbers."""
        if not self._packed:
            return [], Ids()
        halves = np.frombuffer(bytes(self._packed), ">u8").reshape(-1, 2).astype(np.uint64)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        ordered = halves[order]
        first = np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1)))
        number = np.empty(len(order), np.int64)
        number[order] = np.cumsum(first) - 1
        return number.tolist(), Ids(ordered[first].astype(">u8").tobytes())


@dataclass(slots=True)
class Book:
    """The company's contacts in the order of their ids; parallel.

    ``customers`` numbers the customers in the order of their ids; ``customer_ids`` says which they are.
    """

    ids: Ids
    columns: Columns
    customers: list[int]
    customer_ids: Ids

    @property
    def records(self) -> list[ContactTexts]:
        """Each contact as it is compared."""
        return [self.columns.record(row) for row in range(self.columns.size)]


def read_book(company: Company, rulings: Rulings = NO_RULINGS) -> Book:
    """Every contact of the company as the engine compares it; names that say nothing are none."""
    ids, of_customer, builder = Ids(), Ids(), Builder()
    region = company.phone_region
    connection.ensure_connection()
    # Django's own cursors put values into the statement's text and read no binary results.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        # The server goes on while rows are read here, and neither side ever has all of them.
        rows = cursor.stream(block(SEARCH, "contacts").sql, {"company": company.pk}, binary=True, size=CHUNK)
        for id, customer, name, email, phone, extra, recorded, addresses in rows:
            ids.add(id)
            of_customer.add(customer)
            builder.add(read_contact(rulings.name(name), email, phone, extra, recorded, addresses, region))
    customers, customer_ids = of_customer.numbered()
    return Book(ids, builder.columns(), customers, customer_ids)


def read_near(company: Company, ids: Sequence[UUID], *, most: int) -> Book:
    """These contacts and those that share a phone, a mailbox or the customer with one of them, so many at most; each
    with its customer's addresses."""
    packed, of_customer, builder = Ids(), Ids(), Builder()
    with connection.cursor() as cursor:
        cursor.execute(block(VALUES, "near").sql, {"company": company.pk, "ids": list(ids), "most": most})
        for id, customer, name, email, phone, extra, recorded, addresses in cursor.fetchall():
            packed.add(id.bytes)
            of_customer.add(customer.bytes)
            builder.add(read_contact(name, email, phone, extra, recorded, addresses, company.phone_region))
    customers, customer_ids = of_customer.numbered()
    return Book(packed, builder.columns(), customers, customer_ids)


def read_some(company: Company, ids: Sequence[UUID]) -> list[tuple[UUID, ContactTexts]]:
    """These contacts as the engine compares them, by id; those that stand for nobody, or are gone, are left out."""
    with connection.cursor() as cursor:
        cursor.execute(block(SEARCH, "some_contacts").sql, {"company": company.pk, "ids": list(ids)})
        return [
            (id, read_contact(name, email, phone, extra, recorded, addresses, company.phone_region))
            for id, name, email, phone, extra, recorded, addresses in cursor.fetchall()
        ]


def open_questions(company: Company) -> set[tuple[UUID, UUID]]:
    """The pairs of contacts that wait for a person."""
    return set(_rows("open_questions", company))


def last_groups(company: Company) -> list[frozenset[UUID]]:
    """The customers of each group the last run would merge."""
    return [frozenset(customers) for (customers,) in _rows("last_groups", company)]


def _rows(name: str, company: Company) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(block(SEARCH, name).sql, {"company": company.pk})
        return list(cursor.fetchall())


def lock(company: Company) -> None:
    """One search of a company at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(block(SEARCH, "lock").sql, {"company": company.pk})


def write_questions(company: Company, questions: Iterable[Sequence[Any]], *, engine_version: str) -> None:
    """Replace the open questions by these: (contact_a, contact_b, reason, score, evidence, counterfactual, case,
    fingerprint), ``contact_a`` the lower."""
    _into_table("question_table", "batch_question", questions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batch_question")
        for name in ("drop_questions", "reopen_questions", "ask_questions"):
            cursor.execute(block(SEARCH, name).sql, {"company": company.pk, "engine_version": engine_version})


def write_groups(groups: Iterable[Sequence[Any]]) -> None:
    """Write what the run would merge: (run, customers, score of the weakest link, links as JSON)."""
    copy_rows("COPY migration_dedup_group (run_id, customers, score, links) FROM STDIN", groups)


@contextmanager
def relating(company: Company, relations: Iterable[Sequence[Any]]) -> Iterator[None]:
    """Add relations of customers: (customer, other, kind), while what is inside goes on, which must not ask the
    database; they are there when it ends."""
    _into_table("relation_table", "batch_relation", relations)
    with meanwhile(SEARCH, "relate", {"company": company.pk}):
        yield


@contextmanager
def meanwhile(file: str, name: str, params: dict[str, Any]) -> Iterator[psycopg.Cursor[Any]]:
    """Let the server work on a statement while what is inside goes on; the cursor has its rows when that has ended."""
    connection.ensure_connection()
    # Django's own cursors put values into the statement's text, which cannot be sent ahead.
    cursor = psycopg.Cursor(connection.connection)
    with connection.wrap_database_errors, connection.connection.pipeline():
        cursor.execute(block(file, name).sql, params)
        yield cursor


def _into_table(create: str, table: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(block(SEARCH, create).sql)
        cursor.execute(f"TRUNCATE {table}")
    copy_rows(f"COPY {table} FROM STDIN", rows)


def copy_rows(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """COPY the rows in; lists of dicts go as JSON."""
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(
                [
                    json.dumps(value) if isinstance(value, list) and value and isinstance(value[0], dict) else value
                    for value in row
                ]
            )


def customers_pairs(book: Book, pairs: Collection[tuple[UUID, UUID]]) -> Iterator[tuple[int, int]]:
    """Pairs of customers as pairs of one record of each; customers without a contact here are left out."""
    if not pairs:
        return
    record_of: dict[int, int] = {}
    for record, number in enumerate(book.customers):
        record_of.setdefault(number, record)
    for one, other in sorted(pairs):
        if one in book.customer_ids and other in book.customer_ids:
            yield record_of[book.customer_ids.find(one)], record_of[book.customer_ids.find(other)]
