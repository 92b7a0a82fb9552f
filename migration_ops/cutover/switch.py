"""The fence and the flip, forward and back: one short transaction that changes everything or nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, InternalError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg import sql

from crm.models import Company
from migration_ops import audit, conf, transitions
from migration_ops.cutover import findings, gates
from migration_ops.cutover.gates import GateResult
from migration_ops.dual_write import apply, capture, fence, reverse
from migration_ops.dual_write.apply import Applied
from migration_ops.dual_write.lag import lag_of
from migration_ops.exceptions import (
    FenceTimedOut,
    GateNotPassed,
    MigrationOpsError,
    MoveRefused,
    SecondPersonRefused,
    StageRefused,
)
from migration_ops.models import CompanyStage, Finding, StageChange
from migration_ops.sql.loader import block
from migration_ops.stages import MIRRORED, REVERSED, STAGE_MOVES, Move, Stage, is_forward
from migration_ops.validation.query import rows

FENCED_CHANGES = 50
"""Changes that the fence applies itself: some fifty milliseconds, in which its writers wait."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How a step went: from where to where, what it rested on, and how long writers had to wait at most."""

    company: Company
    before: Stage
    after: Stage
    gates: list[GateResult] = field(default_factory=list)
    pause_s: float = 0.0

    @property
    def is_change(self) -> bool:
        """False when the company was there already."""
        return self.before != self.after


def move_stage(company: Company, to: Stage, *, reason: str, actor: str, needs_gates: bool = True) -> Moved:
    """Take a company one step.

    Args:
        reason: a person's words; without any, what the table of moves says.
        needs_gates: False only for a drill, on a scratch copy.
    Raises:
        MoveRefused: no such step from where the company stands.
        GateNotPassed: a step forward without its evidence; nothing was changed.
        FenceTimedOut: writers in flight, or changes that wait, took too long; nothing was changed.
        StageRefused: somebody else moved the company meanwhile.
        Each of them leaves a line in the audit log.
    """
    with refusals_noted(company, to, actor=actor):
        return _move(company, to, reason=reason, actor=actor, needs_gates=needs_gates)


@contextmanager
def refusals_noted(company: Company, to: Stage, *, actor: str) -> Iterator[None]:
    """A step that is refused leaves a line in the audit log, outside of what was rolled back, and nothing else."""
    try:
        yield
    except (MoveRefused, GateNotPassed, FenceTimedOut, StageRefused, SecondPersonRefused) as refused:
        detail = {"wanted": to, "refused": str(refused)}
        audit.record(actor=actor, action="stage_refused", company=company.pk, detail=detail)
        raise


def _move(company: Company, to: Stage, *, reason: str, actor: str, needs_gates: bool) -> Moved:
    before = transitions.stage_of(company)
    if before == to:
        return Moved(company=company, before=before, after=to)
    moves = STAGE_MOVES[before]
    if to not in moves:
        allowed = ", ".join(moves) or "nowhere: the way back is closed"
        raise MoveRefused(company=company.slug, stage=before, wanted=to, allowed=allowed)
    move = moves[to]
    if before == Stage.OFF:
        capture.install()
    wanted = move.gates if needs_gates and is_forward(before, to) else ()
    results = gates.check(company, wanted)
    _refuse_closed(company, before, results)
    drain(company, before)
    CompanyStage.objects.get_or_create(company=company, defaults={"stage": Stage.OFF, "since": timezone.now()})
    try:
        return _flip(company, before, to, move, results, reason=reason or move.reason, actor=actor)
    except (OperationalError, InternalError) as error:
        if (code := getattr(error.__cause__, "sqlstate", None)) not in ("55P03", "57014", "40P01", fence.STOOD_STILL):
            raise
        why = _blockers(company) if code == "55P03" else "the last changes took too long to apply"
        if code == fence.STOOD_STILL:
            connection.close()
            why = "this process stood still and held up the company's writers"
        raise FenceTimedOut(company=company.slug, stage=before, why=why) from error


def _refuse_closed(company: Company, stage: Stage, results: list[GateResult]) -> None:
    closed = [result for result in results if not result.passed]
    if closed:
        told = "; ".join(f"{result.gate}: {result.missing}" for result in closed)
        raise GateNotPassed(company=company.slug, stage=stage, missing=told)


def drain(company: Company, stage: Stage) -> None:
    """Apply what waits while nobody is held up, so that little is left for the fence.

    Under writers that never rest something always waits: it ends where a round finds as much as the one before.
    """
    step = apply.apply_company if stage in MIRRORED else reverse.reverse_company if stage in REVERSED else None
    if step is None:
        return
    before = conf.APPLY_ROWS
    for _ in range(conf.DRAIN_ROUNDS):
        if lag_of(company).waiting <= FENCED_CHANGES:
            return
        found = step(company).entries
        if not found or before <= found < conf.APPLY_ROWS:
            return
        before = found


@transaction.atomic
def _flip(
    company: Company, before: Stage, after: Stage, move: Move, results: list[GateResult], *, reason: str, actor: str
) -> Moved:
    fence.bound_waits(lock_ms=conf.FENCE_WAIT_MS, statement_ms=conf.FENCE_WAIT_MS + conf.FENCE_DRAIN_MS)
    with connection.cursor() as cursor:
        began = fence.close(cursor.execute, company.pk)
        _ensure_refusal_counter(cursor, company, after)
    stage = transitions.stage_of(company)
    if stage != before:
        raise StageRefused(company=company.slug, stage=stage, why=f"somebody else took it there from {before}")
    deadline = time.monotonic() + conf.FENCE_DRAIN_MS / 1000
    if before in MIRRORED and is_forward(before, after):
        _drain_inside(company, before, deadline, apply.apply_rest)
    if before in REVERSED and after not in REVERSED:
        _drain_inside(company, before, deadline, reverse.reverse_rest)
    _refuse_closed(company, before, gates.check(company, [r.gate for r in results if r.gate in gates.FENCED]))
    if not _set_stage(company, before, after):
        raise StageRefused(company=company.slug, stage=before, why="somebody else moves it")
    StageChange.objects.create(
        company=company, before=before, after=after, reason=reason, actor=actor, at=timezone.now()
    )
    if before in REVERSED and after in MIRRORED:
        findings.record(company, Finding.Kind.STEP_BACK, f"from {before} to {after}: {reason}")
    audit.record(
        actor=actor, action="stage", company=company.pk,
        detail={"before": before, "after": after, "reason": reason, "gates": [_told(result) for result in results]},
    )  # fmt: skip
    return Moved(company=company, before=before, after=after, gates=results, pause_s=time.monotonic() - began)


def _told(result: GateResult) -> dict[str, Any]:
    return {"gate": result.gate, "passed": result.passed, "evidence": result.evidence}


def _set_stage(company: Company, before: Stage, after: Stage) -> bool:
    params: dict[str, Any] = {"company": company.pk, "before_stage": before, "after_stage": after}
    with connection.cursor() as cursor:
        cursor.execute(block(fence.SQL, "cut_over").sql, params)
        return bool(cursor.rowcount)


def _ensure_refusal_counter(cursor: Any, company: Company, after: Stage) -> None:
    if after == Stage.LIVE:
        name = sql.Identifier("public", f"qp_refused_{company.pk.hex}")
        cursor.execute(sql.SQL("CREATE SEQUENCE IF NOT EXISTS {} MINVALUE 0 START 1").format(name).as_string(None))


def _drain_inside(company: Company, before: Stage, deadline: float, step: Any) -> None:
    """Apply everything that waits; nobody writes meanwhile.

    Raises:
        FenceTimedOut: it took longer than writers may be held up, or something cannot be applied.
    """
    while True:
        try:
            done: Applied = step(company)
        except (MigrationOpsError, DatabaseError) as error:
            if isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", None) == fence.STOOD_STILL:
                raise
            raise FenceTimedOut(
                company=company.slug, stage=before, why=f"a change cannot be applied: {error}"
            ) from error
        if not done.entries:
            break
        if time.monotonic() > deadline and (left := lag_of(company).waiting):
            raise FenceTimedOut(company=company.slug, stage=before, why=f"{left} changes were left to apply")


def _blockers(company: Company) -> str:
    """Who keeps the fence from closing, in words."""
    waited = conf.FENCE_WAIT_MS
    if found := rows(fence.SQL, "blockers", {"company": company.pk}):
        return f"writers did not come to an end within {waited} ms: {_named(found)}"
    if found := rows(fence.SQL, "bystanders", {"seconds": waited / 1000}):
        return f"a row it needs stayed locked for {waited} ms, by one of: {_named(found)}"
    return f"writers did not come to an end within {waited} ms"


def _named(sessions: list[Any]) -> str:
    return "; ".join(
        f"pid {pid} ({user}, {application or 'no name'}, {state}, open for {age} s)"
        for pid, user, application, state, age in sessions[:3]
    )
