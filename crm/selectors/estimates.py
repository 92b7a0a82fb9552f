"""How large a table is, without counting it."""

from pathlib import Path

from django.db import connection, models

ROW_ESTIMATE = (Path(__file__).resolve().parent.parent / "sql" / "row_estimate.sql").read_text(encoding="utf-8")


def row_estimate(model: type[models.Model]) -> int:
    """Rows of the model's table as the planner estimates them; -1 where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_ESTIMATE, {"table": model._meta.db_table})
        (estimate,) = cursor.fetchone()
    return int(estimate)
