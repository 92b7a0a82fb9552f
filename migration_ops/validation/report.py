"""What a validation found: checks, differences and verdicts, as values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from migration_ops import conf
from migration_ops.models import Mismatch, Verdict

Depth = Verdict.Depth
Kind = Mismatch.Kind

Figure = int | str | None
Progress = Callable[[int, int, int], None]
"""Told after each chunk: chunks done, chunks planned, legacy rows read so far."""


PENDING_NAMED = 10
"""Rows with pending changes that a verdict names."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One named statement about a company: what was expected, what was found. Money is text, to the last digit."""

    name: str
    depth: str
    expected: Figure
    found: Figure
    passed: bool


def check(name: str, depth: str, expected: Decimal | Figure, found: Decimal | Figure) -> Check:
    """A check that passes when both are equal; numbers by value, NaN equal to nothing."""
    return Check(name=name, depth=depth, expected=figure(expected), found=figure(found), passed=expected == found)


def figure(value: Decimal | Figure) -> Figure:
    """A number as it is reported: whole numbers as such, others as text without trailing zeros."""
    if not isinstance(value, Decimal):
        return value
    if value.is_finite() and value == value.to_integral_value():
        return int(value)
    return format(value.normalize(), "f") if value.is_finite() else str(value)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One row that differs, or one column of it.

    ``expected`` is what the legacy side says, ``found`` what the new side holds; both as text, NULL as None.
    """

    kind: Kind
    table: str
    row_id: UUID
    legacy_id: UUID | None
    column: str = ""
    expected: str | None = None
    found: str | None = None


@dataclass(kw_only=True)
class Tally:
    """What one depth has seen so far; tallies of chunks add up, and keep a bounded number of differences.

    ``suspects`` are the legacy ids that differed in this chunk, ``late`` those of them of which a captured change
    waited at the same moment; neither is added up. ``absent`` are the legacy rows that were not compared because the
    new side holds nothing of them.
    """

    rows_expected: int = 0
    rows_checked: int = 0
    absent: int = 0
    pending: int = 0
    pending_ids: list[UUID] = field(default_factory=list)
    seconds: float = 0.0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    differences: list[Difference] = field(default_factory=list)
    suspects: set[UUID] = field(default_factory=set)
    late: set[UUID] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Take in another tally of the same depth."""
        self.rows_expected += other.rows_expected
        self.rows_checked += other.rows_checked
        self.pending += other.pending
        self.pending_ids = (self.pending_ids + other.pending_ids)[:PENDING_NAMED]
        self.seconds += other.seconds
        for kind, count in other.counts.items():
            self.counts[kind] += count
        self.keep(other.differences)

    def keep(self, differences: Iterable[Difference]) -> None:
        """Keep differences while there is room."""
        room = conf.MISMATCHES_KEPT - len(self.differences)
        self.differences += [difference for difference, _ in zip(differences, range(room), strict=False)]

    @property
    def is_clean(self) -> bool:
        """Whether nothing differed."""
        return not any(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class DepthReport:
    """The verdict of one depth. ``missing``, ``extra`` and ``mismatched`` count rows of the compared tables."""

    depth: str
    passed: bool
    checks: tuple[Check, ...]
    rows_expected: int
    rows_checked: int
    missing: int
    extra: int
    mismatched: int
    differences: tuple[Difference, ...]
    seconds: float
    verdict_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """All verdicts of one company. A fault seen at several depths is counted once: the largest figure stands."""

    company: str
    company_name: str
    depths: tuple[DepthReport, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every depth passed; no depth is no proof."""
        return bool(self.depths) and all(depth.passed for depth in self.depths)

    @property
    def missing(self) -> int:
        """Rows absent on the new side."""
        return max((depth.missing for depth in self.depths), default=0)

    @property
    def extra(self) -> int:
        """Rows the legacy side knows nothing of."""
        return max((depth.extra for depth in self.depths), default=0)

    @property
    def mismatched(self) -> int:
        """Rows with at least one different column."""
        return max((depth.mismatched for depth in self.depths), default=0)

    @property
    def rows_checked(self) -> int:
        """Legacy rows that every depth compared."""
        return min((depth.rows_checked for depth in self.depths), default=0)

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check of every depth."""
        return tuple(each for depth in self.depths for each in depth.checks)


def judge(depth: str, tally: Tally, checks: Iterable[Check], *, compares_rows: bool = True) -> DepthReport:
    """Turn a tally into a verdict.

    A verdict that compared nothing, or not everything, fails: the last checks say so by name.
    """
    rows = [
        Check(
            name="rows compared",
            depth=depth,
            expected=tally.rows_expected or "at least 1",
            found=tally.rows_checked,
            passed=tally.rows_checked == tally.rows_expected and tally.rows_checked > 0,
        )
    ]
    if compares_rows:
        rows += [check(f"{kind.value} rows", depth, 0, tally.counts[kind]) for kind in Kind]
        rows.append(check("rows with pending changes", depth, 0, tally.pending))
    if tally.pending_ids:
        named = ", ".join(map(str, tally.pending_ids))
        rows.append(Check(name="pending changes of rows", depth=depth, expected=None, found=named, passed=True))
    every = (*checks, *rows)
    return DepthReport(
        depth=depth,
        passed=all(each.passed for each in every),
        checks=every,
        rows_expected=tally.rows_expected,
        rows_checked=tally.rows_checked,
        missing=tally.counts[Kind.MISSING],
        extra=tally.counts[Kind.EXTRA],
        mismatched=tally.counts[Kind.MISMATCHED],
        differences=tuple(tally.differences),
        seconds=tally.seconds,
    )
