"""How large a table is, without counting it."""

import json
from pathlib import Path
from uuid import UUID

from django.db import connection, models
from psycopg import sql

ROW_ESTIMATE = (Path(__file__).resolve().parent.parent / "sql" / "row_estimate.sql").read_text(encoding="utf-8")


def row_estimate(model: type[models.Model]) -> int:
    """Rows of the model's table as the planner estimates them; -1 where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_ESTIMATE, {"table": model._meta.db_table})
        (estimate,) = cursor.fetchone()
    return int(estimate)


def company_row_estimate(model: type[models.Model], company: UUID) -> int:
    """One company's rows of the table, as the planner estimates them; 0 where the table names no company."""
    if not any(field.column == "company_id" for field in model._meta.concrete_fields):
        return 0
    statement = sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE company_id = %(company)s")
    with connection.cursor() as cursor:
        named = statement.format(sql.Identifier(model._meta.db_table)).as_string(None)
        cursor.execute(named, {"company": company})
        (plan,) = cursor.fetchone()
    if isinstance(plan, str):
        plan = json.loads(plan)
    return int(plan[0]["Plan"]["Plan Rows"])
