"""What the comparing of reads promises, each a check that the known wrong variants must fail; given ``t``, its tools."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models import Sum

from crm.models import Company
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.cutover import gates
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import GateNotPassed
from migration_ops.models import ShadowCount, ShadowGroup
from migration_ops.selectors.standing import standing_of
from migration_ops.shadow.compare import Tally, compare
from migration_ops.shadow.reads import Read, digest, page, some
from migration_ops.stages import STAGE_MOVES, Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import prove, step, take_to
from migration_ops.tests.state import wait_until


@dataclass(frozen=True, kw_only=True)
class Tools:
    company: Company
    writer: psycopg.Connection
    call: Callable[..., Any]
    drift: Callable[..., None]
    compared: Callable[[], None]
    patch: pytest.MonkeyPatch


def ids() -> list:
    return list(LegacyQuote.objects.order_by("id").values_list("pk", flat=True))


def counts(company: Company) -> dict[str, int]:
    names = ("equal", "rows", "mismatched", "noise", "late", "dropped")
    return {
        name.removesuffix("_"): value or 0
        for name, value in ShadowCount.objects.filter(company=company)
        .aggregate(**{f"{name}_": Sum(name) for name in names})
        .items()
    }


def look(t: Tools, read: Read, *, given: bytes | None = None) -> Tally:
    """Compare a read whose answer has just been given."""
    standing = standing_of(t.company)
    rows = read.rows(t.company, is_new=standing.is_new)
    return compare(t.company, standing, read, digest(rows) if given is None else given)


def kinds(tally: Tally) -> tuple[int, ...]:
    return tally.equal, tally.mismatched, tally.noise, tally.late


@contextmanager
def before_each_read_of_the_new_side(action: Callable[[], None]):
    def wrap(execute, statement, params, many, context):
        if "leads_new d ON" in str(statement):
            action()
        return execute(statement, params, many, context)

    with connection.execute_wrapper(wrap):
        yield


@contextmanager
def new_side_locked(t: Tools):
    """Nobody can read the new side until the block ends."""
    with psycopg.connect(t.writer.info.dsn) as holder:
        holder.execute("LOCK TABLE leads_new IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


def check_an_answer_that_changed_meanwhile_is_noise(t: Tools) -> None:
    t.call(Stage.SHADOW)
    read = some([ids()[0]])
    before = digest(read.rows(t.company, is_new=False))
    update(t.writer, ids()[0], total=4711)
    t.writer.commit()
    apply_once()
    assert kinds(look(t, read, given=before)) == (0, 0, 1, 0)
    assert kinds(look(t, read)) == (1, 0, 0, 0)


def check_a_write_between_the_two_reads_is_noise(t: Tools) -> None:
    """Somebody writes both sides, in one transaction, just before each time the new side is read."""
    t.call(Stage.SHADOW)
    id = ids()[-1]  # the first row of the list

    def write() -> None:
        t.writer.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
        for table in ("quotes", "quotes_new"):
            t.writer.execute(f"UPDATE {table} SET total = total + 1 WHERE id = %s", [id])
        t.writer.commit()

    for read in (some([id]), page(limit=5, offset=0)):
        with before_each_read_of_the_new_side(write):
            assert kinds(look(t, read)) == (0, 0, 1, 0)


def check_a_change_that_waits_to_be_applied_is_noise(t: Tools) -> None:
    t.call(Stage.SHADOW)
    *_, deleted, changed = ids()
    update(t.writer, changed, total=4711)
    t.writer.execute("DELETE FROM quotes WHERE id = %s", [deleted])
    t.writer.commit()
    # The row, the page it is on, and one below that the row which went has moved.
    for read in (some([changed]), page(limit=3, offset=0), page(limit=2, offset=4)):
        assert kinds(look(t, read)) == (0, 0, 1, 0), read
    apply_once()
    for read in (some([changed]), page(limit=3, offset=0), page(limit=2, offset=4)):
        assert kinds(look(t, read)) == (1, 0, 0, 0), read


def check_the_request_touches_the_side_that_leads_only(t: Tools) -> None:
    call = t.call(Stage.SHADOW)
    said: list[str] = []

    def note(execute, statement, params, many, context):
        said.append(str(statement))
        return execute(statement, params, many, context)

    with connection.execute_wrapper(note):
        assert call("GET", f"/api/quotes/{ids()[0]}").status_code == 200
        assert call("GET", "/api/quotes").status_code == 200
    assert any("FROM quotes q" in each for each in said)
    assert not [each for each in said if "leads_new" in each or "shadow_count" in each]
    t.compared()
    assert counts(t.company)["equal"] == 2


def check_the_queue_is_bounded_and_what_is_dropped_is_counted(t: Tools) -> None:
    """While the other side is blocked, answers come, and are what they were; none of the reads is lost sight of."""
    if conf.SHADOW_QUEUE:
        t.patch.setattr(conf, "SHADOW_QUEUE", 2)
    t.patch.setattr(conf, "SHADOW_BUDGET_MS", 60_000)
    call, path = t.call(Stage.SHADOW), f"/api/quotes/{ids()[0]}"
    t.patch.setattr("migration_ops.shadow.queue.COMPARED", ())
    told = call("GET", path).content
    t.patch.setattr("migration_ops.shadow.queue.COMPARED", (Stage.SHADOW,))
    with new_side_locked(t):
        assert call("GET", path).content == told
        from migration_ops.shadow import queue

        wait_until(queue._of_process[1].queue.empty, "the first read to be taken up")
        for _ in range(5):
            assert call("GET", path).content == told
    t.compared()
    found = counts(t.company)
    assert (found["equal"] + found["noise"], found["dropped"]) == (3, 3)


def check_the_budget_ends_a_comparison(t: Tools) -> None:
    t.patch.setattr(conf, "SHADOW_BUDGET_MS", 300)
    t.call(Stage.SHADOW)
    pid = connection.connection.info.backend_pid
    with psycopg.connect(t.writer.info.dsn) as holder:
        holder.execute("LOCK TABLE leads_new IN ACCESS EXCLUSIVE MODE")

        def release() -> None:
            waits = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
            wait_until(lambda: holder.execute(waits, [pid]).fetchone()[0], "the comparison to be blocked")
            time.sleep(1.5)  # five budgets
            holder.rollback()

        thread = threading.Thread(target=release)
        thread.start()
        assert kinds(look(t, some([ids()[0]]))) == (0, 0, 0, 1)
        thread.join()
    assert kinds(look(t, some([ids()[0]]))) == (1, 0, 0, 0), "the session is as it was"


def closed(company: Company) -> dict[str, str]:
    wanted = STAGE_MOVES[Stage.SHADOW][Stage.LIVE].gates
    return {each.gate: each.missing for each in gates.check(company, wanted) if not each.passed}


def check_nothing_compared_opens_nothing(t: Tools) -> None:
    take_to(t.company, Stage.SHADOW)
    prove(t.company)
    assert closed(t.company) == {}
    ShadowCount.objects.all().delete()
    assert list(closed(t.company)) == ["shadow_reads"]
    assert "0 rows of GET /api/quotes were compared and equal" in closed(t.company)["shadow_reads"]
    with pytest.raises(GateNotPassed, match="shadow_reads: 0 rows of GET"):
        step(t.company, Stage.LIVE)


def check_a_confirmed_mismatch_voids_the_gates_and_the_step_says_why(t: Tools) -> None:
    take_to(t.company, Stage.SHADOW)
    call = t.call(Stage.SHADOW)
    prove(t.company)
    assert closed(t.company) == {}
    t.drift("UPDATE quotes SET total = total + 1 WHERE id = %s", [ids()[0]])
    assert call("GET", f"/api/quotes/{ids()[0]}", X_Request_ID="asked-for-this").status_code == 200
    t.compared()
    assert {"shadow_reads", "validation", "rollback_drill"} <= set(closed(t.company))
    assert "an answer of api v1 differs" in closed(t.company)["validation"]
    with pytest.raises(GateNotPassed, match=r"GET /api/quotes/\{id\} total: another value \(1 times\)"):
        step(t.company, Stage.LIVE)
    mismatch = ShadowGroup.objects.get().mismatches.get()
    assert (mismatch.object, mismatch.legacy_value, mismatch.new_value) == (str(ids()[0]), "101", "100")
    assert mismatch.request_id == "asked-for-this"
    t.drift("UPDATE quotes SET total = total - 1 WHERE id = %s", [ids()[0]])
    prove(t.company)
    assert closed(t.company) == {}
    step(t.company, Stage.LIVE)
