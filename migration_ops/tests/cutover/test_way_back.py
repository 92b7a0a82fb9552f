"""Writes of the new side reach legacy, and the way back loses none (R1 to R8)."""

from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from crm.exceptions import WriteRefused
from crm.ids import deal_child_id
from crm.models import Customer, Invoice, Job, Lead, Payment, Quote, QuoteItem
from crm.ports import write_guard
from legacy.models import LegacyQuote
from legacy.ports import write_guard as legacy_guard
from migration_ops import transitions
from migration_ops.cutover.rollback import rollback
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import FenceTimedOut
from migration_ops.models import OutboxEntry, ReverseEntry
from migration_ops.projection.ids import child_id
from migration_ops.stages import MIRRORED, Stage
from migration_ops.tests.cutover.conftest import first_id
from migration_ops.tests.legacy_rows import insert, update
from migration_ops.tests.living import migrated, step, take_to
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_company_nobody_wrote_to_can_be_inserted_into_after_the_way_back(live, writer):
    take_to(live, Stage.SHADOW)
    insert(writer, live.pk, uuid4(), customer_name="New Again")
    writer.commit()
    apply_once()
    assert_valid(live)


# --- agreements --------------------------------------------------------------------------------------------------


def test_the_crm_derives_ids_as_the_projection_does():
    deal = uuid4()
    for name in ("job", "invoice", "payment", "item:3"):
        assert deal_child_id(deal, name) == child_id(deal, name)


def test_companies_mirrored_are_those_before_live():
    assert MIRRORED == (Stage.DUALWRITE, Stage.SHADOW)
