"""Known wrong variants of the API and its services, some for each promise: the check of that promise must fail on it (H10)."""

import pytest

from migration_ops.tests.api.conftest import _fresh_counters, a, b, no_effect
from migration_ops.tests.mutants import api_checks as checks
from migration_ops.tests.mutants import api_variants as variants

__all__ = ["_fresh_counters", "a", "b", "no_effect"]
pytestmark = pytest.mark.django_db(transaction=True)

MUTANTS = {
    variants.rows_of_any_company_are_written: checks.check_a_company_writes_its_own_rows_only,
    variants.rows_of_any_company_are_shown: checks.check_a_company_sees_its_own_rows_only,
    variants.customers_of_any_company_are_taken: checks.check_a_company_takes_its_own_customers_only,
    variants.v1_shows_rows_of_any_company: checks.check_v1_shows_a_companys_own_rows_only,
    variants.v1_writes_rows_of_any_company: checks.check_v1_writes_a_companys_own_rows_only,
    variants.a_key_is_not_looked_up: checks.check_a_key_makes_one_object,
    variants.a_key_belongs_to_nobody: checks.check_a_key_is_its_companys,
    variants.a_key_fits_any_request: checks.check_a_key_fits_its_request_only,
    variants.a_refusal_keeps_the_key: checks.check_a_refusal_leaves_the_key_free,
    variants.every_state_has_the_same_tag: checks.check_a_change_needs_the_state_it_goes_by,
    variants.the_tag_is_compared_before_the_row_is_held: checks.check_of_two_changes_at_once_one_is_refused,
    variants.scopes_are_not_asked: checks.check_a_scope_is_needed,
    variants.a_revoked_token_is_remembered: checks.check_a_revoked_token_ends,
    variants.the_end_of_a_token_is_not_looked_at: checks.check_an_expired_token_ends,
    variants.without_the_counter_everything_goes: checks.check_nothing_is_written_uncounted,
    variants.pages_are_signed_for_everybody: checks.check_a_page_is_for_one_list,
    variants.money_is_a_float: checks.check_money_is_exact,
    variants.half_a_cent_goes_to_the_even_one: checks.check_half_a_cent_is_rounded_up,
    variants.lines_are_rounded_one_by_one: checks.check_lines_are_not_rounded,
    variants.tax_is_taken_before_the_discount: checks.check_tax_is_on_what_is_left,
    variants.any_step_is_allowed: checks.check_steps_come_in_order,
    variants.a_part_is_a_payment: checks.check_an_invoice_is_paid_whole,
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_variant_is_noticed(a, b, no_effect, monkeypatch, mutant):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        MUTANTS[mutant](a, b, no_effect)


@pytest.mark.parametrize("check", dict.fromkeys(MUTANTS.values()), ids=lambda check: check.__name__)
def test_the_right_one_passes(a, b, no_effect, check):
    check(a, b, no_effect)
