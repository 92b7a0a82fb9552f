"""What looking one contact up needs, kept in the database: the keys of its blocks, and how common values are."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from django.db import connection, transaction

from crm.models import Company
from migration_ops.identity.duplicates import blocking, store
from migration_ops.identity.duplicates.blocking import NO_KEY
from migration_ops.identity.duplicates.columns import Columns, Hashes, hashes, stable_hash
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.statistics import Statistics, Uses
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.duplicates.usage import Usage
from migration_ops.sql.loader import block

# A value only one record uses is as rare as can be: it is not kept.
_KEPT: Final = 2


def company_hash(company: Company) -> np.uint64:
    """What makes the keys of two companies differ."""
    return np.uint64(stable_hash("company", str(company.pk)))


def keys_of(columns: Columns, address_words: Uses, company: Company, *, capped: bool) -> tuple[Uses, Uses]:
    """(record, key) of every key of the records, by record; ``capped`` leaves out keys of blocks too large."""
    rows, keys = [], []
    own = np.full(1, company_hash(company), np.uint64)
    for number, each in enumerate(blocking.passes(columns, address_words), start=1):
        of_records = each.keys()
        width = of_records.shape[1]
        flat = blocking.mix(of_records.ravel(), own, np.full(1, number, np.uint64))
        row = np.repeat(np.arange(columns.size), width)
        fits = flat != NO_KEY
        flat, row = flat[fits], row[fits]
        if capped:
            _, where, counts = np.unique(flat, return_inverse=True, return_counts=True)
            fits = counts[where] <= each.cap
            flat, row = flat[fits], row[fits]
        rows.append(row)
        keys.append(flat.view(np.int64))
    row, key = np.concatenate(rows), np.concatenate(keys)
    order = np.argsort(row, kind="stable")
    return row[order], key[order]


def write_index(company: Company, book: Book, found: Found) -> None:
    """Replace the company's keys and values, in a transaction of its own."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for name in ("drop_index", "drop_values"):
                cursor.execute(block(store.SEARCH, name).sql, {"company": company.pk})
        store.copy_rows(
            "COPY migration_dedup_contact (contact_id, company_id, keys, mailboxes, phones, addresses) FROM STDIN",
            _contacts(company, book, found),
        )
        store.copy_rows(
            "COPY migration_dedup_value (company_id, value, uses, people, companies) FROM STDIN",
            _values(company, found.columns, found.comparer.statistics),
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE migration_dedup_contact, migration_dedup_value")


def _contacts(company: Company, book: Book, found: Found) -> Iterator[tuple[object, ...]]:
    rows, keys = keys_of(found.columns, found.comparer.statistics.address_words, company, capped=True)
    bounds = np.searchsorted(rows, np.arange(len(book.ids) + 1)).tolist()
    for record, id in enumerate(book.ids):
        mine = keys[bounds[record] : bounds[record + 1]].tolist()
        texts = book.columns.record(record)
        values = (list(each) or "{}" for each in (texts.mailboxes, texts.phones, texts.addresses))
        yield id, company.pk, "{" + ",".join(map(str, mine)) + "}", *values


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


def _values(company: Company, columns: Columns, known: Statistics) -> Iterator[tuple[object, ...]]:
    for kind, table in value_hashes(columns).items():
        uses = getattr(known, kind)
        signed = table.view(np.int64).tolist()
        if isinstance(uses, Usage):
            for code in np.flatnonzero(uses.records >= _KEPT).tolist():
                yield (
                    company.pk,
                    signed[code],
                    int(uses.records[code]),
                    int(uses.people[code]),
                    int(uses.companies[code]),
                )
        else:
            for code in np.flatnonzero(uses >= _KEPT).tolist():
                yield company.pk, signed[code], int(uses[code]), 0, 0
