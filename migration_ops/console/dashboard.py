"""The state of the whole move: one frozen object with all the front page shows, in a fixed number of statements."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from migration_ops import conf
from migration_ops.cutover import glance
from migration_ops.models import Verdict
from migration_ops.shadow import evidence as shadow_evidence
from migration_ops.stages import Stage
from migration_ops.validation.query import one_row, rows

SQL = "queries/dashboard.sql"
PAGE_COMPANIES = 50
CHART_HOURS = 24
CONDITIONS = {"running": "runs", "stuck": "is stuck", "waiting": "waits for a person"}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The last verdict at one depth: `passed` is None where there is none; `is_old` where rows or rules are others."""

    depth: str
    passed: bool | None
    at: datetime | None
    is_old: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One company. Rows are those its last run has planned, so `done` never passes `rows`; rates are rows a second."""

    id: UUID
    name: str
    slug: str
    stage: Stage
    run: int | None
    status: str
    phase: str
    rows: int
    done: int
    error: str
    pace: str
    is_stalled: bool
    rate: float | None
    seconds_left: tuple[float, float] | None
    quarantined: int
    conflicts: int
    proofs: tuple[Proof, ...]
    findings: int
    waiting: int
    failed: int
    lag_s: float
    ahead: Stage | None
    closed: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """Done rows of all planned ones, rounded down to a tenth; 100 only when the run has finished."""
        if self.run is None:
            return None
        if self.status == "finished":
            return 100.0
        return min(99.9, math.floor(1000 * self.done / self.rows) / 10) if self.rows else 0.0

    @property
    def is_stuck(self) -> bool:
        """Whether nothing goes on until somebody does something."""
        return self.is_stalled or self.status == "failed" or self.failed > 0

    @property
    def never(self) -> tuple[str, ...]:
        """Depths without a verdict."""
        return tuple(proof.depth for proof in self.proofs if proof.passed is None)

    @property
    def is_proven(self) -> bool:
        """Whether every depth has passed on the rules of today, and nothing was found since."""
        return not self.findings and all(proof.passed and not proof.is_old for proof in self.proofs)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Everything the person may see, added up."""

    companies: int
    running: int
    stalled: int
    failed: int
    paused: int
    rows: int
    rows_done: int
    quarantined: int
    conflicts: int
    disproven: int
    changes_failed: int
    requests: int

    @property
    def percent(self) -> float:
        """Done rows of all planned ones, rounded down to a tenth."""
        return math.floor(1000 * self.rows_done / self.rows) / 10 if self.rows else 0.0


@dataclass(frozen=True, kw_only=True)
class Hour:
    """Rows of the batches that ended in one hour."""

    at: datetime
    migrated: int
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """All the page shows."""

    totals: Totals
    stages: dict[Stage, int]
    lines: tuple[Line, ...]
    has_more: bool
    hours: tuple[Hour, ...]
    found: tuple[tuple[str, str, int], ...]


def dashboard(
    seen: Collection[UUID] | None, *, words: str = "", stage: str = "", condition: str = "", page: int = 0
) -> Dashboard:
    """The move as one person sees it.

    Args:
        seen: the companies that count; None for all of them.
        words: a part of a company's name or slug.
        stage, condition: only companies of this stage, of this one of `CONDITIONS`; empty for all.
        page: from 0; companies are thousands at most, so pages may be skipped.
    """
    ids = None if seen is None else list(seen)
    scope: dict[str, Any] = {"seen": ids, "stalled_s": conf.STALLED_S}
    lines = _lines(
        scope | {"words": words, "stage": stage, "condition": condition,
                 "most": PAGE_COMPANIES + 1, "offset": page * PAGE_COMPANIES}
    )  # fmt: skip
    names, depths = Totals.__dataclass_fields__, list(Verdict.Depth.values)
    return Dashboard(
        totals=Totals(**dict(zip(names, one_row(SQL, "overview", scope | {"names": depths}), strict=True))),
        stages=dict.fromkeys(Stage, 0) | {Stage(name): count for name, count in rows(SQL, "stages", scope)},
        lines=lines[:PAGE_COMPANIES],
        has_more=len(lines) > PAGE_COMPANIES,
        hours=tuple(
            Hour(at=at, migrated=migrated, quarantined=quarantined)
            for at, migrated, quarantined in rows(SQL, "rows_by_hour", {"seen": ids, "hours": CHART_HOURS})
        ),
        found=tuple(rows(SQL, "found", {"seen": ids})),
    )


def line_of(company: UUID) -> Line | None:
    """One company as the front page shows it; None where there is none."""
    params: dict[str, Any] = {
        "seen": [company], "words": "", "stage": "", "condition": "", "most": 1, "offset": 0,
        "stalled_s": conf.STALLED_S,
    }  # fmt: skip
    found = _lines(params)
    return found[0] if found else None


def _lines(params: dict[str, Any]) -> tuple[Line, ...]:
    companies = rows(SQL, "companies", params)
    ids: dict[str, Any] = {"ids": [each[0] for each in companies]}
    progress = {run: rest for run, *rest in rows(SQL, "progress", {"runs": [each[4] for each in companies if each[4]]})}
    lag = {id: rest for id, *rest in rows(SQL, "lag", ids)}
    facts = {id: rest for id, *rest in rows(SQL, "facts", ids)}
    verdicts: dict[UUID, dict[str, tuple[bool, int, datetime]]] = {}
    for id, depth, passed, version, at in rows(SQL, "verdicts", ids):
        verdicts.setdefault(id, {})[depth] = (passed, version, at)
    left: dict[UUID, dict[str, glance.Left]] = {}
    for id, gate, stands, version, findings, snapshot_at, run in rows(SQL, "evidence", ids):
        proof = glance.Left(stands=stands, mapping_version=version, findings=findings, snapshot_at=snapshot_at, run=run)
        left.setdefault(id, {})[gate] = proof
    compared = {
        id: glance.Compared(differences=differences, rows=equal, newest=newest, have=have)
        for id, differences, equal, newest, have in rows(SQL, "compared", ids | shadow_evidence.reach())
    }
    return tuple(
        _line(
            each,
            progress.get(each[4]),
            lag[each[0]],
            facts[each[0]],
            verdicts.get(each[0], {}),
            left.get(each[0], {}),
            compared.get(each[0]),
        )
        for each in companies
    )


def _line(
    company: Any, progress: Any, lag: Any, facts: Any, verdicts: dict[str, tuple[bool, int, datetime]],
    left_proofs: dict[str, glance.Left], compared: glance.Compared | None,
) -> Line:  # fmt: skip
    id, name, slug, stage, run, status, phase, planned, error, pace, is_stalled, quarantined, conflicts = company
    pending, rate, slow, fast = progress or (planned, None, None, None)
    left = min(pending, planned)
    finished_run, finished_version, _, finished_at, findings, ever_found, is_active, was_off = facts
    proofs = tuple(_proof(depth, verdicts.get(depth), finished_at) for depth in Verdict.Depth.values)
    known = glance.Known(
        run=finished_run, run_version=finished_version, is_active=is_active, capture_was_off=was_off,
        quarantined=quarantined or 0, failed=lag[1], oldest_s=lag[2], findings=ever_found,
        compared=compared, left=left_proofs,
        is_proven=not findings and all(proof.passed and not proof.is_old for proof in proofs),
    )  # fmt: skip
    ahead, closed = glance.closed_ahead(Stage(stage), known)
    is_moving = status in ("running", "pausing", "cancelling") and not is_stalled
    return Line(
        id=id, name=name, slug=slug, stage=Stage(stage), run=run, status=status, phase=phase, error=error, pace=pace,
        is_stalled=is_stalled, rows=planned, done=planned - left, rate=rate if is_moving else None,
        seconds_left=(left / fast, left / slow) if is_moving and left and slow and fast else None,
        quarantined=quarantined or 0, conflicts=conflicts or 0, findings=findings, waiting=lag[0], failed=lag[1],
        lag_s=lag[2], proofs=proofs, ahead=ahead, closed=closed,
    )  # fmt: skip


def _proof(depth: str, verdict: tuple[bool, int, datetime] | None, finished_at: datetime | None) -> Proof:
    if verdict is None:
        return Proof(depth=depth, passed=None, at=None, is_old=False)
    passed, version, at = verdict
    is_old = version != conf.MAPPING_VERSION or (finished_at is not None and at < finished_at)
    return Proof(depth=depth, passed=passed, at=at, is_old=is_old)
