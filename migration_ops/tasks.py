"""Celery doors: call a service, maybe go again. Arguments are ids only; a task may be delivered twice."""

import logging
import time

from celery import shared_task
from django.db import OperationalError

from crm.models import Company, CustomerMerge
from migration_ops import audit, conf
from migration_ops.backfill import owner as owners
from migration_ops.backfill import plan
from migration_ops.backfill.retry import retry_quarantined
from migration_ops.backfill.runner import heartbeat, record_failure, settle_request, settle_request_if_last, work
from migration_ops.cutover import findings, foreign_steps
from migration_ops.dual_write import capture
from migration_ops.dual_write.follow import follow
from migration_ops.dual_write.lag import notice_refused_writes
from migration_ops.exceptions import MigrationOpsError, RunAlreadyActive, RunStopped, RunTakenOver
from migration_ops.identity.duplicates import standing_audit
from migration_ops.models import CompanyStage, Finding, MigrationRun
from migration_ops.notices import send
from migration_ops.notices.gather import gather
from migration_ops.stages import RunStatus, Stage
from migration_ops.validation.run import validate

log = logging.getLogger(__name__)


def enqueue(company: Company, *, batch_rows: int) -> plan.Start:
    """Give the company a run that Celery workers drive, and put the first tasks into the queue.

    Raises:
        BrokerUnreachable: the queue cannot be reached; nothing was planned.
        MigrationOpsError, LegacyError: as plan.start.
    """
    ensure_broker()
    start = plan.start(company, batch_rows=batch_rows, owner=owners.CELERY, is_enqueued=True)
    if start.run is not None:
        for _ in range(conf.ENQUEUED_SLICES):
            run_slice.apply_async((start.run.pk, start.run.generation))
    return start


def ensure_broker() -> None:
    """Raises BrokerUnreachable where the queue cannot be reached."""
    from kombu.exceptions import OperationalError

    try:
        with run_slice.app.connection_for_write(connect_timeout=3) as broker:
            broker.ensure_connection(max_retries=1, timeout=3)
    except (OperationalError, OSError) as error:
        raise BrokerUnreachable(reason=" ".join(str(error).split())) from error


class BrokerUnreachable(MigrationOpsError):
    """The queue is not there."""

    message = "the Celery queue cannot be reached ({reason}): start Redis, or leave --enqueue away"


@shared_task(name="migration_ops.run_slice")
def run_slice(run_id: int, generation: int) -> None:
    """Work on a run for some seconds, then make room: the rest is another task. Delivered twice it does no harm."""
    started = time.monotonic()
    try:
        with heartbeat(run_id, generation):
            work(
                run_id, generation, f"celery {run_slice.request.hostname}",
                until=lambda: time.monotonic() - started > conf.SLICE_S, on_step=lambda: None,
            )  # fmt: skip
    except (RunTakenOver, RunStopped, MigrationRun.DoesNotExist):
        return  # stored on the run, or somebody else's now
    except OperationalError:
        raise  # the server is away for longer than a slice waits: recover_runs brings the run back
    except Exception as error:
        # The outermost loop: unrecorded, the run would come back for ever.
        record_failure(run_id, generation, error)
        raise
    settle_request_if_last(run_id, generation)
    if MigrationRun.objects.filter(pk=run_id, generation=generation, status=RunStatus.RUNNING).exists():
        run_slice.apply_async((run_id, generation))


@shared_task(name="migration_ops.validate_company")
def validate_company(company_id: str, actor: str) -> bool:
    """Validate a company at every depth; True when all passed. Asked for twice, it is done twice."""
    company = Company.objects.get(pk=company_id)
    report = validate(company)
    audit.record(actor=actor, action="validate", company=company.pk, detail={"passed": report.passed})
    return report.passed


@shared_task(name="migration_ops.retry_quarantined_rows")
def retry_quarantined_rows(company_id: str, reason: str, actor: str) -> int:
    """Try a company's waiting rows of one reason again; how many still wait. A run that is driven takes them."""
    company = Company.objects.get(pk=company_id)
    try:
        done = retry_quarantined(company, reason=reason, actor=actor)
    except RunAlreadyActive as error:
        audit.record(actor=actor, action="quarantine_retry", company=company.pk, detail={"refused": str(error)})
        return 0
    detail = {"reason": reason, "tried": done.tried, "migrated": done.migrated, "waiting": done.waiting}
    audit.record(actor=actor, action="quarantine_retry", company=company.pk, detail=detail)
    return done.waiting


@shared_task(name="migration_ops.notice")
def notice() -> int:
    """Look for events people want to be told of, and send what waits; how many wait."""
    gather()
    waiting = send.due()
    for pk in waiting:
        deliver_notice.delay(pk)
    return len(waiting)


@shared_task(name="migration_ops.deliver_notice")
def deliver_notice(pk: int) -> bool:
    """Send one notice; whether it was taken. Delivered twice, it is sent once."""
    return send.deliver(pk)


@shared_task(name="migration_ops.recover_runs")
def recover_runs() -> int:
    """Enqueued runs nobody has worked on for a while get new tasks: a worker died, or the queue lost its messages."""
    recovered = 0
    for run in MigrationRun.objects.filter(is_enqueued=True, owner=owners.CELERY, status=RunStatus.RUNNING):
        if owners.is_idle(run):
            run_slice.apply_async((run.pk, run.generation))
            recovered += 1
    for run in MigrationRun.objects.filter(
        is_enqueued=True, owner=owners.CELERY, status__in=(RunStatus.PAUSING, RunStatus.CANCELLING)
    ):
        if owners.is_idle(run):
            settle_request(run.pk, run.generation)
    return recovered


@shared_task(name="migration_ops.check_capture")
def check_capture() -> list[str]:
    """Once a minute: change capture is whole while a company is being moved. A hole is logged as an error and voids the
    evidence of every company on its way; legacy writes the fence refused are noted."""
    if not CompanyStage.objects.exclude(stage=Stage.OFF).exists():
        return []
    found = [str(hole) for hole in capture.holes()]
    for hole in found:
        log.error("change capture has a hole: %s", hole)
        findings.record_for_all(Finding.Kind.CAPTURE_HOLE, hole)
    for step in foreign_steps.notice():
        log.error("company %s: %s", step.slug, step)
    for slug, refused in notice_refused_writes().items():
        log.error("%s writes to legacy rows of %s were refused: a program still writes there", refused, slug)
    return found


@shared_task(name="migration_ops.apply_changes")
def apply_changes() -> int:
    """Follow changes of both sides for some seconds, woken by whoever writes; then make room for others."""
    if not CompanyStage.objects.exclude(stage__in=(Stage.OFF, Stage.COMPLETE)).exists():
        return 0
    started = time.monotonic()
    return follow(until=lambda: time.monotonic() - started > conf.FOLLOW_SLICE_S).entries


@shared_task(name="migration_ops.sample_merges")
def sample_merges() -> int:
    """Once a day: draw each company's sample of automatic merges for people to judge. Delivered twice it draws once."""
    companies = CustomerMerge.objects.filter(origin=CustomerMerge.Origin.RULES, undone_at__isnull=True)
    return sum(
        standing_audit.sample_merges(company)
        for company in Company.objects.filter(pk__in=companies.values("company")).order_by("pk")
    )
