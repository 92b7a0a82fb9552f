"""Which events are new: read from what the move has committed, so that nothing of it waits for a notice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from crm.models import Company
from migration_ops import conf
from migration_ops.models import Finding, GateEvidence, MigrationRun, Notice
from migration_ops.stages import RunStatus
from migration_ops.validation.query import rows

SQL = "queries/notices.sql"
Event = Notice.Event
MAX_AGE = timedelta(hours=24)
"""Events older than this are not told: nobody is flooded when notices are switched on."""
DRIVEN = (RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.CANCELLING)


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One event: its key among those of its kind, its company, and what is told of it."""

    key: str
    company: UUID
    words: str


def gather() -> int:
    """Note the new events for every channel that is on; how many notices that made. A repeat makes none."""
    channels = channels_on()
    if not channels:
        return 0
    now, made = timezone.now(), []
    for event in Event:
        if event in settings.NOTIFY_EVENTS:
            found = list(FINDS[event](now - MAX_AGE))
            names = dict(Company.objects.filter(pk__in={each.company for each in found}).values_list("pk", "name"))
            made += [
                Notice(
                    event=event, key=each.key, channel=channel, company_id=each.company, at=now, next_at=now,
                    subject=f"{event.label}: {one_line(names[each.company])}", text=each.words,
                )
                for each in found if each.company in names
                for channel in channels
            ]  # fmt: skip
    known = set(
        Notice.objects.filter(key__in={each.key for each in made}).values_list("event", "key", "channel")
    )  # fmt: skip
    new = [each for each in made if (str(each.event), each.key, str(each.channel)) not in known]
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def channels_on() -> list[Notice.Channel]:
    """The channels that have an address in the settings."""
    found = []
    if settings.NOTIFY_EMAIL_TO:
        found.append(Notice.Channel.EMAIL)
    if settings.NOTIFY_WEBHOOK_URL:
        found.append(Notice.Channel.WEBHOOK)
    return found


def one_line(text: str) -> str:
    """A recorded text on one line, without signs that steer a terminal or a header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:120]


def _finished(since: datetime) -> Iterator[Happened]:
    for run in MigrationRun.objects.filter(status=RunStatus.FINISHED, finished_at__gt=since):
        yield Happened(
            key=f"{run.pk}", company=run.company_id,
            words=f"Run {run.pk} has finished: {run.rows_planned:,} rows planned, {run.busy_seconds:,.0f} s of work.",
        )  # fmt: skip


def _failed(since: datetime) -> Iterator[Happened]:
    # Its error stays at home: the database's words quote what was recorded.
    for run in MigrationRun.objects.filter(status=RunStatus.FAILED, heartbeat_at__gt=since):
        yield Happened(
            key=f"{run.pk}/{run.generation}", company=run.company_id,
            words=f"Run {run.pk} has failed. What is migrated stays. Its page says why; Resume goes on from there.",
        )  # fmt: skip


def _stalled(since: datetime) -> Iterator[Happened]:
    silent = timezone.now() - timedelta(seconds=conf.NOTICE_STALLED_S)
    for run in MigrationRun.objects.filter(status__in=DRIVEN, heartbeat_at__gt=since, heartbeat_at__lt=silent):
        yield Happened(
            key=f"{run.pk}/{run.generation}", company=run.company_id,
            words=f"Run {run.pk} has been silent since {run.heartbeat_at:%Y-%m-%d %H:%M} UTC. Resume takes it over.",
        )  # fmt: skip


def _voided(since: datetime) -> Iterator[Happened]:
    for proof in GateEvidence.objects.filter(voided_at__gt=since):
        yield Happened(
            key=f"evidence/{proof.pk}", company=proof.company_id,
            words=f"The proof for the gate {proof.gate.replace('_', ' ')} does not hold any more. Its page says why.",
        )  # fmt: skip
    # One notice for as long as a company has open findings, not one for each of them.
    newest = Finding.objects.filter(cleared_at=None, at__gt=since).values("company_id").distinct()
    first = Finding.objects.filter(cleared_at=None, company_id__in=newest).values("company_id").order_by("company_id")
    for found in first.annotate(first=Min("pk")):
        kind = Finding.objects.get(pk=found["first"]).get_kind_display()
        yield Happened(
            key=f"finding/{found['first']}", company=found["company_id"],
            words=f"Gates are closed until the company is validated at every depth: {kind.lower()}.",
        )  # fmt: skip


def _quarantine(since: datetime) -> Iterator[Happened]:
    params = {"since": since, "least": conf.QUARANTINE_MIN_ROWS, "score": conf.QUARANTINE_LIMIT}
    for run, company, migrated, aside in rows(SQL, "over_budget", params):
        yield Happened(
            key=f"{run}", company=company,
            words=f"Run {run} has set {aside:,} of {migrated + aside:,} rows aside, more than"
            f" {conf.QUARANTINE_LIMIT:.0%}. Something general is wrong; the quarantine workbench shows the reasons.",
        )  # fmt: skip


FINDS: dict[Notice.Event, Callable[[datetime], Iterator[Happened]]] = {
    Event.RUN_FINISHED: _finished, Event.RUN_FAILED: _failed, Event.RUN_STALLED: _stalled, Event.GATE_VOIDED: _voided,
    Event.QUARANTINE: _quarantine,
}  # fmt: skip
