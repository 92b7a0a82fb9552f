"""How many pairs are compared at a time changes nothing; neither does the order in which contacts were written."""

import os
import random
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made.traps import Maker
from crm.models import Company
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import engine, parallel
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.models import DedupConflict, DedupGroup
from migration_ops.tests.identity.duplicates.people import contact
from migration_ops.tests.identity.duplicates.stored import forget, store

ROWS = Maker(23).rows(160)
TEXTS = [contact(row.name, row.email, row.phone, *([row.address] if row.address else [])) for row in ROWS]


def outcome(processes=1, texts=TEXTS) -> tuple[list[int], list[tuple[int, int, int, int]]]:
    found = engine.search(texts, processes=processes)
    scored = found.scored
    columns = (scored.one, scored.other, scored.verdict, scored.why)
    return found.labels, list(zip(*(column.tolist() for column in columns), strict=True))


WHOLE = outcome()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2_000))
def test_pairs_compared_in_chunks_of_any_size_give_the_same(size):
    before, engine.CHUNK = engine.CHUNK, size
    try:
        assert outcome() == WHOLE
    finally:
        engine.CHUNK = before


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 4), st.integers(20, 2_000))
def test_any_number_of_processes_gives_the_same(processes, size):
    before, engine.CHUNK = engine.CHUNK, size
    try:
        assert outcome(processes) == WHOLE
    finally:
        engine.CHUNK = before


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(len(TEXTS))))
def test_any_order_of_the_records_gives_the_same_customers_but_for_ties(order):
    labels, _ = outcome(texts=[TEXTS[place] for place in order])
    groups: dict = {}
    for place, label in zip(order, labels, strict=True):
        groups.setdefault(label, set()).add(place)
    whole: dict = {}
    for place, label in enumerate(WHOLE[0]):
        whole.setdefault(label, set()).add(place)
    assert sorted(map(sorted, groups.values())) == sorted(map(sorted, whole.values()))


def test_a_failure_in_another_process_is_told():
    def fail(number):
        raise ValueError(f"task {number}")

    with pytest.raises(MigrationOpsError, match="task 0"):
        list(parallel.results(fail, 2, 2))


def test_a_process_that_is_killed_is_told():
    with pytest.raises(MigrationOpsError, match="enough memory"):
        list(parallel.results(lambda number: os.kill(os.getpid(), signal.SIGKILL), 2, 2))


@pytest.mark.django_db
def test_the_order_in_which_contacts_were_written_changes_nothing():
    company = Company.objects.create(name="Here", slug="here")
    found = []
    for seed in (None, 1, 2):
        rows = list(enumerate(ROWS))
        if seed is not None:
            random.Random(seed).shuffle(rows)
        store(company, rows)
        find_duplicates(company)
        found.append(
            (
                {frozenset(customers) for customers in DedupGroup.objects.values_list("customers", flat=True)},
                set(DedupConflict.objects.values_list("contact_a", "contact_b", "reason", "score", "fingerprint")),
            )
        )
        forget(company)
    assert found[0] == found[1] == found[2]
    assert found[0][0]
    assert found[0][1]
