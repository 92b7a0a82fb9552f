"""Reads a company's distinct contacts from the legacy table, gives them their match keys, and stages them."""

from typing import Any

from django.db import connection
from psycopg import sql

from crm.models import Company
from migration_ops.identity.keys import contact_keys
from migration_ops.sql.loader import block

CHUNK = 5_000
EMPTY_ARRAY = "{}"  # as text: most contacts have none, and a list is dear to send
COLUMNS = (
    "id", "company_id", "name", "email", "phone", "name_key", "email_key", "phone_key", "extra_keys",
    "email_is_role", "display_name", "display_email", "display_phone", "flags", "first_seen_at", "last_seen_at",
)  # fmt: skip


def stage_contacts(company: Company, *, parts: int, part: int) -> int:
    """Stage one part of the company's contacts, inside the caller's transaction.

    Streams: memory does not grow with the number of contacts.

    Returns:
        Contacts staged.
    """
    params: dict[str, Any] = {"company": company.pk, "parts": parts, "part": part}
    with connection.cursor() as cursor:
        for name in ("work_table", "collect", "stage_addresses"):
            cursor.execute(block("identity/contacts.sql", name).sql, params)
    copy = sql.SQL("COPY migration_staged_contact ({}) FROM STDIN").format(
        sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    company_id, region = str(company.pk), company.phone_region
    staged = 0
    raw = connection.connection
    with raw.cursor(name="staged_contacts") as contacts, raw.cursor() as target:
        contacts.itersize = CHUNK
        contacts.execute(block("identity/contacts.sql", "distinct_contacts").sql)
        while chunk := contacts.fetchmany(CHUNK):
            with target.copy(copy) as rows:
                for row in chunk:
                    rows.write_row(staged_row(company_id, region, *row))
            staged += len(chunk)
    return staged


def staged_row(
    company_id: str,
    region: str,
    id: str,
    name: str | None,
    email: str | None,
    phone: str | None,
    first_at: str,
    last_at: str,
) -> tuple[Any, ...]:
    """A contact with its keys, in the order of COLUMNS; ids and times are text that only passes through."""
    keys = contact_keys(name, email, phone, region)
    return (
        id, company_id, name, email, phone, keys.name_key, keys.email_key, keys.phone_key,
        list(keys.extra_keys) or EMPTY_ARRAY, keys.email_is_role, keys.display_name, keys.display_email,
        keys.display_phone, list(keys.flags) or EMPTY_ARRAY, first_at, last_at,
    )  # fmt: skip
