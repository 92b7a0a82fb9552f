"""Known wrong variants of merging, one or more for each promise: the check of that promise must fail on it (H10)."""

import pytest

from migration_ops.tests.identity.test_merge_machine import ADDRESSES, PEOPLE, a_moved_company
from migration_ops.tests.mutants import merge_checks as checks
from migration_ops.tests.mutants import merge_variants as variants

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    """Four customers; one of them is known in two spellings, with a row and an address each."""
    people = (PEOPLE[0], PEOPLE[1], PEOPLE[3], PEOPLE[4], PEOPLE[5], PEOPLE[4], PEOPLE[5], PEOPLE[3])
    return a_moved_company([(person, ADDRESSES[place % 2], 30 * place) for place, person in enumerate(people)])


MUTANTS = {
    variants.addresses_nobody_uses_are_thrown_away: checks.check_every_value_stays_reachable,
    variants.invoices_stay_behind: checks.check_nothing_belongs_to_a_tombstone,
    variants.addresses_stay_with_the_survivor: checks.check_undo_is_exact,
    variants.what_was_shown_is_not_given_back: checks.check_undo_is_exact,
    variants.times_of_a_shared_address_are_everybodys: checks.check_later_edits_do_not_change_whose_an_address_is,
    variants.a_split_forgets_addresses: checks.check_a_split_moves_what_its_plan_says_and_can_be_undone,
    variants.a_split_leaves_its_deals: checks.check_a_split_moves_what_its_plan_says_and_can_be_undone,
    variants.what_came_after_a_split_stays_behind: checks.check_what_came_after_a_split_goes_back,
    variants.rules_overrule_people: checks.check_rules_never_overrule_a_person,
    variants.decisions_end_with_a_merge: checks.check_a_decision_outlives_a_merge,
    variants.redo_overrules_everybody: checks.check_redo_takes_back_only_what_its_undo_said,
    variants.undo_of_a_split_overrules_everybody: checks.check_undo_of_a_split_takes_back_only_what_the_split_said,
    variants.unknown_relations_are_ignored: checks.check_an_unknown_relation_refuses,
    variants.changes_are_not_looked_at: checks.check_nothing_happens_where_something_changed,
    variants.later_quotes_go_with_the_merged: checks.check_later_quotes_stay,
    variants.undo_says_nothing: checks.check_undo_writes_not_the_same,
    variants.undo_in_any_order: checks.check_chained_merges_go_from_the_last,
    variants.a_bulk_undo_leaves_out_the_last: checks.check_a_bulk_run_is_undone_as_a_whole,
    variants.an_employee_is_the_company: checks.check_an_employee_is_kept_apart_and_linked,
    variants.employees_are_strangers: checks.check_the_search_links_employees,
}
# A promise of its own that a variant above breaks as well.
OF_SPLITS = {
    variants.changes_are_not_looked_at: checks.check_no_split_where_something_changed,
    variants.undo_says_nothing: checks.check_a_split_writes_not_the_same,
}
PAIRS = [*MUTANTS.items(), *OF_SPLITS.items()]


@pytest.mark.parametrize(("mutant", "check"), PAIRS, ids=lambda each: each.__name__)
def test_a_wrong_variant_is_noticed(company, monkeypatch, mutant, check):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(company)


@pytest.mark.parametrize("check", dict.fromkeys(check for _, check in PAIRS), ids=lambda check: check.__name__)
def test_the_right_one_passes(company, check):
    check(company)
