"""Every list, of the API and of the admin, takes the same statements for few rows and for many."""

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import quotepro.urls  # noqa: F401 - the admin's lists are found by it
from crm.api.urls import api as v2
from crm.models import (
    ApiToken,
    Company,
    Customer,
    CustomerDecision,
    CustomerMerge,
    CustomerMergeRun,
    DashboardStats,
    Scope,
)
from crm.services.statistics import stats_refresh
from crm.services.tokens import token_create
from crm.tests.admin.rows import NOW, a_company, deals
from legacy.models import LegacyQuote
from migration_ops.api.urls import api as v1
from migration_ops.audit import record
from migration_ops.models import (
    BulkDecision,
    Certificate,
    CompanyStage,
    DedupCase,
    DedupConflict,
    MergeSample,
    MigrationRun,
    Retirement,
    ShadowCount,
    ShadowGroup,
    ShadowMismatch,
    StageChange,
    V1Use,
    ValueRuling,
)
from migration_ops.tests.admin.rows import traces
from migration_ops.tests.api.conftest import deal_of
from migration_ops.tests.dirty.case import base_row
from migration_ops.tests.moving import insert

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("leads", "quotes", "jobs", "invoices", "customers")
LISTS = [f"/api/v2/{kind}?limit=50" for kind in KINDS] + ["/api/quotes", "/api/v2/quotes?limit=50&offset=1"]
MOST_OF_THE_API, MOST_OF_THE_ADMIN = 6, 20
DEALS = 5


def statements(ask, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask(path).status_code == 200, path
    return len(captured)


def test_lists_of_the_api(a):
    ask = lambda path: a("GET", path)  # noqa: E731
    deal_of(a)
    [statements(ask, path) for path in LISTS]
    few = [statements(ask, path) for path in LISTS]
    for _ in range(8):
        deal_of(a)
    assert [statements(ask, path) for path in LISTS] == few
    assert max(few) <= MOST_OF_THE_API


def test_no_list_of_the_api_is_left_out():
    documents = (v2.get_openapi_schema(path_prefix="/api/v2/"), v1.get_openapi_schema(path_prefix="/api/"))
    served = {
        path
        for document in documents
        for path, methods in document["paths"].items()
        if "limit" in [parameter["name"] for parameter in methods.get("get", {}).get("parameters", ())]
    }
    assert served == {path.partition("?")[0] for path in LISTS}


def more(number: int) -> None:
    """A company with rows in every list of the admin."""
    company = a_company(number)
    made = deals(company, DEALS)
    traces(company, made)
    insert([base_row("deal", number * 100 + place, uuid4(), company.pk) for place in range(DEALS)])
    customers = list(Customer.objects.filter(company=company).order_by("pk"))
    Group.objects.create(name=f"group {number}")
    for place in range(DEALS):
        n, at = number * 100 + place, NOW - timedelta(hours=place)
        User.objects.create(username=f"user {n}", is_staff=True)
        token_create(company, name=f"token {n}", scopes=Scope.values, created_by="test")
        run = CustomerMergeRun.objects.create(company=company, origin="rules", words="same phone", actor="test", at=at)
        merge = CustomerMerge.objects.create(
            company=company, survivor=customers[place], run=run, origin="rules", fingerprint="f", actor="test", at=at,
            number=n + 1,
        )  # fmt: skip
        CustomerDecision.objects.create(
            company=company, customer_a=customers[place], customer_b=customers[place + 1], verdict="different",
            actor="test", at=at, merge=merge,
        )  # fmt: skip
        MergeSample.objects.create(
            company=company, day=at.date(), is_merged=True, merge=merge, created_at=at,
            sides=[{"name": "Ann", "lines": [["phone", "1"]]}, {"name": "Anne", "lines": [["phone", "1"]]}],
        )  # fmt: skip
        bulk = BulkDecision.objects.create(company=company, pattern="p", reason="probable", actor="test", at=at)
        DedupCase.objects.create(
            id=uuid4(), company=company, customers=[customers[place].pk, customers[place + 1].pk], words="Ann / Anne",
            reason="probable", score=0.9, questions=1, records=2, money=10, stake=n, created_at=at, bulk=bulk,
        )  # fmt: skip
        certificate = Certificate.objects.create(
            company=company,
            document="{}",
            sha256=sha256(b"{}").hexdigest(),
            signed_by="test",
            mapping_version=1,
            last_finding=0,
            at=at,
        )
        Retirement.objects.create(
            company=company, certificate=certificate, state="removed", archive="a", archive_sha256="0" * 64, rows=1,
            actor="test", reason="test", at=at,
        )  # fmt: skip
        day = at.date() - timedelta(days=n)
        ShadowCount.objects.create(company=company, day=day, endpoint="list", stage="shadow", basis="b")
        group = ShadowGroup.objects.create(
            company=company, endpoint="detail", field=f"f{n}", rule="value", first_at=at, last_at=at
        )
        ShadowMismatch.objects.create(group=group, object=str(n), stage="shadow", at=at)
        record(actor="test", action="a_step", company=company.pk, detail={"place": place})
        V1Use.objects.create(day=day, client=f"client {n}", company=company, last_at=at)
        ValueRuling.objects.create(
            company=company, kind="phone", value=f"+1{n}", is_generic=True, reason="test", actor="test", at=at
        )


# Rows of a company in each list, where they are not one for each deal.
OWN_ROWS = {
    Company: 1,
    Group: 1,
    DashboardStats: 1,
    CompanyStage: 1,
    StageChange: 1,
    MigrationRun: 1,
    DedupConflict: DEALS - 1,
}


def test_lists_of_the_admin(admin_client):
    lists = {
        model: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    }
    assert {LegacyQuote, ApiToken, DashboardStats} <= set(lists)
    counted = {}
    for round in (range(1), range(1, 6)):
        for number in round:
            more(number)
        stats_refresh()
        for model, url in lists.items():
            rows = model._default_manager.count()
            assert rows >= OWN_ROWS.get(model, DEALS) * (round[-1] + 1), f"{model._meta.label}: only {rows} rows"
            statements(admin_client.get, url)  # what is asked once for a process, such as content types
            counted.setdefault(model._meta.label, []).append(statements(admin_client.get, url))
    # Whether a certificate still holds is found out anew for each one that is shown: few statements for each company.
    few, many = counted.pop(Certificate._meta.label)
    assert many - few <= 2 * (Certificate.objects.count() - DEALS)
    assert {label: found for label, found in counted.items() if len(set(found)) > 1} == {}
    assert {label: found for label, found in counted.items() if max(found) > MOST_OF_THE_ADMIN} == {}
