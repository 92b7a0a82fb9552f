"""Writes of a deal through the application, on both sides in one transaction, whichever side leads.

The CRM's services call this before and after they write (``CRM_DEAL_WRITES``); the legacy API writes legacy
columns through `legacy_row_write`. Either way the legacy row is written by the inverse or as asked, and the
projection then says what the CRM holds. What a legacy row cannot hold is refused, and nothing was written.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from psycopg import sql
from psycopg.types.json import Jsonb

from crm.exceptions import Conflict, NotFound, NotRepresentable
from crm.models import Company
from crm.ports import Contact, Placed
from legacy.models import COLUMNS
from migration_ops import conf
from migration_ops.backfill.sweep import settle
from migration_ops.dual_write import fence
from migration_ops.identity.late import resolve_contact
from migration_ops.models import LegacyLink
from migration_ops.projection.project import Scope
from migration_ops.sql.loader import block, blocks
from migration_ops.stages import Stage
from migration_ops.transitions import stage_of

SQL = "queries/deals.sql"
NEW_LEADS = (Stage.LIVE, Stage.RAMPDOWN, Stage.COMPLETE)
ACTOR = "application"


def run(name: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """One block of queries/deals.sql; its rows, if it gives any."""
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, name).sql, params)
        return list(cursor.fetchall()) if cursor.description else []


class BothSides:
    """What the CRM's services tell of, while the move goes on."""

    def begin(self, company: Company, deal_id: UUID) -> None:
        """Hold the deal on both sides; while legacy leads, bring the CRM's rows up to date first.

        Raises:
            Conflict: the legacy row is set aside, so that the CRM does not hold it.
        """
        stage = hold(company, deal_id)
        if stage is Stage.COMPLETE:
            return
        params = {"company": company.pk, "id": deal_id}
        rows = run("hold_row", params)
        # Another company's row is none of ours, and the service says so in the words it has for a row that is absent.
        is_foreign = bool(rows) and not rows[0][1]
        if is_foreign or stage in NEW_LEADS:
            return
        known = LegacyLink.objects.filter(pk=deal_id, company=company).values_list("fingerprint", flat=True).first()
        if (rows[0][0] if rows else None) != known:
            bring_up_to_date(company, deal_id)

    def place(self, company: Company, contact: Contact, at: datetime) -> Placed:
        """By the move's own rules of identity, under their lock."""
        customer, contact_id = resolve_contact(company, contact.name, contact.email, contact.phone, at)
        params = {"company": company.pk, "customer": customer, "contact": contact_id, "first_at": at, "last_at": at}
        run("touch_contact", params)
        addresses = run("place_address", params | {"message": contact.address}) if contact.address else []
        return Placed(customer_id=customer, contact_id=contact_id, address_id=addresses[0][0] if addresses else None)

    def opened(self, company: Company, deal_id: UUID, placed: Placed) -> None:
        """The new deal's link: the rebuilt row needs its contact."""
        run(
            "open_link",
            {
                "company": company.pk, "id": deal_id, "contact": placed.contact_id, "address": placed.address_id,
                "mapping_version": conf.MAPPING_VERSION,
            },
        )  # fmt: skip

    def written(self, company: Company, deal_id: UUID) -> None:
        """Carry the deal to its legacy row, and prove that the row holds all of it.

        Raises:
            NotRepresentable: it does not; the caller's transaction must be rolled back.
        """
        if stage_of(company) is Stage.COMPLETE:
            return
        params = {"company": company.pk, "id": deal_id}
        run("align", params)
        ((before,),) = run("held", params)
        carry_back(company, deal_id)
        bring_up_to_date(company, deal_id)
        ((after,),) = run("held", params)
        if before != after:
            parts = [part for part in before if before[part] != after[part]]
            raise NotRepresentable(
                f"Until this company's move is complete, a legacy row must hold the whole deal; it cannot hold"
                f" this {' and '.join(parts)}. Nothing was changed."
            )


def hold(company: Company, deal_id: UUID) -> Stage:
    """Hold the company's stage and the deal for this transaction, which writes both sides itself from now on."""
    stage = fence.enter(company.pk) or Stage.OFF
    fence.mark()
    fence.lock_deals([deal_id])
    return stage


def bring_up_to_date(company: Company, deal_id: UUID) -> None:
    """Make the CRM say what the legacy row says.

    Raises:
        Conflict: the row cannot be represented.
    """
    outcome = settle(company, [deal_id], batch_id=None, actor=ACTOR)
    if outcome.quarantined:
        raise Conflict("The legacy row of this deal cannot be represented and waits in quarantine; correct it first.")
    run("forget_captured", {"company": company.pk, "id": deal_id})


def forget_captured(company: Company, deal_id: UUID) -> None:
    """Drop captured changes of a deal that was brought up to date under its row's lock."""
    run("forget_captured", {"company": company.pk, "id": deal_id})


def carry_back(company: Company, deal_id: UUID) -> None:
    """Write the legacy row that the new tables rebuild; none where they hold nothing of it."""
    with connection.cursor() as cursor:
        cursor.execute(_carry_back(), Scope(company=company, ids=[deal_id], low=deal_id, high=deal_id).params())


@transaction.atomic
def legacy_row_write(
    company: Company, deal_id: UUID, values: Mapping[str, Any], *, is_new: bool, actor: str = ACTOR
) -> None:
    """Write columns of a legacy row, given as the legacy API names them, on both sides.

    Args:
        actor: who is named where a row that waited in quarantine is migrated by it.

    Raises:
        NotFound: the company has no such row.
        Conflict: the company is complete, so that there is no legacy row to write.
        NotRepresentable: the new tables cannot hold the result.
    """
    stage = _hold_for_legacy_write(company, deal_id, is_new=is_new)
    if stage in NEW_LEADS and not is_new:
        carry_back(company, deal_id)
    columns = [column for column in COLUMNS if column in values]
    if is_new:
        statement = sql.SQL("INSERT INTO quotes ({columns}) VALUES ({values})")
    else:
        statement = sql.SQL("UPDATE quotes SET {sets} WHERE id = %(id)s AND company_id = %(company_id)s")
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
                sets=sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(column)) for column in columns
                ),
            ).as_string(None),
            {"id": deal_id, "company_id": company.pk}
            | {column: _stored(column, value) for column, value in values.items()},
        )
    _project(company, deal_id, stage, actor)


@transaction.atomic
def legacy_row_delete(company: Company, deal_id: UUID) -> None:
    """Delete a legacy row, and what the new tables hold of it.

    Raises:
        NotFound, Conflict: as `legacy_row_write`.
    """
    _hold_for_legacy_write(company, deal_id, is_new=False)
    run("remove_row", {"company": company.pk, "id": deal_id})
    bring_up_to_date(company, deal_id)


@transaction.atomic
def deal_remove(company: Company, deal_id: UUID) -> None:
    """Remove a deal from both sides, with its contact and customer where nothing else uses them. For trials: a
    business keeps its deals."""
    stage = hold(company, deal_id)
    params: dict[str, Any] = {"company": company.pk, "id": deal_id}
    whose = run("customer_of", params)
    if stage is not Stage.COMPLETE:
        run("hold_row", params)
        run("remove_row", params)
    names = sorted(name for name in blocks(SQL) if name.startswith("remove_") and name != "remove_row")
    for customer, contact, address in whose or [(None, None, None)]:
        for name in names:
            run(name, params | {"customer": customer, "contact": contact, "address": address})
    run("forget_captured", params)


def _hold_for_legacy_write(company: Company, deal_id: UUID, *, is_new: bool) -> Stage:
    stage = hold(company, deal_id)
    if stage is Stage.COMPLETE:
        raise Conflict("This company has left the legacy table; write through API v2.")
    if not is_new:
        rows = run("hold_row", {"company": company.pk, "id": deal_id})
        if not rows or not rows[0][1]:
            raise NotFound("quote")
    return stage


def _project(company: Company, deal_id: UUID, stage: Stage, actor: str) -> None:
    outcome = settle(company, [deal_id], batch_id=None, actor=actor)
    if outcome.quarantined and stage in NEW_LEADS:
        raise NotRepresentable("The new tables lead for this company and cannot hold this row. Nothing was changed.")
    forget_captured(company, deal_id)


def _stored(column: str, value: Any) -> Any:
    return Jsonb(value, dumps=_exact) if column == "items" and value is not None else value


def _exact(value: Any) -> bytes:
    """JSON in which a Decimal keeps every digit."""
    return orjson.dumps(value, default=lambda each: orjson.Fragment(str(each)) if isinstance(each, Decimal) else None)


@cache
def _carry_back() -> str:
    """Upsert of the rebuilt row; an unchanged one is left alone."""
    own = [column for column in COLUMNS if column not in ("id", "company_id")]
    return (
        sql.SQL(
            "INSERT INTO quotes ({columns}) SELECT {columns} FROM ({rebuilt}) AS r"
            " ON CONFLICT (id) DO UPDATE SET {sets}"
            " WHERE quotes.company_id = EXCLUDED.company_id AND ({old}) IS DISTINCT FROM ({new})"
        )
        .format(
            columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
            rebuilt=sql.SQL(block("inverse/legacy_row.sql", "rebuilt").sql),
            sets=sql.SQL(", ").join(sql.SQL("{c} = EXCLUDED.{c}").format(c=sql.Identifier(column)) for column in own),
            old=sql.SQL(", ").join(sql.SQL("quotes.{}").format(sql.Identifier(column)) for column in own),
            new=sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(sql.Identifier(column)) for column in own),
        )
        .as_string(None)
    )
