"""The end of a run: what depends on the whole company, and what the plan leaves behind."""

from django.db import connection

from crm.models import Company
from migration_ops.identity.customers import clear_staging, write_findings
from migration_ops.identity.golden import refresh_customers
from migration_ops.sql.loader import block, blocks

# The first begins at once, the others when all indexes are built (queries/plan.sql, claim), side by side.
PARTS = 3


def finish(company: Company) -> None:
    """All parts, in the caller's transaction; a repeat changes nothing."""
    for part in range(PARTS):
        finish_part(company, part)


def finish_part(company: Company, part: int) -> None:
    """Flags across rows; conflicts, relations and contacts that only quarantined rows have; figures for the planner."""
    (_flag_across_rows, _settle_customers, _look_at_deals)[part % PARTS](company)


def _flag_across_rows(company: Company) -> None:
    with connection.cursor() as cursor:
        # It sorts and hashes the whole company: what does not fit goes to disk, so that memory does not grow with it.
        cursor.execute("SELECT set_config('work_mem', '4MB', true)")
        for statement in blocks("projection/cross_row_flags.sql").values():
            cursor.execute(statement.sql, {"company": company.pk})


def _settle_customers(company: Company) -> None:
    params = {"company": company.pk}
    write_findings(company)
    with connection.cursor() as cursor:
        cursor.execute(block("identity/late.sql", "hold_merges").sql, params)
        # Their references are checked row by row below, by plans that would read all of the company without figures.
        for name in ("quick_figures", "analyze_findings"):
            cursor.execute(block("queries/plan.sql", name).sql)
        for statement in blocks("identity/prune.sql").values():
            cursor.execute(statement.sql, params)
        concerned = [customer for (customer,) in cursor.fetchall()]
    if concerned:
        refresh_customers(company, concerned)
    clear_staging(company)
    with connection.cursor() as cursor:
        # The planner must know the company before somebody validates it or opens a page.
        for name in ("quick_figures", "analyze_customers"):
            cursor.execute(block("queries/plan.sql", name).sql)


def _look_at_deals(_company: Company) -> None:
    with connection.cursor() as cursor:
        for name in ("quick_figures", "analyze_deals"):
            cursor.execute(block("queries/plan.sql", name).sql)
