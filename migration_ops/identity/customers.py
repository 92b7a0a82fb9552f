"""Writes customers, contacts and addresses from what was staged and clustered."""

from typing import Any

from django.db import connection

from crm.models import Company
from migration_ops.sql.loader import block, blocks


def write_customers(company: Company, *, parts: int, part: int) -> None:
    """Write one part of the company's customers, inside the caller's transaction; a repeat changes nothing."""
    params: dict[str, Any] = {"company": company.pk, "parts": parts, "part": part}
    with connection.cursor() as cursor:
        cursor.execute(block("identity/late.sql", "hold_merges").sql, params)
        for name in ("cluster_of_part", "members", "living", "shared_phones"):
            cursor.execute(block("identity/customers.sql", name).sql, params)
        cursor.execute("ANALYZE batch_member; ANALYZE batch_shared_phone")
        for name in ("customers", "contacts", "addresses"):
            cursor.execute(block("identity/customers.sql", name).sql, params)


def write_findings(company: Company) -> None:
    """Turn staged findings into open conflicts and relations; both contacts must be written."""
    with connection.cursor() as cursor:
        for name in ("conflicts", "relations"):
            cursor.execute(block("identity/customers.sql", name).sql, {"company": company.pk})


def clear_staging(company: Company) -> None:
    """Empty the company's staging tables."""
    with connection.cursor() as cursor:
        for statement in blocks("identity/staging.sql").values():
            cursor.execute(statement.sql, {"company": company.pk})
