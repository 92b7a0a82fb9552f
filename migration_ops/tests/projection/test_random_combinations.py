"""Dirty rows combined at random, on one row and across rows that share customers: rows land whole or wait whole."""

import random
from collections.abc import Iterator
from uuid import UUID

import pytest

from migration_ops.projection.reasons import Flag
from migration_ops.tests.dirty.case import Case, base_row, items, line
from migration_ops.tests.dirty_rows import CASES
from migration_ops.tests.moving import company_of, fates, insert, move, proven

BASES = ("deal", "deal", "quote", "lead", "empty")
# Big ones are met in every place of a batch elsewhere; a thousand of each would only take time.
SMALL = [
    case
    for case in CASES
    if "id" not in case.columns
    and not case.also
    and sum(len(value or "") for value in (*case.columns.values(), case.item)) < 20_000
]


def columns_of(case: Case) -> set[str]:
    return set(case.columns) | ({"items"} if case.item is not None else set())


def compatible(some: random.Random, region: str) -> list[Case]:
    """Up to six cases that change different columns, and any number of line items side by side."""
    chosen: list[Case] = []
    for case in some.sample(SMALL, some.choice((0, 1, 2, 3, 4, 6))):
        taken = set().union(*(set(other.columns) for other in chosen))
        other_items = any(other.item is not None for other in chosen)
        if case.region == region and not columns_of(case) & taken and not ("items" in case.columns and other_items):
            chosen.append(case)
    return chosen


def combined(
    some: random.Random, rows: int, company: UUID, region: str
) -> Iterator[tuple[dict[str, str | None], list[Case]]]:
    """Legacy rows, each with the cases it was made of."""
    for _ in range(rows):
        cases = compatible(some, region)
        number = some.randrange(1, rows // 2)
        row = base_row(some.choice(BASES), number, UUID(int=some.getrandbits(128), version=4), company)
        for case in cases:
            row |= {column: value and value.replace("{number}", str(number)) for column, value in case.columns.items()}
        dirty = [case.item for case in cases if case.item is not None]
        if dirty:
            row["items"] = items(line(), *dirty)
        yield row, cases


def check(seed: int, rows: int, region: str, batch_rows: int) -> None:
    some = random.Random(seed)
    company = company_of(UUID(int=some.getrandbits(128), version=4), region)
    made = list(combined(some, rows, company.pk, region))
    insert(row for row, _ in made)

    move(company, batch_rows=batch_rows)

    found = fates(company)
    assert set(found) == {UUID(row["id"] or "") for row, _ in made}
    for row, cases in made:
        fate = found[UUID(row["id"] or "")]
        reasons = {case.reason for case in cases if case.reason}
        assert (fate.flags is None) == bool(reasons) == (fate.reason is not None), (
            fate,
            [str(case) for case in cases],
            row,
        )
        assert fate.reason in (reasons or {None})
        assert (fate.flags or set()) <= set(Flag.values)
    proven(company)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("region", ["US", "DE"])
def test_rows_of_several_defects_are_migrated_unless_one_of_them_forbids_it(region):
    check(seed=1, rows=1_000, region=region, batch_rows=37)


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_thousand_rows_of_several_defects(seed):
    check(seed=seed, rows=1_000, region=random.Random(seed).choice(("US", "DE", "GB")), batch_rows=211)
