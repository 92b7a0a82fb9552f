"""What looking one contact up needs, kept in the database: the keys of its blocks, and how common values are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from struct import Struct
from typing import Final
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from crm.models import Company
from migration_ops.identity.duplicates import blocking, columns, store
from migration_ops.identity.duplicates.blocking import NO_KEY
from migration_ops.identity.duplicates.columns import Columns, ContactTexts, Hashes, hashes, stable_hash
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.sorting import distinct_with_places
from migration_ops.identity.duplicates.statistics import Statistics, Uses
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.duplicates.usage import Usage
from migration_ops.sql.loader import block

LOOKUP: Final = "duplicates/lookup.sql"
# Of a value's hash: uses, people, companies.
Counts = dict[int, tuple[int, int, int]]
UNKNOWN: Final = (0, 0, 0)
# A value's hash, uses, people and companies, as int8send, int4send and int2send write them: a look-up reads hundreds.
_COUNTED: Final = Struct(">qihh")
# A value only one record uses is as rare as can be: it is not kept.
_KEPT: Final = 2
# Contacts brought up to date in one transaction.
_AT_ONCE: Final = 1_000


@lru_cache(maxsize=4_096)
def _salt(company: str, name: str) -> Hashes:
    return np.full(1, stable_hash("company", f"{company} {name}"), np.uint64)


def keys_of(columns: Columns, address_words: Uses | None, company: Company, *, capped: bool) -> tuple[Uses, Uses]:
    """(record, key) of every key of the records, by record; ``capped`` leaves out keys of blocks too large.

    Without ``address_words`` more keys, all of them among those another record may have.
    """
    rows, keys = [], []
    for each in blocking.passes(columns, address_words):
        of_records = each.keys()
        width = of_records.shape[1]
        # Another company's keys, and another pass's, are others.
        flat = blocking.mix(of_records.ravel(), _salt(str(company.pk), each.name))
        row = np.repeat(np.arange(columns.size), width)
        fits = flat != NO_KEY
        flat, row = flat[fits], row[fits]
        if capped:
            _, where = distinct_with_places(flat)
            fits = np.bincount(where)[where] <= each.cap if len(flat) else fits[:0]
            flat, row = flat[fits], row[fits]
        rows.append(row)
        keys.append(flat.view(np.int64))
    row, key = np.concatenate(rows), np.concatenate(keys)
    order = np.argsort(row, kind="stable")
    return row[order], key[order]


def write_index(company: Company, book: Book, found: Found) -> None:
    """Replace the company's keys and values, in a transaction of its own."""
    with transaction.atomic():
        store.lock(company)
        with connection.cursor() as cursor:
            for name in ("drop_index", "drop_values"):
                cursor.execute(block(store.SEARCH, name).sql, {"company": company.pk})
        store.copy_rows(
            "COPY migration_dedup_contact (contact_id, company_id, keys, mailboxes, phones, addresses,"
            ' "values", counted) FROM STDIN',
            _contacts(company, book, found),
        )
        store.copy_rows(
            "COPY migration_dedup_value (company_id, value, uses, people, companies) FROM STDIN",
            _values(company, found.columns, found.comparer.statistics),
        )
        with connection.cursor() as cursor:
            cursor.execute(block(LOOKUP, "unknown").sql, {"company": company.pk})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE migration_dedup_contact, migration_dedup_value")


def refresh(company: Company, *, most: int | None = None) -> int:
    """Bring what is new or changed since into the company's index; the number of contacts looked at.

    Args:
        most: contacts to look at; all if not given.
    """
    done = 0
    at_once = _AT_ONCE if most is None else min(most, _AT_ONCE)
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(block(LOOKUP, "stale").sql, {"company": company.pk, "most": at_once})
                ids = sorted(id for (id,) in cursor.fetchall())
            if ids:
                put(company, ids)
        done += len(ids)
        if len(ids) < at_once or (most is not None and done >= most):
            return done


def searched(company: Company) -> None:
    """A search of the whole company has seen every contact."""
    with connection.cursor() as cursor:
        cursor.execute(block(LOOKUP, "searched").sql, {"company": company.pk})


def put(company: Company, ids: Sequence[UUID]) -> None:
    """Write these contacts of the company as they are now, in the caller's transaction."""
    records = dict(store.read_some(company, ids))
    gone = [id for id in ids if id not in records]
    table = columns.build(records.values())
    tables = value_hashes(table)
    words = tables["address_words"].view(np.int64).tolist()
    own = {id: of_record(table, tables, row) for row, id in enumerate(records)}
    with connection.cursor() as cursor:
        cursor.execute(block(LOOKUP, "forget").sql, {"ids": gone})
        cursor.execute(block(LOOKUP, "values_of").sql, {"ids": list(records)})
        before = {id: Counter(values) for id, values in cursor.fetchall()}
        fresh = Counter[int]()
        for id, values in own.items():
            fresh += Counter(values) - before.get(id, Counter())
        # In one order for everybody, so that two who bring contacts up to date wait for each other but never in a ring.
        cursor.execute(block(LOOKUP, "count").sql, {"company": company.pk, "values": sorted(fresh.elements())})
        asked = {*words, *chain.from_iterable(own.values())}
        cursor.execute(block(LOOKUP, "common").sql, {"company": company.pk, "values": sorted(asked)})
        known: Counts = {value: (uses, people, companies) for value, uses, people, companies in cursor.fetchall()}
        common = np.array([known.get(word, UNKNOWN)[0] for word in words], np.int64)
        rows, keys = keys_of(table, common, company, capped=False)
        for row, (id, record) in enumerate(records.items()):
            cursor.execute(
                block(LOOKUP, "put").sql,
                {
                    "id": id, "company": company.pk, "keys": keys[rows == row].tolist(), "values": own[id],
                    "counted": b"".join(_COUNTED.pack(value, *known.get(value, UNKNOWN)) for value in own[id]),
                    "mailboxes": list(record.mailboxes), "phones": list(record.phones),
                    "addresses": list(record.addresses),
                },
            )  # fmt: skip


def _contacts(company: Company, book: Book, found: Found) -> Iterator[tuple[object, ...]]:
    table = found.columns
    rows, keys = keys_of(table, found.comparer.statistics.address_words, company, capped=True)
    signed = {kind: each.view(np.int64) for kind, each in value_hashes(table).items()}
    bounds = np.searchsorted(rows, np.arange(len(book.ids) + 1)).tolist()
    for record, id in enumerate(book.ids):
        mine = keys[bounds[record] : bounds[record + 1]].tolist()
        texts: ContactTexts = table.record(record)
        values = (list(each) or "{}" for each in (texts.mailboxes, texts.phones, texts.addresses))
        codes = _codes_of(table, record)
        hashed = [signed[kind][code] for kind, code in codes]
        counted = b"".join(
            _COUNTED.pack(value, *_count_of(found.comparer.statistics, kind, code))
            for value, (kind, code) in zip(hashed, codes, strict=True)
        )
        yield id, company.pk, _array(mine), *values, _array(hashed), counted


def counts_in(counted: bytes) -> Counts:
    """How common the values of an indexed contact are."""
    return {value: (uses, people, companies) for value, uses, people, companies in _COUNTED.iter_unpack(counted)}


def _array(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def of_record(table: Columns, tables: dict[str, Hashes], row: int) -> list[int]:
    """The hashes of one record's values, as ``DedupValue`` counts them."""
    signed: list[int] = (
        np.array([tables[kind][code] for kind, code in _codes_of(table, row)], np.uint64).view(np.int64).tolist()
    )
    return signed


def _codes_of(table: Columns, row: int) -> list[tuple[str, int]]:
    """The kind and the code of each of a record's values."""
    found: list[tuple[str, int]] = []
    name = int(table.name[row])
    if name >= 0:
        first, last = int(table.names.first[name]), int(table.names.last[name])
        if table.names.company[name]:
            found.append(("companies", last))
        else:
            found.append(("lasts", last))
            if first >= 0:
                found.append(("firsts", first))
    for kind, column in (("phones", table.phones), ("mailboxes", table.mailboxes), ("addresses", table.addresses)):
        found += [(kind, code) for code in column[row].tolist() if code >= 0]
    for address in table.addresses[row].tolist():
        if address >= 0:
            found += [("address_words", word) for word in table.address_words[address].tolist() if word >= 0]
    return found


def value_hashes(columns: Columns) -> dict[str, Hashes]:
    """Of each kind of value the hash of each code."""
    return {
        "firsts": hashes("vf", columns.words),
        "lasts": hashes("vl", columns.words),
        "companies": hashes("vc", columns.words),
        "address_words": hashes("va", columns.address_word_texts),
        "phones": hashes("vp", columns.phone_texts),
        "mailboxes": hashes("vm", columns.mailbox_texts),
        "addresses": hashes("vd", columns.address_texts),
    }


def _count_of(known: Statistics, kind: str, code: int) -> tuple[int, int, int]:
    """Uses, people and companies of a value, as ``DedupValue`` keeps them."""
    uses = getattr(known, kind)
    if isinstance(uses, Usage):
        counts = int(uses.records[code]), int(uses.people[code]), int(uses.companies[code])
    else:
        counts = int(uses[code]), 0, 0
    return counts if counts[0] >= _KEPT else UNKNOWN


def _values(company: Company, columns: Columns, known: Statistics) -> Iterator[tuple[object, ...]]:
    for kind, table in value_hashes(columns).items():
        uses = getattr(known, kind)
        signed = table.view(np.int64).tolist()
        of_each = uses.records if isinstance(uses, Usage) else uses
        for code in np.flatnonzero(of_each >= _KEPT).tolist():
            yield company.pk, signed[code], *_count_of(known, kind, code)
