"""Users who ask again as soon as they are answered, and what they waited."""

import asyncio
import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    """One user for each caller, without think time, for so many seconds; figures by name, and the seconds it took."""
    return asyncio.run(_run(base_url, callers, seconds=seconds, seed=seed))


async def _run(
    base_url: str, callers: Sequence[Caller], *, seconds: float, seed: int
) -> tuple[dict[str, Figures], float]:
    figures: dict[str, Figures] = defaultdict(Figures)
    began = time.perf_counter()
    users = [
        _user(base_url, choices(caller.targets, seed + number), caller, figures, began + seconds)
        for number, caller in enumerate(callers)
    ]
    await asyncio.gather(*users)
    return dict(figures), time.perf_counter() - began


def choices(targets: Sequence[Target], seed: int) -> Iterator[tuple[Target, str]]:
    """What one user asks for, without end: kind and path, by weight."""
    chance = random.Random(seed)
    weights = [target.weight for target in targets]
    while True:
        target = chance.choices(targets, weights)[0]
        yield target, chance.choice(target.paths)


async def _user(
    base_url: str, choices: Iterator[tuple[Target, str]], caller: Caller, figures: dict[str, Figures], until: float
) -> None:
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or 80
    while time.perf_counter() < until:
        target, path = next(choices)
        who = f"Cookie: {caller.cookie}" if target.is_page else f"Authorization: Bearer {caller.token}"
        lines = (f"GET {parts.path}{path} HTTP/1.1", f"Host: {host}:{port}", who, "Connection: close", "", "")
        request = "\r\n".join(lines).encode()
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(_ask(host, port, request), TIMEOUT_S)
        except (OSError, TimeoutError, ValueError):
            status = 0
        found = figures[target.name]
        found.ms.append((time.perf_counter() - began) * 1000)
        found.errors += status != 200


async def _ask(host: str, port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        answer = await reader.read(-1)
        head, _, body = answer.partition(b"\r\n\r\n")
        if not body:
            raise ValueError("no body")
        return int(head.split(b" ", 2)[1])
    finally:
        writer.close()
