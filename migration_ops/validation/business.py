"""What is odd about a company's data: flags and findings, listed for staff. It passes unless it cannot run."""

import time
from contextlib import AbstractContextManager

from crm.models import Company
from migration_ops.projection.reasons import Flag
from migration_ops.validation.chunks import Settle, snapshot
from migration_ops.validation.query import one_row, rows
from migration_ops.validation.report import Check, Depth, DepthReport, Tally, figure, judge

SQL = "validation/business.sql"


def validate_business(company: Company, common: tuple[Check, ...], settle: Settle) -> DepthReport:
    """Count flags and findings over every migrated row of the company."""
    started = time.monotonic()
    report = _read(company, common, started, snapshot())
    # Rows written just now wait for the mirror: looked at again at a moment made for it.
    return report if report.passed else _read(company, common, started, settle(company))


def _read(
    company: Company, common: tuple[Check, ...], started: float, moment: AbstractContextManager[None]
) -> DepthReport:
    params = {"company": company.pk}
    with moment:
        recorded, placed = one_row(SQL, "rows", params)
        flags = [(_label(flag), count) for flag, count in rows(SQL, "flags", params)]
        findings = rows(SQL, "findings", params)
    checks = [
        Check(name=name, depth=Depth.BUSINESS, expected=None, found=figure(found), passed=True)
        for name, found in (*findings, *flags)
    ]
    tally = Tally(rows_expected=recorded, rows_checked=placed, seconds=time.monotonic() - started)
    return judge(Depth.BUSINESS, tally, (*common, *checks), compares_rows=False)


def _label(flag: str) -> str:
    """The flag's code, which lists are filtered by, and its words; a code outside the list has none."""
    return f"flag {flag}: {Flag(flag).label}" if flag in Flag.values else f"flag {flag}"
