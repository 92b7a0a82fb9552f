"""Users who ask again as soon as they are answered, and what they waited."""

import math
import random
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """One kind of request: its name, how often it is asked, and the paths to choose from."""

    name: str
    weight: int
    paths: Sequence[str]
    is_page: bool = False


@dataclass(kw_only=True)
class Figures:
    """What was measured of one kind of request: milliseconds of each, and how many went wrong."""

    ms: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One user: a token for the API, a session for pages, and what it asks for."""

    token: str
    cookie: str
    targets: Sequence[Target]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed; 0 of none."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1) if ordered else 0.0


def run_load(
    base_url: str, callers: Sequence[Caller], *, seconds: float, seed: int = 1
) -> tuple[dict[str, Figures], float]:
    """One user for each caller, without think time, for so many seconds; figures by name, and the seconds it took.

    Written with bare sockets: whoever asks runs on the processors that answer, and should take little of them.

    Args:
        base_url: an http URL.
    """
    parts = urlsplit(base_url)
    family, kind, proto, _, address = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)[0]
    figures: dict[str, Figures] = defaultdict(Figures)
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        users = [
            _User(
                lambda: socket.socket(family, kind, proto), address, f"{parts.hostname}:{parts.port or 80}", parts.path,
                caller, choices(caller.targets, seed + number), figures, selector,
            )
            for number, caller in enumerate(callers)
        ]  # fmt: skip
        for user in users:
            user.ask()
        until = began + seconds
        looked_at = began
        while selector.get_map():
            for key, _ in selector.select(timeout=1):
                if key.data.go_on() and time.perf_counter() < until:
                    key.data.ask()
            now = time.perf_counter()
            if now - looked_at > 1:
                looked_at = now
                for user in users:
                    if user.gave_up(now) and now < until:
                        user.ask()
    return dict(figures), time.perf_counter() - began


def choices(targets: Sequence[Target], seed: int) -> Iterator[tuple[Target, str]]:
    """What one user asks for, without end: kind and path, by weight."""
    chance = random.Random(seed)
    weights = [target.weight for target in targets]
    while True:
        target = chance.choices(targets, weights)[0]
        yield target, chance.choice(target.paths)


class _User:
    """Asks one thing after the other, each on a connection of its own, and notes how long the answers took."""

    def __init__(
        self, connect: Callable[[], socket.socket], address: Any, host: str, path: str, caller: Caller,
        choices: Iterator[tuple[Target, str]], figures: dict[str, Figures], selector: selectors.BaseSelector,
    ) -> None:  # fmt: skip
        self._connect, self._address, self._host, self._path = connect, address, host, path
        self._caller, self._choices, self._figures, self._selector = caller, choices, figures, selector
        self._socket: socket.socket | None = None

    def ask(self) -> None:
        """Begin the next request."""
        target, path = next(self._choices)
        who = f"Cookie: {self._caller.cookie}" if target.is_page else f"Authorization: Bearer {self._caller.token}"
        lines = (f"GET {self._path}{path} HTTP/1.1", f"Host: {self._host}", who, "Connection: close", "", "")
        self._name, self._left = target.name, "\r\n".join(lines).encode()
        self._head, self._length, self._began = b"", 0, time.perf_counter()
        self._socket = self._connect()
        self._socket.setblocking(False)
        self._socket.connect_ex(self._address)
        self._selector.register(self._socket, selectors.EVENT_WRITE, self)

    def go_on(self) -> bool:
        """Send or receive what can be; True if the request has ended."""
        assert self._socket is not None
        try:
            if self._left:
                self._left = self._left[self._socket.send(self._left) :]
                if not self._left:
                    self._selector.modify(self._socket, selectors.EVENT_READ, self)
                return False
            part = self._socket.recv(1 << 18)
        except BlockingIOError:
            return False
        except OSError:
            return self._end(is_right=False)
        if part:
            # Kept as far as the headers go; of the body it is enough to know that there is one.
            if b"\r\n\r\n" not in self._head:
                self._head += part
            self._length += len(part)
            return False
        headers, end, _ = self._head.partition(b"\r\n\r\n")
        has_body = bool(end) and self._length > len(headers) + len(end)
        return self._end(is_right=has_body and headers.split(b" ", 2)[1:2] == [b"200"])

    def gave_up(self, now: float) -> bool:
        """Whether an answer took too long and is not waited for any more."""
        return self._socket is not None and now - self._began > TIMEOUT_S and self._end(is_right=False)

    def _end(self, *, is_right: bool) -> bool:
        assert self._socket is not None
        self._selector.unregister(self._socket)
        self._socket.close()
        self._socket = None
        found = self._figures[self._name]
        found.ms.append((time.perf_counter() - self._began) * 1000)
        found.errors += not is_right
        return True
