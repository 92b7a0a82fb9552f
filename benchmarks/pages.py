"""Pages asked for and timed: inside the process, statement by statement, and in Debian's chromium."""

import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ENOUGH_MS = 20_000
"""A page so slow that a few requests took so long is not asked again."""

WARM_LOADS = 4
"""Loads of the front page before anything is timed."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What some requests of one page came to: status, server milliseconds, statements of the last one.

    `is_file`: a browser keeps it instead of showing it.
    """

    status: int
    is_file: bool
    median_ms: float
    p95_ms: float
    statements: int


def ask(client: Any, url: str, *, rounds: int, posts: bool = False, follow: bool = False) -> Asked:
    """The page some times over, after once that is not counted; of a page that is none (no 200) only once.

    Of an answer that is sent piece by piece the first piece is waited for.
    """
    from django.db import connection

    taken: list[float] = []
    statements = 0

    def counting(execute: Any, *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    while True:
        statements = 0
        with connection.execute_wrapper(counting):
            began = time.perf_counter()
            answer = (client.post if posts else client.get)(url, follow=follow)
            if answer.streaming and answer.status_code == 200:
                next(iter(answer.streaming_content), b"")
            taken.append((time.perf_counter() - began) * 1_000)
        answer.close()
        if answer.status_code != 200 or len(taken) > rounds or sum(taken) > ENOUGH_MS:
            break
    counted = taken[1:] or taken
    return Asked(
        status=answer.status_code, is_file="attachment" in answer.get("Content-Disposition", ""),
        median_ms=median(counted), p95_ms=at(counted, 0.95), statements=statements,
    )  # fmt: skip


def in_browser(
    pages: Mapping[str, Iterable[tuple[str, str]]], cookies: Mapping[str, tuple[str, str]], *, rounds: int = 3
) -> dict[str, dict[str, float]] | None:
    """Milliseconds from the click to the loaded page, the median, at the production entry point.

    Args:
        pages: of each person the pages, as name and address.
        cookies: of each person the session.
    Returns:
        Of each person the pages with their times; None without a browser.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("no chromium or no playwright: the browser is left out", file=sys.stderr)
        return None
    from quotepro.management.trial.server import server_at

    told: dict[str, dict[str, float]] = {}
    with server_at(None) as base, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for person, wanted in pages.items():
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            name, value = cookies[person]
            page.context.add_cookies([{"name": name, "value": value, "url": base}])
            # The browser's cache of what all pages share is warm, as a person's is, and so are the server's processes.
            for _ in range(WARM_LOADS):
                _load(page, base + "/admin/")
            told[person] = {label: median([_load(page, base + url) for _ in range(rounds)]) for label, url in wanted}
            page.context.close()
        browser.close()
    return told


def _load(page: Any, url: str) -> float:
    answer = page.goto(url, wait_until="load")
    if answer is None or answer.status != 200:
        # A refusal is quick: it must not pass for a page.
        raise SystemExit(f"{url} was answered {answer and answer.status} in the browser")
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


def median(found: Sequence[float]) -> float:
    """The middle one; of two in the middle the larger."""
    return at(found, 0.5)


def at(found: Sequence[float], share: float) -> float:
    """This share of them is no larger."""
    ordered = sorted(found)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
