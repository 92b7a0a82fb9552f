"""One company of the move: all its page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.models import Company
from migration_ops import transitions
from migration_ops.console.dashboard import Line, line_of
from migration_ops.cutover import gates
from migration_ops.cutover.gates import GateResult
from migration_ops.cutover.offered import Offer, offers
from migration_ops.cutover.second_person import waiting_request
from migration_ops.dual_write.lag import failures_of, refused_writes
from migration_ops.models import (
    AuditLine,
    Certificate,
    MigrationRun,
    Mismatch,
    Retirement,
    StageChange,
    StepRequest,
    Verdict,
)
from migration_ops.retirement.certificate import superseded_by
from migration_ops.stages import STAGE_MOVES, RunStatus, Stage, is_forward

SHOWN_MISMATCHES = 50
SHOWN = 20
TRIED = "way_back"
"""A gate that is tried by a real change that is rolled back: at the step, not whenever somebody looks."""


@dataclass(frozen=True, kw_only=True)
class StageOnPath:
    """A stage, when the company entered it, and what the step rested on: (gate, evidence in words)."""

    stage: Stage
    is_past: bool
    is_now: bool
    entered_at: datetime | None
    actor: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class CompanyPage:
    """The page of one company; gates are those of the next step, looked at now. The certificate is the newest one."""

    company: Company
    line: Line
    path: tuple[StageOnPath, ...]
    ahead: Stage | None
    gates: tuple[GateResult, ...]
    is_tried_later: bool
    offers: tuple[Offer, ...]
    request: StepRequest | None
    runs: tuple[MigrationRun, ...]
    run: MigrationRun | None
    verdicts: tuple[Verdict, ...]
    mismatches: tuple[Mismatch, ...]
    has_more_mismatches: bool
    history: tuple[StageChange, ...]
    failures: tuple[tuple[str, int], ...]
    refused: int
    certificate: Certificate | None
    superseded_by: str
    retirement: Retirement | None

    @property
    def missing(self) -> tuple[GateResult, ...]:
        """The gates that are closed."""
        return tuple(result for result in self.gates if not result.passed)


def company_page(company: Company) -> CompanyPage:
    """All of it; gates are read, not proven anew."""
    line = line_of(company.pk)
    assert line is not None  # the company is there
    stage = transitions.stage_of(company)
    ahead = next((after for after in STAGE_MOVES[stage] if is_forward(stage, after)), None)
    wanted = STAGE_MOVES[stage][ahead].gates if ahead else ()
    runs = tuple(MigrationRun.objects.filter(company=company)[:SHOWN])
    run = runs[0] if runs else None
    verdicts = tuple(Verdict.objects.filter(company=company).order_by("depth", "-id").distinct("depth"))
    # By id: in the order of the depths the last ones would have no room.
    failed = [verdict.pk for verdict in verdicts if not verdict.has_passed]
    found = list(
        Mismatch.objects.filter(verdict__in=failed).select_related("verdict").order_by("pk")[: SHOWN_MISMATCHES + 1]
    )
    certificate = Certificate.objects.filter(company=company).first()
    return CompanyPage(
        company=company, line=line, path=_path(company, stage), ahead=ahead,
        gates=tuple(gates.check(company, [name for name in wanted if name != TRIED])), is_tried_later=TRIED in wanted,
        offers=offers(stage, RunStatus(run.status) if run else None, is_stalled=line.is_stalled),
        request=waiting_request(company), runs=runs, run=run, verdicts=verdicts,
        mismatches=tuple(found[:SHOWN_MISMATCHES]), has_more_mismatches=len(found) > SHOWN_MISMATCHES,
        history=tuple(StageChange.objects.filter(company=company)[:SHOWN]), failures=tuple(failures_of(company)),
        refused=refused_writes(company), certificate=certificate,
        superseded_by=superseded_by(certificate) if certificate else "",
        retirement=Retirement.objects.filter(company=company).first(),
    )  # fmt: skip


def _path(company: Company, now: Stage) -> tuple[StageOnPath, ...]:
    """Every stage, with the last step into it and the evidence the audit log keeps of it."""
    order = list(Stage)
    entered: dict[str, StageChange] = {}
    for step in StageChange.objects.filter(company=company).order_by("at", "id"):
        entered[step.after] = step
    evidence: dict[str, Any] = {}
    for line in AuditLine.objects.filter(company_id=company.pk, action="stage").order_by("id"):
        evidence[line.detail["after"]] = line.detail.get("gates", [])
    found = []
    for place, stage in enumerate(order):
        is_reached = place <= order.index(now)
        change = entered.get(stage) if is_reached else None
        told = tuple((gate["gate"], in_words(gate["evidence"])) for gate in evidence.get(stage, []) if is_reached)
        found.append(
            StageOnPath(
                stage=stage, is_past=place < order.index(now), is_now=stage == now,
                entered_at=change.at if change else None, actor=change.actor if change else "", evidence=told,
            )
        )  # fmt: skip
    return tuple(found)


def in_words(evidence: Any) -> str:
    """A gate's evidence in one line."""
    if isinstance(evidence, dict):
        if verdicts := {name: each for name, each in evidence.items() if isinstance(each, dict) and "verdict" in each}:
            return _verdicts_in_words(verdicts)
        return ", ".join(_named(name, value) for name, value in evidence.items())
    if isinstance(evidence, list):
        return "; ".join(in_words(each) for each in evidence) or "none"
    if isinstance(evidence, bool):
        return "yes" if evidence else "no"
    # Times to the second: that is all a person reads.
    text = str(evidence)
    return f"{text[:19]} UTC" if len(text) >= 25 and text[4:5] == "-" and text[10:11] in " T" else text


def _verdicts_in_words(verdicts: dict[str, dict[str, Any]]) -> str:
    """One line for all depths: which failed, which passed, how many rows they saw, and how old the oldest is."""

    def depths(has_passed: bool) -> str:
        return ", ".join(name.replace("_", " ") for name, each in verdicts.items() if each["passed"] is has_passed)

    told = [f"{names} {word}" for names, word in ((depths(False), "failed"), (depths(True), "passed")) if names]
    fewest, most = (pick(each["rows"] for each in verdicts.values()) for pick in (min, max))
    rows = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    oldest = in_words(min(each["at"] for each in verdicts.values()))
    return f"{'; '.join(told)}; {rows} rows, the oldest verdict of {oldest}"


def _named(name: str, value: Any) -> str:
    """oldest_s 12.3 as oldest 12 s, everything else by its name."""
    if name.endswith("_s") and isinstance(value, int | float):
        return f"{name[:-2].replace('_', ' ')} {value:.0f} s"
    return f"{name.replace('_', ' ')} {in_words(value)}"
