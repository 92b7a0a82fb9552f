import pytest

from migration_ops.dual_write.follow import apply_once
from migration_ops.models import OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import assert_valid
from legacy.models import LegacyQuote
from crm.models import Quote

pytestmark = pytest.mark.django_db(transaction=True)


def test_smoke(session):
    w = session()
    c = migrated(w)
    id = LegacyQuote.objects.first().pk
    update(w, id, total=4711)
    w.commit()
    assert apply_once().entries == 1
    assert Quote.objects.get(pk=id).total == 4711
    assert not OutboxEntry.objects.exists()
    assert_valid(c)
    take_to(c, Stage.LIVE)
    Quote.objects.filter(pk=id).update(total=12, job_name="Neu")
    done = apply_once()
    assert done.entries == 1, done
    row = LegacyQuote.objects.get(pk=id)
    assert (row.total, row.job_name) == (12, "Neu")
    assert_valid(c)
    take_to(c, Stage.SHADOW)
    assert_valid(c)
