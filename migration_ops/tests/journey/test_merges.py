"""Customers merged and separated again while the move goes on."""

import pytest

from crm.models import Customer
from crm.services.merge import merge
from crm.services.merge_plan import plan_merge
from crm.services.undo import undo_merge
from migration_ops.backfill.migrate import migrate
from migration_ops.tests.merging import assert_same_state, living, on_buried, state, values
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(seeded):
    made = seeded(300)
    migrate(made, workers=1, batch_rows=None, report=lambda *_: None)
    return made


def test_a_merge_is_valid_and_its_undo_exact(company):
    customers = living(company)
    before, known = state(), values(company)
    for size in (2, 3, 5):
        members = [customers.pop() for _ in range(size)]
        plan = plan_merge(company, members)
        done = merge(company, members, actor="ann", seen=plan.parts)
        assert on_buried(company) == []
        assert values(company) == known
        assert set(Customer.objects.filter(merged_into=done.survivor_id).values_list("pk", flat=True)) == set(
            plan.merged
        )
        assert_valid(company)
        undo_merge(done, actor="ann")
        assert_same_state(before)
        assert_valid(company)
