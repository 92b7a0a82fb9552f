"""Legacy rows go when every proof is there, in whole batches, and come back to the letter (X1 to X4, X6, K10)."""

from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from migration_ops import audit, conf
from migration_ops.cutover import findings
from migration_ops.dual_write import capture
from migration_ops.exceptions import ArchiveRefused, RetirementRefused, RowsLeft
from migration_ops.models import (
    AuditLine,
    CompanyStage,
    Finding,
    LegacyLink,
    OutboxEntry,
    RefusedWrites,
    Retirement,
    ReverseEntry,
)
from migration_ops.retirement import archive
from migration_ops.retirement.remove import preview
from migration_ops.stages import Stage
from migration_ops.tests.cutover.test_stopped_anywhere import Stopped, stopped_before_each_statement
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import backed_up, take_to
from migration_ops.tests.retirement.conftest import ROWS, legacy_texts, put_back, remove, sign
from migration_ops.tests.retirement.test_certificate import row_set_aside
from migration_ops.tests.state import final_rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_there_and_back_to_the_letter_and_nobody_else_is_concerned(company, neighbour, signed, tmp_path, monkeypatch):
    monkeypatch.setattr(conf, "RETIRE_ROWS", 3)
    before, new = legacy_texts(), final_rows()
    done = remove(company, tmp_path / "here.archive")
    assert (done.rows, done.proven, done.retirement.removed, done.retirement.state) == (ROWS, ROWS, ROWS, "removed")
    assert legacy_texts() == [row for row in before if row[0] == str(neighbour.pk)]
    assert final_rows() == new, "the new tables, links and quarantine are as they were"
    assert LegacyLink.objects.filter(company=company).count() == ROWS
    assert not OutboxEntry.objects.exists()
    assert not ReverseEntry.objects.exists()
    assert capture.holes() == []
    with pytest.raises(RetirementRefused, match="removed already, by bob"):
        remove(company, tmp_path / "here.archive")
    back = put_back(company, tmp_path / "here.archive")
    assert (back.rows, back.retirement.state) == (ROWS, "restored")
    assert legacy_texts() == before
    assert not OutboxEntry.objects.exists()
    actions = AuditLine.objects.filter(company_id=company.pk, action__startswith="retire").order_by("id")
    assert [line.action for line in actions] == ["retire_begin", "retire", "retire_restore"]
    assert audit.verify().is_whole
    with pytest.raises(RetirementRefused, match="superseded by legacy rows that were put back"):
        remove(company, tmp_path / "here.archive")
    sign(company)
    assert remove(company, tmp_path / "again.archive").rows == ROWS


# --- proofs ------------------------------------------------------------------------------------------------------


def rampdown(company, writer):
    CompanyStage.objects.filter(company=company).update(stage=Stage.RAMPDOWN)


def complete_yesterday(company, writer):
    CompanyStage.objects.filter(company=company).update(since=timezone.now() - timedelta(days=1))


def a_writer(company, writer):
    id = LegacyLink.objects.filter(company=company).values_list("pk", flat=True)[0]
    with pytest.raises(psycopg.Error, match="complete"):
        update(writer, id, total=1)
    writer.rollback()


def a_writer_last_week(company, writer):
    a_writer(company, writer)
    RefusedWrites.objects.create(company=company, count=1, noticed_at=timezone.now() - timedelta(days=7))


def later_finding(company, writer):
    findings.record(company, Finding.Kind.REPAIR, "1 rows")


def waiting(company, writer):
    OutboxEntry.objects.create(legacy_id=company.pk, company_id=company.pk, operation="U", captured_at=timezone.now())


def waiting_back(company, writer):
    ReverseEntry.objects.create(
        company_id=company.pk,
        table_name="quotes_new",
        row_id=company.pk,
        operation="U",
        captured_at=timezone.now(),
        xid=1,
    )


def backup_before(company, writer):
    detail = backed_up(company) | {"snapshot_at": (timezone.now() - timedelta(hours=1)).isoformat()}
    findings.leave_evidence(company, "backup", has_passed=True, detail=detail)
    CompanyStage.objects.filter(company=company).update(since=timezone.now() - timedelta(minutes=1))


def a_row_changed(company, writer):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes DISABLE TRIGGER USER")
        cursor.execute("UPDATE quotes SET total = 100.5 WHERE company_id = %s", [company.pk])
        cursor.execute("ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2")
        cursor.execute("ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_refuse_truncate_v2")


def a_row_in_quarantine(company, writer):
    row_set_aside(company)


def a_hole(company, writer):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")


MISSING = {
    rampdown: "stage: the company is rampdown, not complete",
    complete_yesterday: "quiet_time: it must be complete for 30 days",
    a_writer: "no_writer: a program still writes to legacy",
    a_writer_last_week: "no_writer: a program still writes to legacy",
    later_finding: "superseded by a finding: Drift was repaired",
    waiting: "nothing_waits: 1 captured changes wait",
    waiting_back: "nothing_waits: 1 captured changes wait",
    backup_before: "backup: it is from before the company was complete",
    a_row_changed: "rows_as_signed: the legacy table holds 7 rows and not the 7 that were signed for, to the letter",
    a_row_in_quarantine: "quarantine: 1 rows are in quarantine",
    a_hole: "capture: change capture has a hole",
}


@pytest.mark.parametrize("what", MISSING, ids=lambda what: what.__name__)
def test_nothing_goes_while_a_proof_is_missing(company, signed, session, tmp_path, what):
    what(company, session())
    before = legacy_texts()
    with pytest.raises(RetirementRefused) as refused:
        remove(company, tmp_path / "here.archive")
    assert MISSING[what] in str(refused.value)
    assert MISSING[what] in "; ".join(preview(company, "bob").missing)
    assert legacy_texts() == before
    assert not list(tmp_path.iterdir())
    assert not Retirement.objects.exists()
    capture.install()


def test_without_a_certificate_or_by_its_signer_nothing_goes(company, tmp_path):
    with pytest.raises(RetirementRefused, match="certificate: nobody signed the company off"):
        remove(company, tmp_path / "a")
    sign(company)
    with pytest.raises(RetirementRefused, match="second_person: ann signed the certificate"):
        remove(company, tmp_path / "a", person="ann")
    assert remove(company, tmp_path / "a").rows == ROWS


def test_every_missing_proof_is_named_at_once(company, signed, session, tmp_path):
    for what in (complete_yesterday, waiting, later_finding):
        what(company, session())
    with pytest.raises(RetirementRefused) as refused:
        remove(company, tmp_path / "a")
    assert all(MISSING[what] in str(refused.value) for what in (complete_yesterday, waiting, later_finding))


# --- broken off --------------------------------------------------------------------------------------------------


def test_killed_before_any_statement_it_goes_on_and_ends_whole(company, neighbour, signed, tmp_path, monkeypatch):
    """Each start gets further than the one before: nothing is lost, doubled or removed without its archive."""
    monkeypatch.setattr(conf, "RETIRE_ROWS", 2)
    before = legacy_texts()
    path = tmp_path / "here.archive"
    texts = {row for row in before if row[0] == str(company.pk)}
    stops = 0
    for at in range(1_000):
        seen = 0

        def wrap(execute, statement, params, many, context, at=at):
            nonlocal seen
            if seen == at:
                raise Stopped
            seen += 1
            return execute(statement, params, many, context)

        with suppress(Stopped), connection.execute_wrapper(wrap):
            done = remove(company, path)
            break
        stops += 1
        connection.close()
        now = legacy_texts()
        assert {row for row in before if row[0] != str(company.pk)} <= set(now)
        if gone := texts - set(now):
            going = Retirement.objects.get()
            assert archive.open_archive(path, company).sha256 == going.archive_sha256
            assert going.removed == len(gone)
    assert stops > 30
    assert (done.retirement.removed, done.retirement.state) == (ROWS, "removed")
    assert legacy_texts() == [row for row in before if row[0] == str(neighbour.pk)]
    assert AuditLine.objects.filter(company_id=company.pk, action="retire").count() == 1
    put_back(company, path)
    assert legacy_texts() == before


def broken_off(company, path, monkeypatch, *, after: int) -> None:
    """A removal that ended after so many batches."""
    from migration_ops.retirement import remove as module

    monkeypatch.setattr(conf, "RETIRE_ROWS", 2)
    real, done = module._remove, []

    def until(*args):
        if len(done) == after:
            raise Stopped
        done.append(real(*args))

    with monkeypatch.context() as patch:
        patch.setattr(module, "_remove", until)
        with pytest.raises(Stopped):
            remove(company, path)


def test_rows_come_back_all_or_none_wherever_it_is_stopped(company, signed, tmp_path):
    before = legacy_texts()
    remove(company, tmp_path / "a")

    def none_is_back() -> None:
        assert legacy_texts() == []
        assert Retirement.objects.get().state == "removed"

    assert stopped_before_each_statement(lambda: put_back(company, tmp_path / "a"), none_is_back) > 8
    assert legacy_texts() == before


def test_a_removal_that_was_broken_off_takes_no_other_archive_and_can_be_put_back(
    company, signed, tmp_path, monkeypatch
):
    before = legacy_texts()
    broken_off(company, tmp_path / "a", monkeypatch, after=2)
    assert len(legacy_texts()) == len(before) - 4
    archive.write(tmp_path / "b", signed, lambda *_: None)
    with pytest.raises(ArchiveRefused, match="not the archive this removal was begun with"):
        remove(company, tmp_path / "b")
    with pytest.raises(ArchiveRefused, match="not the archive they were removed with"):
        put_back(company, tmp_path / "b")
    assert len(legacy_texts()) == len(before) - 4
    assert put_back(company, tmp_path / "a").rows == 4
    assert legacy_texts() == before


def test_a_finding_in_the_middle_stops_it(company, signed, tmp_path, monkeypatch):
    broken_off(company, tmp_path / "a", monkeypatch, after=1)
    findings.record(company, Finding.Kind.REPAIR, "1 rows")
    left = legacy_texts()
    with pytest.raises(RetirementRefused, match="superseded"):
        remove(company, tmp_path / "a")
    assert legacy_texts() == left


def test_a_row_that_is_not_the_archived_one_stays(company, signed, tmp_path, monkeypatch):
    broken_off(company, tmp_path / "a", monkeypatch, after=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
        cursor.execute("UPDATE quotes SET notes = 'late' WHERE id = (SELECT max(id::text)::uuid FROM quotes)")
    with pytest.raises(RowsLeft, match="1 legacy rows of here are not the ones that were archived"):
        remove(company, tmp_path / "a")
    assert len(legacy_texts()) == 1
    with pytest.raises(RetirementRefused, match="other rows have their ids"):
        put_back(company, tmp_path / "a")
    assert len(legacy_texts()) == 1


def test_two_at_once_do_not_mix(company, signed, tmp_path, session):
    other = session()
    other.execute("SELECT pg_advisory_xact_lock(hashtextextended('qp_retire/' || %s::text, 0))", [company.pk])
    before = legacy_texts()
    with pytest.raises(RetirementRefused, match="another process"):
        remove(company, tmp_path / "a")
    assert legacy_texts() == before


def test_a_company_without_removed_rows_gets_none_back(company, neighbour, signed, tmp_path):
    archive.write(tmp_path / "a", signed, lambda *_: None)
    with pytest.raises(RetirementRefused, match="none of them was removed"):
        put_back(company, tmp_path / "a")
    with pytest.raises(ArchiveRefused, match="of another company"):
        put_back(neighbour, tmp_path / "a")


def test_after_the_end_the_way_back_is_still_closed(company, signed, tmp_path):
    from migration_ops.cutover.rollback import rollback
    from migration_ops.exceptions import MoveRefused

    remove(company, tmp_path / "a")
    with pytest.raises(MoveRefused, match=r"way back is closed; .* retire_legacy --restore"):
        rollback(company, reason="test", actor="test")
    take_to(company, Stage.COMPLETE)
