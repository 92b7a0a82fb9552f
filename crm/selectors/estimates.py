"""How large a table is, without counting it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg import sql

ROW_ESTIMATE = (Path(__file__).resolve().parent.parent / "sql" / "row_estimate.sql").read_text(encoding="utf-8")

# Above half a percent, the planner's guess for a word that no row of its sample has (DEFAULT_TS_MATCH_SEL).
COMMON_SHARE = 0.006
ALL = sql.SQL("true")


def row_estimate(model: type[models.Model]) -> int:
    """Rows of the model's table as the planner estimates them; -1 where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_ESTIMATE, {"table": model._meta.db_table})
        (estimate,) = cursor.fetchone()
    return int(estimate)


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


def is_common(model: type[models.Model], company: UUID, condition: sql.Composable, params: Mapping[str, Any]) -> bool:
    """Whether the planner has seen the condition met by many of the company's rows.

    Of a word that it has not seen it expects up to half a percent. The newest few rows with it are then thought to be
    found soon by going from the newest row to the next, which reads all of a large company for a word that nobody used.
    """
    return company_row_estimate(model, company, condition, params) > COMMON_SHARE * company_row_estimate(model, company)
