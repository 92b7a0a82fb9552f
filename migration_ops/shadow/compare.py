"""One read of API v1 on both sides: equal, noise, or a mismatch that was confirmed in one snapshot."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.dual_write import fence
from migration_ops.models.shadow import Endpoint, Rule
from migration_ops.selectors.standing import Standing
from migration_ops.shadow.differences import TEXT_LIMIT, Difference, id_of, row_differences
from migration_ops.shadow.reads import Read, digest, some
from migration_ops.validation.query import rows

SQL = "queries/shadow.sql"
OVER_TIME = ("57014", "55P03")
"""Ended by statement_timeout or lock_timeout, which are both what is left of the budget."""


@dataclass(kw_only=True)
class Tally:
    """How comparing went, in reads; `rows` are those of the answers that were equal."""

    equal: int = 0
    rows: int = 0
    mismatched: int = 0
    noise: int = 0
    late: int = 0
    dropped: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take another one's figures in."""
        for name in ("equal", "rows", "mismatched", "noise", "late", "dropped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.differences += other.differences

    @property
    def compared(self) -> int:
        """Reads that say something: equal or different."""
        return self.equal + self.mismatched


class OutOfTime(Exception):
    """The time budget of a comparison is used up."""


class Budget:
    """The time one comparison has, its statements and rests included."""

    def __init__(self, milliseconds: int) -> None:
        self.ends = time.monotonic() + milliseconds / 1000

    def left_ms(self) -> int:
        """What is left.

        Raises:
            OutOfTime: nothing.
        """
        left = int((self.ends - time.monotonic()) * 1000)
        if left <= 0:
            raise OutOfTime
        return left

    def rest(self, milliseconds: float) -> None:
        """Wait, but not longer than what is left."""
        time.sleep(min(milliseconds, self.left_ms()) / 1000)


@contextmanager
def out_of_time() -> Iterator[None]:
    """A statement the server ended for its time is the end of the budget."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) in OVER_TIME:
            raise OutOfTime from error
        raise


def compare(company: Company, standing: Standing, read: Read, given: bytes) -> Tally:
    """Compare an answer with what the other side says, off its request.

    The side that answered is read again first: where it says something else now, the row is being changed, and what
    the other side says proves nothing. A difference counts only if it is still there in one snapshot of both sides,
    and no captured change waits that explains it.

    Args:
        given: digest of the answer's rows, as the client got them.
    Raises:
        OperationalError: the server cannot be asked at all.
    """
    budget = Budget(conf.SHADOW_BUDGET_MS)
    try:
        with out_of_time():
            control = _read(company, read, budget, is_new=standing.is_new)
            is_steady = digest(control) == given
            if is_steady and _answers_alike(company, read, budget, control, is_new=not standing.is_new):
                return Tally(equal=1, rows=len(control))
            found = confirm(company, standing, read, budget)
    except OutOfTime:
        return Tally(late=1)
    # Equal at one moment, and not before: a change went by.
    return found if found.mismatched else Tally(noise=1)


def _read(company: Company, read: Read, budget: Budget, *, is_new: bool) -> list[str]:
    with transaction.atomic():
        _bound(budget)
        return read.rows(company, is_new=is_new)


def _answers_alike(company: Company, read: Read, budget: Budget, control: list[str], *, is_new: bool) -> bool:
    try:
        return _read(company, read, budget, is_new=is_new) == control
    except OperationalError:
        raise
    except DatabaseError:
        return False  # looked at again, and kept, in the snapshot


def confirm(company: Company, standing: Standing, read: Read, budget: Budget) -> Tally:
    """Compare both sides in one snapshot; while captured changes wait that explain a difference, look again.

    Several rows are each a read of their own.

    Raises:
        OutOfTime, OperationalError: as compare.
    """
    tally = Tally()
    for look in range(conf.SHADOW_LOOKS):
        if look:
            budget.rest(conf.RECHECK_MS * look)
        with out_of_time(), one_moment(budget):
            found = _look(company, standing, read, budget)
        if found.is_broken and len(read.ids) > 1:
            middle = len(read.ids) // 2
            for half in (read.ids[:middle], read.ids[middle:]):
                tally.add(confirm(company, standing, some(half), budget))
            return tally
        if read.endpoint is Endpoint.LIST:
            if found.differences:
                return Tally(mismatched=1, differences=found.differences)
            if not found.is_waiting:
                return Tally(equal=1, rows=found.rows)
            continue
        different = {each.object for each in found.differences}
        tally.differences += found.differences
        tally.mismatched += len(different)
        tally.equal += len(read.ids) - len(different) - len(found.waiting)
        tally.rows += found.rows
        read = some([id for id in read.ids if id in found.waiting])
        if not read.ids:
            return tally
    tally.noise += len(read.ids) or 1
    return tally


@contextmanager
def one_moment(budget: Budget) -> Iterator[None]:
    """A transaction that only reads, and sees one moment."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL jit = off")
        _bound(budget)
        yield


def _bound(budget: Budget) -> None:
    left = budget.left_ms()
    fence.bound_waits(lock_ms=left, statement_ms=left)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What one look saw: rows that are equal, differences nothing explains, rows that wait for a captured change."""

    rows: int
    differences: list[Difference] = field(default_factory=list)
    waiting: frozenset[UUID] = frozenset()
    is_waiting: bool = False
    is_broken: bool = False


def _look(company: Company, standing: Standing, read: Read, budget: Budget) -> _Found:
    control = read.rows(company, is_new=standing.is_new)
    _bound(budget)
    try:
        with transaction.atomic():
            candidate = read.rows(company, is_new=not standing.is_new)
    except OperationalError:
        raise
    except DatabaseError as error:
        return _broken(standing, read, error)
    if control == candidate:
        return _Found(rows=len(control))
    _bound(budget)
    if not _steady(company, standing, read, control):
        # It does not even agree with itself at one moment: no measure for the other side.
        return _Found(rows=0, waiting=frozenset(read.ids), is_waiting=True)
    legacy, new = (candidate, control) if standing.is_new else (control, candidate)
    equal, differences = _of_rows(company, read, legacy, new)
    late = _waiting(company, differences)
    differences = [each for each in differences if UUID(each.object) not in late]
    if differences or late:
        return _Found(rows=equal, differences=differences, waiting=late, is_waiting=bool(late))
    if _anything_waits(company):
        # A row that comes or goes elsewhere moves all those below it.
        return _Found(rows=0, waiting=frozenset(read.ids), is_waiting=True)
    return _Found(rows=0, differences=[_of_order(read, legacy, new)])


def _steady(company: Company, standing: Standing, read: Read, control: list[str]) -> bool:
    return read.rows(company, is_new=standing.is_new) == control


def _broken(standing: Standing, read: Read, error: DatabaseError) -> _Found:
    # Class and code only: a server's message may quote what a row holds.
    words = f"{type(error).__name__} {getattr(error.__cause__, 'sqlstate', None) or ''}".strip()
    legacy, new = (words, None) if standing.is_new else (None, words)
    difference = Difference(object=read.name, field="", rule=Rule.ERROR, legacy=legacy, new=new)
    return _Found(rows=0, differences=[difference], is_broken=True)


def _of_rows(company: Company, read: Read, legacy: list[str], new: list[str]) -> tuple[int, list[Difference]]:
    """How many rows are equal, and what differs in the others."""
    by_id = ({id_of(row): row for row in legacy}, {id_of(row): row for row in new})
    ids = dict.fromkeys([*by_id[0], *by_id[1]])
    if read.endpoint is Endpoint.LIST:
        # A row that only one page has may be on another page of the other side.
        absent = [UUID(id) for id in ids if id not in by_id[0] or id not in by_id[1]]
        if absent:
            for is_new, known in enumerate(by_id):
                known.update((id_of(row), row) for row in some(absent).rows(company, is_new=bool(is_new)))
    found: list[Difference] = []
    equal = 0
    for id in ids:
        one, other = by_id[0].get(id), by_id[1].get(id)
        if one is None or other is None:
            rule = Rule.EXTRA if one is None else Rule.MISSING
            found.append(Difference(object=id, field="", rule=rule, legacy=_short(one), new=_short(other)))
        elif one == other:
            equal += 1
        else:
            found += row_differences(id, one, other)
    return equal, found


def _short(row: str | None) -> str | None:
    return None if row is None else row[:TEXT_LIMIT]


def _of_order(read: Read, legacy: list[str], new: list[str]) -> Difference:
    places = (place for place, (one, other) in enumerate(zip(legacy, new, strict=False)) if one != other)
    first = next(places, min(len(legacy), len(new)))
    one, other = (", ".join(id_of(row) for row in side[first : first + 10]) for side in (legacy, new))
    return Difference(object=read.name, field="", rule=Rule.ORDER, legacy=one, new=other)


def _waiting(company: Company, differences: list[Difference]) -> frozenset[UUID]:
    """The differing rows with a captured change, of either side, that is not applied yet."""
    ids = sorted({UUID(each.object) for each in differences})
    if not ids:
        return frozenset()
    return frozenset(id for (id,) in rows(SQL, "waiting", {"company": company.pk, "ids": ids}))


def _anything_waits(company: Company) -> bool:
    return bool(rows(SQL, "anything_waits", {"company": company.pk})[0][0])
