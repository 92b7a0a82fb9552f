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
from migration_ops import conf
from migration_ops.cutover.rollback import rollback
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write.follow import apply_once, follow
from migration_ops.dual_write.lag import lag_of
from migration_ops.exceptions import FenceTimedOut
from migration_ops.models import CompanyStage
from migration_ops.stages import Stage
from migration_ops.tests.cutover.invariants import (
    INVARIANTS,
    assert_invariants,
    assert_second_pass_changes_nothing,
    violations,
)
from migration_ops.tests.legacy_rows import fill, insert, update
from migration_ops.tests.living import backfill, prove, step
from migration_ops.tests.state import random_seed, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WAY = (Stage.SHADOW, Stage.LIVE, Stage.SHADOW, Stage.LIVE, Stage.RAMPDOWN)
REFUSED = ("QP001", "40001", "40P01")
FENCE = next(name for name in INVARIANTS if name.startswith("V15 "))


class Counter(threading.Thread):
    """Adds one to its own deal again and again, wherever the deal is led just now; and disturbs other rows."""

    def __init__(
        self, dsn: str, company: Company, id: UUID, others: list[UUID], there: UUID, seed: int, rest_s: float
    ) -> None:
        super().__init__(daemon=True)
        self.rest_s = rest_s
        self.dsn, self.company, self.id, self.others, self.there = dsn, company, id, others, there
        self.chance = random.Random(seed)
        self.stop, self.turn, self.is_quiet = threading.Event(), threading.Lock(), False
        self.accepted = self.legacy = self.through_the_door = self.disturbed = 0
        self.slowest_s = 0.0  # of the writes through the door: a step waits for those under way
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self.dsn) as session:
                while not self.stop.is_set():
                    with self.turn:  # whoever holds it keeps this writer quiet
                        self._count(session)
                        self._disturb(session)
                    time.sleep(self.rest_s)
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
            began = time.monotonic()
            try:
                with write_guard(self.company.pk):
                    Quote.objects.filter(pk=self.id).update(total=F("total") + 1)
                self.through_the_door += 1
            except WriteRefused:
                return  # it went back between the two
            finally:
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
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
    told = []
    for _ in range(20):
        before = CompanyStage.objects.get(company=company).stage
        try:
            step(company, to)
            return
        except FenceTimedOut as refused:
            told.append(str(refused))
            sys.stdout.write(f"refused: {refused}\n")
            assert CompanyStage.objects.get(company=company).stage == before
    raise AssertionError(f"{to} was refused twenty times: {told}")


class Traffic:
    """Two companies, one of them written all the while by so many counters, and one worker that applies changes."""

    def __init__(self, session, *, counters: int, rest_s: float) -> None:
        chance = random_seed()
        self.here, self.there = (Company.objects.create(name=name.title(), slug=name) for name in ("here", "there"))
        writer = session()
        ids = fill(writer, self.here.pk, 40, total=0, items=None, subtotal=None)
        fill(writer, self.there.pk, 2)
        writer.commit()
        self.counters = [
            Counter(writer.info.dsn, self.here, ids[n], ids[counters:], self.there.pk, chance.randrange(10**6), rest_s)
            for n in range(counters)
        ]
        self.stop = threading.Event()
        self.worker = threading.Thread(target=self._apply, daemon=True)
        self.error: Exception | None = None

    def _apply(self) -> None:
        try:
            follow(until=self.stop.is_set)
        except Exception as error:  # noqa: BLE001 - looked at at the end
            self.error = error
        finally:
            connections.close_all()

    def begin(self) -> None:
        """Writers first: the backfill meets them."""
        self.began = time.monotonic()
        for counter in self.counters:
            counter.start()
        backfill(self.there)
        backfill(self.here)
        self.worker.start()

    def end(self) -> None:
        for counter in self.counters:
            counter.stop.set()
        let_go(self.counters, 0)
        for counter in self.counters:
            counter.join(30)
        took = time.monotonic() - self.began
        self.stop.set()
        self.worker.join(30)
        told = [(c.accepted, c.legacy, c.through_the_door, c.disturbed) for c in self.counters]
        rate = sum(c.accepted + c.disturbed for c in self.counters) / took
        slowest = max(counter.slowest_s for counter in self.counters)
        sys.stdout.write(f"accepted, by SQL, through the door, others: {told}; {rate:.0f} transactions a second;")
        sys.stdout.write(f" the slowest write through the door took {slowest:.2f} s\n")

    def assert_every_write_has_one_effect(self) -> None:
        """As many as were accepted, on both sides, and every invariant: where the company stands, and all the way back."""
        assert self.error is None, self.error
        assert [each.error for each in self.counters] == [None] * len(self.counters)
        assert all(each.legacy and each.disturbed for each in self.counters)
        assert any(each.through_the_door for each in self.counters)
        for company in (self.here, self.there):
            wait_until(partial(nothing_waits, company), "the last changes to be applied")
        for counter in self.counters:
            assert Quote.objects.get(pk=counter.id).total == counter.accepted
            assert LegacyQuote.objects.get(pk=counter.id).total == counter.accepted
        assert_invariants(self.here, self.there)
        rollback(self.here, reason="test", actor="test")
        apply_once()
        for counter in self.counters:
            assert LegacyQuote.objects.get(pk=counter.id).total == counter.accepted
        assert_invariants(self.here, self.there)
        backfill(self.here)
        assert_second_pass_changes_nothing(lambda: backfill(self.here))  # V14


@pytest.fixture(autouse=True)
def few_rows_prove_enough(monkeypatch):
    """A company of a hundred rows grows by a third while a step is taken: a share of it would never be reached."""
    monkeypatch.setattr(conf, "SHADOW_ROWS", 50)


def journey(session, *, counters: int, seconds: float, rounds: int = 1) -> None:
    traffic = Traffic(session, counters=counters, rest_s=0.005)
    here, running = traffic.here, traffic.counters
    traffic.begin()
    try:
        for number in range(rounds):
            for to in WAY if number == rounds - 1 else WAY[:3]:
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
        traffic.end()
    traffic.assert_every_write_has_one_effect()


def there_and_back(session, *, counters: int, times: int) -> None:
    """Cutovers and ways back under writers that never rest; a refused one changes nothing and is tried again."""
    traffic = Traffic(session, counters=counters, rest_s=0.04)  # some 200 transactions a second with 4
    traffic.begin()
    refused = 0
    try:
        for to in (Stage.SHADOW, *(Stage.LIVE, Stage.SHADOW) * times, Stage.LIVE):
            before = CompanyStage.objects.get(company=traffic.here).stage
            while True:
                try:
                    # The gates are for people: what is tried here is the fence.
                    move_stage(traffic.here, to, reason="test", actor="test", needs_gates=False)
                    break
                except FenceTimedOut:
                    refused += 1
                    assert CompanyStage.objects.get(company=traffic.here).stage == before
                    assert refused < 5 * times, "steps do not get their turn"
            if to == Stage.LIVE:
                assert not violations(traffic.here, FENCE), "a legacy write got past the cutover"
            time.sleep(0.03)
        wait_until(lambda: any(each.through_the_door for each in traffic.counters), "a write through the door")
    finally:
        traffic.end()
    sys.stdout.write(f"{times} cutovers and ways back, {refused} steps refused cleanly and tried again\n")
    traffic.assert_every_write_has_one_effect()


def test_every_accepted_write_has_one_effect(session):
    journey(session, counters=2, seconds=0.3)


@pytest.mark.nightly
def test_every_accepted_write_has_one_effect_for_long(session):
    journey(session, counters=6, seconds=3, rounds=10)


def test_cutovers_and_ways_back_without_one_wrong_write(session):
    there_and_back(session, counters=2, times=4)


@pytest.mark.nightly
def test_two_hundred_cutovers_and_ways_back_without_one_wrong_write(session):
    there_and_back(session, counters=4, times=200)
