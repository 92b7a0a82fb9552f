"""Steps of a company, their gates, and what voids them (C1, C9 to C15, C17, C19; R1 to R8)."""

import json
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from crm.exceptions import WriteRefused
from crm.ids import deal_child_id
from crm.models import Customer, Invoice, Job, Lead, Payment, Quote, QuoteItem
from crm.ports import write_guard
from crm.services.merge import merge
from legacy.models import LegacyQuote
from legacy.ports import write_guard as legacy_guard
from migration_ops import audit, conf, transitions
from migration_ops.cutover import findings, gates
from migration_ops.cutover.repair import repair
from migration_ops.cutover.rollback import rollback
from migration_ops.dual_write import capture, fence
from migration_ops.dual_write.follow import apply_once
from migration_ops.dual_write.lag import refused_writes
from migration_ops.exceptions import FenceTimedOut, GateNotPassed, MoveRefused
from migration_ops.models import AuditLine, Finding, OutboxEntry, ReverseEntry, StageChange, Verdict
from migration_ops.projection.ids import child_id
from migration_ops.stages import MIRRORED, STAGE_MOVES, Stage, is_forward
from migration_ops.tasks import check_capture
from migration_ops.tests.legacy_rows import insert, update
from migration_ops.tests.living import backed_up, migrated, prove, step, take_to
from migration_ops.tests.state import assert_valid
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writer(session):
    return session()


@pytest.fixture
def company(writer):
    return migrated(writer)


@pytest.fixture
def live(company):
    take_to(company, Stage.LIVE)
    return company


def first_id():
    return LegacyQuote.objects.order_by("id").values_list("pk", flat=True)[0]


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
    findings.void_evidence(company, "shadow_reads", "a mismatch of v1 quotes")
    assert closed(company) == {"shadow_reads"}
    prove(company)
    monkeypatch.setattr(conf, "MAPPING_VERSION", conf.MAPPING_VERSION + 1)
    assert {"backfill", "validation", "shadow_reads", "backup", "rollback_drill"} <= closed(company)


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


# --- the step ----------------------------------------------------------------------------------------------------


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


# --- the way back ------------------------------------------------------------------------------------------------


def test_edits_of_every_table_reach_the_legacy_row(live, writer):
    id = first_id()
    now = timezone.now()
    with write_guard(live.pk):
        Quote.objects.filter(pk=id).update(status="accepted", job_name="New roof", total=250, updated_at=now)
        QuoteItem.objects.filter(quote_id=id).update(unit_price=125, total=250)
        QuoteItem.objects.create(
            company=live,
            quote_id=id,
            position=2,
            name="Extra",
            quantity=1,
            sort_order=2,
            created_at=now,
            updated_at=now,
        )
        Lead.objects.filter(pk=id).update(status="converted")
        job = Job.objects.create(
            id=deal_child_id(id, "job"), company=live, quote_id=id, customer_id=Quote.objects.get(pk=id).customer_id,
            job_number="J-7", title="New roof", status="completed", actual_start=now, actual_end=now, created_at=now,
            updated_at=now,
        )  # fmt: skip
        invoice = Invoice.objects.create(
            id=deal_child_id(id, "invoice"), company=live, job=job, customer_id=job.customer_id, invoice_number="I-7",
            amount_due=250, amount_paid=250, status="paid", sent_at=now, paid_at=now, payment_method="card",
            created_at=now, updated_at=now,
        )  # fmt: skip
        Payment.objects.create(
            id=deal_child_id(id, "payment"), company=live, invoice=invoice, amount=250, method="card", paid_at=now,
            created_at=now, updated_at=now,
        )  # fmt: skip
    row = LegacyQuote.objects.get(pk=id)
    assert (row.status, row.job_name, row.total, row.lead_status) == ("accepted", "New roof", 250, "converted")
    assert (row.job_number, row.invoice_number, row.payment_method, row.paid_at) == ("J-7", "I-7", "card", now)
    assert [item["name"] for item in row.items] == ["Roof", "Extra"]
    assert (row.customer_name, row.phone) == ("Person 0000", "+12025550000")
    assert not ReverseEntry.objects.exists()
    assert_valid(live)


def test_plain_sql_writers_of_the_new_side_are_followed_too(live, writer):
    id = first_id()
    writer.execute("UPDATE quotes_new SET notes = 'by hand' WHERE id = %s", [id])
    writer.commit()
    assert ReverseEntry.objects.count() == 1
    assert apply_once().deals == 1
    assert LegacyQuote.objects.get(pk=id).notes == "by hand"
    assert not ReverseEntry.objects.exists()
    assert not OutboxEntry.objects.exists(), "what is carried back does not come forth again"


def test_deals_born_on_the_new_side_get_a_legacy_row_and_deleted_ones_lose_it(live):
    customer = Customer.objects.filter(company=live).order_by("name").first()
    now, lead, quote = timezone.now(), uuid4(), uuid4()
    with write_guard(live.pk):
        Lead.objects.create(
            id=lead, company=live, customer=customer, status="new", notes="by phone", created_at=now, updated_at=now
        )
        Quote.objects.create(
            id=quote, company=live, customer=customer, status="draft", total=12, created_at=now, updated_at=now
        )
    rows = LegacyQuote.objects.in_bulk([lead, quote])
    assert (rows[lead].lead_status, rows[lead].status, rows[lead].notes) == ("new", None, "by phone")
    assert (rows[quote].status, rows[quote].lead_status, rows[quote].total) == ("draft", None, 12)
    assert rows[quote].customer_name == customer.name
    with write_guard(live.pk):
        new = Customer.objects.create(
            company=live, name="Zoe Young", phone="+12025557777", created_at=now, updated_at=now
        )
        third = Lead.objects.create(company=live, customer=new, status="new", created_at=now, updated_at=now)
    assert LegacyQuote.objects.get(pk=third.pk).phone == "+12025557777"
    assert_valid(live)
    with write_guard(live.pk):
        Quote.objects.filter(pk=quote).delete()
    assert not LegacyQuote.objects.filter(pk=quote).exists()
    take_to(live, Stage.SHADOW)
    assert_valid(live)


def test_an_edit_of_a_customer_is_taken_up_by_the_last_deal_only(live, writer):
    customer = Quote.objects.get(pk=first_id()).customer
    with write_guard(live.pk):
        Customer.objects.filter(pk=customer.pk).update(name="Person Zero", email="zero@mail.example")
    row = LegacyQuote.objects.get(pk=first_id())
    assert (row.customer_name, row.email, row.phone) == ("Person Zero", "zero@mail.example", "+12025550000")
    assert_valid(live)
    take_to(live, Stage.SHADOW)
    assert_valid(live)
    customer.refresh_from_db()
    assert (customer.name, customer.email) == ("Person Zero", "zero@mail.example")


def a_second_job(live, id, now):
    for number in range(2):
        Job.objects.create(
            id=deal_child_id(id, "job") if not number else uuid4(), company=live, quote_id=id,
            customer_id=Quote.objects.get(pk=id).customer_id, job_number=f"J-{number}", status="scheduled",
            created_at=now, updated_at=now,
        )  # fmt: skip


def a_partial_payment(live, id, now):
    customer = Quote.objects.get(pk=id).customer_id
    job = Job.objects.create(
        id=deal_child_id(id, "job"), company=live, quote_id=id, customer_id=customer, job_number="J", status="scheduled",
        created_at=now, updated_at=now,
    )  # fmt: skip
    invoice = Invoice.objects.create(
        id=deal_child_id(id, "invoice"), company=live, job=job, customer_id=customer, invoice_number="I", amount_due=100,
        status="sent", created_at=now, updated_at=now,
    )  # fmt: skip
    Payment.objects.create(
        id=deal_child_id(id, "payment"), company=live, invoice=invoice, amount=40, method="card", paid_at=now,
        created_at=now, updated_at=now,
    )  # fmt: skip


def another_deals_lead(live, id, now):
    Quote.objects.create(
        company=live, customer_id=Quote.objects.get(pk=id).customer_id, lead_id=id, status="draft", created_at=now,
        updated_at=now,
    )  # fmt: skip


def notes_of_a_lead_that_has_a_quote(live, id, now):
    Lead.objects.filter(pk=id).update(notes="only here")


def an_invoice_of_another_amount(live, id, now):
    job = Job.objects.create(
        id=deal_child_id(id, "job"), company=live, quote_id=id, customer_id=Quote.objects.get(pk=id).customer_id,
        job_number="J", status="scheduled", created_at=now, updated_at=now,
    )  # fmt: skip
    Invoice.objects.create(
        id=deal_child_id(id, "invoice"), company=live, job=job, customer_id=job.customer_id, invoice_number="I",
        amount_due=1, status="pending", created_at=now, updated_at=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        a_second_job,
        a_partial_payment,
        another_deals_lead,
        notes_of_a_lead_that_has_a_quote,
        an_invoice_of_another_amount,
    ],
    ids=lambda f: f.__name__,
)
def test_what_a_legacy_row_cannot_hold_is_refused_until_the_move_is_complete(live, write):
    before = LegacyQuote.objects.filter(pk=first_id()).values().get()
    with pytest.raises(WriteRefused, match="a legacy row cannot hold"), write_guard(live.pk):
        write(live, first_id(), timezone.now())
    assert LegacyQuote.objects.filter(pk=first_id()).values().get() == before
    assert not Job.objects.exists()
    assert not ReverseEntry.objects.exists()
    take_to(live, Stage.COMPLETE)
    with write_guard(live.pk):
        write(live, first_id(), timezone.now())


def test_what_plain_sql_wrote_and_legacy_cannot_hold_waits_and_stops_the_way_back(live, writer):
    writer.execute("UPDATE leads_new SET notes = 'only here' WHERE id = %s", [first_id()])
    writer.commit()
    assert apply_once().put_off == 1
    assert "a legacy row cannot hold" in ReverseEntry.objects.get().error
    with pytest.raises(FenceTimedOut, match="a legacy row cannot hold leads_new"):
        step(live, Stage.SHADOW)
    assert transitions.stage_of(live) == Stage.LIVE


def test_our_own_writers_are_sent_to_the_side_that_leads(company):
    with pytest.raises(WriteRefused, match="write through the legacy application"), write_guard(company.pk):
        raise AssertionError
    take_to(company, Stage.LIVE)
    from legacy.exceptions import WriteRefused as LegacyRefused

    with pytest.raises(LegacyRefused, match="is live"), legacy_guard(company.pk, [first_id()]):
        raise AssertionError
    with write_guard(uuid4()):
        pass  # a company legacy never knew


def test_rollback_goes_all_the_way_and_loses_nothing(live, writer):
    take_to(live, Stage.RAMPDOWN)
    writer.execute("UPDATE quotes_new SET notes = 'late' WHERE id = %s", [first_id()])
    writer.commit()
    now = timezone.now()
    Customer.objects.create(company=live, name="Only Here", created_at=now, updated_at=now)
    done = rollback(live, reason="test", actor="test")
    assert [each.after for each in done.steps] == ["live", "shadow", "dualwrite", "off"]
    assert done.kept == {"customers without a deal": 1}
    assert LegacyQuote.objects.get(pk=first_id()).notes == "late"
    update(writer, first_id(), total=77)  # legacy is written again
    writer.commit()
    assert rollback(live, reason="test", actor="test").steps == []


def test_ten_times_live_and_back_leaves_raw_texts_alone(writer, session):
    company = migrated(writer, rows=8, phone="(202) 555-0123", customer_name="Miller, ANN ", address=" 1 High St\r\n")
    raw = psycopg.connect(session().info.dsn, autocommit=True)
    texts = "SELECT id, customer_name, email, phone, address, lead_status, items::text FROM quotes ORDER BY id"
    before = raw.execute(texts).fetchall()
    ids = [row[0] for row in before]
    for number in range(10):
        take_to(company, Stage.LIVE)
        raw.execute("UPDATE quotes_new SET notes = %s WHERE id = %s", [f"new {number}", ids[number % 8]])
        take_to(company, Stage.SHADOW)
        raw.execute("UPDATE quotes SET job_name = %s WHERE id = %s", [f"old {number}", ids[(number + 3) % 8]])
    apply_once()
    assert raw.execute(texts).fetchall() == before
    notes = dict(raw.execute("SELECT id, notes FROM quotes").fetchall())
    assert [notes[ids[number % 8]] for number in range(2, 10)] == [f"new {number}" for number in range(2, 10)]
    assert_valid(company)
    raw.close()


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


# --- agreements --------------------------------------------------------------------------------------------------


def test_the_crm_derives_ids_as_the_projection_does():
    deal = uuid4()
    for name in ("job", "invoice", "payment", "item:3"):
        assert deal_child_id(deal, name) == child_id(deal, name)


def test_companies_mirrored_are_those_before_live():
    assert MIRRORED == (Stage.DUALWRITE, Stage.SHADOW)


def test_a_company_nobody_wrote_to_can_be_inserted_into_after_the_way_back(live, writer):
    take_to(live, Stage.SHADOW)
    insert(writer, live.pk, uuid4(), customer_name="New Again")
    writer.commit()
    apply_once()
    assert_valid(live)
