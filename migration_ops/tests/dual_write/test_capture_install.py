"""Installing capture while legacy is written: it waits in short attempts, and gives up clearly (B7)."""

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.backfill import plan
from migration_ops.backfill.owner import this_process
from migration_ops.dual_write import capture
from migration_ops.exceptions import CaptureNotInstalled
from migration_ops.models import CompanyStage, MigrationRun
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import id_at, insert
from migration_ops.tests.state import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(transactional_db) -> Company:
    return Company.objects.create(name="Here", slug="here")


def test_installing_twice_changes_nothing(captured):
    assert capture.install() is False


def test_it_waits_for_an_open_writer_without_holding_up_the_others(company, session, monkeypatch):
    """CREATE TRIGGER queues before every later writer: each attempt is short, and then makes room (B7)."""
    monkeypatch.setattr(conf, "CAPTURE_LOCK_TIMEOUT_MS", 300)
    capture.remove()
    opened, other = session(), session()
    insert(opened, company.pk, uuid4())
    installed, errors = threading.Event(), []

    def install() -> None:
        try:
            assert capture.install() is True
            installed.set()
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=install)
    thread.start()
    waits: list[float] = []
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        began = time.monotonic()
        insert(other, company.pk, uuid4())
        other.commit()
        waits.append(time.monotonic() - began)
        time.sleep(0.01)
    assert not installed.is_set()
    assert max(waits) < 0.3 + 0.7
    assert max(waits) > 0.05, "nobody ever waited: the test did not meet an attempt"
    opened.commit()
    thread.join(30)
    assert not errors
    assert installed.is_set()
    assert capture.holes() == []


def test_it_gives_up_with_a_clear_line_and_changes_nothing(company, session, monkeypatch, manage):
    monkeypatch.setattr(conf, "CAPTURE_LOCK_TIMEOUT_MS", 50)
    monkeypatch.setattr(conf, "CAPTURE_RETRY_MS", 1)
    monkeypatch.setattr(conf, "CAPTURE_ATTEMPTS", 3)
    capture.remove()
    opened = session()
    insert(opened, company.pk, id_at(0.5))
    with pytest.raises(CaptureNotInstalled, match="3 attempts: an open transaction holds the legacy table"):
        plan.start(company, batch_rows=10, owner=this_process())
    assert not MigrationRun.objects.exists()
    assert not CompanyStage.objects.filter(stage=Stage.DUALWRITE).exists()
    opened.rollback()


def test_two_that_install_at_once_both_come_through(company):
    capture.remove()
    results: list = []

    def install() -> None:
        try:
            results.append(capture.install())
        except Exception as error:  # noqa: BLE001 - looked at below
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=install) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(isinstance(result, bool) for result in results), results
    wait_until(lambda: not capture.holes(), "capture to be whole")
