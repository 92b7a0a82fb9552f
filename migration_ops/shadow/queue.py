"""Reads that wait to be compared, off the path of their request: bounded, sampled, on a connection of their own.

One thread in each web process, made when the first read is offered (after the server's fork). Offering puts a small
object into a queue and nothing else: no statement, no lock, no wait. What does not fit is counted.
"""

import atexit
import logging
import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread

from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.models.shadow import Endpoint
from migration_ops.selectors.standing import COMPARED, Standing
from migration_ops.shadow.compare import Tally, compare
from migration_ops.shadow.reads import Read, digest
from migration_ops.shadow.record import basis_of, record

log = logging.getLogger("quotepro.shadow")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An answer that was given, to be compared."""

    company: Company
    standing: Standing
    read: Read
    given: bytes
    request_id: str


Place = tuple[Company, Standing, Endpoint]


class Shadow:
    """The queue and its thread; `offer` never waits and never fails."""

    def __init__(self, *, size: int) -> None:
        self.queue: Queue[Offer | None] = Queue(maxsize=size)
        self.dropped: Counter[Place] = Counter()
        self.lock, self.is_ending = Lock(), Event()
        self.thread = Thread(target=self._run, name="shadow-reads", daemon=True)
        self.thread.start()

    def offer(self, offer: Offer) -> None:
        """Take an answer, or count it as dropped."""
        try:
            self.queue.put_nowait(offer)
        except Full:
            self._drop(offer)

    def end(self, seconds: float) -> int:
        """Stop: what waits is counted as dropped. How many could not even be counted, for want of a server."""
        self.is_ending.set()
        with suppress(Full):  # full, it is at work, and sees the event
            self.queue.put_nowait(None)
        self.thread.join(seconds)
        left = self.dropped.total()
        if self.thread.is_alive():
            left += self.queue.qsize() + 1
        if left:
            log.warning("shadow reads: %s reads are neither compared nor counted, for this process ends", left)
        return left

    def _drop(self, offer: Offer) -> None:
        with self.lock:
            self.dropped[offer.company, offer.standing, offer.read.endpoint] += 1

    def _run(self) -> None:
        while True:
            try:
                offer = self.queue.get(timeout=conf.SHADOW_IDLE_S)
            except Empty:
                connection.close()  # an idle process holds no connection for this
                offer = self.queue.get()
            if offer is not None:
                if self.is_ending.is_set():
                    self._drop(offer)
                else:
                    self._compare(offer)
            # Something is dropped only while this has more to do: no drop is left behind.
            self._count_dropped()
            self.queue.task_done()
            if self.is_ending.is_set() and self.queue.empty():
                connection.close()
                return

    def _compare(self, offer: Offer) -> None:
        try:
            connection.close_if_unusable_or_obsolete()
            basis = basis_of(offer.company)
            tally = compare(offer.company, offer.standing, offer.read, offer.given)
            tallies = {offer.read.endpoint: tally}
            record(offer.company, offer.standing, basis, tallies, request_id=offer.request_id)
        except Exception as error:  # noqa: BLE001 - the outermost loop: the thread must outlive any read
            log.warning("shadow read of request %s was dropped: %s", offer.request_id, type(error).__name__)
            self._drop(offer)

    def _count_dropped(self) -> None:
        with self.lock:
            dropped, self.dropped = self.dropped, Counter()
        for (company, standing, endpoint), number in dropped.items():
            try:
                connection.close_if_unusable_or_obsolete()
                tallies = {endpoint: Tally(dropped=number)}
                record(company, standing, basis_of(company), tallies, request_id="")
            except Exception as error:  # noqa: BLE001 - kept, and counted once the server is there again
                log.warning("%s dropped shadow reads wait to be counted: %s", number, type(error).__name__)
                with self.lock:
                    self.dropped[company, standing, endpoint] += number


_of_process: tuple[int, Shadow] | None = None
_making = Lock()


def offer(company: Company, standing: Standing, read: Read, rows: list[str], request_id: str) -> None:
    """Offer an answer of API v1, given as its rows, for comparing; a sample is taken.

    Nothing here may become an error of the answer.
    """
    if standing.stage not in COMPARED or random.random() * 100 >= standing.percent:
        return
    try:
        taken = Offer(company=company, standing=standing, read=read, given=digest(rows), request_id=request_id)
        shadow_of_process().offer(taken)
    except Exception as error:  # noqa: BLE001 - the answer is right, whether or not it could be offered
        log.warning("shadow read of request %s could not be taken: %s", request_id, type(error).__name__)


def shadow_of_process() -> Shadow:
    """This process's queue; another one after a fork, for threads are not inherited."""
    global _of_process
    with _making:
        if _of_process is None or _of_process[0] != os.getpid():
            _of_process = (os.getpid(), Shadow(size=conf.SHADOW_QUEUE))
            atexit.register(end_of_process)
        return _of_process[1]


def end_of_process() -> None:
    """Count what waits; bounded."""
    global _of_process
    with _making:
        ended, _of_process = _of_process, None
    if ended is not None and ended[0] == os.getpid():
        ended[1].end(conf.SHADOW_END_S)
