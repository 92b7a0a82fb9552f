"""PostgreSQL and Redis as the settings name them: start the embedded ones, look at all."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis
from django.conf import settings

from quotepro import env
from quotepro.embedded import EmbeddedPostgres, EmbeddedValkey, Places
from quotepro.tasks import last_beat, redis_client

# Three beats missed: one may wait behind a long task.
SILENT_AFTER_BEATS = 3


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """What one service looks like from here. ``url`` has its password masked."""

    name: str
    embedded: bool
    running: bool
    url: str
    version: str | None = None
    pid: int | None = None
    folder: str | None = None
    log: str | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerStatus:
    """Whether a beat and a worker did their periodic task lately."""

    alive: bool
    last_beat_s: float | None
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything ``services status`` shows."""

    postgres: ServiceStatus
    valkey: ServiceStatus
    worker: WorkerStatus

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def embedded_postgres() -> EmbeddedPostgres:
    """The embedded PostgreSQL of this project."""
    return EmbeddedPostgres(places=Places.below(settings.QUOTEPRO_DIR))


def embedded_valkey() -> EmbeddedValkey:
    """The embedded Valkey of this project."""
    return EmbeddedValkey(places=Places.below(settings.QUOTEPRO_DIR))


def services_start() -> list[str]:
    """Starts the embedded servers the settings use and that do not run; returns the names of those it started.

    Costs about two milliseconds when they run. Servers named by DATABASE_URL or REDIS_URL are left alone.

    Raises:
        EmbeddedError: a server cannot be started.
    """
    return _changed(EmbeddedPostgres.start, EmbeddedValkey.start)


def services_stop() -> list[str]:
    """Stops the embedded servers that run; returns their names.

    Raises:
        EmbeddedError: a server does not stop.
    """
    return _changed(EmbeddedPostgres.stop, EmbeddedValkey.stop)


def _changed(postgres: Callable[[EmbeddedPostgres], bool], valkey: Callable[[EmbeddedValkey], bool]) -> list[str]:
    changed = []
    if settings.POSTGRES_IS_EMBEDDED and postgres(embedded_postgres()):
        changed.append("postgres")
    if settings.VALKEY_IS_EMBEDDED and valkey(embedded_valkey()):
        changed.append("valkey")
    return changed


def services_status() -> Status:
    """Asks both servers and looks for the last beat; starts nothing and raises nothing."""
    postgres = _postgres_status()
    valkey = _valkey_status()
    return Status(postgres=postgres, valkey=valkey, worker=_worker_status(valkey.running))


def _postgres_status() -> ServiceStatus:
    version = problem = None
    database = settings.DATABASES["default"]
    try:
        with psycopg.connect(
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            dbname=database["NAME"],
            **database["OPTIONS"],
        ) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            version = row[0] if row else None
    except psycopg.Error as error:
        problem = " ".join(str(error).split())
    embedded = embedded_postgres() if settings.POSTGRES_IS_EMBEDDED else None
    return ServiceStatus(
        name="PostgreSQL",
        embedded=embedded is not None,
        running=problem is None,
        url=env.masked(settings.DATABASE_URL),
        version=version,
        pid=embedded.pid() if embedded else None,
        folder=str(embedded.data) if embedded else None,
        log=str(embedded.log) if embedded else None,
        problem=None if embedded and embedded.pid() is None else problem,
    )


def _valkey_status() -> ServiceStatus:
    info: dict[str, Any] = {}
    problem = None
    client = redis_client()
    try:
        info = client.info("server")
    except (redis.exceptions.RedisError, OSError) as error:
        problem = " ".join(str(error).split())
    finally:
        client.close()
    embedded = embedded_valkey() if settings.VALKEY_IS_EMBEDDED else None
    return ServiceStatus(
        name="Valkey" if embedded or "valkey_version" in info else "Redis",
        embedded=embedded is not None,
        running=problem is None,
        url=env.masked(settings.REDIS_URL),
        version=str(info.get("valkey_version") or info.get("redis_version") or "") or None,
        pid=info.get("process_id") if embedded else None,
        folder=str(embedded.places.valkey) if embedded else None,
        log=str(embedded.log) if embedded else None,
        problem=None if embedded else problem,
    )


def _worker_status(broker_runs: bool) -> WorkerStatus:
    beat = last_beat() if broker_runs else None
    if beat is None:
        return WorkerStatus(alive=False, last_beat_s=None, worker=None)
    age_s = max(0.0, round(time.time() - beat.at, 1))
    return WorkerStatus(alive=age_s <= SILENT_AFTER_BEATS * settings.HEARTBEAT_S, last_beat_s=age_s, worker=beat.worker)


def render_status(status: Status) -> str:
    """The status as a person reads it, a block a service."""
    lines = []
    for service in (status.postgres, status.valkey):
        state = "running" if service.running else "not running" if service.embedded else "NOT REACHABLE"
        kind = "embedded" if service.embedded else "external"
        version = f" {service.version}" if service.version else ""
        lines.append(f"{service.name}{version} ({kind}): {state}" + (f", pid {service.pid}" if service.pid else ""))
        details = {"url": service.url, "data": service.folder, "log": service.log, "problem": service.problem}
        lines += [f"  {name:8}{value}" for name, value in details.items() if value]
    lines.append(_render_worker(status.worker))
    return "\n".join(lines)


def _render_worker(worker: WorkerStatus) -> str:
    if worker.last_beat_s is None:
        return "worker: none has reported (it needs `celery -A quotepro worker` and `celery -A quotepro beat`)"
    since = datetime.fromtimestamp(time.time() - worker.last_beat_s, tz=UTC)
    if worker.alive:
        return f"worker: alive, last beat {worker.last_beat_s:.0f} s ago ({worker.worker})"
    return f"worker: SILENT since {since:%Y-%m-%d %H:%M:%S} UTC ({worker.worker})"
