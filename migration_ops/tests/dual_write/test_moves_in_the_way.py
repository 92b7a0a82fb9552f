"""While somebody moves a company's stage its changes wait, and whoever follows changes goes on following."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import F

from crm.models import Quote
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write.fence import SQL
from migration_ops.dual_write.follow import apply_once
from migration_ops.dual_write.lag import lag_of
from migration_ops.exceptions import FenceTimedOut
from migration_ops.sql.loader import block
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import assert_valid, is_waited_for, wait_until
from migration_ops.transitions import stage_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("stage", [Stage.DUALWRITE, Stage.LIVE])
def test_changes_wait_for_a_stage_move_that_takes_its_time(stage, session):
    writer, mover = session(), session()
    company = migrated(writer)
    take_to(company, stage)
    id = LegacyQuote.objects.values_list("pk", flat=True).first()
    if stage == Stage.LIVE:
        Quote.objects.filter(pk=id).update(total=F("total") + 4711)
    else:
        update(writer, id, total=4811)
        writer.commit()
    mover.execute("SELECT pg_advisory_xact_lock(hashtextextended('qp_stage/' || %s::text, 0))", [str(company.pk)])
    done = apply_once()
    assert (done.entries, done.put_off) == (0, 0)
    waiting = lag_of(company).waiting
    assert waiting > 0
    mover.rollback()
    assert apply_once().entries == waiting
    assert Quote.objects.get(pk=id).total == LegacyQuote.objects.get(pk=id).total == 4811
    assert_valid(company)


def test_a_step_waits_for_who_applies_and_writers_go_on_meanwhile(session):
    writer, applier = session(), session()
    company = migrated(writer)
    take_to(company, Stage.SHADOW)
    id = LegacyQuote.objects.values_list("pk", flat=True).first()
    for name in ("apply", "enter"):  # in the middle of a batch of changes
        applier.execute(block(SQL, name).sql, {"company": company.pk})

    def take_the_step() -> float:
        try:
            return move_stage(company, Stage.LIVE, reason="", actor="test", needs_gates=False).pause_s
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        step = pool.submit(take_the_step)
        wait_until(lambda: is_waited_for(applier), "the step to wait")
        writer.execute("SET lock_timeout = '100ms'")
        update(writer, id, total=4811)  # a step that held writers up from here would not let it
        writer.commit()
        applier.rollback()
        pause_s = step.result(30)

    assert pause_s > 0
    assert Quote.objects.get(pk=id).total == 4811, "what was written while the step waited is applied by it"
    assert_valid(company)


def test_a_step_that_has_applied_all_in_time_or_late_is_taken(session, monkeypatch):
    writer = session()
    company = migrated(writer)
    take_to(company, Stage.SHADOW)
    update(writer, LegacyQuote.objects.values_list("pk", flat=True).first(), total=4811)
    writer.commit()
    monkeypatch.setattr(conf, "FENCE_DRAIN_MS", 0)
    moved = move_stage(company, Stage.LIVE, reason="", actor="test", needs_gates=False)
    assert (moved.after, lag_of(company).waiting) == (Stage.LIVE, 0)
    assert_valid(company)


def test_a_step_that_leaves_changes_after_its_time_is_refused_and_says_how_many(session, monkeypatch):
    writer = session()
    company = migrated(writer)
    take_to(company, Stage.SHADOW)
    for id in LegacyQuote.objects.values_list("pk", flat=True)[:3]:
        update(writer, id, total=4811)
    writer.commit()
    monkeypatch.setattr(conf, "FENCE_DRAIN_MS", 0)
    monkeypatch.setattr(conf, "APPLY_ROWS", 2)
    with pytest.raises(FenceTimedOut, match="1 changes were left to apply"):
        move_stage(company, Stage.LIVE, reason="", actor="test", needs_gates=False)
    assert (stage_of(company), lag_of(company).waiting) == (Stage.SHADOW, 3)
