"""A step: what it waits for, what stops it, and what the commands tell of it (C1, C7, C14, C17, C19)."""

import json

import psycopg
import pytest
from django.db import connection

from crm.models import Quote
from legacy.models import LegacyQuote
from migration_ops import conf, transitions
from migration_ops.dual_write.lag import refused_writes
from migration_ops.exceptions import FenceTimedOut, GateNotPassed
from migration_ops.models import OutboxEntry, StageChange
from migration_ops.stages import Stage
from migration_ops.tasks import check_capture
from migration_ops.tests.cutover.conftest import first_id
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, prove, step, take_to
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


def test_changes_that_wait_are_applied_inside_the_step(company, writer, monkeypatch):
    take_to(company, Stage.SHADOW)
    prove(company)
    monkeypatch.setattr(conf, "DRAIN_ROUNDS", 0)
    update(writer, first_id(), total=4711)
    writer.commit()
    step(company, Stage.LIVE)
    assert Quote.objects.get(pk=first_id()).total == 4711
    assert not OutboxEntry.objects.filter(company_id=company.pk).exists()
    assert_valid(company)


def test_a_writer_that_does_not_end_stops_the_step_and_is_named(company, writer, monkeypatch):
    monkeypatch.setattr(conf, "FENCE_WAIT_MS", 100)
    take_to(company, Stage.SHADOW)
    prove(company)
    update(writer, first_id(), total=4711)
    with pytest.raises(FenceTimedOut, match=rf"pid {writer.info.backend_pid} .* nothing was changed"):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW
    writer.commit()
    step(company, Stage.LIVE)
    assert Quote.objects.get(pk=first_id()).total == 4711


def test_a_stage_row_that_somebody_keeps_locked_stops_the_step_and_who_it_is_is_named(company, writer, monkeypatch):
    monkeypatch.setattr(conf, "FENCE_WAIT_MS", 100)
    take_to(company, Stage.SHADOW)
    prove(company)
    writer.execute("SELECT FROM migration_company_stage WHERE company_id = %s FOR UPDATE", [company.pk])
    with pytest.raises(
        FenceTimedOut, match=rf"stayed locked for 100 ms, by one of: pid {writer.info.backend_pid} .*idle in"
    ):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW
    writer.rollback()
    step(company, Stage.LIVE)


def test_a_change_that_cannot_be_applied_stops_the_step(company, writer):
    take_to(company, Stage.SHADOW)
    prove(company)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes_new ADD CONSTRAINT poison CHECK (job_name <> 'poison')")
    try:
        update(writer, first_id(), job_name="poison")
        writer.commit()
        with pytest.raises((FenceTimedOut, GateNotPassed), match="cannot be applied"):
            step(company, Stage.LIVE)
        assert transitions.stage_of(company) == Stage.SHADOW
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE quotes_new DROP CONSTRAINT poison")


def test_another_companys_writers_are_not_concerned(live, session):
    other = session()
    there = migrated(other, rows=5, name="there")
    update(other, LegacyQuote.objects.filter(company_id=there.pk).first().pk, total=1)
    other.commit()
    with pytest.raises(psycopg.Error, match="live"):
        update(other, LegacyQuote.objects.filter(company_id=live.pk).first().pk, total=1)
    other.rollback()
    assert refused_writes(live) == 1
    assert check_capture() == []


# --- commands ----------------------------------------------------------------------------------------------------


def test_commands_move_tell_and_refuse(company, manage):
    refused = manage("move_stage", "--company", "here", "--to", "live")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    prove(company)
    moved = manage("move_stage", "--company", "here", "--to", "shadow", "--reason", "ready", "--json")
    assert moved.returncode == 0, moved.stderr
    assert json.loads(moved.stdout.splitlines()[-1])["stage"] == "shadow"
    assert StageChange.objects.first().reason == "ready"
    status = json.loads(manage("migration_status", "--company", "here", "--json").stdout.splitlines()[-1])
    told = {gate["gate"]: gate["passed"] for gate in status["gates"]["live"]}
    assert told["validation"] is True
    assert (status["changes"], status["changes_back"], status["refused_writes"]) == (0, 0, 0)
    assert manage("apply_changes", "--json").returncode == 0
    assert manage("verify_audit_log", "--json").returncode == 0
    assert manage("verify_audit_log", "--expect", "no such hash").returncode == 3
