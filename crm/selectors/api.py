"""What API v2 shows: JSON made by the database, one text a row; pages by place or by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.exceptions import NotFound
from crm.models import Company, Customer
from crm.selectors.estimates import is_soon_found
from crm.sql import statement
from crm.sql.prepared import prepared_cursor

TABLES = {
    "leads": "leads_new", "quotes": "quotes_new", "jobs": "jobs_new", "invoices": "invoices_new",
    "customers": "customers_new",
}  # fmt: skip

# Customers who ever used a mailbox or a phone, each way by its index. Asked as an array, found first: a join over
# an estimate of thousands would read the whole company.
CUSTOMERS_BY_KEY = sql.SQL(
    "(SELECT c.customer_id FROM customer_contacts c WHERE c.company_id = %(company)s"
    " AND c.phone_key IS NOT NULL AND md5(c.phone_key) = ANY (%(contact_key)s) LIMIT 500)"
    " UNION (SELECT c.customer_id FROM customer_contacts c WHERE c.company_id = %(company)s"
    " AND c.email_key IS NOT NULL AND md5(c.email_key) = ANY (%(contact_key)s) LIMIT 500)"
)

# A list's filters: name to condition; a value arrives as the parameter of the same name.
FILTERS: Mapping[str, Mapping[str, sql.Composable]] = {
    "leads": {
        "status": sql.SQL("t.status = %(status)s"),
        "customer_id": sql.SQL("t.customer_id = %(customer_id)s"),
    },
    "quotes": {
        "status": sql.SQL("t.status = %(status)s"),
        "customer_id": sql.SQL("t.customer_id = %(customer_id)s"),
        "lead_id": sql.SQL("t.lead_id = %(lead_id)s"),
    },
    "jobs": {
        "status": sql.SQL("t.status = %(status)s"),
        "customer_id": sql.SQL("t.customer_id = %(customer_id)s"),
        "quote_id": sql.SQL("t.quote_id = %(quote_id)s"),
    },
    "invoices": {
        "status": sql.SQL("t.status = %(status)s"),
        "customer_id": sql.SQL("t.customer_id = %(customer_id)s"),
        "job_id": sql.SQL("t.job_id = %(job_id)s"),
    },
    "customers": {
        "merged_into": sql.SQL("t.merged_into IS NULL"),
        "search": sql.SQL("crm_customer_words(t.company_id, t.name, t.email) @@ %(search)s::tsquery"),
        "contact_key": sql.SQL("t.id = ANY (ARRAY({}))").format(CUSTOMERS_BY_KEY),
    },
}
AFTER = sql.SQL("(t.created_at, t.id) < (%(after_at)s, %(after_id)s)")


def newest_first(table: str, *, is_walking: bool = True) -> sql.Composed:
    """The order of every list; rows that a search found are sorted where going through the list would take longer."""
    # The index of the newest rows does not know the sum, so that the planner cannot go along it.
    at = sql.SQL("{}.created_at" if is_walking else "({}.created_at + interval '0')").format(sql.Identifier(table))
    return sql.SQL(" ORDER BY {} DESC, {}.id DESC").format(at, sql.Identifier(table))


@dataclass(frozen=True, kw_only=True)
class Position:
    """The last row of a page: the next page begins behind it."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows as JSON texts, the newest first, and where the next page begins; None at the end."""

    rows: Sequence[str]
    after: Position | None


def page(
    kind: str,
    company: Company,
    filters: Mapping[str, Any],
    *,
    limit: int,
    offset: int = 0,
    after: Position | None = None,
) -> Page:
    """One page of a company's rows, the newest first. One statement, or four for a search, whatever the rows hold.

    Args:
        kind: leads, quotes, jobs, invoices or customers.
        filters: values by the names in `FILTERS`; None leaves one out.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    params = given | {
        "company": company.pk, "offset": offset,
        "after_at": after.created_at if after else None, "after_id": after.id if after else None,
    }  # fmt: skip
    is_walking = "search" not in given or _is_search_walking(company, given, params, rows=offset + limit + 1)
    asked = _page_statement(kind, tuple(given), after is not None, offset > 0, limit + 1, is_walking)
    # How a filter is best applied depends on its value: such a list is planned anew.
    with connection.cursor() if given else prepared_cursor() as cursor:
        cursor.execute(asked, params)
        rows = cursor.fetchall()
    last = Position(created_at=rows[limit - 1][0], id=rows[limit - 1][1]) if len(rows) > limit else None
    return Page(rows=[body for _, _, body in rows[:limit]], after=last)


def _is_search_walking(company: Company, given: Mapping[str, Any], params: Mapping[str, Any], *, rows: int) -> bool:
    within = [FILTERS["customers"][name] for name in given if name != "search"]
    if params["after_id"] is not None:
        within.append(AFTER)
    return is_soon_found(Customer, company.pk, FILTERS["customers"]["search"], params, rows=rows, within=within)


@lru_cache(maxsize=512)
def _page_statement(
    kind: str, given: tuple[str, ...], is_after: bool, is_offset: bool, limit: int, is_walking: bool
) -> str:
    """There are few of them: which filters are given, where the page begins, and the usual limits; a limit that is a
    parameter would have the planner prepare for a tenth of the company."""
    parts: list[sql.Composable] = [sql.SQL(statement(f"api/{kind}"))]
    parts += [sql.SQL(" AND ") + FILTERS[kind][name] for name in given]
    if is_after:
        parts += [sql.SQL(" AND "), AFTER]
    elif is_offset:
        # The first row's key from the index alone: the JSON of skipped rows is not made.
        parts += [
            sql.SQL(
                " AND (t.created_at, t.id) <= (SELECT t.created_at, t.id FROM {} t WHERE t.company_id = %(company)s"
            ).format(sql.Identifier(TABLES[kind])),
            *(sql.SQL(" AND ") + FILTERS[kind][name] for name in given),
            newest_first("t", is_walking=is_walking), sql.SQL(" LIMIT 1 OFFSET %(offset)s)"),
        ]  # fmt: skip
    parts += [newest_first("t", is_walking=is_walking), sql.SQL(" LIMIT {}").format(limit)]
    return sql.Composed(parts).as_string(None)


def one(kind: str, company: Company, id: UUID) -> str:
    """One row as JSON text.

    Raises:
        NotFound: the company has no such row.
    """
    with prepared_cursor() as cursor:
        cursor.execute(statement(f"api/{kind}") + " AND t.id = %(id)s", {"company": company.pk, "id": id})
        row = cursor.fetchone()
    if row is None:
        raise NotFound(kind.removesuffix("s"))
    return str(row[2])
