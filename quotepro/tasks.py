"""Periodic work that belongs to no application."""

import json
import time
from dataclasses import dataclass

import redis
from celery import Task, shared_task
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

HEARTBEAT_KEY = "quotepro:heartbeat"


@dataclass(frozen=True, kw_only=True)
class Beat:
    """The last heartbeat: epoch seconds and the worker that did it."""

    at: float
    worker: str


def redis_client() -> redis.Redis:
    """A client of REDIS_URL that gives up after one attempt of five seconds; the caller closes it."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), retries=0)
    )


@shared_task(name="quotepro.heartbeat", bind=True, ignore_result=True)
def heartbeat(self: Task) -> None:
    """Records that beat sends and a worker works: the whole way from schedule to broker to worker."""
    client = redis_client()
    try:
        client.set(HEARTBEAT_KEY, json.dumps({"at": time.time(), "worker": self.request.hostname or "unknown"}))
    finally:
        client.close()


def last_beat() -> Beat | None:
    """The last heartbeat, or None when there was none or Redis does not answer."""
    client = redis_client()
    try:
        found = client.get(HEARTBEAT_KEY)
    except (redis.exceptions.RedisError, OSError):
        return None
    finally:
        client.close()
    if not isinstance(found, bytes):
        return None
    recorded = json.loads(found)
    return Beat(at=float(recorded["at"]), worker=str(recorded["worker"]))
