"""Compare-and-set moves of runs and companies, each recorded. Zero rows means somebody else moved first."""

from django.db import transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import audit
from migration_ops.exceptions import IllegalTransition
from migration_ops.models import CompanyStage, MigrationRun, StageChange
from migration_ops.stages import RUN_MOVES, RunStatus, Stage


def move_run(run_id: int, wanted: RunStatus, *, generation: int | None = None, error: str = "") -> None:
    """Move a run to another status.

    Args:
        generation: when given, only while the run is still of this generation.
    Raises:
        IllegalTransition: the run's status does not lead there, or somebody took the run over.
    """
    allowed = [status for status, moves in RUN_MOVES.items() if wanted in moves]
    runs = MigrationRun.objects.filter(pk=run_id, status__in=allowed)
    if generation is not None:
        runs = runs.filter(generation=generation)
    changes: dict[str, object] = {"status": wanted, "error": error}
    if wanted in (RunStatus.FINISHED, RunStatus.CANCELLED):
        changes["finished_at"] = timezone.now()
    if not runs.update(**changes):
        run = MigrationRun.objects.get(pk=run_id)
        raise IllegalTransition(run=run_id, status=run.status, wanted=wanted)


def stage_of(company: Company) -> Stage:
    """The company's stage; off where it never moved."""
    stage = CompanyStage.objects.filter(company=company).values_list("stage", flat=True).first()
    return Stage(stage) if stage else Stage.OFF


@transaction.atomic
def enter_dual_write(company: Company, *, actor: str) -> bool:
    """Take a company from off to dualwrite; False when it was there or further already."""
    CompanyStage.objects.get_or_create(company=company, defaults={"stage": Stage.OFF, "since": timezone.now()})
    moved = CompanyStage.objects.filter(company=company, stage=Stage.OFF).update(
        stage=Stage.DUALWRITE, since=timezone.now()
    )
    if moved:
        StageChange.objects.create(
            company=company, before=Stage.OFF, after=Stage.DUALWRITE, reason="backfill started", actor=actor,
            at=timezone.now(),
        )  # fmt: skip
        audit.record(
            actor=actor, action="stage", company=company.pk,
            detail={"before": Stage.OFF, "after": Stage.DUALWRITE, "reason": "backfill started", "gates": []},
        )  # fmt: skip
    return bool(moved)
