"""A company that was migrated and may be moved through the stages, and what the tests do to it."""

import psycopg
from django.utils import timezone

from crm.models import Company
from migration_ops.backfill.migrate import migrate
from migration_ops.cutover import findings
from migration_ops.cutover.switch import Moved, move_stage
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import MigrationRun, ShadowMismatch
from migration_ops.shadow.replay import replay
from migration_ops.stages import RunStatus, Stage
from migration_ops.tests.legacy_rows import fill
from migration_ops.validation.run import validate

ORDER = list(Stage)


def migrated(session: psycopg.Connection, *, rows: int = 6, name: str = "here", **columns: object) -> Company:
    """A company with so many plain deals, backfilled, in dualwrite."""
    company = Company.objects.create(name=name.title(), slug=name)
    fill(session, company.pk, rows, **columns)
    session.commit()
    backfill(company)
    return company


def backfill(company: Company) -> None:
    result = migrate(company, workers=1, batch_rows=1_000, report=lambda _: None)
    assert result.status in (RunStatus.FINISHED, "nothing to do")


def prove(company: Company) -> None:
    """Everything the gates ask for that this test is not about."""
    report = validate(company)
    failed = [(d.depth, c.name, c.expected, c.found) for d in report.depths for c in d.checks if not c.passed]
    assert report.passed, [*failed, *(x for d in report.depths for x in d.differences[:5])]
    assert replay(company).has_passed, ShadowMismatch.objects.values_list("object", "group__field", "group__rule")[:5]
    for gate in ("backup", "rollback_drill"):
        findings.leave_evidence(company, gate, has_passed=True, detail=backed_up(company))


def backed_up(company: Company) -> dict[str, object]:
    """What a verified backup of this moment leaves; the other gates do not look at it."""
    run = MigrationRun.objects.filter(company=company, status=RunStatus.FINISHED).order_by("-id").first()
    return {"by": "test", "snapshot_at": timezone.now().isoformat(), "run": run and run.pk}


def step(company: Company, to: Stage) -> Moved:
    return move_stage(company, to, reason="test", actor="test")


def take_to(company: Company, to: Stage) -> None:
    """Step by step, with every proof each step needs."""
    from migration_ops.transitions import stage_of

    while (now := stage_of(company)) != to:
        is_forward = ORDER.index(to) > ORDER.index(now)
        if is_forward and now != Stage.OFF:
            apply_once()
            prove(company)
        step(company, ORDER[ORDER.index(now) + (1 if is_forward else -1)])
