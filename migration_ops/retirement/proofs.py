"""What must be proven before a company's legacy rows may go; every missing proof is told, not the first one."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from crm.models import Company
from migration_ops import conf
from migration_ops.cutover import gates
from migration_ops.dual_write.lag import lag_of, refused_writes
from migration_ops.models import CompanyStage, RefusedWrites
from migration_ops.retirement import certificate
from migration_ops.retirement.evidence import Proof
from migration_ops.retirement.figures import LEGACY, figures_of
from migration_ops.stages import Stage

GATES = ("capture", "backfill", "quarantine")


def collect(company: Company, person: str, *, is_begun: bool) -> list[Proof]:
    """Every proof the removal needs but the archive's, which is made next.

    Args:
        person: who removes; another one than who signed.
        is_begun: rows are gone already: the legacy table is not compared with the certificate any more.
    """
    standing = CompanyStage.objects.filter(company=company).first()
    stage = standing.stage if standing else Stage.OFF
    since = standing.since if standing and stage == Stage.COMPLETE else None
    proofs = [
        _proof("stage", since is not None, {"stage": str(stage)}, f"the company is {stage}, not complete: move_stage"),
        _quiet(since),
        _no_writer(company),
        *_certificate(company, person, is_begun=is_begun),
        _nothing_waits(company),
        _backup(company, since),
    ]
    for gate in gates.check(company, GATES):
        proofs.append(_proof(gate.gate, gate.passed, gate.evidence, gate.missing))
    return proofs


def _proof(name: str, passed: bool, evidence: dict[str, Any], missing: str) -> Proof:
    return Proof(name=name, passed=passed, evidence=evidence, missing="" if passed else missing)


def _quiet(since: datetime | None) -> Proof:
    passed = since is not None and since <= timezone.now() - timedelta(days=conf.RETIRE_QUIET_D)
    return _proof(
        "quiet_time", passed, {"complete_since": since.isoformat() if since else None},
        f"it must be complete for {conf.RETIRE_QUIET_D} days (QUOTEPRO_RETIRE_QUIET_D), and is so since "
        f"{since:%Y-%m-%d %H:%M} UTC" if since else f"it must be complete for {conf.RETIRE_QUIET_D} days",
    )  # fmt: skip


def _no_writer(company: Company) -> Proof:
    noticed = RefusedWrites.objects.filter(company=company).first()
    count, known = refused_writes(company), noticed.count if noticed else 0
    last = noticed.noticed_at if noticed and noticed.count else None
    is_recent = last is not None and last > timezone.now() - timedelta(days=conf.RETIRE_QUIET_D)
    return _proof(
        "no_writer", count <= known and not is_recent,
        {"refused_writes": count, "last_noticed": last.isoformat() if last else None},
        f"a program still writes to legacy ({count} writes refused, the last in the last {conf.RETIRE_QUIET_D} days): "
        "find it in the server's log",
    )  # fmt: skip


def _certificate(company: Company, person: str, *, is_begun: bool) -> list[Proof]:
    newest = certificate.newest_of(company)
    if newest is None:
        return [_proof("certificate", False, {}, "nobody signed the company off: certificate --sign")]
    checked = certificate.check(newest)
    why = "; ".join([*checked.wrong, *([f"superseded by {checked.superseded_by}"] if checked.superseded_by else [])])
    facts = {"certificate": newest.pk, "sha256": newest.sha256, "signed_by": newest.signed_by}
    proofs = [
        _proof("certificate", checked.passed, facts, f"certificate {newest.pk}: {why}: certificate --sign"),
        _proof("second_person", newest.signed_by != person, {"signed_by": newest.signed_by, "removes": person},
               f"{person} signed the certificate: another person removes the rows"),
    ]  # fmt: skip
    if not is_begun:
        signed = json.loads(newest.document)["tables"][LEGACY]
        found = figures_of(company.pk, (LEGACY,))[LEGACY]
        proofs.append(
            _proof("rows_as_signed", found == signed and found["rows"] > 0, {"signed": signed, "found": found},
                   f"the legacy table holds {found['rows']:,} rows and not the {signed['rows']:,} that were signed "
                   "for, to the letter: certificate --sign")
        )  # fmt: skip
    return proofs


def _nothing_waits(company: Company) -> Proof:
    lag = lag_of(company)
    return _proof(
        "nothing_waits", not (lag.waiting or lag.failed),
        {"forward": lag.forward, "back": lag.reverse, "failed": lag.failed},
        f"{lag.waiting} captured changes wait and {lag.failed} failed: apply_changes",
    )  # fmt: skip


def _backup(company: Company, since: datetime | None) -> Proof:
    (gate,) = gates.check(company, ["backup"])
    if not gate.passed:
        return _proof("backup", False, gate.evidence, gate.missing)
    taken = parse_datetime(str(gate.evidence["snapshot_at"]))
    passed = since is not None and taken is not None and taken >= since
    return _proof(
        "backup", passed, gate.evidence, "it is from before the company was complete: backup and verify_backup"
    )
