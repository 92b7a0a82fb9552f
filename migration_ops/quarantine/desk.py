"""What a person does with rows that wait: correct one, try again, waive, take a waiver back.

Each is one transaction with its line in the audit log. A correction writes the legacy row as the legacy API would and
projects it in that transaction: either both sides say the new value, or nothing has changed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.backfill.plan import refuse_if_active
from migration_ops.backfill.sweep import settle
from migration_ops.dual_write import fence
from migration_ops.dual_write.deals import forget_captured, hold, legacy_row_write
from migration_ops.exceptions import CorrectionRefused
from migration_ops.models import QuarantinedRow
from migration_ops.quarantine.values import corrected, place_of, read_items
from migration_ops.selectors.quarantine import legacy_row

TOLD_IDS = 50
"""Ids of rows a line of the audit log names, at most; it always says how many there were."""
TOLD_TEXT = 500
WHOLE_ROW = "row"
"""What a finding names that is about no column: the database refused the row."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a row; `reason` and `field` where it still waits."""

    resolution: str
    reason: str = ""
    field: str = ""

    @property
    def waits(self) -> bool:
        """Whether something else is wrong with it."""
        return not self.resolution


def correct(company: Company, id: UUID, *, field: str, text: str, seen: str, actor: str, why: str) -> Settled:
    """Write one place of a waiting legacy row, and project the row.

    Args:
        field: the place, as findings name it: a column, or items[2].unit_price.
        seen: digest of the row the person saw.
    Raises:
        CorrectionRefused: no such row waits, it has changed, the text is no value, or the row waits as before.
        RunAlreadyActive: a run of the company is being driven.
        CrmError: the company's stage does not take it.
    """
    place = place_of(field)
    if place is None:
        raise CorrectionRefused(why=f"{field[:60]!r} is no place of a legacy row that can be corrected")
    refuse_if_active(company)
    try:
        with transaction.atomic():
            fence.bound_waits(lock_ms=conf.LOCK_TIMEOUT_MS, statement_ms=conf.STATEMENT_TIMEOUT_MS)
            hold(company, id)
            before = _open_row(company, id)
            now = legacy_row(company, id)
            if now is None:
                raise CorrectionRefused(why="the legacy row was deleted; try it again to note that")
            if now.digest != seen:
                raise CorrectionRefused(why="the legacy row has changed since you opened it; look at it again")
            value = corrected(place, text, read_items(now.columns["items"]) if place.item else None)
            values = {place.column: value}
            if place.column != "updated_at":
                values["updated_at"] = timezone.now()
            legacy_row_write(company, id, values, is_new=False, actor=actor)
            after = QuarantinedRow.objects.get(pk=id)
            if _is_no_better(before, after, str(place)):
                raise CorrectionRefused(
                    why=f"with that, {place.in_words.lower()} cannot be read either; nothing changed"
                )
            if after.resolution:
                QuarantinedRow.objects.filter(pk=id).update(resolved_reason=why)
            _note(
                company, actor, "quarantine_correct", row=str(id), field=str(place), before=before.original[:TOLD_TEXT],
                after=text[:TOLD_TEXT], outcome=after.resolution or after.reason, reason=why,
            )  # fmt: skip
    except DatabaseError as error:
        raise CorrectionRefused(why=f"the database refused it: {' '.join(str(error).split())[:200]}") from error
    return _settled(after)


def try_again(company: Company, id: UUID, *, actor: str) -> Settled:
    """Project one waiting row as it stands in legacy now.

    Raises:
        CorrectionRefused, RunAlreadyActive: as `correct`.
    """
    refuse_if_active(company)
    try:
        with transaction.atomic():
            fence.bound_waits(lock_ms=conf.LOCK_TIMEOUT_MS, statement_ms=conf.STATEMENT_TIMEOUT_MS)
            hold(company, id)
            _open_row(company, id)
            settle(company, [id], batch_id=None, actor=actor)
            forget_captured(company, id)
            after = QuarantinedRow.objects.get(pk=id)
            _note(company, actor, "quarantine_retry", row=str(id), outcome=after.resolution or after.reason)
    except DatabaseError as error:
        raise CorrectionRefused(why=f"the database refused it: {' '.join(str(error).split())[:200]}") from error
    return _settled(after)


@transaction.atomic
def waive(
    company: Company, *, actor: str, why: str, ids: Collection[UUID] | None = None, reason: str | None = None
) -> int:
    """Leave waiting rows set aside for good, by a person's decision; how many.

    Args:
        ids: these rows; without, all of the company, of one reason where `reason` is given.
    Raises:
        CorrectionRefused: without a reason in words; one of the ids does not wait any more.
    """
    return _resolve(company, QuarantinedRow.Resolution.WAIVED, "", "quarantine_waive", actor, why, ids, reason)


@transaction.atomic
def take_back(company: Company, *, actor: str, why: str, ids: Collection[UUID]) -> int:
    """Waived rows wait again; how many.

    Raises:
        CorrectionRefused: without a reason in words; one of the ids is not waived.
    """
    waived = QuarantinedRow.Resolution.WAIVED
    return _resolve(company, "", waived, "quarantine_take_back", actor, why, ids, None)


def _resolve(
    company: Company, after: str, before: str, action: str, actor: str, why: str, ids: Collection[UUID] | None,
    reason: str | None,
) -> int:  # fmt: skip
    why = why.strip()
    if not why:
        raise CorrectionRefused(why="a reason is needed; it is kept with the rows")
    rows = QuarantinedRow.objects.filter(company=company, resolution=before)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    if reason is not None:
        rows = rows.filter(reason=reason)
    held = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    if ids is not None and len(held) != len(set(ids)):
        gone = len(set(ids)) - len(held)
        raise CorrectionRefused(why=f"{gone} of {len(set(ids))} rows do not wait any more; look at them again")
    if not held:
        return 0
    now = timezone.now()
    QuarantinedRow.objects.filter(company=company, resolution=before, pk__in=held).update(
        resolution=after, resolved_by=actor if after else "", resolved_reason=why if after else "",
        resolved_at=now if after else None,
    )  # fmt: skip
    _note(company, actor, action, rows=len(held), ids=[str(id) for id in held[:TOLD_IDS]], reason=why)
    return len(held)


def _is_no_better(before: QuarantinedRow, after: QuarantinedRow, place: str) -> bool:
    """Whether the place that was corrected still fails; of the whole row, whether the database says the same words."""
    if after.resolution or after.field != before.field:
        return False
    return place == before.field or (before.field == WHOLE_ROW and after.original == before.original)


def _open_row(company: Company, id: UUID) -> QuarantinedRow:
    row = QuarantinedRow.objects.select_for_update().filter(pk=id, company=company, resolution="").first()
    if row is None:
        raise CorrectionRefused(why="the row does not wait any more; somebody else was here")
    return row


def _settled(row: QuarantinedRow) -> Settled:
    if row.resolution:
        return Settled(resolution=row.resolution)
    return Settled(resolution="", reason=row.reason, field=row.field)


def _note(company: Company, actor: str, action: str, **detail: object) -> None:
    audit.record(actor=actor, action=action, company=company.pk, detail=detail)
