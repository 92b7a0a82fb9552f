"""The table of moves, its gates, and what voids them (C9 to C15, C19)."""

import psycopg
import pytest
from django.db import connection, transaction

from crm.models import Customer, Quote
from crm.services.merge import merge
from legacy.models import LegacyQuote
from migration_ops import audit, conf, transitions
from migration_ops.cutover import findings, gates
from migration_ops.cutover.repair import repair
from migration_ops.cutover.rollback import rollback
from migration_ops.dual_write import capture, fence
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import GateNotPassed, MoveRefused
from migration_ops.models import AuditLine, Finding, StageChange, Verdict
from migration_ops.stages import STAGE_MOVES, Stage, is_forward
from migration_ops.tasks import check_capture
from migration_ops.tests.cutover.conftest import first_id
from migration_ops.tests.legacy_rows import UNREADABLE, update
from migration_ops.tests.living import backed_up, prove, step, take_to
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db(transaction=True)


def closed(company) -> set[str]:
    """The gates between shadow and live that are closed."""
    return {each.gate for each in gates.check(company, STAGE_MOVES[Stage.SHADOW][Stage.LIVE].gates) if not each.passed}


# --- the table of moves ------------------------------------------------------------------------------------------


def test_every_step_forward_but_the_last_has_its_inverse():
    for before, moves in STAGE_MOVES.items():
        for after, move in moves.items():
            assert move.reason
            if is_forward(before, after) and after != Stage.COMPLETE:
                assert move.inverse in STAGE_MOVES[after]
            for gate in move.gates:
                assert gate in gates.GATES


def test_a_company_goes_through_every_stage_and_all_of_it_is_in_the_log(company, writer):
    take_to(company, Stage.COMPLETE)
    assert [c.after for c in StageChange.objects.order_by("id")] == [
        "dualwrite", "shadow", "live", "rampdown", "complete",
    ]  # fmt: skip
    lines = AuditLine.objects.filter(company_id=company.pk, action="stage").order_by("id")
    assert [line.detail["after"] for line in lines] == ["dualwrite", "shadow", "live", "rampdown", "complete"]
    assert all(gate["passed"] for line in lines for gate in line.detail["gates"])
    assert audit.verify().is_whole
    with pytest.raises(MoveRefused, match="the way back is closed"):
        step(company, Stage.RAMPDOWN)
    with pytest.raises(MoveRefused):
        rollback(company, reason="test", actor="test")
    with pytest.raises(psycopg.Error, match="complete"):
        update(writer, first_id(), total=1)


def test_a_step_that_is_not_in_the_table_is_refused(company):
    with pytest.raises(MoveRefused, match="cannot go to live; from here it may go to shadow, off"):
        step(company, Stage.LIVE)


def test_a_step_taken_already_is_the_same_answer(live):
    before = StageChange.objects.count()
    assert not step(live, Stage.LIVE).is_change
    assert StageChange.objects.count() == before


# --- gates -------------------------------------------------------------------------------------------------------


def test_evidence_nobody_left_is_missing_and_never_green(company):
    take_to(company, Stage.SHADOW)
    from migration_ops.models import GateEvidence

    GateEvidence.objects.all().delete()
    assert closed(company) == {"shadow_reads", "backup", "rollback_drill"}
    with pytest.raises(GateNotPassed, match="backup: evidence missing"):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW
    assert gates.check(company, ["no such gate"])[0].passed is False


def test_a_proof_that_failed_or_is_of_another_mapping_opens_nothing(company, monkeypatch):
    take_to(company, Stage.SHADOW)
    prove(company)
    assert closed(company) == set()
    findings.leave_evidence(company, "backup", has_passed=False, detail={})
    assert closed(company) == {"backup"}
    findings.leave_evidence(company, "backup", has_passed=True, detail=backed_up(company))
    findings.void_evidence(company, "rollback_drill", "it was another server")
    assert closed(company) == {"rollback_drill"}
    prove(company)
    monkeypatch.setattr(conf, "MAPPING_VERSION", conf.MAPPING_VERSION + 1)
    assert {"backfill", "validation", "shadow_reads", "backup", "rollback_drill"} <= closed(company)


def test_a_row_that_is_set_aside_keeps_the_step_back(company, writer):
    take_to(company, Stage.SHADOW)
    prove(company)
    update(writer, first_id(), **UNREADABLE)
    writer.commit()
    apply_once()
    assert "quarantine" in closed(company)
    with pytest.raises(GateNotPassed, match="quarantine: 1 rows are in quarantine: correct or waive them"):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW


VOIDING = ("validation", "shadow_reads", "rollback_drill")


def foreign_write(company, writer) -> None:
    writer.execute("UPDATE quotes_new SET total = total + 1 WHERE id = %s", [first_id()])
    writer.execute("UPDATE quotes_new SET total = total - 1 WHERE id = %s", [first_id()])
    writer.commit()


def merged(company, writer) -> None:
    one, other = Customer.objects.filter(company=company).order_by("pk").values_list("pk", flat=True)[:2]
    merge(company, [one, other], survivor=one, actor="ann")


def truncate(company, writer) -> None:
    writer.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM payments")
    writer.execute("TRUNCATE payments")
    writer.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
    writer.execute("INSERT INTO payments SELECT * FROM kept")
    writer.commit()


def repaired(company, writer) -> None:
    with transaction.atomic(), fence.mirrored():
        Quote.objects.filter(pk=first_id()).update(notes="drifted")
    assert repair(company, is_applied=True, actor="ann").changes


def hole(company, writer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")
    assert check_capture()
    capture.install()


@pytest.mark.parametrize("what", [foreign_write, merged, truncate, repaired, hole], ids=lambda f: f.__name__)
def test_a_gate_that_was_passed_is_voided_and_the_step_says_why(company, writer, what):
    take_to(company, Stage.SHADOW)
    prove(company)
    assert closed(company) == set()
    what(company, writer)
    assert set(VOIDING) <= closed(company)
    with pytest.raises(GateNotPassed, match="validation: voided by"):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW
    if what is hole:
        return  # its rows are to be looked at again first
    prove(company)
    step(company, Stage.LIVE)


def test_a_new_mapping_version_voids_what_was_proven_and_the_step_says_why(company, monkeypatch):
    take_to(company, Stage.SHADOW)
    prove(company)
    version = conf.MAPPING_VERSION + 1
    monkeypatch.setattr(conf, "MAPPING_VERSION", version)
    with pytest.raises(GateNotPassed, match=f"now it is {version}.*validated before mapping version {version}"):
        step(company, Stage.LIVE)
    assert transitions.stage_of(company) == Stage.SHADOW


def test_a_failed_validation_closes_the_gate(company, writer):
    take_to(company, Stage.SHADOW)
    prove(company)
    writer.execute("UPDATE quotes_new SET total = 4711 WHERE id = %s", [first_id()])
    writer.commit()
    assert not validate(company).passed
    assert "validation" in closed(company)
    assert Finding.objects.filter(cleared_at=None).exists(), "a validation that failed clears nothing"


def test_a_finding_that_comes_up_during_a_validation_is_not_cleared_by_it(company, writer, monkeypatch):
    take_to(company, Stage.SHADOW)
    prove(company)
    writer.execute("UPDATE quotes_new SET notes = notes || 'x' WHERE id = %s", [first_id()])  # seen by nobody yet
    writer.execute("UPDATE quotes_new SET updated_at = updated_at + interval '0' WHERE id = %s", [first_id()])
    writer.execute("UPDATE quotes_new SET total = total + 1 WHERE id = %s", [first_id()])
    assert validate(company).passed
    writer.commit()
    assert "validation" in closed(company)


def test_a_write_that_was_begun_before_a_proof_and_ends_after_it_voids_it(company, writer):
    take_to(company, Stage.SHADOW)
    id = LegacyQuote.objects.order_by("-id")[0].pk  # not the deal the way back is tried on
    writer.execute("UPDATE quotes_new SET total = total + 1 WHERE id = %s", [id])
    writer.execute("UPDATE quotes_new SET total = total - 1 WHERE id = %s", [id])
    prove(company)
    assert closed(company) == set()
    writer.commit()
    assert set(VOIDING) <= closed(company)


def test_a_drill_is_voided_by_what_was_found_while_it_went_on(company, monkeypatch):
    from migration_ops.cutover import drill

    take_to(company, Stage.SHADOW)
    prove(company)

    def copied(company, url) -> int:
        findings.record(company, Finding.Kind.REPAIR, "1 rows")
        return 1

    monkeypatch.setattr(drill, "copy_company", copied)
    monkeypatch.setattr(drill, "_child", lambda url, *arguments: {"passed": True})
    drill.drill(company, actor="test")
    assert "rollback_drill" in closed(company)


def test_a_verdict_that_compared_nothing_opens_nothing(company):
    take_to(company, Stage.SHADOW)
    prove(company)
    Verdict.objects.filter(depth="counts").update(rows_checked=0, rows_expected=5)
    assert "validation" in closed(company)


def test_a_way_back_that_cannot_work_is_noticed_before_it_is_needed(company):
    take_to(company, Stage.SHADOW)
    prove(company)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes ADD CONSTRAINT broken CHECK (notes <> 'way back probe')")
    try:
        assert closed(company) == {"way_back"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE quotes DROP CONSTRAINT broken")
    assert closed(company) == set()
    assert not LegacyQuote.objects.filter(notes="way back probe").exists()
