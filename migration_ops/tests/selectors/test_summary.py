"""What a summary tells."""

from uuid import UUID

import pytest

from crm.models import Company
from migration_ops.backfill.migrate import migrate
from migration_ops.tests.legacy_rows import fill, update

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_example_of_a_reason_is_one_row(session):
    company = Company.objects.create(name="Here", slug="here")
    writer = session()
    ids: list[UUID] = fill(writer, company.pk, 3)
    update(writer, ids[0], total="NaN")
    update(writer, ids[1], subtotal="NaN")
    update(writer, ids[2], discount_amount="NaN")
    writer.commit()
    (group,) = migrate(company, workers=1, batch_rows=10, report=lambda _: None).summary.quarantine
    assert group.rows == 3
    # Neither the field nor the value of another row that waits for the same reason.
    assert (group.field, group.legacy_id) == ("total", str(ids[0]))
