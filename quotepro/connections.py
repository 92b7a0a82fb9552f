"""Persistent database connections, looked at in front of each request without asking the server."""

import select
from typing import Any

from django.core.signals import request_started
from django.db import connection
from django.dispatch import receiver


@receiver(request_started)
def trust_a_quiet_socket(**_: Any) -> None:
    """Leave out Django's own question to the server, a round trip, where the connection is plainly alive.

    A server that has ended the connection, or says anything unasked, makes the socket readable: then Django asks, and
    connects anew. What no socket tells, a server that vanished without a word, its question would wait for, too.
    """
    postgres = connection.connection
    if postgres is not None and not postgres.closed and not _is_readable(postgres.fileno()):
        connection.health_check_done = True  # type: ignore[attr-defined]


def _is_readable(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))
