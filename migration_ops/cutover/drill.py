"""The rollback drill: a copy of the company goes live, is written to, and comes all the way back; its report is kept as
evidence."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from django.conf import settings

from crm.models import Company
from migration_ops import audit, transitions
from migration_ops.cutover import findings
from migration_ops.cutover.scratch import copy_company, scratch_database
from migration_ops.exceptions import DrillFailed
from migration_ops.stages import Stage

GATE = "rollback_drill"
PATIENCE_S = 3_600


def drill(company: Company, *, actor: str) -> dict[str, Any]:
    """Rehearse the rollback of a company on a scratch copy; the company itself is only read.

    Returns:
        The report, kept as the gate's evidence: `passed`, the rows compared, the steps with their pauses.
    Raises:
        DrillFailed: it could not be done at all.
    """
    stage = transitions.stage_of(company)
    if stage in (Stage.OFF, Stage.COMPLETE):
        raise DrillFailed(why=f"company {company.slug} is {stage}; a drill needs a backfilled company before complete")
    began, seen = time.monotonic(), findings.count_of(company)
    with scratch_database(company) as url:
        _child(url, "prepare")
        copied = copy_company(company, url)
        report = _child(url, "rehearse", str(company.pk))
    report |= {"rows_copied": copied, "seconds": round(time.monotonic() - began, 1)}
    findings.leave_evidence(company, GATE, has_passed=bool(report["passed"]), detail=report, seen=seen)
    audit.record(actor=actor, action="rollback_drill", company=company.pk, detail=report)
    return report


def _child(url: str, *arguments: str) -> dict[str, Any]:
    """Runs a step in a process of its own: another database, and nothing of this process's connections."""
    done = subprocess.run(
        [sys.executable, "-m", "migration_ops.cutover.drill_child", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "quotepro.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        told = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DrillFailed(why=f"{arguments[0]} ended with {done.returncode}: {told}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found
