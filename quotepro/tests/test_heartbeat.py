import time

import pytest

from quotepro.tasks import last_beat


@pytest.mark.django_db(transaction=True)
def test_beat_and_worker_run_the_periodic_task_through_the_broker(celery_worker_process, celery_beat_process, manage):
    before = time.time()
    assert last_beat() is None
    assert "worker: none has reported" in manage("services", "status").stdout
    with celery_worker_process(1), celery_beat_process(env={"HEARTBEAT_S": "1"}) as beat:
        beat.wait_for("Sending due task heartbeat")
        deadline = time.monotonic() + 20
        while last_beat() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        found = last_beat()
        assert found is not None
        assert found.at >= before
        assert found.worker.startswith("worker")
        assert "worker: alive, last beat" in manage("services", "status").stdout
