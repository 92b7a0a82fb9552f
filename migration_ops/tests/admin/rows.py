"""Rows that the move writes about a company's deals."""

from itertools import pairwise
from uuid import UUID

from crm.models import Company, CustomerContact
from crm.tests.admin.rows import HOSTILE, NOW, an_id
from migration_ops.models import (
    CompanyStage,
    DedupConflict,
    LegacyLink,
    MigrationBatch,
    MigrationRun,
    Mismatch,
    OutboxEntry,
    QuarantinedRow,
    StageChange,
    Verdict,
)


def traces(company: Company, deals: list[UUID]) -> None:
    """A stage with its step, a run with a batch; for each deal a link, a conflict, a verdict, a captured change."""
    CompanyStage.objects.create(company=company, stage="dualwrite", since=NOW)
    StageChange.objects.create(company=company, before="off", after="dualwrite", reason=HOSTILE, actor=HOSTILE, at=NOW)
    run = MigrationRun.objects.create(
        company=company, status="finished", mapping_version=1, rows_planned=len(deals), batch_rows=1000,
        owner=HOSTILE, started_at=NOW, heartbeat_at=NOW, finished_at=NOW, busy_seconds=65, error=HOSTILE,
    )  # fmt: skip
    contacts = list(CustomerContact.objects.filter(company=company).order_by("pk"))
    for place, deal in enumerate(deals):
        batch = MigrationBatch.objects.create(run=run, kind="rows", part=place, rows=1, state="done", migrated=1)
        LegacyLink.objects.create(
            legacy_id=deal, company=company, contact=contacts[place], flags=["doc_sum", "line_sum", "url_odd", "twin"],
            residue={"item": {"1": {"raw": {"unit_price": HOSTILE}}}},
            fingerprint=place, mapping_version=1, batch=batch,
        )  # fmt: skip
        QuarantinedRow.objects.create(
            legacy_id=an_id(f"quarantined {deal}"), company=company, reason="number_unreadable", field="total",
            original=HOSTILE, source={"id": str(deal), "notes": HOSTILE, "items": [{"name": HOSTILE}], "email": None},
            mapping_version=1, batch=batch, first_seen_at=NOW, last_seen_at=NOW,
        )  # fmt: skip
        verdict = Verdict.objects.create(
            company=company, depth="fields", has_passed=False, rows_expected=1200, rows_checked=1200, mismatched=1,
            checks=[{"name": HOSTILE, "expected": 1200, "found": 1199, "passed": False}],
            mapping_version=1, seconds=0.5, at=NOW,
        )  # fmt: skip
        Mismatch.objects.create(
            verdict=verdict, kind="mismatched", table="quotes_new", row_id=deal, legacy_id=deal, column="total",
            expected=HOSTILE, found="1",
        )  # fmt: skip
        OutboxEntry.objects.create(legacy_id=deal, company_id=company.pk, operation="U", captured_at=NOW, error=HOSTILE)
    for one, other in pairwise(contacts):
        DedupConflict.objects.create(
            company=company, contact_a=one, contact_b=other, reason="name_typo", score=0.9981, created_at=NOW,
            evidence=[{"kind": "x", "text": HOSTILE, "weight": 5.0}, {"kind": "y", "text": "unlike", "weight": -8.0}],
        )  # fmt: skip
