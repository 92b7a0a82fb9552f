"""Reads a company's contacts for the search, and writes what it found: questions, groups, relations, look-up keys."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from migration_ops.identity.duplicates.columns import ContactTexts
from migration_ops.identity.duplicates.reading import read_contact
from migration_ops.identity.duplicates.rulings import NO_RULINGS, Rulings
from migration_ops.sql.loader import block

SEARCH = "duplicates/search.sql"
CHUNK = 10_000


@dataclass(slots=True)
class Book:
    """The company's contacts in the order of their ids; parallel lists.

    ``customers`` numbers the customers in the order of first sight; ``customer_ids`` says which they are.
    """

    ids: list[UUID] = field(default_factory=list)
    records: list[ContactTexts] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    customer_ids: list[UUID] = field(default_factory=list)


def read_book(company: Company, rulings: Rulings = NO_RULINGS) -> Book:
    """Every contact of the company as the engine compares it; names that say nothing are none."""
    book = Book()
    numbers: dict[UUID, int] = {}
    texts: dict[str, str] = {}
    with connection.connection.cursor(name="duplicate_contacts") as cursor:
        cursor.itersize = CHUNK
        cursor.execute(block(SEARCH, "contacts").sql, {"company": company.pk})
        for id, customer, name, email, phone, extra, recorded, addresses in cursor:
            book.ids.append(id)
            number = numbers.setdefault(customer, len(numbers))
            book.customers.append(number)
            name = rulings.name(name)
            # The same text is one object: a million contacts hold many equal ones.
            name = texts.setdefault(name, name) if name else name
            book.records.append(read_contact(name, email, phone, extra, recorded, addresses, company.phone_region))
    book.customer_ids = list(numbers)
    return book


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


def write_relations(company: Company, relations: Iterable[Sequence[Any]]) -> None:
    """Add relations of customers: (contact_a, contact_b, kind)."""
    _into_table("relation_table", "batch_relation", relations)
    with connection.cursor() as cursor:
        cursor.execute(block(SEARCH, "relate").sql, {"company": company.pk})


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


def customers_pairs(book: Book, pairs: Iterable[tuple[UUID, UUID]]) -> Iterator[tuple[int, int]]:
    """Pairs of customers as pairs of one record of each; customers without a contact here are left out."""
    record_of: dict[UUID, int] = {}
    for record, number in enumerate(book.customers):
        record_of.setdefault(book.customer_ids[number], record)
    for one, other in sorted(pairs):
        if one in record_of and other in record_of:
            yield record_of[one], record_of[other]
