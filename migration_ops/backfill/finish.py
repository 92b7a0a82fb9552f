"""The end of a run: what depends on the whole company, and what the plan leaves behind."""

from django.db import connection

from crm.models import Company
from migration_ops.identity.customers import clear_staging, write_findings
from migration_ops.identity.golden import refresh_customers
from migration_ops.sql.loader import block, blocks


def finish(company: Company) -> None:
    """Flags across rows, conflicts and relations, contacts that only quarantined rows have; staging emptied.

    In the caller's transaction; a repeat changes nothing.
    """
    params = {"company": company.pk}
    write_findings(company)
    with connection.cursor() as cursor:
        cursor.execute(block("identity/late.sql", "hold_merges").sql, params)
        cursor.execute(block("projection/cross_row_flags.sql", "cross_row_flags").sql, params)
        for statement in blocks("identity/prune.sql").values():
            cursor.execute(statement.sql, params)
        concerned = [customer for (customer,) in cursor.fetchall()]
    if concerned:
        refresh_customers(company, concerned)
    clear_staging(company)
    with connection.cursor() as cursor:
        # The planner must know the company before somebody validates it or opens a page.
        for name in ("quick_figures", "analyze"):
            cursor.execute(block("queries/plan.sql", name).sql)
