"""Dirty rows and merged customers go live and back, ten times, written on both sides: what nobody edited stays to the letter
(R4, R6, R7, R10, R11)."""

import pytest
from django.db import connection

from crm.models import Company, Customer, Quote
from crm.services.merge import merge
from legacy.models import LegacyQuote
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import LegacyLink, OutboxEntry, QuarantinedRow, ReverseEntry
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import fill
from migration_ops.tests.living import backfill, migrated, take_to
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)
WRITTEN = "{notes,job_name,updated_at}"


def texts() -> dict[str, str]:
    """Every legacy row as it is recorded, numbers with their scale, but for the columns written here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, (to_jsonb(q) - %s::text[])::text FROM quotes q ORDER BY id", [WRITTEN])
        return dict(cursor.fetchall())


def step(company, to: Stage) -> None:
    # The gates are for people; what is tried here are the rows.
    move_stage(company, to, reason="test", actor="test", needs_gates=False)


def test_ten_times_live_and_back_dirty_rows_stay_to_the_letter(seeded, session):
    company = seeded(150, dirty=0.7)
    backfill(company)
    writer = session()
    aside = list(QuarantinedRow.objects.values_list("legacy_id", flat=True))
    writer.execute("DELETE FROM quotes WHERE id = ANY (%s)", [aside])
    writer.commit()
    apply_once()
    assert LegacyLink.objects.filter(residue__isnull=False).exists(), (
        "rows that their columns cannot express are among them"
    )
    before = texts()
    quotes = list(Quote.objects.order_by("pk").values_list("pk", flat=True))
    step(company, Stage.SHADOW)
    for number in range(10):
        mine = quotes[number::10]
        step(company, Stage.LIVE)
        writer.execute("UPDATE quotes_new SET notes = %s WHERE id = ANY (%s)", [f"new {number}", mine])
        writer.commit()
        step(company, Stage.SHADOW)
        writer.execute("UPDATE quotes SET job_name = %s WHERE id = ANY (%s)", [f"old {number}", mine])
        writer.commit()
        assert set(LegacyQuote.objects.filter(pk__in=mine).values_list("notes", flat=True)) == {f"new {number}"}
    apply_once()
    assert not OutboxEntry.objects.exists()
    assert not ReverseEntry.objects.exists()
    after = texts()
    assert [(id, row, after[id]) for id, row in before.items() if row != after[id]][:3] == []
    assert len(after) == len(before)
    assert_valid(company)


def test_a_merge_that_settles_on_an_older_value_edits_no_row_and_a_later_edit_does(session):
    connected = session()
    company = Company.objects.create(name="Here", slug="here")
    fill(connected, company.pk, 3)
    # Two rows of one person, and a later one of another: the value on more rows is shown, the one recorded last is not.
    connected.execute(
        "UPDATE quotes SET customer_name = 'Person 0001', email = 'p1@mail.example', phone = '+12025550001'"
        " WHERE quote_number = 'Q-2'"
    )
    connected.execute("UPDATE quotes SET created_at = created_at + interval '1 day' WHERE quote_number = 'Q-0'")
    connected.commit()
    backfill(company)
    before = texts()
    take_to(company, Stage.LIVE)
    later, older = (Customer.objects.get(email=email) for email in ("p0@mail.example", "p1@mail.example"))
    merge(company, [older.pk, later.pk], survivor=later.pk, actor="ann")
    apply_once()
    merged = Customer.objects.get(pk=later.pk)
    assert (merged.email, sorted(merged.settled)) == ("p1@mail.example", ["email", "name", "phone"])
    assert texts() == before
    Customer.objects.filter(pk=later.pk).update(email="new@mail.example")
    apply_once()
    assert LegacyQuote.objects.get(quote_number="Q-0").email == "new@mail.example"
    assert set(LegacyQuote.objects.exclude(quote_number="Q-0").values_list("email", flat=True)) == {"p1@mail.example"}
    assert Customer.objects.get(pk=later.pk).email == "new@mail.example"
    assert_valid(company)


def test_rows_of_merged_customers_keep_their_own_texts_whichever_side_leads(session):
    company = migrated(session(), rows=6)
    before = texts()
    take_to(company, Stage.LIVE)
    one, other, third = Customer.objects.order_by("pk").values_list("pk", flat=True)[:3]
    merge(company, [one, other], survivor=one, actor="ann")
    apply_once()
    assert texts() == before
    take_to(company, Stage.SHADOW)
    merge(company, [one, third], survivor=third, actor="ann")
    apply_once()
    take_to(company, Stage.LIVE)
    apply_once()
    assert texts() == before
    assert_valid(company)
