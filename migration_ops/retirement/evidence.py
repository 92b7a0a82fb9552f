"""What a certificate rests on: each proof with its evidence, or with what is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.cutover import gates
from migration_ops.models import AuditLine, CompanyStage, Finding, GateEvidence, ShadowGroup, Verdict
from migration_ops.selectors.summary import summary_of
from migration_ops.stages import Stage

# Looked at now, as the step to complete looked at them.
GATES = ("schema", "capture", "backfill", "quarantine", "changes", "backup")
# Looked at when the company went live; later they cannot be made again.
OF_CUTOVER = ("shadow_reads", "rollback_drill")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One thing a certificate rests on; `missing` says what to do where it did not pass."""

    name: str
    passed: bool
    evidence: dict[str, Any]
    missing: str = ""


def collect(company: Company) -> list[Proof]:
    """Every proof a certificate of the company needs, passed or not.

    The comparison of both sides is judged as of the moment the company became complete: since then the new tables go
    on alone, and comparing them with the frozen legacy rows says nothing.
    """
    standing = CompanyStage.objects.filter(company=company).first()
    is_complete = standing is not None and standing.stage == Stage.COMPLETE
    since = standing.since if standing is not None and is_complete else timezone.now()
    stage = standing.stage if standing is not None else Stage.OFF
    return [
        _proof("stage", is_complete, {"stage": str(stage), "since": since.isoformat() if is_complete else None},
               f"the company is {stage}; it is signed off once it is complete: move_stage"),
        *(_of_gate(result) for result in gates.check(company, GATES)),
        _conservation(company),
        _validation(company, since),
        *(_of_cutover(company, name, since) for name in OF_CUTOVER),
        _findings(company),
        _audit_log(),
    ]  # fmt: skip


def last_finding(company: Company) -> int:
    """The newest finding of the company; 0 where there was never one."""
    newest = Finding.objects.filter(company_id=company.pk).aggregate(newest=Max("pk"))["newest"]
    return int(newest or 0)


def _proof(name: str, passed: bool, evidence: dict[str, Any], missing: str) -> Proof:
    return Proof(name=name, passed=passed, evidence=evidence, missing="" if passed else missing)


def _of_gate(result: gates.GateResult) -> Proof:
    return Proof(name=result.gate, passed=result.passed, evidence=result.evidence, missing=result.missing)


def _conservation(company: Company) -> Proof:
    """Every legacy row is either migrated or set aside by decision, and there is one at all."""
    figures = summary_of(company)
    evidence = {
        "rows": figures.rows, "migrated": figures.migrated, "quarantined": figures.quarantined,
        "pending": figures.pending,
    }  # fmt: skip
    passed = figures.rows > 0 and figures.pending == 0
    return _proof("conservation", passed, evidence, f"{figures.pending} of {figures.rows} legacy rows are pending")


def _validation(company: Company, since: datetime) -> Proof:
    newest = Verdict.objects.filter(company=company, at__lte=since).order_by("depth", "-id").distinct("depth")
    verdicts = {verdict.depth: verdict for verdict in newest}
    evidence = {
        depth: {
            "verdict": v.pk, "passed": v.has_passed, "rows": v.rows_checked, "at": v.at.isoformat(),
            "age_h": round((since - v.at).total_seconds() / 3600, 1), "mapping_version": v.mapping_version,
        }
        for depth, v in sorted(verdicts.items())
    }  # fmt: skip
    oldest = since - timedelta(hours=conf.EVIDENCE_AGE_H)
    wrong: dict[str, Callable[[Verdict], bool]] = {
        "failed": lambda v: not v.has_passed or v.rows_checked != v.rows_expected,
        "compared nothing": lambda v: not v.rows_checked,
        f"is of another mapping version than {conf.MAPPING_VERSION}": lambda v: (
            v.mapping_version != conf.MAPPING_VERSION
        ),
        f"was more than {conf.EVIDENCE_AGE_H} hours old when the company became complete": lambda v: v.at < oldest,
    }
    told = [f"{depth} was never made" for depth in Verdict.Depth.values if depth not in verdicts]
    told += [f"{depth} {what}" for what, is_so in wrong.items() for depth, v in sorted(verdicts.items()) if is_so(v)]
    return _proof("validation", not told, evidence, f"{', '.join(told)}: validate_migration before the last step")


def _of_cutover(company: Company, name: str, since: datetime) -> Proof:
    """The proof the cutover rested on, as the audit log tells it; and the newest report of its kind, which must stand.

    Reads are compared while they happen, and need leave no report.
    """
    line = AuditLine.objects.filter(company_id=company.pk, action="stage", detail__after=Stage.LIVE.value).first()
    told = [gate for gate in (line.detail.get("gates", []) if line else []) if gate.get("gate") == name]
    newest = GateEvidence.objects.filter(company=company, gate=name).first()
    evidence = {
        "cutover": None if line is None else {
            "line": line.pk, "at": line.at.isoformat(), "gate": told[-1].get("evidence", {}) if told else {},
        },
        "newest": None if newest is None else {
            "evidence": newest.pk, "at": newest.at.isoformat(), "passed": newest.has_passed, "report": newest.detail,
        },
    }  # fmt: skip
    missing = ""
    if line is None:
        missing = "the company has not gone live yet, and the step to live asks for it"
    elif not told or not all(gate.get("passed") for gate in told):
        missing = "the company went live without it"
    elif name == "shadow_reads" and (open_groups := ShadowGroup.objects.filter(company=company, resolved_at=None)):
        missing = f"answers of API v1 differ: {'; '.join(map(str, open_groups[:3]))}"
    elif newest is None:
        missing = "its report is gone" if name == "rollback_drill" else ""
    elif not newest.has_passed:
        missing = "the last one failed"
    elif newest.voided_at is not None:
        missing = f"voided by {newest.voided_by}"
    elif newest.mapping_version != conf.MAPPING_VERSION:
        missing = f"proven before mapping version {conf.MAPPING_VERSION}"
    elif newest.at < since - timedelta(days=conf.DRILL_AGE_D):
        missing = f"it was more than {conf.DRILL_AGE_D} days old when the company became complete"
    return _proof(name, not missing, evidence, missing)


def _findings(company: Company) -> Proof:
    waiting = Finding.objects.filter(company_id=company.pk, cleared_at=None)
    told = [str(finding) for finding in waiting[:3]]
    count = waiting.count()
    return _proof(
        "findings", not count, {"open": count, "newest": last_finding(company)},
        f"{count} open: {'; '.join(told)}: validate_migration at every depth",
    )  # fmt: skip


def _audit_log() -> Proof:
    chain = audit.verify()
    evidence = {"lines": chain.lines, "last_hash": chain.last_hash, "is_whole": chain.is_whole}
    return _proof("audit_log", chain.is_whole and chain.lines > 0, evidence, "its chain is broken: verify_audit_log")
