"""Two companies, a program of each, and a proof that nothing happened."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection

from migration_ops.tests.api.clients import Caller, caller, company

TABLES = (
    "quotes", "companies", "customers_new", "customer_contacts", "customer_addresses", "leads_new", "quotes_new", "quote_items_new",
    "jobs_new", "invoices_new", "payments", "migration_legacy_link", "migration_quarantined_row", "api_idempotent_requests",
    "auth_user", "django_session",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def everything() -> dict[str, str]:
    """A digest of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} t")
            found[table] = cursor.fetchone()[0]
        return found


@pytest.fixture
def no_effect() -> Callable:
    """``with no_effect():`` nothing in any table changes."""

    @contextmanager
    def run() -> Iterator[None]:
        before = everything()
        yield
        assert everything() == before

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
