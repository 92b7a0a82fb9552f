"""Programs write all the while, and a company goes through its stages, back and forth: no write is lost, none is doubled.

Each writer counts on a deal of its own: by plain SQL on the legacy row while that is allowed, else through the CRM's door.
What was accepted must be what both sides say at the end.
"""

import random
import sys
import threading
import time
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connections
from django.db.models import F

from crm.exceptions import WriteRefused
from crm.models import Company, Quote
from crm.ports import write_guard
from legacy.models import LegacyQuote
from migration_ops.cutover.rollback import rollback
from migration_ops.dual_write.follow import apply_once, follow
from migration_ops.dual_write.lag import lag_of
from migration_ops.exceptions import FenceTimedOut
from migration_ops.models import CompanyStage
from migration_ops.stages import Stage
from migration_ops.tests.cutover.invariants import assert_invariants
from migration_ops.tests.legacy_rows import fill, insert, update
from migration_ops.tests.living import backfill, prove, step
from migration_ops.tests.state import random_seed, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WAY = (Stage.SHADOW, Stage.LIVE, Stage.SHADOW, Stage.LIVE, Stage.RAMPDOWN)
REFUSED = ("QP001", "40001", "40P01")


class Counter(threading.Thread):
    """Adds one to its own deal again and again, wherever the deal is led just now; and disturbs other rows."""

    def __init__(self, dsn: str, company: Company, id: UUID, others: list[UUID], there: UUID, seed: int) -> None:
        super().__init__(daemon=True)
        self.dsn, self.company, self.id, self.others, self.there = dsn, company, id, others, there
        self.chance = random.Random(seed)
        self.stop, self.turn, self.is_quiet = threading.Event(), threading.Lock(), False
        self.accepted = self.legacy = self.through_the_door = self.disturbed = 0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self.dsn) as session:
                while not self.stop.is_set():
                    with self.turn:  # whoever holds it keeps this writer quiet
                        self._count(session)
                        self._disturb(session)
                    time.sleep(0.005)
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error
        finally:
            connections.close_all()

    def _count(self, session: psycopg.Connection) -> None:
        try:
            session.execute("UPDATE quotes SET total = total + 1 WHERE id = %s", [self.id])
            session.commit()
            self.legacy += 1
        except psycopg.Error as error:
            session.rollback()
            if error.sqlstate not in REFUSED:
                raise
            try:
                with write_guard(self.company.pk):
                    Quote.objects.filter(pk=self.id).update(total=F("total") + 1)
                self.through_the_door += 1
            except WriteRefused:
                return  # it went back between the two
        self.accepted += 1

    def _disturb(self, session: psycopg.Connection) -> None:
        kind = self.chance.choice(["insert", "delete", "update", "move", "contact"])
        id = self.chance.choice(self.others)
        try:
            if kind == "insert":
                insert(session, self.company.pk, uuid4(), customer_name=f"Late {self.chance.randrange(50)}")
            elif kind == "delete":
                session.execute("DELETE FROM quotes WHERE id = %s", [id])
            elif kind == "move":
                session.execute(
                    "UPDATE quotes SET company_id = CASE WHEN company_id = %s THEN %s ELSE %s END WHERE id = %s",
                    [self.company.pk, self.there, self.company.pk, id],
                )
            elif kind == "contact":
                update(session, id, email=f"e{self.chance.randrange(30)}@mail.example")
            else:
                update(session, id, job_name=f"job {self.chance.random()}")
            session.commit()
            self.disturbed += 1
        except psycopg.Error as error:
            session.rollback()
            if error.sqlstate not in REFUSED:
                raise


def quiet(counters: list[Counter]) -> None:
    for counter in counters:
        assert counter.turn.acquire(timeout=30)
        counter.is_quiet = True
        assert counter.error is None, counter.error


def nothing_waits(company: Company) -> bool:
    apply_once()
    return lag_of(company).waiting == 0


def let_go(counters: list[Counter], seconds: float) -> None:
    for counter in counters:
        if counter.is_quiet:
            counter.is_quiet = False
            counter.turn.release()
    time.sleep(seconds)


def move(company: Company, to: Stage) -> None:
    """A step under load: it may be refused, having changed nothing, and is tried again."""
    for _ in range(20):
        before = CompanyStage.objects.get(company=company).stage
        try:
            step(company, to)
            return
        except FenceTimedOut:
            assert CompanyStage.objects.get(company=company).stage == before
    raise AssertionError(f"{to} was refused twenty times")


def journey(session, *, counters: int, seconds: float, rounds: int = 1) -> None:
    chance = random_seed()
    here, there = (Company.objects.create(name=name.title(), slug=name) for name in ("here", "there"))
    writer = session()
    ids = fill(writer, here.pk, 40, total=0, items=None, subtotal=None)
    fill(writer, there.pk, 2)
    writer.commit()
    running = [
        Counter(writer.info.dsn, here, ids[n], ids[counters:], there.pk, chance.randrange(10**6))
        for n in range(counters)
    ]
    stop = threading.Event()

    def work() -> None:
        follow(until=stop.is_set)
        connections.close_all()

    worker = threading.Thread(target=work, daemon=True)
    for counter in running:
        counter.start()
    let_go(running, 0)
    backfill(there)
    backfill(here)
    worker.start()
    try:
        for _ in range(rounds):
            for to in WAY if _ == rounds - 1 else WAY[:3]:
                let_go(running, seconds)
                quiet(running)
                # A change that met a locked row waits a second or two; until it is applied its row counts as pending.
                wait_until(partial(nothing_waits, here), "the changes to be applied")
                if (
                    to in (Stage.LIVE, Stage.RAMPDOWN)
                    or CompanyStage.objects.get(company=here).stage == Stage.DUALWRITE
                ):
                    prove(here)
                let_go(running, 0.05)
                move(here, to)
        let_go(running, seconds)
        quiet(running)
    finally:
        for counter in running:
            counter.stop.set()
        let_go(running, 0)
        for counter in running:
            counter.join(30)
        stop.set()
        worker.join(30)
    wait_until(partial(nothing_waits, here), "the last changes to be applied")
    told = [(c.accepted, c.legacy, c.through_the_door, c.disturbed) for c in running]
    sys.stdout.write(f"accepted, by SQL, through the door, others: {told}\n")
    assert all(c.legacy and c.through_the_door and c.disturbed for c in running)
    for counter in running:
        assert Quote.objects.get(pk=counter.id).total == counter.accepted
        assert LegacyQuote.objects.get(pk=counter.id).total == counter.accepted
    assert_invariants(here, there)
    rollback(here, reason="test", actor="test")
    assert_invariants(here, there)


def test_every_accepted_write_has_one_effect(session):
    journey(session, counters=2, seconds=0.3)


@pytest.mark.nightly
def test_every_accepted_write_has_one_effect_for_long(session):
    journey(session, counters=6, seconds=3, rounds=10)
