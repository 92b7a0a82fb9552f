"""Who drives a run: a process of one machine, told apart from a later one with the same number."""

import os
import socket
from functools import cache
from pathlib import Path

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from migration_ops import conf
from migration_ops.models import MigrationRun

CELERY = "celery"


@cache
def _machine() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()}/{boot.read_text().strip()[:8]}" if boot.exists() else socket.gethostname()


def _started(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def this_process() -> str:
    """This process as an owner."""
    return f"{_machine()} pid {os.getpid()} start {_started(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Whether the owner is known to be dead. False when nobody can tell: another machine, or Celery workers."""
    parts = owner.split(" ")
    if len(parts) != 5 or parts[0] != _machine() or not Path("/proc/self/stat").exists():
        return False
    return _started(int(parts[2])) != parts[4]


def in_words(owner: str) -> str:
    """The owner without what only a program needs."""
    return "Celery workers" if owner == CELERY else owner.partition(" start ")[0].replace("/", " ", 1) or "nobody"


def silent_s(run: MigrationRun) -> float:
    """Seconds since the run's last heartbeat, by the database's clock: machines' clocks differ."""
    age = MigrationRun.objects.filter(pk=run.pk).values_list(
        ExpressionWrapper(Now() - F("heartbeat_at"), output_field=DurationField()), flat=True
    )
    return float(age.get().total_seconds())


def is_idle(run: MigrationRun) -> bool:
    """Whether nobody drives the run: its owner is dead, or has not been heard of for too long."""
    return is_gone(run.owner) or silent_s(run) >= conf.STALLED_S
