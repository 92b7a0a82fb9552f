"""Drift, repaired: shown exactly, applied, journalled before and after, and looked at again.

The side that leads is right: where legacy leads, its rows are projected anew; where the new tables lead, the legacy
rows are rebuilt from them.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.backfill.sweep import settle
from migration_ops.cutover import findings
from migration_ops.dual_write import fence, reverse
from migration_ops.exceptions import StageRefused
from migration_ops.identity.golden import refresh_customers
from migration_ops.identity.keys import contact_keys
from migration_ops.models import Finding
from migration_ops.projection import project
from migration_ops.sql.loader import block, blocks
from migration_ops.stages import REVERSED, Stage
from migration_ops.validation.drift import Drift, drift_of
from migration_ops.validation.query import rows

SQL = "reverse/repair.sql"
ROUNDS = 5
"""Times a repair looks again: differences beyond those one look keeps, and what stood behind others."""

Key = tuple[str, UUID]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row that a repair changes: as it is and as it will be, as JSON text; None where there is no row."""

    table: str
    row_id: UUID
    legacy_id: UUID | None
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What a repair changed, or would change, and whether anything differs afterwards."""

    changes: list[Change]
    is_applied: bool
    left: Drift


def repair(company: Company, *, is_applied: bool, actor: str) -> Repaired:
    """Repair the company, or show what a repair would do.

    Applied twice, the second one finds nothing. The company's evidence is void afterwards: it is to be validated again.

    Raises:
        StageRefused: the company is complete; legacy is frozen.
        LegacyCannotHold: the new side leads and holds what a legacy row cannot.
    """
    changes: list[Change] = []
    drift = drift_of(company)
    for _ in range(ROUNDS if is_applied else 1):
        if drift.is_none:
            break
        done = _round(company, drift, is_applied=is_applied, actor=actor)
        changes += done
        if is_applied:
            drift = drift_of(company)
        if not done:
            break
    return Repaired(changes=changes, is_applied=is_applied, left=drift)


def _round(company: Company, drift: Drift, *, is_applied: bool, actor: str) -> list[Change]:
    changes: list[Change] = []
    groups = [drift.deals[at : at + conf.SWEEP_ROWS] for at in range(0, len(drift.deals), conf.SWEEP_ROWS)] or [[]]
    for number, deals in enumerate(groups):
        part = drift if number == len(groups) - 1 else Drift(extra=drift.extra)
        with transaction.atomic():
            stage = fence.enter(company.pk)
            if stage == Stage.COMPLETE:
                raise StageRefused(company=company.slug, stage=stage, why="its legacy rows are frozen")
            people = _people(company, deals, part)
            before = _rows(company, deals, part.extra, people)
            with fence.mirrored():
                if stage in REVERSED:
                    reverse.carry_back(company, deals)
                else:
                    _from_legacy(company, deals, part, people)
            after = _rows(company, deals, part.extra, people)
            found = _differences(before, after)
            changes += found
            if is_applied and found:
                _journal(company, found, actor)
            if not is_applied:
                transaction.set_rollback(True)
    return changes


def _from_legacy(company: Company, deals: list[UUID], drift: Drift, people: list[UUID]) -> None:
    params: dict[str, Any] = {
        "company": company.pk, "ids": deals, "row_ids": drift.extra, "customers": drift.strays,
    }  # fmt: skip
    steps = blocks(SQL)
    project.run_all(steps, "remove_extra", params)
    project.run_all(steps, "restore", params)
    if deals:
        settle(company, deals, batch_id=None, actor="repair", is_retry=True)
    project.run_all(steps, "remove_stray", params)
    for id, name, email, phone in rows(SQL, "contacts_keys", params | {"customers": people}):
        keys = contact_keys(name, email, phone, company.phone_region)
        project.execute(
            block(SQL, "set_keys").sql,
            {
                "company": company.pk, "id": id, "name_key": keys.name_key, "email_key": keys.email_key,
                "phone_key": keys.phone_key, "extra_keys": list(keys.extra_keys), "flags": list(keys.flags),
            },
        )  # fmt: skip
    if people:
        refresh_customers(company, people)


def _people(company: Company, deals: list[UUID], drift: Drift) -> list[UUID]:
    params = {"company": company.pk, "ids": deals, "customers": drift.people}
    return sorted(id for (id,) in rows(SQL, "customers_of", params))


def _rows(
    company: Company, deals: list[UUID], extra: list[UUID], people: list[UUID]
) -> dict[Key, tuple[UUID | None, str]]:
    params = {"company": company.pk, "ids": sorted({*deals, *extra}), "customers": people}
    found = rows(SQL, "deal_rows", params) + rows(SQL, "people_rows", params)
    return {(table, id): (deal, row) for table, id, deal, row in found}


def _differences(before: dict[Key, Any], after: dict[Key, Any]) -> list[Change]:
    changes = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            table, id = key
            deal = (was or now or (None,))[0]
            changes.append(
                Change(
                    table=table, row_id=id, legacy_id=deal,
                    before=was[1] if was else None, after=now[1] if now else None,
                )
            )  # fmt: skip
    return changes


def _journal(company: Company, changes: list[Change], actor: str) -> None:
    for each in changes:
        # As text: a number keeps every digit.
        project.execute(
            block(SQL, "journal").sql,
            {
                "company": company.pk, "name": each.table, "id": each.row_id, "a": each.legacy_id,
                "before_row": each.before, "after_row": each.after, "actor": actor,
            },
        )  # fmt: skip
    findings.record(company, Finding.Kind.REPAIR, f"{len(changes)} rows")
    audit.record(actor=actor, action="repair", company=company.pk, detail={"rows": len(changes)})
