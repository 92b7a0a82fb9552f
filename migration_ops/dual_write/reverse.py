"""Changes of the new tables, carried back to the deals' legacy rows by the inverse.

A legacy row keeps its own texts wherever the rebuilt value equals what is there. What it cannot hold is noticed by
going forth again: where the projection of the new legacy row would take back something the writer has written,
the write is refused, by name.
"""

import logging
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from psycopg import sql

from crm.models import Company
from legacy.models import COLUMNS
from migration_ops import conf
from migration_ops.backfill import sweep
from migration_ops.backfill.batch import RETRYABLE, SERVER_TROUBLE
from migration_ops.dual_write import fence, people
from migration_ops.dual_write.apply import LOCK_MS, SQL, Applied, is_being_moved, prove
from migration_ops.exceptions import LegacyCannotHold, MigrationOpsError
from migration_ops.identity.late import resolve_late
from migration_ops.projection.project import Scope
from migration_ops.selectors.companies import ensure_company
from migration_ops.sql.loader import block, blocks
from migration_ops.stages import REVERSED
from migration_ops.validation import chunks
from migration_ops.validation.query import rows
from migration_ops.validation.report import Depth, Difference, Kind

log = logging.getLogger(__name__)
CARRY = "reverse/carry.sql"
Entry = tuple[int, str, UUID, UUID | None]
Cell = tuple[str, UUID, str]
# When a row of the new side was made or touched has one place in legacy, for the whole deal; a link is our own record.
BOOKKEEPING = frozenset({"created_at", "updated_at"})
OUR_OWN = frozenset({"migration_legacy_link", "migration_quarantined_row", "customer_contacts", "customers_new"})
DEAL_TABLES = frozenset({"leads_new", "quotes_new", "quote_items_new", "jobs_new", "invoices_new", "payments"})


def reverse_waiting() -> Applied:
    """One round over every company with changes to be carried back: a batch each, and what may be tried again."""
    done = Applied()
    for (id,) in rows(SQL, "reversed_companies", {}):
        done += reverse_company(ensure_company(id))
    for company_id, entry in rows(SQL, "due_reverse", {"most": 20}):
        company = ensure_company(company_id)
        done += _attempt(company, {"again": entry})
    return done


def reverse_company(company: Company) -> Applied:
    """Carry a batch of the company's changes back; where it fails, each deal by itself, and the one at fault waits."""
    return _attempt(company, {})


def reverse_rest(company: Company) -> Applied:
    """Some of everything that waits, inside the transaction of a stage move that holds the company's fence."""
    entries: list[Entry] = rows(SQL, "rest_reverse", {"company": company.pk, "most": conf.APPLY_ROWS})
    return settle(company, entries)


def reverse_own(company: Company) -> Applied:
    """What this very transaction has written, carried back at once.

    Raises:
        LegacyCannotHold: a legacy row has no place for it; the caller rolls back.
    """
    return settle(company, rows(SQL, "claim_reverse_own", {"company": company.pk}))


def _attempt(company: Company, which: dict[str, Any]) -> Applied:
    claimed: list[Entry] = []
    try:
        return _claimed(company, which, claimed)
    except (DatabaseError, MigrationOpsError) as error:
        if is_being_moved(getattr(error.__cause__, "sqlstate", None) or "", claimed=claimed):
            return Applied()
        if not claimed:
            raise
        return _failed(company, claimed, error)


def _claimed(company: Company, which: dict[str, Any], claimed: list[Entry]) -> Applied:
    with transaction.atomic():
        fence.bound_waits(lock_ms=LOCK_MS * 5, statement_ms=conf.STATEMENT_TIMEOUT_MS)
        if fence.enter_to_apply(company.pk) not in REVERSED:
            return Applied()
        params = {"company": company.pk, "most": conf.APPLY_ROWS, "entry": which.get("again")}
        if "entries" in which:
            found = which["entries"]
        else:
            found = rows(SQL, "claim_reverse_again" if "again" in which else "claim_reverse", params)
        claimed += found
        return settle(company, found)


def _failed(company: Company, entries: list[Entry], error: Exception) -> Applied:
    code = getattr(error.__cause__, "sqlstate", None) or ""
    if not connection.is_usable() or code.startswith(SERVER_TROUBLE):
        raise error
    groups: dict[UUID, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry[3] or entry[2], []).append(entry)
    if len(groups) > 1:
        done = Applied()
        for group in groups.values():
            done += _attempt(company, {"entries": group})
        return done
    message = " ".join(str(error).split())
    log.warning("change of %s not carried back, company %s: %s", next(iter(groups)), company.slug, message)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            block(SQL, "put_off_reverse").sql,
            {
                "entries": [entry[0] for entry in entries], "message": message, "attempts": conf.APPLY_ATTEMPTS,
                "is_counted": code not in RETRYABLE,
                "backoff": conf.APPLY_BACKOFF_S, "backoff_most": conf.APPLY_BACKOFF_MOST_S,
            },
        )  # fmt: skip
    return Applied(put_off=1)


def settle(company: Company, entries: list[Entry]) -> Applied:
    """Carry these changes back and drop their entries, in the caller's transaction, which holds the company's stage.

    Raises:
        LegacyCannotHold: names what a legacy row has no place for.
    """
    if not entries:
        return Applied()
    deals = {deal for _, _, _, deal in entries if deal is not None}
    touched = {table: {row for _, of, row, _ in entries if of == table} for table in people.TABLES}
    with fence.mirrored():
        deals |= people.carry(company, touched)
    if deals:
        carry_back(company, sorted(deals))
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "drop_reverse").sql, {"entries": [entry[0] for entry in entries]})
    return Applied(entries=len(entries), deals=len(deals))


def carry_back(company: Company, ids: list[UUID]) -> None:
    """Bring the legacy rows of these deals to what the new tables say, and prove it by going forth again.

    Raises:
        LegacyCannotHold: names what a legacy row has no place for.
    """
    fence.lock_deals(ids)
    params: dict[str, Any] = {"company": company.pk, "ids": ids}
    for (id,) in rows(CARRY, "elsewhere", params):
        raise LegacyCannotHold(what=f"deal {id}: another company has a legacy row of that id", company=company.slug)
    with fence.mirrored():
        people.link(company, ids)
        for name, statement in blocks(CARRY).items():
            if name.startswith("settle_"):
                with connection.cursor() as cursor:
                    cursor.execute(statement.sql, params)
        _refuse_what_would_be_lost(company, ids)
        sweep.settle(company, ids, batch_id=None, actor="reverse", is_retry=True, is_locking=False)
    prove(company, ids)


def _write(company: Company, ids: list[UUID]) -> None:
    params = Scope(company=company, ids=ids, low=min(ids), high=max(ids)).params()
    with connection.cursor() as cursor:
        cursor.execute(_upsert(), params)
        cursor.execute(block(CARRY, "remove").sql, params)
    resolve_late(company, ids)


def _refuse_what_would_be_lost(company: Company, ids: list[UUID]) -> None:
    """Write the legacy rows, and compare what they project to with what is there.

    Differing cells nobody has touched follow their origin (a job's title the quote's job name). Which were touched is
    asked of the legacy rows as they were, so the write is taken back for a moment.
    """
    before = transaction.savepoint()
    _write(company, ids)
    lost = _cells(company, ids)
    if not lost:
        transaction.savepoint_commit(before)
        return
    transaction.savepoint_rollback(before)
    recorded = {id for (id,) in rows(CARRY, "recorded", {"company": company.pk, "ids": ids})}
    edited = _cells(company, ids)
    for cell, difference in lost.items():
        table, row, _ = cell
        is_new = (table, row, "") in edited or difference.legacy_id not in recorded
        # In a row written just now a value that was left open takes what the mapping says; so does a row left out.
        is_open = difference.found is None
        if cell not in edited and (not is_new or is_open):
            continue
        what = f"{difference.table} {difference.row_id}"
        if difference.kind == Kind.MISMATCHED:
            what += f" {difference.column} = {difference.found!r}: it would read {difference.expected!r}"
        else:
            what += f": this row would be {'made again' if difference.kind == Kind.MISSING else 'lost'}"
        raise LegacyCannotHold(what=what, company=company.slug)
    _write(company, ids)


def _cells(company: Company, ids: list[UUID]) -> dict[Cell, Difference]:
    """Where the projection of the legacy rows and the new tables differ, but for our own records."""
    scope = Scope(company=company, ids=ids, low=min(ids), high=max(ids))
    (tally,) = chunks.compare_now(scope, [Depth.FIELDS]).values()
    return {
        (
            difference.table,
            difference.row_id,
            difference.column if difference.kind == Kind.MISMATCHED else "",
        ): difference
        for difference in tally.differences
        if difference.table in DEAL_TABLES and difference.column not in BOOKKEEPING
    }


@cache
def _upsert() -> str:
    """The statement that writes the rebuilt rows; a column whose value is the same keeps what is recorded there."""
    columns = [column for column in COLUMNS if column not in ("id", "company_id")]
    keep = sql.SQL("{c} = CASE WHEN q.{c} IS NOT DISTINCT FROM EXCLUDED.{c} THEN q.{c} ELSE EXCLUDED.{c} END")
    differs = sql.SQL("q.{c} IS DISTINCT FROM EXCLUDED.{c}")
    return (
        sql.SQL(
            "INSERT INTO quotes AS q ({all}) SELECT {all} FROM ({rebuilt}) AS r"
            " WHERE EXISTS (SELECT FROM quotes_new n WHERE n.id = r.id AND n.company_id = r.company_id)"
            "    OR EXISTS (SELECT FROM leads_new n WHERE n.id = r.id AND n.company_id = r.company_id)"
            " ON CONFLICT (id) DO UPDATE SET {sets} WHERE q.company_id = EXCLUDED.company_id AND ({differs})"
        )
        .format(
            all=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
            rebuilt=sql.SQL(block("inverse/legacy_row.sql", "rebuilt").sql),
            sets=sql.SQL(", ").join(keep.format(c=sql.Identifier(column)) for column in columns),
            differs=sql.SQL(" OR ").join(differs.format(c=sql.Identifier(column)) for column in columns),
        )
        .as_string(None)
    )
