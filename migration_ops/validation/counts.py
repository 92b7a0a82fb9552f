"""Both sides counted and summed, exactly and per company; rows in their places; what there must be none of."""

import time
from contextlib import AbstractContextManager
from typing import Any

from crm.models import Company
from migration_ops import conf
from migration_ops.projection.project import Scope
from migration_ops.projection.reasons import QuarantineReason
from migration_ops.sql.loader import block, blocks
from migration_ops.validation.chunks import LINKS, Settle, snapshot
from migration_ops.validation.query import one_row, rows
from migration_ops.validation.report import Check, Depth, DepthReport, Difference, Kind, Tally, check, judge

SQL = "validation/counts.sql"
FAULTS = "validation/faults.sql"
PAIRS = ("deals", "items", "people")
ATTEMPTS = 4
"""Readings of a company that is being written, before changes that wait are reported."""

# Spaces of any kind, listed: what a pattern's \\s covers depends on the server's locale.
BLANKS = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
NAMES = {
    "quotes": "quotes with items: quotes",
    "quote_items": "quotes with items: quote items",
    "quote_totals": "totals: quotes",
    "quote_subtotals": "totals: subtotals",
    "quote_item_totals": "totals: quote items",
    "amounts_due": "totals: amounts due",
    "amounts_paid": "totals: amounts paid",
    "payment_amounts": "totals: payments",
    "discounts": "totals: discounts",
    "tax_amounts": "totals: tax amounts",
}
"""Checks that are not simply named for their column; the specification's checks keep their names."""


def validate_counts(company: Company, common: tuple[Check, ...], settle: Settle) -> DepthReport:
    """Count the company.

    Changes that wait to be applied make both sides differ for a moment, so the reading is repeated while
    there are any, at a moment made for it; those that stay are a failed check, not a difference.
    """
    started = time.monotonic()
    tally, checks = _read(company)
    for _ in range(ATTEMPTS - 1):
        if all(each.passed for each in checks) or not _waiting(checks):
            break
        time.sleep(conf.RECHECK_MS / 1000)
        tally, checks = _read(company, settle(company))
    tally.seconds = time.monotonic() - started
    return judge(Depth.COUNTS, tally, (*common, *checks))


def _waiting(checks: list[Check]) -> bool:
    return any(each.name == "pending changes" and not each.passed for each in checks)


def _read(company: Company, moment: AbstractContextManager[None] | None = None) -> tuple[Tally, list[Check]]:
    params = Scope(company=company).params() | {
        "blanks": BLANKS,
        "reasons": list(QuarantineReason.values),
        "most": conf.MISMATCHES_KEPT,
    }
    with moment or snapshot():
        tally, checks = _places(params)
        for pair in PAIRS:
            expected, found = block(SQL, f"expected_{pair}"), one_row(SQL, f"found_{pair}", params)
            for column, wanted, held in zip(expected.columns, one_row(SQL, expected.name, params), found, strict=True):
                checks.append(check(NAMES.get(column, column.replace("_", " ")), Depth.COUNTS, wanted, held))
        for name, fault in blocks(FAULTS).items():
            checks.append(check(fault.header["check"], Depth.COUNTS, 0, one_row(FAULTS, name, params)[0]))
    return tally, checks


def _places(params: dict[str, Any]) -> tuple[Tally, list[Check]]:
    """Conservation: every legacy row is in exactly one place, and nothing waits."""
    recorded, linked, aside, pending, twice = one_row(SQL, "places", params)
    waiting, failed = one_row("validation/chunks.sql", "waiting", params)
    tally = Tally(rows_expected=recorded, rows_checked=recorded - pending)
    tally.counts |= {Kind.MISSING: pending, Kind.MISMATCHED: twice}
    checks = [
        Check(name="legacy rows", depth=Depth.COUNTS, expected="at least 1", found=recorded, passed=recorded > 0),
        check("rows migrated or set aside", Depth.COUNTS, recorded, linked + aside - twice),
        check("rows pending", Depth.COUNTS, 0, pending),
        check("rows in two places", Depth.COUNTS, 0, twice),
        check("pending changes", Depth.COUNTS, 0, waiting),
        check("failed changes", Depth.COUNTS, 0, failed),
    ]
    (tally.counts[Kind.EXTRA],) = one_row(FAULTS, "ghost_links", params)
    if not tally.is_clean:
        tally.keep(
            Difference(kind=Kind(kind), table=LINKS, row_id=id, legacy_id=id)
            for kind, id in rows(SQL, "unplaced_rows", params)
        )
    return tally, checks
