"""Each promise of the comparing, and a wrong variant of it that is noticed (H10; V27, C9, C10)."""

import pytest

from migration_ops import conf
from migration_ops.cutover import findings, gates
from migration_ops.shadow import compare, queue
from migration_ops.tests.shadow import checks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def t(company, writer, call, drift, compared, monkeypatch):
    return checks.Tools(
        company=company, writer=writer, call=call, drift=drift, compared=compared, patch=monkeypatch
    )  # fmt: skip


class Same(bytes):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = bytes.__hash__


def control_is_not_read_again(t):
    t.patch.setattr(compare, "digest", lambda rows: Same())


def two_reads_instead_of_a_snapshot(t):
    from contextlib import contextmanager

    from django.db import transaction

    @contextmanager
    def apart(budget):
        with transaction.atomic():
            yield

    t.patch.setattr(compare, "one_moment", apart)
    # It measures control against itself at two moments as well, which hides a writer now and then: not here.
    t.patch.setattr(compare, "_steady", lambda *_: True)


def lag_is_a_mismatch(t):
    t.patch.setattr(compare, "_waiting", lambda *_: frozenset())
    t.patch.setattr(compare, "_anything_waits", lambda *_: False)


def compared_by_the_request(t):
    t.patch.setattr(queue.Shadow, "offer", queue.Shadow._compare)


def a_queue_without_end(t):
    t.patch.setattr(conf, "SHADOW_QUEUE", 0)


def dropped_silently(t):
    t.patch.setattr(queue.Shadow, "_drop", lambda *_: None)


def no_budget(t):
    t.patch.setattr(compare, "_bound", lambda budget: None)


def a_gate_that_asks_for_no_comparison(t):
    t.patch.setitem(gates.GATES, "shadow_reads", lambda company: (True, {}, ""))


def a_mismatch_is_kept_and_voids_nothing(t):
    t.patch.setattr(findings, "record", lambda *_: None)


MUTANTS = {
    control_is_not_read_again: checks.check_an_answer_that_changed_meanwhile_is_noise,
    two_reads_instead_of_a_snapshot: checks.check_a_write_between_the_two_reads_is_noise,
    lag_is_a_mismatch: checks.check_a_change_that_waits_to_be_applied_is_noise,
    compared_by_the_request: checks.check_the_request_touches_the_side_that_leads_only,
    a_queue_without_end: checks.check_the_queue_is_bounded_and_what_is_dropped_is_counted,
    dropped_silently: checks.check_the_queue_is_bounded_and_what_is_dropped_is_counted,
    no_budget: checks.check_the_budget_ends_a_comparison,
    a_gate_that_asks_for_no_comparison: checks.check_nothing_compared_opens_nothing,
    a_mismatch_is_kept_and_voids_nothing: checks.check_a_confirmed_mismatch_voids_the_gates_and_the_step_says_why,
}


@pytest.mark.parametrize("check", dict.fromkeys(MUTANTS.values()), ids=lambda check: check.__name__)
def test_the_right_one_passes(t, check):
    check(t)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_variant_is_noticed(t, mutant):
    mutant(t)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        MUTANTS[mutant](t)
