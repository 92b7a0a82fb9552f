"""Contacts' match keys and customers' golden records, worked out again; people nobody recorded."""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from migration_ops.identity.keys import ContactKeys, contact_keys
from migration_ops.sql.loader import block
from migration_ops.validation.chunks import snapshot
from migration_ops.validation.query import rows
from migration_ops.validation.report import Check, Depth, Difference, Kind, Tally, check

SQL = "validation/identity.sql"
CHUNK = 5_000
KEY_COLUMNS = ("name_key", "email_key", "phone_key", "extra_keys", "flags")
GOLDEN_COLUMNS = ("name", "email", "phone")


def compare(company: Company, tally: Tally) -> list[Check]:
    """Compare every contact and customer of the company; memory does not grow with their number."""
    compared = 0
    params = {"company": company.pk}
    with snapshot():
        for table, id, found in rows(SQL, "strays", params):
            tally.counts[Kind.EXTRA] += 1
            tally.keep([Difference(kind=Kind.EXTRA, table=table, row_id=id, legacy_id=None, found=found)])
        ((expected,),) = rows(SQL, "contact_count", params)
        for customer, members in groupby(_stream(company), key=itemgetter(0)):
            contacts = list(members)
            compared += len(contacts)
            keys = [contact_keys(row[2], row[3], row[4], company.phone_region) for row in contacts]
            for row, key in zip(contacts, keys, strict=True):
                _note(tally, "customer_contacts", row[1], _different(KEY_COLUMNS, _stored(key), row[5:10]))
            settled = contacts[0][13]
            golden = _different(GOLDEN_COLUMNS, golden_record(keys), contacts[0][10:13])
            _note(tally, "customers_new", customer, [each for each in golden if each[0] not in settled])
    return [check("contacts compared", Depth.FIELDS, expected, compared)]


def golden_record(keys: list[ContactKeys]) -> tuple[str, str | None, str | None]:
    """Name, e-mail and phone of a customer: of each the one recorded last.

    Args:
        keys: of its contacts, the one recorded last first.
    """

    def last(values: Iterator[str | None]) -> str | None:
        return next((value for value in values if value is not None), None)

    name = last(key.display_name for key in keys)
    return name or "", last(key.display_email for key in keys), last(key.display_phone for key in keys)


def _stored(keys: ContactKeys) -> tuple[Any, ...]:
    return keys.name_key, keys.email_key, keys.phone_key, list(keys.extra_keys), list(keys.flags)


def _different(columns: tuple[str, ...], expected: Any, found: Any) -> list[tuple[str, Any, Any]]:
    return [each for each in zip(columns, expected, found, strict=True) if each[1] != each[2]]


def _note(tally: Tally, table: str, id: UUID, columns: list[tuple[str, Any, Any]]) -> None:
    if not columns:
        return
    tally.counts[Kind.MISMATCHED] += 1
    tally.keep(
        Difference(
            kind=Kind.MISMATCHED, table=table, row_id=id, legacy_id=None, column=column,
            expected=_text(expected), found=_text(found),
        )
        for column, expected, found in columns
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _stream(company: Company) -> Iterator[tuple[Any, ...]]:
    with connection.connection.cursor(name="validated_contacts") as cursor:
        cursor.itersize = CHUNK
        cursor.execute(block(SQL, "contacts").sql, {"company": company.pk})
        while rows := cursor.fetchmany(CHUNK):
            yield from rows
