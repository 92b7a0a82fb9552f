"""What compared reads prove: figures for people, and the answer of the gate."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from crm.models import Company
from migration_ops import conf
from migration_ops.models import ShadowCount, ShadowGroup
from migration_ops.models.shadow import Endpoint
from migration_ops.selectors.standing import standing_of
from migration_ops.shadow.compare import SQL
from migration_ops.shadow.record import basis_of
from migration_ops.validation.query import one_row

COUNTS = ("equal", "rows", "mismatched", "noise", "late", "dropped")
SHARE = 0.9
"""Of a company with few rows, so much must be equal: some are always being written, and new ones come."""
FRESH_H = 24
"""Oldest newest comparison a gate accepts, hours."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Sums over the days that count: of everything, and of what rests on the company's basis of now."""

    all: dict[str, dict[str, int]]
    valid: dict[str, dict[str, int]]
    newest: dict[str, datetime | None]
    open: list[ShadowGroup]


def figures_of(company: Company) -> Figures:
    """The company's figures now, by endpoint."""
    counted = ShadowCount.objects.filter(company=company, day__gte=_since())
    valid = counted.filter(stage=standing_of(company).stage, basis=basis_of(company))
    newest = dict(valid.order_by().values_list("endpoint").annotate(at=Max("last_equal_at")))
    return Figures(
        all=_sums(counted), valid=_sums(valid), newest={str(each): newest.get(each) for each in Endpoint},
        open=list(ShadowGroup.objects.filter(company=company, resolved_at=None).order_by("endpoint", "field", "rule")),
    )  # fmt: skip


def _sums(counted: QuerySet[ShadowCount]) -> dict[str, dict[str, int]]:
    sums = counted.order_by().values_list("endpoint").annotate(**{f"{name}_sum": Sum(name) for name in COUNTS})
    found = {endpoint: dict(zip(COUNTS, figures, strict=True)) for endpoint, *figures in sums}
    return {str(each): found.get(each.value, dict.fromkeys(COUNTS, 0)) for each in Endpoint}


def look(company: Company) -> tuple[bool, dict[str, Any], str]:
    """The gate: enough reads of each endpoint were equal, lately, in this stage, and none differed since.

    Nothing counts that was compared before the newest finding, run or mapping version.
    """
    figures = figures_of(company)
    remedy = f"shadow_reads --company {company.slug}"
    needed = _rows_needed(company)
    evidence: dict[str, Any] = {
        "days": conf.SHADOW_DAYS, "rows_needed": needed, "open_mismatches": len(figures.open), **figures.valid,
    }  # fmt: skip
    if figures.open:
        told = "; ".join(f"{group} ({group.seen:,} times)" for group in figures.open[:5])
        more = f" and {len(figures.open) - 5} more" if len(figures.open) > 5 else ""
        return False, evidence, f"answers of API v1 differ: {told}{more}. Repair, validate, then {remedy}"
    for endpoint in Endpoint:
        counts, newest = figures.valid[endpoint], figures.newest[endpoint]
        if newest is None or counts["rows"] < needed:
            missing = (
                f"{counts['rows']:,} rows of {endpoint.label} were compared and equal in this stage since the last "
                f"finding, run and mapping version; {max(needed, 1):,} are needed: {remedy}"
            )
            return False, evidence, missing
        if newest < timezone.now() - timedelta(hours=FRESH_H):
            return False, evidence, f"{endpoint.label} was last found equal more than {FRESH_H} hours ago: {remedy}"
    return True, evidence, ""


def reach() -> dict[str, Any]:
    """How far the gate looks, for those who look at many companies at once: parameters of dashboard.sql, compared."""
    return {
        "mapping_version": conf.MAPPING_VERSION, "since": _since(), "names": [str(each) for each in Endpoint],
        "most": _most(),
    }  # fmt: skip


def is_enough(equal: int, newest: datetime | None, have: int) -> bool:
    """Whether comparisons of an endpoint are enough, and fresh, for a company with so many legacy rows (pure)."""
    is_fresh = newest is not None and newest >= timezone.now() - timedelta(hours=FRESH_H)
    return is_fresh and equal >= _needed(have)


def _since() -> date:
    return datetime.now(UTC).date() - timedelta(days=conf.SHADOW_DAYS - 1)


def _most() -> int:
    return ceil(conf.SHADOW_ROWS / SHARE)


def _needed(have: int) -> int:
    return min(conf.SHADOW_ROWS, ceil(have * SHARE))


def _rows_needed(company: Company) -> int:
    (have,) = one_row(SQL, "rows_upto", {"company": company.pk, "most": _most()})
    return _needed(int(have))
