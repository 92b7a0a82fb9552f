"""Tries quarantined rows again, after a correction in legacy or of the rules."""

from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill.finish import finish
from migration_ops.backfill.plan import refuse_if_active
from migration_ops.backfill.sweep import settle
from migration_ops.dual_write import fence
from migration_ops.exceptions import StageRefused
from migration_ops.models import LegacyLink, QuarantinedRow
from migration_ops.stages import NEW_SIDE_LEADS


@dataclass(frozen=True, kw_only=True)
class Retried:
    """Rows tried, migrated, still set aside."""

    tried: int
    migrated: int
    waiting: int


def retry_quarantined(company: Company, *, reason: str | None, actor: str) -> Retried:
    """Project the company's open quarantined rows again, of one reason or of all.

    Raises:
        RunAlreadyActive: a run of the company is being driven.
        StageRefused: the new tables lead.
    """
    refuse_if_active(company)
    rows = QuarantinedRow.objects.filter(company=company, resolution="")
    if reason is not None:
        rows = rows.filter(reason=reason)
    ids = list(rows.order_by("legacy_id").values_list("legacy_id", flat=True))
    for start in range(0, len(ids), conf.SWEEP_ROWS):
        _retry(company, ids[start : start + conf.SWEEP_ROWS], actor)
    if ids:
        with transaction.atomic(), fence.mirrored():
            finish(company)
    waiting = QuarantinedRow.objects.filter(company=company, resolution="", legacy_id__in=ids).count()
    # Not simply the rest: a row that was deleted in legacy is neither.
    migrated = LegacyLink.objects.filter(company=company, legacy_id__in=ids).count()
    return Retried(tried=len(ids), migrated=migrated, waiting=waiting)


def _retry(company: Company, ids: list[UUID], actor: str) -> None:
    """A group in one transaction; where the database refuses it, one row after the other."""
    try:
        with transaction.atomic(), fence.mirrored():
            _hold_stage(company)
            settle(company, ids, batch_id=None, actor=actor)
    except DatabaseError:
        if len(ids) > 1:
            for id in ids:
                _retry(company, [id], actor)
        # A single row the database still refuses stays set aside as it was.


def _hold_stage(company: Company) -> None:
    """Nobody takes the company live meanwhile: its legacy rows would be projected over what the new tables lead."""
    stage = fence.enter(company.pk)
    if stage in NEW_SIDE_LEADS:
        raise StageRefused(company=company.slug, stage=stage, why="the new tables lead; correct the deal there")
