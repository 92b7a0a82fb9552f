"""Every read endpoint of API v1 over every row of a company, on demand, in constant memory."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.exceptions import NothingToCompare
from migration_ops.models import CompanyStage, MigrationRun, ShadowGroup, ShadowMismatch
from migration_ops.models.shadow import Endpoint, Rule
from migration_ops.selectors.standing import Standing, standing_of
from migration_ops.shadow.compare import SQL, Budget, OutOfTime, Tally, confirm
from migration_ops.shadow.reads import Read, named, page, some
from migration_ops.shadow.record import basis_of, record
from migration_ops.stages import RunStatus, Stage
from migration_ops.validation.query import one_row, rows

LIST_ROWS = 1_000
"""Rows of a page of the list: the most the endpoint gives."""

LAST_OFFSET = 1_000_000
"""The deepest page the endpoint gives."""

MADE_UP = "replay"
"""Request id of reads that no client made."""

Progress = Callable[[int, int], None]


@dataclass(kw_only=True)
class Replayed:
    """How a replay went: by endpoint, and what differs now."""

    company: Company
    stage: Stage
    tallies: dict[Endpoint, Tally] = field(default_factory=lambda: {each: Tally() for each in Endpoint})
    is_complete: bool = True
    open: list[ShadowGroup] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def has_passed(self) -> bool:
        """Something was compared at each endpoint, and nothing differs, was given up or is open."""
        each = self.tallies.values()
        return not self.open and all(tally.equal and not tally.mismatched and not tally.late for tally in each)


def replay(company: Company, *, sample: int | None = None, progress: Progress | None = None) -> Replayed:
    """Compare both sides' answers, each piece in one snapshot; look again at what differed before.

    Args:
        sample: so many rows, from a random place on, and as many pages of the list as hold them; all without.
        progress: told rows done and rows there are, now and then.
    Raises:
        NothingToCompare: one side holds nothing yet, or does not any more.
    """
    standing = standing_of(company)
    _ensure_two_sides(company, standing)
    began, at = time.monotonic(), timezone.now()
    done = Replayed(company=company, stage=standing.stage, is_complete=sample is None)
    total = one_row(SQL, "rows_upto", {"company": company.pk, "most": 2**62})[0]
    wanted = total if sample is None else min(sample, total)
    for read in _details(company, sample):
        _one(done, standing, read)
        tally = done.tallies[Endpoint.DETAIL]
        if progress:
            progress(min(tally.compared + tally.noise, wanted), wanted)
    for read in _pages(total, sample):
        _one(done, standing, read)
    _settle(company, standing, since=at, is_complete=done.is_complete and not _is_partial(done))
    done.open = list(
        ShadowGroup.objects.filter(company=company, resolved_at=None).order_by("endpoint", "field", "rule")
    )
    done.seconds = time.monotonic() - began
    return done


def _ensure_two_sides(company: Company, standing: Standing) -> None:
    if standing.stage in (Stage.OFF, Stage.COMPLETE):
        why = "copied nothing yet: migrate_legacy" if standing.stage == Stage.OFF else "left the legacy table"
        raise NothingToCompare(company=company.slug, stage=standing.stage, why=f"it has {why}")
    if not MigrationRun.objects.filter(company=company, status=RunStatus.FINISHED).exists():
        raise NothingToCompare(
            company=company.slug, stage=standing.stage, why="its backfill has not finished: migrate_legacy"
        )


def _details(company: Company, sample: int | None) -> Iterator[Read]:
    """Rows by id, many at a time, and one that does not exist."""
    yield some([uuid4()])
    left = sample
    starts = [UUID(int=0)] if sample is None else [uuid4(), UUID(int=0)]
    for place, after in enumerate(starts):
        end = starts[0] if place else None  # the second round ends where the first began
        while left is None or left > 0:
            most = conf.REPLAY_ROWS if left is None else min(conf.REPLAY_ROWS, left)
            ids = [id for (id,) in rows(SQL, "ids_after", {"company": company.pk, "after": after, "most": most})]
            ids = [id for id in ids if end is None or id <= end]
            if not ids:
                break
            yield some(ids)
            after, left = ids[-1], None if left is None else left - len(ids)


def _pages(total: int, sample: int | None) -> Iterator[Read]:
    """Pages of the list: all of them, or some at random; and one behind the end."""
    # A page more than there are: rows that only the new side has make it longer.
    last = min(total // LIST_ROWS + 1, LAST_OFFSET // LIST_ROWS)
    numbers: Iterator[int] = iter(range(last + 1))
    if sample is not None:
        numbers = iter(sorted(random.sample(range(last + 1), min(last + 1, sample // LIST_ROWS + 1))))
    yield page(limit=1, offset=0)
    for number in numbers:
        yield page(limit=LIST_ROWS, offset=number * LIST_ROWS)


def _one(done: Replayed, standing: Standing, read: Read) -> None:
    basis = basis_of(done.company)
    tally = _confirmed(done.company, standing, read)
    record(done.company, standing, basis, {read.endpoint: tally}, request_id=MADE_UP)
    tally.differences = []  # kept now: memory does not grow with what is found
    done.tallies[read.endpoint].add(tally)


def _confirmed(company: Company, standing: Standing, read: Read) -> Tally:
    try:
        return confirm(company, standing, read, Budget(conf.REPLAY_BUDGET_MS))
    except OutOfTime:
        return Tally(late=len(read.ids) or 1)


def _is_partial(done: Replayed) -> bool:
    return any(tally.noise or tally.late or tally.dropped for tally in done.tallies.values())


def _settle(company: Company, standing: Standing, *, since: datetime, is_complete: bool) -> None:
    """Look again at every object that differed; a group all of whose objects are equal now is resolved."""
    for group in ShadowGroup.objects.filter(company=company, resolved_at=None).order_by("pk"):
        waiting = ShadowMismatch.objects.filter(group=group, resolved_at=None).order_by("pk")
        last = 0
        while batch := list(waiting.filter(pk__gt=last)[: conf.REPLAY_ROWS]):
            last = batch[-1].pk
            equal = _equal_now(company, standing, group, [each.object for each in batch])
            ids = [each.pk for each in batch if each.object in equal]
            ShadowMismatch.objects.filter(pk__in=ids).update(resolved_at=timezone.now())
        # Objects without a line are known to be equal only when everything was looked at.
        is_known = not group.not_kept or (is_complete and group.last_at < since)
        if is_known and not waiting.exists():
            ShadowGroup.objects.filter(pk=group.pk, last_at=group.last_at).update(
                resolved_at=timezone.now(), not_kept=0
            )


def _equal_now(company: Company, standing: Standing, group: ShadowGroup, objects: list[str]) -> set[str]:
    pages = [each for each in objects if each.startswith("limit=")]
    reads = [named(each) for each in pages]
    if ids := [UUID(each) for each in objects if each not in pages]:
        by_one = group.rule == Rule.ERROR
        reads += [some([id]) for id in ids] if by_one else [some(ids)]
    different: set[str] = set()
    for read in reads:
        tally = _confirmed(company, standing, read)
        if tally.noise or tally.late:
            return set()  # another time
        for each in tally.differences:
            if each.field == group.field or not each.field or not group.field:
                different.add(each.object)
        if read.endpoint is Endpoint.LIST and tally.mismatched:
            different.add(read.name)
    return set(objects) - different


def set_percent(company: Company, percent: int, *, actor: str) -> None:
    """Set the share of the company's reads that is compared, from the next request on.

    Raises:
        NothingToCompare: the company was never moved.
    """
    with transaction.atomic():
        if not CompanyStage.objects.filter(company=company).update(shadow_percent=percent):
            raise NothingToCompare(
                company=company.slug, stage=Stage.OFF, why="it has copied nothing yet: migrate_legacy"
            )
        audit.record(actor=actor, action="shadow_percent", company=company.pk, detail={"percent": percent})
