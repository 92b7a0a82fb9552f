"""Every dirty row alone, first, middle and last in a batch: what becomes of it, and that its neighbours land unharmed."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest

from migration_ops.tests.dirty.case import Case, base_row, rows_of
from migration_ops.tests.dirty_rows import CASES, LINES_WITHOUT_BUILDER
from migration_ops.tests.moving import Fate, company_of, fates, insert, json_equal, move, proven, target_values

BATCH_ROWS = 11
WITH_OWN_ID = [case for case in CASES if "id" in case.columns]
AMONG_OTHERS = {"twin", "currency_mixed"}
CLEAN = Fate(flags=frozenset(), residue=None, reason=None, at=None)


def wrong(case: Case, id: UUID, fate: Fate | None) -> list[str]:
    """What did not become of a case's row as the case says."""
    if fate is None:
        return [f"{case}: neither migrated nor quarantined"]
    if case.reason:
        if (fate.reason, fate.at, fate.flags) != (case.reason, case.at, None):
            return [f"{case}: expected {case.reason} at {case.at}, found {fate}"]
        return []
    if fate.reason is not None or fate.flags is None:
        return [f"{case}: quarantined as {fate.reason} at {fate.at}"]
    found = []
    if fate.flags != case.flags:
        found.append(f"{case}: flags {sorted(fate.flags)}, expected {sorted(case.flags)}")
    if not json_equal(fate.residue, case.residue):
        found.append(f"{case}: residue {fate.residue}, expected {case.residue}")
    for target, expected in case.rows.items():
        table, _, column = target.partition(".")
        values = target_values(id, table, column or "id")
        if isinstance(expected, str) and "{id}" in expected:
            expected = expected.replace("{id}", str(id))
        if (len(values) if not column else values[:1]) != (expected if not column else [expected]):
            found.append(f"{case}: {target} is {values}, expected {expected!r}")
    return found


def test_every_line_of_the_list_has_a_builder():
    listed = {3, 7, 8, *range(10, 119)}
    assert listed - {case.line for case in CASES} == LINES_WITHOUT_BUILDER
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("region", sorted({case.region for case in CASES}))
def test_a_dirty_row_first_middle_and_last_in_a_batch_has_its_outcome_and_its_neighbours_land(region):
    company = company_of(UUID(int=2**100), region)
    numbers = count(1)
    cases = [case for case in CASES if case.region == region and case not in WITH_OWN_ID]
    placed: list[tuple[Case, UUID]] = []
    neighbours, rows = [], []
    for turn in range(len(cases)):
        # Three cases share a batch; three turns later each has stood in every place.
        ids = [UUID(int=2**101 + len(rows) + offset) for offset in range(BATCH_ROWS)]
        batch = [base_row("deal", next(numbers), id, company.pk) for id in ids]
        dirty = set()
        for case, place in zip(
            (cases[turn], cases[turn - 1], cases[turn - 2]), ("first", "middle", "last"), strict=True
        ):
            further = len(case.also)
            start = {"first": 0, "middle": BATCH_ROWS // 2, "last": BATCH_ROWS - 1 - further}[place]
            own = slice(start, start + 1 + further)
            batch[own] = rows_of(case, next(numbers), ids[own], company.pk)
            placed.append((case, ids[start]))
            dirty |= set(ids[own])
        neighbours += [id for id in ids if id not in dirty]
        rows += batch
    insert(rows)

    move(company, batch_rows=BATCH_ROWS)

    found = fates(company)
    # That the same case stands there three times is this test's doing, not a row's.
    placed = [(replace(case, flags=case.flags - AMONG_OTHERS), id) for case, id in placed]
    without = {id: replace(fate, flags=fate.flags and fate.flags - AMONG_OTHERS) for id, fate in found.items()}
    problems = [problem for case, id in placed for problem in wrong(case, id, without.get(id))]
    assert not problems, "\n".join(problems)
    assert {id: found.get(id) for id in neighbours} == dict.fromkeys(neighbours, CLEAN)
    proven(company)


def alone(cases: Iterable[Case]) -> list[str]:
    """Move each case alone in a company of its own; what went wrong."""
    problems = []
    for number, case in enumerate(cases, start=1):
        company = company_of(UUID(int=2**100 + number), case.region)
        ids = [UUID(case.columns["id"] or "")] if case in WITH_OWN_ID else []
        ids += [UUID(int=2**101 + number * 10 + offset) for offset in range(len(ids), 1 + len(case.also))]
        insert(rows_of(case, number, ids, company.pk))
        move(company)
        problems += wrong(case, ids[0], fates(company).get(ids[0]))
        proven(company)
    return problems


@pytest.mark.django_db(transaction=True)
def test_a_dirty_row_of_each_line_alone_in_its_company_has_its_outcome():
    problems = alone([*{case.line: case for case in CASES if case not in WITH_OWN_ID}.values(), *WITH_OWN_ID])
    assert not problems, "\n".join(problems)


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_every_dirty_row_alone_in_its_company_has_its_outcome():
    problems = alone(CASES)
    assert not problems, "\n".join(problems)
