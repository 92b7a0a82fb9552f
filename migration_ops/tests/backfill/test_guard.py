"""A run that sets aside more than it migrates stops by itself; a person who starts it again means it."""

import pytest

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill.migrate import migrate
from migration_ops.exceptions import RunStopped
from migration_ops.models import MigrationRun
from migration_ops.stages import RunStatus
from migration_ops.tests.legacy_rows import UNREADABLE, fill

pytestmark = pytest.mark.django_db(transaction=True)


def once(company: Company):
    return migrate(company, workers=1, batch_rows=10, report=lambda _: None)


@pytest.fixture
def unreadable(session, monkeypatch) -> Company:
    """A company of 40 rows that all have to wait, where ten are enough to tell."""
    monkeypatch.setattr(conf, "QUARANTINE_MIN_ROWS", 10)
    company = Company.objects.create(name="Here", slug="here")
    writer = session()
    fill(writer, company.pk, 40, **UNREADABLE)
    writer.commit()
    return company


def test_a_run_that_mostly_quarantines_stops_and_goes_on_when_started_again(unreadable):
    with pytest.raises(RunStopped, match=r"stopped by itself: 10 of 10 rows are quarantined \(items_shape 10\)"):
        once(unreadable)
    run = MigrationRun.objects.get()
    assert (run.status, run.accepts_quarantine) == (RunStatus.FAILED, False)
    assert once(unreadable).status == RunStatus.FINISHED
    assert MigrationRun.objects.get().accepts_quarantine


def test_another_failure_does_not_take_the_guard_away(unreadable, monkeypatch):
    def broken(*_, **__):
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr("migration_ops.backfill.batch.find_components", broken)
        with pytest.raises(OSError, match="disk"):
            once(unreadable)
    assert MigrationRun.objects.get().status == RunStatus.FAILED
    with pytest.raises(RunStopped, match="stopped by itself"):
        once(unreadable)
