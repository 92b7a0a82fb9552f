"""A program that writes and reads through both APIs while its company goes live and back: it never reads anything older than
its own last write, and meets no error (C12, C16, I12)."""

import json
import threading

import pytest
from django.db import connections

from migration_ops.cutover.switch import move_stage
from migration_ops.exceptions import FenceTimedOut
from migration_ops.models import StageChange
from migration_ops.stages import Stage
from migration_ops.tests.api.clients import caller
from migration_ops.tests.legacy_rows import id_at
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import assert_valid, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 5


class Steps(threading.Thread):
    """Live and back, so many times, each step once another write was made; the gates are for people."""

    def __init__(self, company) -> None:
        super().__init__(daemon=True)
        self.company, self.error, self.written = company, None, 0

    def run(self) -> None:
        try:
            for number, to in enumerate((Stage.LIVE, Stage.SHADOW) * TIMES):
                wait_until(lambda number=number: self.written > number, "another write")
                while True:
                    try:
                        move_stage(self.company, to, reason="test", actor="test", needs_gates=False)
                        break
                    except FenceTimedOut:
                        continue
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error
        finally:
            connections.close_all()


def test_it_reads_its_own_writes_across_every_step(session):
    company = migrated(session(), rows=4)
    take_to(company, Stage.SHADOW)
    call, id, steps, number = caller(company), id_at(0.5 / 4), Steps(company), 0
    steps.start()
    while steps.is_alive():
        number += 1
        told = f"job {number}"
        changed = call("PATCH", f"/api/quotes/{id}", {"job_name": told})
        assert (changed.status_code, json.loads(changed.content).get("job_name")) == (200, told), changed.content
        steps.written = number
        for path in (f"/api/quotes/{id}", f"/api/v2/quotes/{id}"):
            read = call("GET", path)
            assert (read.status_code, json.loads(read.content)["job_name"]) == (200, told), (path, number)
    steps.join(30)
    assert steps.error is None, steps.error
    assert StageChange.objects.filter(company=company, after=Stage.LIVE).count() == TIMES
    assert number >= 2 * TIMES
    assert_valid(company)
