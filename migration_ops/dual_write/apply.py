"""Captured changes of legacy rows, applied: the deal locked, its current state projected, the entries gone, in one
transaction. Out of order, twice, at the same time: the same rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill.batch import LOCK_TIMEOUT, RETRYABLE, SERVER_TROUBLE
from migration_ops.backfill.sweep import settle
from migration_ops.dual_write import fence
from migration_ops.exceptions import MigrationOpsError, ProofFailed
from migration_ops.projection.project import Scope
from migration_ops.selectors.companies import ensure_company
from migration_ops.sql.loader import block
from migration_ops.stages import MIRRORED
from migration_ops.validation import roundtrip
from migration_ops.validation.query import rows
from migration_ops.validation.report import Tally

log = logging.getLogger(__name__)
SQL = "queries/changes.sql"
LOCK_MS = 200
"""How long a batch of changes waits for a locked row; then the row waits alone, and the others flow."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What a round did: entries applied, deals they belonged to, deals put off."""

    entries: int = 0
    deals: int = 0
    put_off: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            entries=self.entries + other.entries, deals=self.deals + other.deals, put_off=self.put_off + other.put_off
        )


def apply_waiting() -> Applied:
    """One round over every company with changes: a batch each, and what may be tried again."""
    done = Applied()
    for (id,) in rows(SQL, "mirrored_companies", {}):
        done += apply_company(ensure_company(id))
    for company_id, deal in rows(SQL, "due", {"most": 20}):
        done += _guarded(ensure_company(company_id), [deal])
    return done


def apply_company(company: Company) -> Applied:
    """Apply a batch of the company's changes; where it fails, its halves, down to the deal that is at fault."""
    claimed: list[UUID] = []
    try:
        return _apply(company, None, claimed)
    except (DatabaseError, MigrationOpsError) as error:
        return _failed(company, claimed, error)


def _guarded(company: Company, deals: list[UUID]) -> Applied:
    try:
        return _apply(company, deals, [])
    except (DatabaseError, MigrationOpsError) as error:
        return _failed(company, deals, error)


def _failed(company: Company, deals: list[UUID], error: Exception) -> Applied:
    code = getattr(error.__cause__, "sqlstate", None) or ""
    if is_being_moved(code, claimed=deals):
        return Applied()
    if not connection.is_usable() or code.startswith(SERVER_TROUBLE) or not deals:
        raise error
    if len(deals) > 1:
        middle = len(deals) // 2
        return _guarded(company, deals[:middle]) + _guarded(company, deals[middle:])
    message = " ".join(str(error).split())
    log.warning("change of %s not applied, company %s: %s", deals[0], company.slug, message)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            block(SQL, "put_off").sql,
            {
                "company": company.pk, "id": deals[0], "message": message, "attempts": conf.APPLY_ATTEMPTS,
                # Somebody in the way is nobody's fault.
                "is_counted": code not in RETRYABLE,
                "backoff": conf.APPLY_BACKOFF_S, "backoff_most": conf.APPLY_BACKOFF_MOST_S,
            },
        )  # fmt: skip
    return Applied(put_off=1)


def is_being_moved(code: str, *, claimed: Sequence[Any]) -> bool:
    """Whether an error means that a stage move holds the company: its changes wait, and who follows goes on."""
    return code == LOCK_TIMEOUT and not claimed


def _apply(company: Company, deals: list[UUID] | None, claimed: list[UUID]) -> Applied:
    with transaction.atomic():
        fence.bound_waits(lock_ms=LOCK_MS, statement_ms=conf.STATEMENT_TIMEOUT_MS)
        if fence.enter_to_apply(company.pk) not in MIRRORED:
            return Applied()
        entries = _claim(company, deals)
        claimed += sorted({deal for _, deal in entries})
        return settle_entries(company, entries)


def _claim(company: Company, deals: list[UUID] | None) -> list[tuple[int, UUID]]:
    if deals is None:
        params: dict[str, Any] = {
            "company": company.pk, "most": conf.APPLY_ROWS, "window_rows": 4 * conf.APPLY_ROWS,
        }  # fmt: skip
        return rows(SQL, "claim", params)
    fence.lock_deals(deals)
    return entries_of(company, deals)


def entries_of(company: Company, deals: list[UUID]) -> list[tuple[int, UUID]]:
    """All changes of these deals that wait, failed ones included; the caller has locked the deals."""
    return [entry for deal in deals for entry in rows(SQL, "claim_deal", {"company": company.pk, "id": deal})]


def settle_entries(company: Company, entries: list[tuple[int, UUID]], *, is_locking: bool = True) -> Applied:
    """Bring the entries' deals, which the caller has locked, to what their rows say now; prove it; drop the entries.

    Args:
        is_locking: hold the legacy rows; inside a stage move no writer is in flight, so there is nobody to hold off,
            and one that waits for the move may have its row locked.
    Raises:
        ProofFailed: the new tables do not rebuild the rows.
    """
    ids = sorted({deal for _, deal in entries})
    if not ids:
        return Applied()
    with fence.mirrored():
        # As a retry: rows may stand there without a link, and are written over.
        settle(company, ids, batch_id=None, actor="apply", is_retry=True, is_locking=is_locking)
    prove(company, ids)
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "drop").sql, {"entries": [entry for entry, _ in entries]})
    return Applied(entries=len(entries), deals=len(ids))


def prove(company: Company, ids: list[UUID]) -> None:
    """Rebuild these legacy rows from the new tables and compare.

    Raises:
        ProofFailed: names the first difference.
    """
    tally = Tally()
    scope = Scope(company=company, ids=ids, low=min(ids), high=max(ids))
    roundtrip.compare(tally, scope.params(), [])
    for difference in tally.differences:
        raise ProofFailed(
            what=f"{difference.table} {difference.row_id} {difference.column or difference.kind}",
            expected=difference.expected, found=difference.found,
        )  # fmt: skip


def apply_rest(company: Company) -> Applied:
    """Some of everything that waits, inside the transaction of a stage move that holds the company's fence.

    The deals are not locked: nobody else is at this company, and whoever applies the change of a deal that came from
    here or goes there looks after rows of his own company (see sql/projection/stale.sql).
    """
    return settle_entries(
        company, rows(SQL, "rest", {"company": company.pk, "most": conf.APPLY_ROWS}), is_locking=False
    )
