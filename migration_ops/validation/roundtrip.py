"""The legacy row rebuilt from the new tables alone against the original: every row, every column."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql

from legacy.models import COLUMNS
from migration_ops import conf
from migration_ops.sql.loader import block
from migration_ops.validation.comparables import TEXT_LIMIT
from migration_ops.validation.query import composed_rows, one_row, rows
from migration_ops.validation.report import Difference, Kind, Tally

TABLE = "quotes"
SQL = "validation/roundtrip.sql"


def compare(tally: Tally, params: dict[str, Any], unplaced: Sequence[Difference]) -> None:
    """Compare a chunk's legacy rows with the rebuilt ones, and kept copies with rows that are set aside."""
    ((both, *ids),) = composed_rows(_rows(), params)
    found = {kind: each or [] for kind, each in zip(Kind, ids, strict=True)}
    aside = rows(SQL, "set_aside", params)
    tally.rows_checked = both + one_row(SQL, "waiting", params)[0]
    tally.absent = len(found[Kind.MISSING])
    for kind, each in found.items():
        tally.counts[kind] += len(each)
        tally.suspects |= set(each)
        tally.keep(_named(kind, each, params))
    tally.counts[Kind.MISMATCHED] += len(aside)
    tally.suspects |= {id for id, _, _ in aside}
    tally.keep(
        Difference(
            kind=Kind.MISMATCHED, table="migration_quarantined_row", row_id=id, legacy_id=id, column="source",
            expected=expected, found=kept,
        )
        for id, expected, kept in aside
    )  # fmt: skip


def _named(kind: Kind, ids: Sequence[UUID], params: dict[str, Any]) -> list[Difference]:
    ids = ids[: conf.MISMATCHES_KEPT]
    if not ids:
        return []
    if kind is not Kind.MISMATCHED:
        return [Difference(kind=kind, table=TABLE, row_id=id, legacy_id=id) for id in ids]
    return [
        Difference(kind=kind, table=TABLE, row_id=id, legacy_id=id, column=column, expected=expected, found=found)
        for id, column, expected, found in composed_rows(_columns(), params | {"ids": list(ids)})
    ]


def _sides() -> dict[str, sql.Composable]:
    return {
        "original": sql.SQL(block(SQL, "original").sql),
        "rebuilt": sql.SQL(block("inverse/legacy_row.sql", "rebuilt").sql),
        # Numbers and JSON by value, texts byte by byte: what equality means for each type.
        "differs": sql.SQL(" OR ").join(
            sql.SQL("o.{c} IS DISTINCT FROM r.{c}").format(c=sql.Identifier(column)) for column in COLUMNS
        ),
        "values": sql.SQL(", ").join(
            sql.SQL("({name}, o.{c}::text, r.{c}::text, o.{c} IS DISTINCT FROM r.{c})").format(
                name=sql.Literal(column), c=sql.Identifier(column)
            )
            for column in COLUMNS
        ),
        "limit": sql.Literal(TEXT_LIMIT),
    }


@cache
def _rows() -> sql.Composable:
    """Rows on both sides, and the ids of those missing, extra and mismatched, in the order of Kind."""
    return sql.SQL(
        "SELECT count(*) FILTER (WHERE o.id IS NOT NULL AND r.id IS NOT NULL),"
        "       array_agg(o.id ORDER BY o.id) FILTER (WHERE r.id IS NULL),"
        "       array_agg(r.id ORDER BY r.id) FILTER (WHERE o.id IS NULL),"
        "       array_agg(o.id ORDER BY o.id) FILTER (WHERE o.id IS NOT NULL AND r.id IS NOT NULL AND ({differs}))"
        "  FROM ({original}) AS o FULL JOIN ({rebuilt}) AS r ON r.id = o.id"
    ).format(**_sides())


@cache
def _columns() -> sql.Composable:
    # Materialised: a planner that expects one row would rebuild all of them again for each.
    return sql.SQL(
        "WITH o AS MATERIALIZED ({original}), r AS MATERIALIZED ({rebuilt})"
        " SELECT o.id, v.name, left(v.expected, {limit}), left(v.found, {limit})"
        "  FROM o JOIN r ON r.id = o.id"
        " CROSS JOIN LATERAL (VALUES {values}) AS v(name, expected, found, is_different)"
        " WHERE v.is_different"
        " ORDER BY 1, 2"
    ).format(**_sides())
