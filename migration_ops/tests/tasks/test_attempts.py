"""Messages of somebody who can write to the queue (T51): nothing is unpickled, nothing is believed, the worker goes on."""

import base64
import json
import os
import pickle
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from migration_ops.models import AuditLine, MigrationRun
from migration_ops.stages import Stage
from migration_ops.tasks import check_capture, validate_company
from migration_ops.tests.cutover.test_attempts import everything
from migration_ops.tests.living import migrated
from migration_ops.tests.state import wait_until
from migration_ops.transitions import stage_of
from quotepro.celery import app

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "migration"


class Shell:
    """Unpickled it runs a command."""

    def __init__(self, marker: object) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def message(task: str, arguments: list, *, body: bytes | None = None, content_type: str = "application/json") -> str:
    """As kombu puts one into a list of the broker."""
    id = str(uuid4())
    text = json.dumps([arguments, {}, {}]).encode() if body is None else body
    return json.dumps(
        {
            "body": base64.b64encode(text).decode(), "content-encoding": "binary" if body else "utf-8",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": id, "root_id": id, "argsrepr": "", "kwargsrepr": ""},
            "properties": {
                "correlation_id": id, "delivery_mode": 2, "delivery_tag": id, "body_encoding": "base64", "priority": 0,
                "delivery_info": {"exchange": "", "routing_key": QUEUE},
            },
        }
    )  # fmt: skip


def test_forged_messages_run_nothing_and_stop_nobody(session, celery_worker_process, tmp_path):
    company = migrated(session())
    marker = tmp_path / "marker"
    hostile = pickle.dumps([[Shell(marker)], {}, {}])
    forged = [
        message("migration_ops.check_capture", [], body=hostile, content_type="application/x-python-serialize"),
        message("migration_ops.check_capture", [], body=hostile, content_type="application/json"),
        message("migration_ops.check_capture", [], body=b"\x00no json", content_type="application/x-yaml"),
        message("migration_ops.cutover.switch.move_stage", [str(company.pk), "live"]),
        message("os.system", [f"touch {marker}"]),
        message("celery.backend_cleanup_", []),
        message("migration_ops.validate_company", [str(uuid4()), "mallory"]),
        message("migration_ops.validate_company", ["' OR 1=1 --", "mallory"]),
        message("migration_ops.validate_company", [{"company": str(company.pk)}, "mallory"]),
        message("migration_ops.validate_company", []),
        message("migration_ops.run_slice", [10**6, 1]),
        message("migration_ops.run_slice", [MigrationRun.objects.get().pk, 99]),
        message("migration_ops.run_slice", ["1; DROP TABLE quotes", None]),
        message("migration_ops.retry_quarantined_rows", [str(uuid4()), "items", "mallory"]),
        message("migration_ops.deliver_notice", [-1]),
    ]
    before, log = everything(), AuditLine.objects.count()
    with celery_worker_process(1) as (worker,), redis.Redis.from_url(settings.REDIS_URL) as broker:
        for each in forged:
            broker.lpush(QUEUE, each)
            wait_until(lambda: not broker.llen(QUEUE) and not broker.hlen("unacked"), f"{each[:200]} to be dealt with")
        assert everything() == before
        assert AuditLine.objects.count() == log
        assert not marker.exists()
        validate_company.delay(str(company.pk), "ann")
        wait_until(lambda: AuditLine.objects.count() == log + 1, "the same worker to do honest work")
        told = worker.output()
    assert "Refusing to deserialize" in told, "the pickled message got as far as this check"
    assert "migration_ops.cutover.switch.move_stage" in told, "the unknown task was seen"
    assert stage_of(company) == Stage.DUALWRITE


def test_pickle_is_neither_read_nor_written():
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_accept_content in (None, ["json"])
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
    assert check_capture.serializer in (None, "json")
