"""API v1 gives the same bytes from legacy and from the new tables: every company, row, endpoint and stage, errors included."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command

from crm.models import Company, Scope
from legacy.models import LegacyQuote
from migration_ops.models import MigrationRun, QuarantinedRow
from migration_ops.stages import Stage
from migration_ops.tests import other_generator
from migration_ops.tests.api.clients import Caller, caller, to_stage
from migration_ops.tests.dirty.case import rows_of
from migration_ops.tests.dirty_rows import CASES
from migration_ops.tests.moving import company_of, insert

pytestmark = pytest.mark.django_db(transaction=True)
CHINOOK = Path(__file__).resolve().parents[4] / "shared" / "data" / "chinook.legacy.csv.gz"
WRITABLE = [stage for stage in Stage if stage is not Stage.COMPLETE]
PAGE_ROWS = 97
ABSENT = UUID(int=7)


def migrate_all() -> None:
    # It ends with 3 where rows are in quarantine.
    with suppress(SystemExit):
        call_command("migrate_legacy", all=True, no_validate=True, verbosity=0)
    assert not MigrationRun.objects.exclude(status="finished").exists()


def said(call: Caller, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, bytes, str | None]:
    """An answer as far as it may not differ: status, body, content type."""
    answer = call(method, path, body, X_Request_ID="same", **more)
    return answer.status_code, answer.content, answer.headers.get("Content-Type")


def reads(call: Caller, rows: int, every: int) -> Iterator[tuple[str, tuple[int, bytes, str | None]]]:
    """Every page of a company and every such row alone, as the two endpoints that read give them."""
    for place in range(0, rows + PAGE_ROWS, PAGE_ROWS):
        path = f"/api/quotes?limit={PAGE_ROWS}&offset={place}"
        yield path, said(call, "GET", path)
    path = "/api/quotes"
    yield path, said(call, "GET", path)
    ids = LegacyQuote.objects.filter(company_id=call.company.pk).order_by("pk").values_list("pk", flat=True)
    for id in ids[::every]:
        path = f"/api/quotes/{id}"
        yield path, said(call, "GET", path)


def every_company_reads_the_same_in_every_stage(*, alone_every: int = 7) -> int:
    """Compares all rows of all companies; how many rows.

    In every stage each row by page; alone each in one stage of either side, and every so many in the others.
    """
    seen = 0
    for company in Company.objects.order_by("pk"):
        call = caller(company)
        rows = LegacyQuote.objects.filter(company_id=company.pk).count()
        expected: dict[str, tuple[int, bytes, str | None]] = {}
        for stage in Stage:
            to_stage(company, stage)
            for path, answer in reads(call, rows, 1 if stage in (Stage.OFF, Stage.LIVE) else alone_every):
                assert answer[0] == 200, (stage, path, answer)
                assert expected.setdefault(path, answer) == answer, (stage, path)
        # Each row was there, in one page as alone, and nothing else. As texts: some are nested deeper than Python reads.
        alone = [answer[1] for path, answer in expected.items() if path.partition("quotes/")[2]]
        pages = [answer[1] for path, answer in expected.items() if "offset=" in path]
        assert len(alone) == rows
        assert all(sum(body in page for page in pages) == 1 for body in alone)
        brackets_and_commas = sum(1 + max(1, min(PAGE_ROWS, rows - n * PAGE_ROWS)) for n in range(len(pages)))
        assert sum(map(len, pages)) == sum(map(len, alone)) + brackets_and_commas
        seen += rows
    return seen


@pytest.fixture(autouse=True)
def _without_limit(settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10_000_000


@pytest.mark.parametrize("rows", [150, pytest.param(3_000, marks=pytest.mark.nightly)])
def test_made_up_rows_of_several_companies(rows):
    call_command("seed_legacy", rows=rows, companies=3, seed=5, dirty=0.5, verbosity=0)
    migrate_all()
    assert QuarantinedRow.objects.filter(resolution="").exists()
    assert every_company_reads_the_same_in_every_stage(alone_every=7 if rows < 1_000 else 1) == rows


@pytest.mark.parametrize("rows", [60, pytest.param(3_000, marks=pytest.mark.nightly)])
def test_rows_of_another_generator(rows):
    other_generator.generate(rows)
    migrate_all()
    assert every_company_reads_the_same_in_every_stage() == rows


@pytest.mark.skipif(not CHINOOK.exists(), reason="the shared data are not beside the project")
def test_the_real_rows():
    call_command("load_legacy", str(CHINOOK), verbosity=0)
    migrate_all()
    assert every_company_reads_the_same_in_every_stage() == 412


def test_every_dirty_row_of_the_list():
    made = 0
    for number, region in enumerate(sorted({case.region for case in CASES})):
        company = company_of(UUID(int=2**100 + number), region)
        for case in CASES:
            if case.region == region and "id" not in case.columns:
                ids = [UUID(int=2**101 + made + place) for place in range(1 + len(case.also))]
                insert(rows_of(case, made + 1, ids, company.pk))
                made += len(ids)
    migrate_all()
    assert QuarantinedRow.objects.count() > 10
    assert every_company_reads_the_same_in_every_stage() == made


DEAL = {
    "customer_name": "Ann", "phone": "202 555 0123", "email": "Ann@Miller.example", "lead_status": "Converted ", "status": "completed",
    "quote_number": "Q 1", "total": 12.50, "subtotal": "12.500", "job_name": "", "invoice_number": "I-1",
    "paid_at": "2024-03-20T12:00:00+02:00", "payment_method": " cash",
    "items": [{"name": "Tap", "quantity": 1, "unit_price": 12.50, "odd": {"x": [1.10, None]}, "total": "12.50"}],
}  # fmt: skip
BODIES = [
    {}, {"customer_name": "Only a lead", "lead_status": "new"}, DEAL,
    {"customer_name": "é\n\"<", "items": [], "notes": "  "}, {"status": "sent", "items": None, "tax_rate": 8.25},
]  # fmt: skip
CHANGES = [{"notes": "changed"}, {"status": "accepted"}, {"items": [], "total": 0}, {"email": None}, {}]
REFUSALS = [
    ("GET", f"/api/quotes/{ABSENT}", None, {}), ("PUT", f"/api/quotes/{ABSENT}", {"notes": "x"}, {}), ("PATCH", f"/api/quotes/{ABSENT}", {}, {}),
    ("DELETE", f"/api/quotes/{ABSENT}", None, {}), ("GET", "/api/quotes/none", None, {}), ("PUT", "/api/quotes/none", {}, {}),
    ("GET", "/api/quotes?limit=0", None, {}), ("GET", "/api/quotes?limit=1001", None, {}), ("GET", "/api/quotes?offset=-1", None, {}),
    ("GET", "/api/quotes?status=sent", None, {}), ("GET", "/api/nothing", None, {}), ("GET", "/api/quotes/", None, {}),
    ("DELETE", "/api/quotes", None, {}), ("POST", f"/api/quotes/{ABSENT}", {}, {}), ("HEAD", "/api/quotes", None, {}), ("OPTIONS", "/api/quotes", None, {}),
    ("GET", "/api/generate-quote", None, {}), ("POST", "/api/quotes", {"nothing": 1}, {}), ("POST", "/api/quotes", {"total": "x"}, {}),
    ("POST", "/api/quotes", {"items": "x"}, {}), ("POST", "/api/quotes", {"paid_at": "yesterday"}, {}), ("POST", "/api/quotes", [1], {}),
    ("POST", "/api/quotes", None, {"raw": b"{"}), ("POST", "/api/quotes", None, {"raw": b'{"total": NaN}'}),
    ("GET", "/api/quotes", None, {"Authorization": "Bearer qp_00000000_x"}), ("POST", "/api/generate-quote", {}, {"Authorization": ""}),
]  # fmt: skip


def neutral(answer: tuple[int, bytes, str | None], *ids: str) -> tuple[int, bytes, str | None]:
    """Without what is made anew for each row: its id, and when it was written."""
    status, body, kind = answer
    for id in ids:
        body = body.replace(id.encode(), b"ID")
    return status, re.sub(rb'"(created|updated)_at":"[0-9T:.+-]{25,32}"', rb'"\1_at":"T"', body), kind


def test_every_endpoint_answers_the_same_in_every_stage():
    call_command("seed_legacy", rows=30, companies=1, seed=9, dirty=0.3, verbosity=0)
    migrate_all()
    call = caller(Company.objects.get())
    reader = caller(call.company, Scope.LEADS_READ, name="reader")
    writes: dict[Stage, list[Any]] = {}
    refusals: dict[Stage, list[Any]] = {}
    for stage in Stage:
        to_stage(call.company, stage)
        refusals[stage] = [said(call, method, path, body, **more) for method, path, body, more in REFUSALS]
        refusals[stage] += [said(reader, "GET", "/api/quotes"), said(reader, "POST", "/api/quotes", {}), said(call, "POST", "/api/generate-quote", {"x": 1})]  # fmt: skip
        if stage is Stage.COMPLETE:
            continue
        answers = writes[stage] = []
        for body in BODIES:
            made = said(call, "POST", "/api/quotes", body)
            id = json.loads(made[1])["id"]
            path = f"/api/quotes/{id}"
            answers += [neutral(made, id), neutral(said(call, "GET", path), id)]
            for number, change in enumerate(CHANGES):
                changed = said(call, "PATCH" if number % 2 else "PUT", path, change)
                assert changed == said(call, "GET", path)
                answers.append(neutral(changed, id))
            answers.append(neutral(said(call, "GET", "/api/quotes"), id))
            answers += [neutral(said(call, "DELETE", path), id), neutral(said(call, "GET", path), id)]
        assert {answer[0] for answer in answers} == {200, 201, 204, 404}
    assert all(writes[stage] == writes[Stage.OFF] for stage in WRITABLE)
    statuses = {answer[0] for answer in refusals[Stage.OFF]}
    assert {200, 400, 401, 403, 404, 405, 422} <= statuses, statuses
    assert all(refusals[stage] == refusals[Stage.OFF] for stage in WRITABLE)
    # A company that is complete is written through version 2: what reads, and what is wrong in itself, is said as before.
    differing = [
        (wanted[:2], was[0], now[0])
        for wanted, was, now in zip(REFUSALS, refusals[Stage.OFF], refusals[Stage.COMPLETE], strict=False)
        if was != now
    ]
    assert all(method in ("PUT", "PATCH", "DELETE") and now == 409 for (method, _), _, now in differing), differing


def test_a_company_that_is_complete_is_not_written(no_effect):
    call_command("seed_legacy", rows=5, companies=1, seed=9, dirty=0, verbosity=0)
    migrate_all()
    call = caller(Company.objects.get())
    to_stage(call.company, Stage.COMPLETE)
    id = LegacyQuote.objects.first().pk
    with no_effect():
        for method, path in (("POST", "/api/quotes"), ("PUT", f"/api/quotes/{id}"), ("PATCH", f"/api/quotes/{id}"), ("DELETE", f"/api/quotes/{id}")):  # fmt: skip
            status, body, _ = said(call, method, path, {"notes": "x"} if method != "DELETE" else None)
            assert status == 409, (method, body)
            assert b"API v2" in body, body
