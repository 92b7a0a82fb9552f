"""Changes are applied by Celery workers, woken by whoever writes."""

import pytest

from crm.models import Quote
from legacy.models import LegacyQuote
from migration_ops.models import OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tasks import apply_changes
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_applies_what_is_written_while_it_follows_and_carries_back_what_is_written_later(
    session, celery_worker_process
):
    writer = session()
    company = migrated(writer)
    id = LegacyQuote.objects.order_by("id").first().pk
    with celery_worker_process(1):
        apply_changes.apply_async(queue="mirror")
        apply_changes.apply_async(queue="mirror")  # delivered twice
        update(writer, id, total=4711)
        writer.commit()
        wait_until(lambda: Quote.objects.get(pk=id).total == 4711, "the worker to apply the change")
        take_to(company, Stage.LIVE)
        writer.execute("UPDATE quotes_new SET job_name = 'Later' WHERE id = %s", [id])
        writer.commit()
        wait_until(lambda: LegacyQuote.objects.get(pk=id).job_name == "Later", "the worker to carry it back")
    assert not OutboxEntry.objects.exists()


def test_it_ends_at_once_where_no_company_is_on_its_way(transactional_db):
    assert apply_changes() == 0
