"""How large a table is, without counting it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg import sql

SQL = Path(__file__).resolve().parent.parent / "sql"
ROW_ESTIMATE = (SQL / "row_estimate.sql").read_text(encoding="utf-8")
COMPANY_SHARE = (SQL / "company_share.sql").read_text(encoding="utf-8")

# Above half a percent, the planner's guess for a word that no row of its sample has (DEFAULT_TS_MATCH_SEL).
COMMON_SHARE = 0.006
# So many of the newest rows are looked through for a page, at most.
WALK_ROWS = 5_000
ALL = sql.SQL("true")


def row_estimate(model: type[models.Model]) -> int:
    """Rows of the model's table as the planner estimates them; -1 where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_ESTIMATE, {"table": model._meta.db_table})
        (estimate,) = cursor.fetchone()
    return int(estimate)


def company_share(model: type[models.Model], company: UUID) -> float:
    """The share of the table's rows that are the company's, 0 to 1, as the planner's sample has it."""
    with connection.cursor() as cursor:
        cursor.execute(COMPANY_SHARE, {"table": model._meta.db_table, "company": company})
        (share,) = cursor.fetchone()
    return float(share)


def company_row_estimate(
    model: type[models.Model],
    company: UUID,
    condition: sql.Composable = ALL,
    params: Mapping[str, Any] | None = None,
) -> int:
    """One company's rows of the table, as the planner estimates them; 0 where the table names no company.

    Args:
        condition: estimate only those that meet it; the table is called `t` in it.
        params: values of the condition's parameters.
    """
    if not any(field.column == "company_id" for field in model._meta.concrete_fields):
        return 0
    statement = sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} t WHERE t.company_id = %(company)s AND {}")
    with connection.cursor() as cursor:
        named = statement.format(sql.Identifier(model._meta.db_table), condition).as_string(None)
        cursor.execute(named, {"company": company, **(params or {})})
        (plan,) = cursor.fetchone()
    if isinstance(plan, str):
        plan = json.loads(plan)
    return int(plan[0]["Plan"]["Plan Rows"])


def is_soon_found(
    model: type[models.Model],
    company: UUID,
    condition: sql.Composable,
    params: Mapping[str, Any],
    *,
    rows: int,
    within: Sequence[sql.Composable] = (),
) -> bool:
    """Whether a page of rows that meet the condition is found by going from the company's newest row to the next.

    Where it is not, the rows that meet it are found by its index and sorted. The planner cannot tell the two apart: of
    a word that it has not seen it expects half a percent and of one that another company uses as many as there, spread
    evenly, and then reads all of a large company for a word that nobody in it has used. So a word that it has seen is
    tried on the newest rows, which are looked at no further than it takes.

    Args:
        rows: how many the page needs.
        within: what else they meet; the table is called `t` in all conditions.
    """
    if company_row_estimate(model, company, condition, params) <= COMMON_SHARE * company_row_estimate(model, company):
        return False
    statement = sql.SQL(
        "SELECT count(*) FROM (SELECT FROM (SELECT t.* FROM {} t WHERE {} ORDER BY t.created_at DESC, t.id DESC"
        " LIMIT {}) AS t WHERE {} LIMIT {}) AS found"
    ).format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(" AND ").join([sql.SQL("t.company_id = %(company)s"), *within]),
        sql.Literal(WALK_ROWS),
        condition,
        sql.Literal(rows),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), {**params, "company": company})
        return bool(cursor.fetchone()[0] == rows)
