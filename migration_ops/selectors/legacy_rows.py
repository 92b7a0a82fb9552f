"""Legacy rows as API v1 shows them: from the legacy table or rebuilt from the new ones, the same bytes."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.models import Company
from legacy.fields import PlainNumericField
from legacy.models import LegacyQuote
from migration_ops.models import CompanyStage
from migration_ops.projection.project import Scope
from migration_ops.sql.loader import block
from migration_ops.stages import Stage

SQL = "queries/v1.sql"
# Of a JSON text: strings, which stay, and zeros at the end of a number's fraction, which go. 1.50 and 1.5 are one
# number: how it was stored does not show. One pass over the text; taking the document apart cost ten times as much.
TRAILING_ZEROS = r'("(?:[^"\\]|\\.)*")|(\.[0-9]*[1-9])0+(?![0-9])|\.0+(?![0-9])'
FROM_NEW = (Stage.LIVE, Stage.RAMPDOWN, Stage.COMPLETE)


def reads_new(company: Company) -> bool:
    """Whether the new tables lead for this company."""
    return CompanyStage.objects.filter(company=company, stage__in=FROM_NEW).exists()


def legacy_page(company: Company, *, limit: int, offset: int, is_new: bool) -> list[str]:
    """A page of rows as JSON texts, the newest first. Two statements at most, whatever the rows hold."""
    params: dict[str, Any] = {"company": company.pk, "most": limit, "offset": offset, "reach": limit + offset}
    if not is_new:
        return _texts(_of_legacy("legacy_page"), params)
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "new_page").sql, params)
        ids = [id for (id,) in cursor.fetchall()]
    return _of_new_rows(company, ids)


def legacy_row(company: Company, id: UUID, *, is_new: bool) -> str | None:
    """One row as JSON text; None where the company has no such row."""
    if is_new:
        rows = _of_new_rows(company, [id])
    else:
        rows = _texts(_of_legacy("legacy_one"), {"company": company.pk, "id": id})
    return rows[0] if rows else None


def legacy_some(company: Company, ids: list[UUID], *, is_new: bool) -> list[str]:
    """Rows by id as JSON texts, the newest first; those the company does not have are left out."""
    if is_new:
        return _of_new_rows(company, ids)
    return _texts(_of_legacy("legacy_some"), {"company": company.pk, "ids": ids})


def _of_new_rows(company: Company, ids: list[UUID]) -> list[str]:
    if not ids:
        return []
    return _texts(_of_new(), Scope(company=company, ids=ids, low=min(ids), high=max(ids)).params())


def _texts(statement: str, params: Mapping[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [text for (text,) in cursor.fetchall()]


def _columns() -> sql.Composed:
    shown = []
    for field in LegacyQuote._meta.concrete_fields:
        column = sql.Identifier(str(field.column))
        if field.column == "items":
            shown.append(sql.SQL("regexp_replace(r.{c}::text, {pattern}, {kept}, 'g')::json AS {c}").format(
                c=column, pattern=sql.Literal(TRAILING_ZEROS), kept=sql.Literal(r"\1\2")))  # fmt: skip
        elif isinstance(field, PlainNumericField):
            shown.append(sql.SQL("trim_scale(r.{c}) AS {c}").format(c=column))
        else:
            shown.append(sql.SQL("r.{c}").format(c=column))
    return sql.SQL(", ").join(shown)


def _shaped(rows: sql.Composable) -> str:
    return (
        sql.SQL(
            "SELECT row_to_json(s)::text FROM (SELECT {columns} FROM ({rows}) AS r) AS s"
            " ORDER BY s.created_at DESC, s.id DESC"
        )
        .format(columns=_columns(), rows=rows)
        .as_string(None)
    )


@cache
def _of_legacy(name: str) -> str:
    return _shaped(sql.SQL(block(SQL, name).sql))


@cache
def _of_new() -> str:
    named = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in LegacyQuote._meta.concrete_fields)
    return _shaped(
        sql.SQL("SELECT {named} FROM ({rebuilt}) AS b UNION ALL SELECT {named} FROM ({kept}) AS k").format(
            named=named,
            rebuilt=sql.SQL(block("inverse/legacy_row.sql", "rebuilt").sql),
            kept=sql.SQL(block(SQL, "kept_rows").sql),
        )
    )
