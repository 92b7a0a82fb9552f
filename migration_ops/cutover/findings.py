"""What voids a company's evidence, recorded; and what clears it: a complete validation that began afterwards."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone

from crm.models import Company
from migration_ops import conf
from migration_ops.models import CompanyStage, Finding, GateEvidence
from migration_ops.stages import Stage


def record(company: Company, kind: str, detail: str) -> None:
    """Void the company's evidence."""
    Finding.objects.create(company_id=company.pk, kind=kind, detail=detail, at=timezone.now())


def record_for_all(kind: str, detail: str) -> int:
    """Void the evidence of every company on its way, once while the same finding is open; how many were concerned."""
    moving = CompanyStage.objects.exclude(stage__in=(Stage.OFF, Stage.COMPLETE)).values_list("company_id", flat=True)
    known = set(
        Finding.objects.filter(kind=kind, detail=detail, cleared_at=None, company_id__in=moving).values_list(
            "company_id", flat=True
        )
    )
    new = [Finding(company_id=id, kind=kind, detail=detail, at=timezone.now()) for id in moving if id not in known]
    Finding.objects.bulk_create(new)
    return len(new)


def open_ids(company: Company) -> list[int]:
    """The findings that are open now."""
    return list(Finding.objects.filter(company_id=company.pk, cleared_at=None).values_list("pk", flat=True))


def clear(ids: Sequence[int]) -> None:
    """A complete validation that began after these has passed."""
    for start in range(0, len(ids), 10_000):
        Finding.objects.filter(pk__in=ids[start : start + 10_000], cleared_at=None).update(cleared_at=timezone.now())


def open_by_kind(company: Company) -> list[dict[str, Any]]:
    """Open findings in groups: kind, how many, the newest one's words."""
    groups = (
        Finding.objects.filter(company_id=company.pk, cleared_at=None)
        .values("kind")
        .annotate(count=Count("pk"), newest=Max("pk"))
        .order_by("kind")
    )
    words = dict(Finding.objects.filter(pk__in=[g["newest"] for g in groups]).values_list("pk", "detail"))
    return [{"kind": g["kind"], "count": g["count"], "newest": words[g["newest"]]} for g in groups]


def count_of(company: Company) -> int:
    """Findings the company ever had, cleared ones too, as far as they are committed.

    What a proof notes at its beginning: one that comes later makes it more, however early it was recorded in a
    transaction that ended late.
    """
    return Finding.objects.filter(company_id=company.pk).count()


def leave_evidence(
    company: Company, gate: str, *, has_passed: bool, detail: dict[str, Any], seen: int | None = None
) -> GateEvidence:
    """Keep the proof a service has for a gate; the newest one of a gate counts.

    Args:
        gate: as named in stages.STAGE_MOVES.
        detail: what a person wants to see: counts, a checksum, where the report is.
        seen: count_of the company when the proof was begun; now, without.
    """
    if seen is None:
        seen = count_of(company)
    return GateEvidence.objects.create(
        company=company, gate=gate, has_passed=has_passed, detail=detail, mapping_version=conf.MAPPING_VERSION,
        findings=seen, at=timezone.now(),
    )  # fmt: skip


def void_evidence(company: Company, gate: str, why: str) -> int:
    """Void what was left for one gate, for a reason that concerns only that one; how many proofs it was."""
    proofs = GateEvidence.objects.filter(company=company, gate=gate, voided_at=None)
    return proofs.update(voided_at=timezone.now(), voided_by=why)
