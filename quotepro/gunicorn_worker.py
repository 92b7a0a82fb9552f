"""The web server's worker process: gunicorn's own, but for connections that nobody asks anything on."""

import select
import socket
from typing import Any

from gunicorn import util
from gunicorn.workers.sync import SyncWorker

SILENT_S = 1
"""How long a connection may keep a worker waiting for its request, seconds."""


class Worker(SyncWorker):
    """Answers one request at a time; a connection without one is closed.

    Browsers connect ahead of what they may ask. A worker that waits for such a request answers nobody else, until it is
    ended for it and the browser, which uses the connection at last, is answered with an error.
    """

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Answer the request, if there is one."""
        asked = select.poll()
        asked.register(client, select.POLLIN)
        if asked.poll(SILENT_S * 1000):
            super().handle(listener, client, addr)
        else:
            util.close(client)

    def handle_request(self, listener: Any, req: Any, client: socket.socket, addr: Any) -> None:
        """Answer one request; who has asked all there was to ask is not waited for.

        gunicorn waits up to two seconds for the client to close, so that what is still on its way here does not break
        the answer off. Of a request without a body nothing is.
        """
        super().handle_request(listener, req, client, addr)
        has_body = any(name in ("CONTENT-LENGTH", "TRANSFER-ENCODING") for name, _ in req.headers)
        asked = select.poll()
        asked.register(client, select.POLLIN)
        if not has_body and not asked.poll(0):
            client.close()


def wait_for_requests(listeners: list[Any]) -> None:
    """Have the system keep connections to itself until something was sent on them, where it can (Linux, TCP)."""
    for listener in listeners:
        if hasattr(socket, "TCP_DEFER_ACCEPT") and listener.sock.family in (socket.AF_INET, socket.AF_INET6):
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
