"""One embedded Valkey, reached by a socket that only its owner can open."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from quotepro.embedded.binaries import valkey_program
from quotepro.embedded.errors import EmbeddedError
from quotepro.embedded.places import Places

START_WAIT_S = 30


@dataclass(frozen=True, kw_only=True)
class EmbeddedValkey:
    """The Valkey server of these places."""

    places: Places

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.places.valkey / "server.log"

    @property
    def socket(self) -> Path:
        """The socket it listens on; there is no TCP port, which any local user could connect to."""
        return self.places.sockets / "valkey.sock"

    def url(self) -> str:
        """The URL, whether the server runs or not."""
        return self.places.valkey_url()

    def info(self) -> dict[str, object] | None:
        """What the running server says about itself, or None when it does not answer."""
        client = self._client(timeout_s=5)
        try:
            found: dict[str, object] = client.info("server")
        except (redis.exceptions.RedisError, OSError):
            return None
        finally:
            client.close()
        return found

    def answers(self) -> bool:
        """True when the server takes commands now."""
        return self.socket.exists() and self.info() is not None

    def start(self) -> bool:
        """Starts the server unless it answers. True when this call started it.

        Raises:
            EmbeddedError: it cannot be started; names the log.
        """
        if self.answers():
            return False
        with self.places.locked():
            if self.answers():
                return False
            config = self.places.valkey / "valkey.conf"
            self.places.write(config, self._config())
            subprocess.run(
                [valkey_program(self.places), config],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                **self.places.as_owner(),
            )
            self._wait(until=True)
            return True

    def stop(self) -> bool:
        """Stops the server after saving. True when it ran.

        Raises:
            EmbeddedError: it does not stop in time.
        """
        if not self.answers():
            return False
        with self.places.locked():
            client = self._client(timeout_s=START_WAIT_S)
            client.shutdown(save=False, nosave=True)  # the append-only file has everything
            client.close()
            self._wait(until=False)
            return True

    def _client(self, *, timeout_s: int) -> redis.Redis:
        # One attempt: by default redis-py tries for seconds, also to reach a server it has just shut down.
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=timeout_s, retry=Retry(NoBackoff(), retries=0)
        )

    def _wait(self, *, until: bool) -> None:
        deadline = time.monotonic() + START_WAIT_S
        while self.answers() is not until:
            if time.monotonic() > deadline:
                verb = "start" if until else "stop"
                raise EmbeddedError(f"The embedded Valkey does not {verb} within {START_WAIT_S} s; see {self.log}.")
            time.sleep(0.005)

    def _config(self) -> str:
        return "\n".join(
            [
                "port 0",
                f'unixsocket "{self.socket}"',
                "unixsocketperm 700",
                f'dir "{self.places.valkey}"',
                f'logfile "{self.log}"',
                f'pidfile "{self.places.valkey / "server.pid"}"',
                "daemonize yes",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                # A broker that evicts loses work.
                "maxmemory-policy noeviction",
                "",
            ]
        )
