"""The production entry point's defaults: ``gunicorn -c python:quotepro.gunicorn_conf quotepro.wsgi``.

Measured for 100 users without think time on two cores, the load itself included: three workers that answer one request
at a time had the best tail of what was tried (threads: the median a fifth less, the 95th percentile twice as much; ASGI
was worse), with persistent database connections.
"""

import multiprocessing
import os
from typing import Any

from quotepro.gunicorn_worker import wait_for_requests

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY") or max(3, multiprocessing.cpu_count() + 1))
worker_class = "quotepro.gunicorn_worker.Worker"
# Loaded once, before the port is opened: the first request meets a warm worker.
preload_app = True
# All users of a burst wait in line; none is turned away.
backlog = 2048
# A list takes milliseconds; who takes longer than this is stuck.
timeout = 30
graceful_timeout = 20
# A worker that grew makes room, one at a time.
max_requests = 50_000
max_requests_jitter = 5_000
# Its control socket wants a home folder that can be written.
control_socket_disable = True
loglevel = "warning"
# Headers with an underscore could pass for ones a proxy sets.
header_map = "drop"


def when_ready(server: Any) -> None:
    """The port is open."""
    wait_for_requests(server.LISTENERS)
