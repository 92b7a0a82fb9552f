"""Cutover and writer, in every order, under every isolation level; the known wrong fences fail the same check
(ruling 6; C2 to C6, C8, O19)."""

from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from crm.models import Company
from migration_ops.dual_write import capture
from migration_ops.models import CompanyStage, OutboxEntry
from migration_ops.sql.loader import block, text
from migration_ops.stages import Stage
from migration_ops.tests.interleavings import Session, orders, run
from migration_ops.tests.legacy_rows import insert

pytestmark = pytest.mark.django_db(transaction=True)

FENCE = "queries/fence.sql"
RC, RR, SERIAL = (
    psycopg.IsolationLevel.READ_COMMITTED,
    psycopg.IsolationLevel.REPEATABLE_READ,
    psycopg.IsolationLevel.SERIALIZABLE,
)

WRITES = {
    "update": "UPDATE quotes SET total = coalesce(total, 0) + 1 WHERE id = %(here)s",
    "delete": "DELETE FROM quotes WHERE id = %(here)s",
    "insert": "INSERT INTO quotes (id, company_id, created_at, updated_at) VALUES (%(new)s, %(company)s, now(), now())",
    "enter": "UPDATE quotes SET company_id = %(company)s WHERE id = %(there)s",
    "leave": "UPDATE quotes SET company_id = %(other)s WHERE id = %(here)s",
}


class Place:
    """A company in shadow with a row, another one with a row, and sessions."""

    def __init__(self, session) -> None:
        self.company = Company.objects.create(name="Here", slug="here")
        self.other = Company.objects.create(name="There", slug="there")
        self.here, self.there = uuid4(), uuid4()
        capture.install()
        self.sessions = [session() for _ in range(3)]
        self.watcher = session()
        self.watcher.autocommit = True

    def reset(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE migration_company_stage SET stage = 'off'")
            cursor.execute("DELETE FROM quotes")  # allowed: both are off
            for company, id in ((self.company, self.here), (self.other, self.there)):
                cursor.execute(
                    "INSERT INTO quotes (id, company_id, created_at, updated_at) VALUES (%s, %s, now(), now())",
                    [id, company.pk],
                )
            cursor.execute("DELETE FROM migration_outbox")
        for company, stage in ((self.company, Stage.SHADOW), (self.other, Stage.DUALWRITE)):
            CompanyStage.objects.update_or_create(
                company=company, defaults={"stage": stage, "since": "2024-01-01T00:00Z"}
            )

    def params(self) -> dict[str, object]:
        return {
            "company": self.company.pk, "other": self.other.pk, "here": self.here, "there": self.there, "new": uuid4(),
        }  # fmt: skip

    def cutover(self, before: Stage = Stage.SHADOW, after: Stage = Stage.LIVE) -> list:
        """The steps of a flip, with the product's own statements: close, drain, flip, commit."""
        params = {"company": self.company.pk, "before_stage": before, "after_stage": after}
        drained = "DELETE FROM migration_outbox WHERE company_id = %(company)s RETURNING id"
        return [
            lambda c: c.execute(block(FENCE, "close").sql, params) and None,
            lambda c: len(c.execute(drained, params).fetchall()),
            lambda c: c.execute(block(FENCE, "cut_over").sql, params).rowcount,
            lambda c: c.commit(),
        ]

    def writer(self, write: str) -> list:
        """The steps of another program: a snapshot, the write, the commit."""
        params = self.params()
        return [
            lambda c: c.execute("SELECT count(*) FROM companies").fetchone(),
            lambda c: c.execute(WRITES[write], params).rowcount,
            lambda c: c.commit(),
        ]

    def drained_first(self) -> list:
        """A wrong cutover: what waits is looked at before the fence is closed."""
        close, drain, *rest = self.cutover()
        return [drain, close, *rest]

    def wrong_writes(self, write: str, isolation, cutover=cutover) -> list[str]:
        """The orders in which a write was accepted that the cutover never saw."""
        wrong = []
        for order in orders([4, 3]):
            self.reset()
            moving, writing = self.sessions[:2]
            writing.isolation_level = isolation
            sessions = [
                Session(connection=moving, steps=cutover(self)),
                Session(connection=writing, steps=self.writer(write)),
            ]
            run(sessions, order, self.watcher)
            assert sessions[0].error is None
            assert CompanyStage.objects.get(company=self.company).stage == Stage.LIVE
            error = sessions[1].error
            assert error is None or error.sqlstate in ("QP001", "40001"), error
            left = OutboxEntry.objects.filter(company_id=self.company.pk).exists()
            if left:
                wrong.append(f"{order} {write} {isolation.name}")
        return wrong


@pytest.fixture
def place(transactional_db, session):
    return Place(session)


@pytest.mark.parametrize("isolation", [RC, RR, SERIAL], ids=["read committed", "repeatable read", "serializable"])
@pytest.mark.parametrize("write", WRITES)
def test_no_write_gets_past_the_cutover_in_any_order(place, write, isolation):
    assert place.wrong_writes(write, isolation) == []


def changed_stage_function(body: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION qp_stage_v1(company uuid) RETURNS text LANGUAGE plpgsql AS $$"
        f" DECLARE found_stage text; BEGIN {body} RETURN found_stage; END $$"
    )


PLAIN = "SELECT s.stage INTO found_stage FROM public.migration_company_stage s WHERE s.company_id = company;"
ADVISORY = "PERFORM pg_advisory_xact_lock_shared(hashtextextended('qp_stage/' || company::text, 0));"
NEW_ONLY = (
    "CREATE OR REPLACE FUNCTION qp_capture_v2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_OP <> 'DELETE' THEN IF qp_stage_v1(NEW.company_id) IN ('live', 'rampdown', 'complete') THEN"
    "  PERFORM qp_refuse_legacy_v1(NEW.company_id, NEW.id, TG_OP); END IF; END IF;"
    " IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.company_id <> NEW.company_id) THEN"
    "  INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at) VALUES (OLD.id, OLD.company_id, 'D', now());"
    " END IF;"
    " IF TG_OP <> 'DELETE' THEN"
    "  INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at) VALUES (NEW.id, NEW.company_id, 'U', now());"
    " END IF; RETURN NULL; END $$"
)
LOCK = "pg_advisory_xact_lock_shared(hashtextextended('qp_stage/' || company::text, 0)) IS NULL"
WITHOUT_LOCK = text(capture.LEGACY_SIDE).replace(LOCK, "false")
MUTANTS = {
    "plain read": (WITHOUT_LOCK, "update", RC),
    "lock, then a plain read of an old snapshot": (changed_stage_function(ADVISORY + PLAIN), "update", RR),
    "only the new company": (NEW_ONLY, "leave", RC),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_known_wrong_fence_fails_the_same_check(place, name):
    assert text(capture.LEGACY_SIDE) != WITHOUT_LOCK
    statement, write, isolation = MUTANTS[name]
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        assert place.wrong_writes(write, isolation)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(text(capture.NEW_SIDE))
            cursor.execute(text(capture.LEGACY_SIDE))


def test_a_cutover_that_drains_before_it_closes_fails_the_same_check(place):
    assert place.wrong_writes("update", RC, Place.drained_first)


def test_a_snapshot_older_than_the_companys_first_step_is_refused(place, session):
    """Its row of stages cannot even be seen from there."""
    writer = place.sessions[1]
    place.reset()
    CompanyStage.objects.all().delete()
    writer.isolation_level = RR
    writer.execute("SELECT 1").fetchone()
    CompanyStage.objects.create(company=place.company, stage=Stage.LIVE, since="2024-01-01T00:00Z")
    name = f"qp_refused_{place.company.pk.hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE {name} MINVALUE 0")
    try:
        with pytest.raises(psycopg.errors.SerializationFailure):
            writer.execute(WRITES["update"], place.params())
        writer.rollback()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SEQUENCE {name}")


PAIRS = {
    "cutover and cutover": ((Stage.SHADOW, Stage.LIVE), (Stage.SHADOW, Stage.LIVE)),
    "cutover and rollback": ((Stage.SHADOW, Stage.LIVE), (Stage.SHADOW, Stage.DUALWRITE)),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_of_two_moves_exactly_one_happens_in_any_order(place, pair):
    first, second = PAIRS[pair]
    for order in orders([4, 4]):
        place.reset()
        sessions = [
            Session(connection=connection_, steps=place.cutover(*move))
            for connection_, move in zip(place.sessions, (first, second), strict=False)
        ]
        run(sessions, order, place.watcher)
        assert [each.error for each in sessions] == [None, None]
        assert sorted(each.done[2] for each in sessions) == [0, 1], order
        winner = (first, second)[[each.done[2] for each in sessions].index(1)]
        assert CompanyStage.objects.get(company=place.company).stage == winner[1]


def test_orders_are_all_of_them():
    assert len(set(orders([4, 3]))) == 35
    assert len(set(orders([4, 4]))) == 70


def test_a_refused_write_is_told_and_counted_though_it_is_rolled_back(place, session):
    place.reset()
    CompanyStage.objects.filter(company=place.company).update(stage=Stage.LIVE)
    name = f"qp_refused_{place.company.pk.hex}"
    writer = place.sessions[0]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE {name} MINVALUE 0 START 1")
    try:
        for write in WRITES:
            with pytest.raises(psycopg.Error, match="its rows are written in the new tables") as refused:
                writer.execute(WRITES[write], place.params())
            assert refused.value.sqlstate == "QP001"
            writer.rollback()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT last_value FROM {name}")
            assert cursor.fetchone()[0] == len(WRITES)
        insert(writer, place.other.pk, uuid4())  # other companies go on
        writer.commit()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SEQUENCE {name}")
