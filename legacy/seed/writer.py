"""Rows as lines of COPY, and the transaction that writes them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from random import Random
from time import perf_counter
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql
from psycopg.errors import UniqueViolation

from ..exceptions import SeedRefused
from ..models import COLUMNS, LegacyQuote
from ..selectors import ensure_no_drift
from ..sql import statement
from .deals import Ledger, company_sizes, company_uuid
from .defects import DEFECTS, Deck, DirtyRow
from .people import NULL

BLOCK_ROWS = 500
# The last day of the generated business unless told otherwise: fixed, so that rows do not depend on the day.
UNTIL = date(2025, 12, 31)
EARLIEST, LATEST = date(1990, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True, kw_only=True)
class SeedPlan:
    """What to generate; equal plans give equal rows, byte for byte, ids included.

    Attributes:
        rows: how many, over all companies.
        companies: how many, of unequal size; at most ``rows``.
        seed: another seed means other companies and other rows.
        dirty: share of the rows that get one to three defects, 0.0 to 1.0.
        until: last day on which anything happens; the deals spread over the three years before.

    Raises:
        SeedRefused: an argument is out of range.
    """

    rows: int = 3000
    companies: int = 3
    seed: int = 1
    dirty: float = 0.3
    until: date = UNTIL

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise SeedRefused(f"--rows {self.rows}: give 1 or more.")
        if self.companies < 1:
            raise SeedRefused(f"--companies {self.companies}: give 1 or more.")
        if self.companies > self.rows:
            raise SeedRefused(f"--companies {self.companies}: at most one a row, and there are --rows {self.rows}.")
        if not 0 <= self.dirty <= 1:
            raise SeedRefused(f"--dirty {self.dirty:g}: give a share from 0 to 1.")
        if not EARLIEST <= self.until <= LATEST:
            raise SeedRefused(f"--until {self.until}: give a day from {EARLIEST} to {LATEST}.")

    def company_rows(self) -> list[tuple[UUID, int]]:
        """Each company's id and number of rows, largest first."""
        sizes = company_sizes(self.rows, self.companies)
        return [(company_uuid(self.seed, index), size) for index, size in enumerate(sizes)]


@dataclass(kw_only=True)
class SeedReport:
    """What was written."""

    rows: int = 0
    companies: list[tuple[UUID, int]] = field(default_factory=list)
    dirty_rows: int = 0
    quarantine_rows: int = 0
    defects: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rows_per_second(self) -> float:
        """Rows written a second, 0 before the first."""
        return self.rows / self.seconds if self.seconds else 0.0


def copy_lines(plan: SeedPlan, report: SeedReport) -> Iterator[str]:
    """Every row of the plan as one line of COPY (text format, columns in table order); counts into ``report``."""
    name = f"quotepro/{plan.seed}/{plan.rows}/{plan.companies}/{float(plan.dirty)!r}/{plan.until}"
    # One deck for all companies, so that few rows are enough for every defect to occur.
    deck, dirty = Deck(Random(name)), plan.dirty
    for company_id, size in plan.company_rows():
        random = Random(f"{name}/{company_id}")
        ledger = Ledger(random=random, company_id=company_id, rows=size, until=plan.until)
        draw = random.random
        twin: list[str] | None = None
        for row, items in ledger.rows():
            report.rows += 1
            if draw() >= dirty:
                twin = row
                yield "\t".join(row) + "\n"
            else:
                soiled = DirtyRow(_values(row), items, random, twin)
                deck.soil(soiled)
                report.dirty_rows += 1
                report.defects.update(soiled.defects)
                if any(DEFECTS[name].quarantine for name in soiled.defects):
                    report.quarantine_rows += 1
                else:
                    twin = [NULL if value is None else value for value in soiled.values.values()]
                yield copy_line(soiled.values)
        report.companies.append((company_id, size))


def seed(plan: SeedPlan, *, progress: Callable[[int], None] = lambda rows: None) -> SeedReport:
    """Write the rows of the plan in one transaction, in constant memory.

    Args:
        plan: what to write.
        progress: told the number of rows written so far, now and then.

    Raises:
        SeedRefused: rows of this plan are there already; nothing was changed.
        LegacySchemaDrift: the table is not as the mirror says.
    """
    ensure_no_drift()
    first = next(copy_lines(plan, SeedReport())).partition("\t")[0]
    if LegacyQuote.objects.filter(pk=UUID(first)).exists():
        raise _already_there(plan)
    report, started = SeedReport(), perf_counter()
    copy_sql = sql.SQL("COPY quotes ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.cursor.copy(copy_sql) as copy:
                lines = copy_lines(plan, report)
                while block := "".join(islice(lines, BLOCK_ROWS)):
                    copy.write(block.encode())
                    progress(report.rows)
            cursor.execute(statement("analyze"))
    except UniqueViolation as error:
        raise _already_there(plan) from error
    report.seconds = perf_counter() - started
    progress(report.rows)
    return report


def copy_line(values: dict[str, str | None]) -> str:
    """One line of COPY in text format, from any texts; None is NULL."""
    return "\t".join([NULL if value is None else _escaped(value) for value in values.values()]) + "\n"


def _escaped(value: str) -> str:
    # Cheaper than str.translate: nearly every value has nothing to escape.
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


def _values(row: list[str]) -> dict[str, str | None]:
    return {column: None if value == NULL else value for column, value in zip(COLUMNS, row, strict=True)}


def _already_there(plan: SeedPlan) -> SeedRefused:
    return SeedRefused(
        f"Rows of --seed {plan.seed} with these arguments are in quotes already; nothing was changed. "
        "Give another --seed, or go on with the rows that are there."
    )
