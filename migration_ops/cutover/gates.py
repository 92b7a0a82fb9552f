"""Gates: what must be proven before a step. Each is a function of the company that gives its evidence.

A gate passes on evidence only: where none was left it is missing, and never green. Services that prove something
elsewhere leave it with `findings.leave_evidence(company, gate, …)`, or replace the function in `GATES`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from crm.models import Company
from legacy.exceptions import LegacySchemaDrift
from legacy.selectors import ensure_no_drift
from migration_ops import conf
from migration_ops.cutover import findings, foreign_steps
from migration_ops.dual_write import capture, way_back
from migration_ops.dual_write.lag import lag_of
from migration_ops.models import Finding, GateEvidence, MigrationRun, QuarantinedRow, Verdict
from migration_ops.selectors.summary import open_quarantine
from migration_ops.shadow import evidence as shadow_evidence
from migration_ops.stages import ACTIVE, RunStatus

Answer = tuple[bool, dict[str, Any], str]
Gate = Callable[[Company], Answer]

MAX_LAG_S = 60.0
"""Oldest change that may wait before a step is tried; the step itself waits for all of them."""


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """Whether a gate is open, by what evidence, and what is missing where it is not."""

    gate: str
    passed: bool
    evidence: dict[str, Any]
    missing: str


def check(company: Company, names: Iterable[str]) -> list[GateResult]:
    """Look at these gates; one that cannot be looked at is closed."""
    return [_look(company, name) for name in names]


def _look(company: Company, name: str) -> GateResult:
    gate = GATES.get(name)
    if gate is None:
        return GateResult(gate=name, passed=False, evidence={}, missing=f"nothing gives evidence for {name}")
    passed, evidence, missing = gate(company)
    return GateResult(gate=name, passed=passed, evidence=evidence, missing="" if passed else missing)


def schema(company: Company) -> Answer:
    """Every column of the legacy table is known to the mapping."""
    try:
        ensure_no_drift()
    except LegacySchemaDrift as error:
        return False, {}, str(error)
    return True, {"columns": "as the mapping expects"}, ""


def capture_is_whole(company: Company) -> Answer:
    """Every change of both sides is recorded, and no step went past the fence."""
    found = [str(hole) for hole in capture.holes()]
    if foreign := foreign_steps.of(company):
        return False, {"holes": found, "stage": foreign.stage, "logged": foreign.logged}, str(foreign)
    return not found, {"holes": found}, f"change capture has a hole: {'; '.join(found)}"


def backfill(company: Company) -> Answer:
    """Everything was copied once, on this mapping version, with capture on all the while."""
    run = MigrationRun.objects.filter(company=company, status=RunStatus.FINISHED).first()
    if run is None:
        return False, {}, "the backfill has not finished: migrate_legacy"
    facts = {"run": run.pk, "mapping_version": run.mapping_version, "finished_at": str(run.finished_at)}
    active = MigrationRun.objects.filter(company=company, status__in=ACTIVE).first()
    if active is not None:
        return False, facts, f"run {active.pk} is {active.get_status_display().lower()}"
    if run.mapping_version != conf.MAPPING_VERSION:
        return (
            False,
            facts,
            f"run {run.pk} was on mapping version {run.mapping_version}, now it is {conf.MAPPING_VERSION}",
        )
    if capture.was_off_since(run):
        return (
            False,
            facts,
            "change capture was off for a while since the backfill: migrate_legacy looks at the rows again",
        )
    return True, facts, ""


def quarantine(company: Company) -> Answer:
    """No row waits for a person; waived ones stay set aside by decision."""
    waiting = open_quarantine(company)
    waived = QuarantinedRow.objects.filter(company=company, resolution=QuarantinedRow.Resolution.WAIVED).count()
    return not waiting, {"open": waiting, "waived": waived}, f"{waiting} rows are in quarantine: correct or waive them"


def validation(company: Company) -> Answer:
    """Every depth has passed on this mapping version, and nothing was found since."""
    latest = {v.depth: v for v in Verdict.objects.filter(company=company).order_by("depth", "-id").distinct("depth")}
    evidence: dict[str, Any] = {
        depth: {"verdict": v.pk, "passed": v.has_passed, "rows": v.rows_checked, "at": str(v.at)}
        for depth, v in latest.items()
    }
    if absent := [depth for depth in Verdict.Depth.values if depth not in latest]:
        return False, evidence, f"never validated at {', '.join(absent)}: validate_migration"
    if failed := [depth for depth, v in latest.items() if not v.has_passed or v.rows_checked != v.rows_expected]:
        return False, evidence, f"validation failed at {', '.join(failed)}"
    if [v for v in latest.values() if v.mapping_version != conf.MAPPING_VERSION]:
        return False, evidence, f"validated before mapping version {conf.MAPPING_VERSION}: validate_migration"
    run = MigrationRun.objects.filter(company=company, status=RunStatus.FINISHED).first()
    if run and run.finished_at and any(v.at < run.finished_at for v in latest.values()):
        return False, evidence, f"not validated at every depth since run {run.pk}: validate_migration"
    if found := findings.open_by_kind(company):
        told = "; ".join(f"{f['count']} × {Finding.Kind(f['kind']).label.lower()} ({f['newest']})" for f in found)
        return False, evidence | {"findings": found}, f"voided by {told}: validate_migration at every depth"
    return True, evidence, ""


def changes(company: Company) -> Answer:
    """No captured change has failed, and none waits for long, in either direction."""
    lag = lag_of(company)
    evidence = {"waiting": lag.waiting, "failed": lag.failed, "oldest_s": round(lag.oldest_s, 1)}
    if lag.failed:
        return False, evidence, f"{lag.failed} captured changes cannot be applied: see their errors in migration_status"
    if lag.oldest_s > MAX_LAG_S:
        return False, evidence, f"a captured change has waited for {lag.oldest_s:.0f} s: apply_changes"
    return True, evidence, ""


def left_evidence(gate: str, remedy: str, *, is_voided: bool = True) -> Gate:
    """A gate whose proof some other service leaves.

    Args:
        remedy: what to run where it is missing.
        is_voided: whether a later finding voids it.
    """

    def look(company: Company) -> Answer:
        proof = GateEvidence.objects.filter(company=company, gate=gate).first()
        if proof is None:
            return False, {}, f"evidence missing: {remedy}"
        evidence = {"evidence": proof.pk, "at": str(proof.at), **proof.detail}
        if not proof.has_passed:
            return False, evidence, f"the last proof failed: {remedy}"
        if proof.voided_at is not None:
            return False, evidence, f"voided by {proof.voided_by}: {remedy}"
        if proof.mapping_version != conf.MAPPING_VERSION:
            return False, evidence, f"proven before mapping version {conf.MAPPING_VERSION}: {remedy}"
        if is_voided and findings.count_of(company) != proof.findings:
            later = Finding.objects.filter(company_id=company.pk).first()
            told = f"{later.get_kind_display().lower()} ({later.detail})" if later else "a finding"
            return False, evidence, f"voided by {told}: {remedy}"
        return True, evidence, ""

    return look


_BACKUP = "backup and verify_backup"
_left_backup = left_evidence("backup", _BACKUP, is_voided=False)


def backup(company: Company) -> Answer:
    """A backup was restored and compared; it is not too old and holds all that the last finished run wrote."""
    passed, evidence, missing = _left_backup(company)
    if not passed:
        return passed, evidence, missing
    snapshot_at = parse_datetime(str(evidence.get("snapshot_at", "")))
    if snapshot_at is None:
        return False, evidence, f"the proof does not say when the backup was taken: {_BACKUP}"
    if snapshot_at < timezone.now() - timedelta(hours=conf.BACKUP_AGE_H):
        return False, evidence, f"the backup was taken more than {conf.BACKUP_AGE_H} hours ago: {_BACKUP}"
    # By the run the snapshot saw as finished, not by the clock: a run ends a moment before that is committed.
    finished = MigrationRun.objects.filter(company=company, status=RunStatus.FINISHED)
    run = finished.order_by("-id").values_list("pk", flat=True).first()
    if evidence.get("run") != run:
        return False, evidence, f"the backup was taken before run {run} had finished: {_BACKUP}"
    return True, evidence, ""


GATES: dict[str, Gate] = {
    "schema": schema,
    "capture": capture_is_whole,
    "backfill": backfill,
    "quarantine": quarantine,
    "validation": validation,
    "changes": changes,
    "shadow_reads": shadow_evidence.look,
    "backup": backup,
    "rollback_drill": left_evidence("rollback_drill", "rollback_migration --drill"),
    "way_back": way_back.look,
}
# Looked at once more inside the fence: quick, and true of that moment.
FENCED = frozenset(GATES) - {"way_back", "schema"}
