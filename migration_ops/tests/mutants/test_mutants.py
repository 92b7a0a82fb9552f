"""Known wrong variants of the backfill, one for each promise: the check of that promise must fail on it (H10)."""

import pytest
from django.db import connection

from crm.models import Company
from migration_ops.dual_write import capture
from migration_ops.exceptions import MigrationOpsError
from migration_ops.tests import state
from migration_ops.tests.legacy_rows import fill
from migration_ops.tests.mutants import checks, variants

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(session, transactional_db) -> Company:
    here = Company.objects.create(name="Here", slug="here")
    writer = session()
    fill(writer, here.pk, 30)
    writer.commit()
    return here


MUTANTS = {
    variants.no_fence: checks.check_a_late_worker_writes_nothing,
    variants.checkpoint_in_another_transaction: checks.check_rows_and_checkpoint_come_together,
    variants.no_row_locks: checks.check_a_change_waits_for_the_batch_that_has_read_its_row,
    variants.random_ids: checks.check_a_repeat_meets_the_same_rows,
    variants.no_capture: checks.check_a_row_changed_behind_the_cursor_is_right,
    variants.changes_forgotten: checks.check_a_row_changed_behind_the_cursor_is_right,
    variants.every_owner_is_dead: checks.check_a_driven_run_is_refused_to_others,
    variants.halves_planned_twice: checks.check_planned_rows_stay_exact,
    variants.one_round_only: checks.check_a_run_ends_with_nothing_pending,
    variants.no_late_identity: checks.check_a_new_contact_is_resolved,
}


@pytest.fixture
def patch(monkeypatch):
    """A monkeypatch that also puts a replaced SQL function and the capture triggers back."""
    monkeypatch.original = None
    monkeypatch.setattr(state, "PATIENCE_S", 3)
    yield monkeypatch
    monkeypatch.undo()
    if monkeypatch.original:
        with connection.cursor() as cursor:
            cursor.execute(monkeypatch.original)
    capture.install()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_variant_is_noticed(company, session, patch, mutant):
    mutant(patch, session)
    with pytest.raises((AssertionError, MigrationOpsError, pytest.fail.Exception)):
        MUTANTS[mutant](company, session)


@pytest.mark.parametrize("check", dict.fromkeys(MUTANTS.values()), ids=lambda check: check.__name__)
def test_the_right_one_passes(company, session, check):
    check(company, session)
