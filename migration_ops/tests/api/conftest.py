"""Two companies, a program of each, and a proof that nothing happened."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection

from crm.models import Company
from migration_ops.tests.api.clients import Caller, caller, company

# Written for a request that was refused, too: its purpose is to count them.
COUNTED = ("migration_v1_use",)


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def everything(company: Company | None = None) -> dict[str, str]:
    """A digest of every table of every schema; of one company's rows alone where it is named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
            " AND a.attname = 'company_id' AND NOT a.attisdropped) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$)'"
        )
        tables = {name: has_company for name, has_company in cursor.fetchall() if name not in COUNTED}
        assert {"quotes", "customers_new", "payments", "api_tokens", "auth_user", "django_session"} <= set(tables)
        found = {}
        for table, has_company in tables.items():
            if company is not None and not has_company:
                continue
            # The day of a token's last use is written by any request that it opens.
            row, where = "(to_jsonb(t) - 'last_used_on')::text", "t.company_id = %s" if company else "%s::uuid IS NULL"
            cursor.execute(
                f"SELECT md5(coalesce(string_agg({row}, '' ORDER BY {row}), '')) FROM {table} t WHERE {where}",
                [company.pk if company else None],
            )
            found[table] = cursor.fetchone()[0]
        return found


@pytest.fixture
def no_effect() -> Callable:
    """``with no_effect():`` nothing in any table changes; ``no_effect(company)``: none of that company's rows."""

    @contextmanager
    def run(company: Company | None = None) -> Iterator[None]:
        before = everything(company)
        yield
        after = everything(company)
        assert [table for table in before if before[table] != after[table]] == []

    return run


@pytest.fixture
def a() -> Caller:
    return caller(company("company-a"), name="a")


@pytest.fixture
def b() -> Caller:
    return caller(company("company-b"), name="b")


def deal_of(call: Caller, *, upto: str = "paid") -> dict[str, str]:
    """A deal of the caller's company, ids by kind."""
    who = {"name": f"{call.company.slug} customer", "email": f"x@{call.company.slug}.example"}
    made = lambda response: json.loads(response.content)  # noqa: E731
    lead = made(call("POST", "/api/v2/leads", {"customer": who, "description": "secret of " + call.company.slug}))
    items = [{"name": "Tap", "quantity": "1", "unit_price": "10"}]
    quote = made(call("POST", "/api/v2/quotes", {"lead_id": lead["id"], "items": items, "quote_number": "Q-1"}))
    ids = {"leads": lead["id"], "quotes": quote["id"], "customers": lead["customer_id"]}
    if upto == "draft":
        return ids
    for step in ("send", "accept"):
        assert call("POST", f"/api/v2/quotes/{quote['id']}/{step}").status_code == 200
    ids["jobs"] = made(call("POST", "/api/v2/jobs", {"quote_id": quote["id"]}))["id"]
    ids["invoices"] = made(call("POST", "/api/v2/invoices", {"job_id": ids["jobs"]}))["id"]
    return ids
