"""The quarantine workbench: what is shown, what a correction does on both sides, and what is refused."""

import threading
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.urls import reverse

from crm.models import Company, QuoteItem
from crm.tests.admin.rows import HOSTILE, NOW, a_company, an_id
from crm.tests.admin.test_pages import text
from legacy.models import LegacyQuote
from migration_ops import conf, tasks
from migration_ops.backfill.sweep import settle
from migration_ops.dual_write import fence
from migration_ops.models import AuditLine, CompanyStage, LegacyLink, MigrationRun, OutboxEntry, QuarantinedRow
from migration_ops.quarantine import desk
from migration_ops.roles import ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.legacy_rows import insert

pytestmark = pytest.mark.django_db
DESK = "/admin/migration_ops/quarantinedrow/desk/"
BAD_PRICE = (
    '[{"name": "Roof", "quantity": 2, "unit_price": "one hundred", "total": 0.10}, {"name": "Gutter", "quantity": 1}]'
)


def row_url(id):
    return reverse("admin:migration_ops_quarantinedrow_row", args=[id])


def a_waiting_row(company, name, **columns):
    """A legacy row that waits, as the backfill leaves it; its id."""
    id = an_id(name)
    insert(connection.connection, company.pk, id, **({"items": BAD_PRICE} | columns))
    with transaction.atomic(), fence.mirrored():
        settle(company, [id], batch_id=None)
    OutboxEntry.objects.filter(legacy_id=id).delete()
    return id


@pytest.fixture
def company(db):
    connection.ensure_connection()
    return a_company()


@pytest.fixture
def support(client, company):
    client.force_login(a_person("sue", SUPPORT, companies=[company]))
    return client


def seen_of(client, id):
    shown = client.get(row_url(id))
    assert shown.status_code == 200
    return shown.context_data["seen"]


def correct(client, id, value, *, field="items[1].unit_price", **more):
    sent = {"do": "correct", "field": field, "text": value, "seen": seen_of(client, id), "why": "asked them"} | more
    return client.post(row_url(id), sent, follow=True)


def state_of(id):
    row = QuarantinedRow.objects.get(pk=id)
    return row.resolution or f"{row.reason} {row.field}"


class TestLook:
    def test_what_waits_is_grouped_by_reason(self, support, company):
        for number in range(3):
            a_waiting_row(company, f"price {number}")
        a_waiting_row(company, "total", total="NaN", items="[]")
        foreign = a_company(1)
        a_waiting_row(foreign, "theirs")
        shown = text(support.get(DESK))
        assert "A number is recorded as text that cannot be read without guessing" in shown
        assert "3 rows" in shown
        assert "A number is recorded as NaN" in shown
        assert foreign.name not in shown

    def test_a_row_is_shown_raw_with_the_failing_place_marked(self, support, company):
        id = a_waiting_row(company, "one", notes=HOSTILE)
        page = support.get(row_url(id))
        failing = [line.name for line in page.context_data["lines"] if line.fails]
        assert failing == ["items[1]"]
        assert page.context_data["text"] == "one hundred"
        shown = text(page)
        assert HOSTILE not in shown
        assert "Items, line 1, unit price" in shown
        assert "0.10" in shown

    def test_a_row_is_called_by_its_number_and_customer(self, support, company):
        id = a_waiting_row(company, "one", quote_number="Q-7", customer_name=HOSTILE)
        bare = a_waiting_row(company, "two", quote_number=None, customer_name=" ", email=None, phone=None)
        page = support.get(row_url(id))
        assert page.context_data["title"] == f"Quarantined: Q-7 · {HOSTILE[:60]}"
        assert support.get(row_url(bare)).context_data["title"] == f"Quarantined: {bare}"
        listed = support.get(page.context_data["list_url"])
        assert {name for _, name, _, _ in listed.context_data["rows"]} == {f"Q-7 · {HOSTILE[:60]}", ""}
        assert HOSTILE not in text(listed)

    def test_a_list_of_items_with_something_else_in_it_says_where(self, support, company):
        id = a_waiting_row(company, "one", items='[{"name": "Roof"}, null, "Gutter"]')
        assert "Not a line item: line 2 is null; line 3 is &quot;Gutter&quot;" in text(support.get(row_url(id)))
        assert "Not a line item" not in text(support.get(row_url(a_waiting_row(company, "two"))))

    def test_line_items_that_are_one_text_can_be_seen_and_corrected(self, support, company):
        id = a_waiting_row(company, "one", items='"see the paper file"')
        assert support.get(row_url(id)).context_data["text"] == '"see the paper file"'
        correct(support, id, '[{"name": "Roof", "quantity": 1}]', field="items")
        assert state_of(id) == "corrected"

    def test_nothing_waits(self, support):
        assert "Nothing waits." in text(support.get(DESK))


class TestCorrect:
    def test_both_sides_say_the_new_value_and_the_log_who_did_it(self, support, company):
        id = a_waiting_row(company, "one")
        done = correct(support, id, "100.50")
        assert "the row is migrated" in text(done)
        assert state_of(id) == "corrected"
        row = QuarantinedRow.objects.get(pk=id)
        assert (row.resolved_by, row.resolved_reason) == ("sue", "asked them")
        assert [item["unit_price"] for item in LegacyQuote.objects.get(pk=id).items if "unit_price" in item] == [100.50]
        assert QuoteItem.objects.get(quote=id, position=1).unit_price == Decimal("100.50")
        with connection.cursor() as cursor:
            # What was not touched is as it was recorded, to the last digit.
            cursor.execute("SELECT items #>> '{0,total}' FROM quotes WHERE id = %s", [id])
            assert cursor.fetchone()[0] == "0.10"
        line = AuditLine.objects.filter(company_id=company.pk).latest("id")
        assert (line.actor, line.action) == ("sue", "quarantine_correct")
        told = {name: line.detail[name] for name in ("row", "field", "before", "after", "outcome", "reason")}
        assert told == {
            "row": str(id), "field": "items[1].unit_price", "before": "one hundred", "after": "100.50",
            "outcome": "corrected", "reason": "asked them",
        }  # fmt: skip
        assert not OutboxEntry.objects.filter(legacy_id=id).exists()

    @pytest.mark.parametrize(
        ("columns", "field", "value"),
        [
            ({"total": "NaN", "items": "[]"}, "total", "12.50"),
            ({"sent_at": "infinity", "items": "[]"}, "sent_at", "2026-03-01 09:30+00:00"),
            ({"items": '["no object"]'}, "items", '[{"name": "Gutter", "quantity": 1}]'),
            ({"items": '[{"name": "x", "qty": "many"}]'}, "items[1].quantity", "3"),
            ({"items": '[{"name": "x", "price": "?"}]'}, "items[1].unit_price", ""),
        ],
    )
    def test_each_kind_of_value(self, support, company, columns, field, value):
        id = a_waiting_row(company, "one", **columns)
        assert state_of(id).endswith(f" {field}")
        correct(support, id, value, field=field)
        assert state_of(id) == "corrected"
        assert LegacyLink.objects.filter(pk=id).exists()

    def test_the_next_row_of_the_same_reason_comes_up(self, support, company):
        first, second = sorted([a_waiting_row(company, "one"), a_waiting_row(company, "two")])
        done = correct(support, first, "1")
        assert done.redirect_chain == [(row_url(second), 302)]
        # The page shows another row: the message leads back to the one that is done.
        (message,) = done.context["messages"]
        assert f'href="{row_url(first)}"' in str(message)
        assert "What to do" not in text(support.get(row_url(first)))
        assert "Below is the next row like it." in str(message)
        last = correct(support, second, "1")
        assert last.redirect_chain == [(DESK, 302)]
        assert "No other row of the company waits for this reason." in text(last)

    def test_a_row_that_still_waits_is_no_success(self, support, company):
        id = a_waiting_row(company, "one")
        (message,) = support.post(row_url(id), {"do": "retry"}, follow=True).context["messages"]
        assert message.level_tag == "warning"
        assert "the row still waits" in str(message)

    def test_a_row_with_two_faults_waits_for_the_other_one(self, support, company):
        id = a_waiting_row(company, "one", total="NaN")
        done = correct(support, id, "5")
        assert "still waits, now for total" in text(done)
        assert state_of(id) == "number_nan total"
        correct(support, id, "5", field="total")
        assert state_of(id) == "corrected"


def everything_of(id):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(q)::text FROM quotes q WHERE id = %s", [id])
        legacy = cursor.fetchone()
    rows = QuarantinedRow.objects.filter(pk=id).values()
    return legacy, list(rows), LegacyLink.objects.filter(pk=id).count(), AuditLine.objects.count()


class TestRefused:
    """Nothing changes: neither side, nor the entry, nor the log."""

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"text": "about 100"}, "is not written plainly"),
            ({"text": "1e99"}, "is not written plainly"),
            ({"text": "9" * 39}, "cannot be read either"),
            ({"text": "5", "seen": "0"}, "has changed since you opened it"),
            ({"text": "5", "field": "items[9].unit_price"}, "no line item 9"),
            ({"text": "5", "field": "items[1].name"}, "is no place"),
            ({"text": str(an_id("other")), "field": "company_id"}, "is no place"),
            ({"text": str(an_id("other")), "field": "id"}, "is no place"),
            ({"text": "", "field": "created_at"}, "cannot be empty"),
            ({"text": "tomorrow", "field": "sent_at"}, "is no time"),
            ({"text": "NaN", "field": "total"}, "is not written plainly"),
            ({"text": "[NaN]", "field": "items"}, "is no JSON"),
            ({"text": "[" * 5000, "field": "items"}, "is no JSON"),
            ({"text": "a\x00b", "field": "notes"}, "no text of the database can hold"),
            ({"text": "x", "field": "source"}, "is no place"),
        ],
    )
    def test_what_is_no_correction(self, support, company, more, words):
        id = a_waiting_row(company, "one")
        before = everything_of(id)
        assert words in text(correct(support, id, **{"value": "", **more}))
        assert everything_of(id) == before

    def test_what_was_typed_stays_to_be_mended(self, support, company):
        id = a_waiting_row(company, "one")
        shown = correct(support, id, "about <100>").context_data
        assert (shown["text"], shown["why"]) == ("about <100>", "asked them")
        assert "&lt;100&gt;" in text(correct(support, id, "about <100>"))
        assert "such as 1200.50; empty: no value" in text(correct(support, id, "1,5"))

    def test_a_row_that_was_changed_in_between(self, support, company):
        id = a_waiting_row(company, "one")
        seen = seen_of(support, id)
        LegacyQuote.objects.filter(pk=id).update(notes="another program was here")
        before = everything_of(id)
        sent = {"do": "correct", "field": "items[1].unit_price", "text": "5", "seen": seen, "why": "x"}
        assert "has changed since you opened it" in text(support.post(row_url(id), sent, follow=True))
        assert everything_of(id) == before

    def test_a_row_somebody_else_has_done(self, support, company):
        id = a_waiting_row(company, "one")
        seen = seen_of(support, id)
        desk.waive(company, ids=[id], actor="bob", why="a test row")
        before = everything_of(id)
        sent = {"do": "correct", "field": "items[1].unit_price", "text": "5", "seen": seen, "why": "x"}
        assert "does not wait any more" in text(support.post(row_url(id), sent, follow=True))
        assert everything_of(id) == before

    def test_while_a_run_is_driven(self, support, company):
        id = a_waiting_row(company, "one")
        from django.utils import timezone

        MigrationRun.objects.create(
            company=company, status="running", mapping_version=1, rows_planned=1, batch_rows=1, owner="celery",
            started_at=timezone.now(), heartbeat_at=timezone.now(),
        )  # fmt: skip
        before = everything_of(id)
        for sent in ({"value": "5"}, {"value": "5", "do": "retry"}):
            assert "run" in text(correct(support, id, **sent))
            assert everything_of(id) == before

    def test_a_company_that_has_left_legacy(self, support, company):
        id = a_waiting_row(company, "one")
        CompanyStage.objects.create(company=company, stage="complete", since=NOW)
        before = everything_of(id)
        assert "has left the legacy table" in text(correct(support, id, "5"))
        assert everything_of(id) == before

    def test_a_failure_in_the_middle_leaves_nothing(self, support, company, monkeypatch):
        id = a_waiting_row(company, "one")
        before = everything_of(id)

        def fail(*_, **__):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")

        monkeypatch.setattr(desk, "_note", fail)
        assert "the database refused it" in text(correct(support, id, "5"))
        assert everything_of(id) == before

    @pytest.mark.parametrize("role", [VIEWER, ENGINEER])
    @pytest.mark.parametrize("do", ["correct", "retry", "waive", "take_back", "nonsense"])
    def test_other_roles_look_only(self, client, company, role, do):
        id = a_waiting_row(company, "one")
        client.force_login(a_person("eve", role, companies=[company]))
        shown = text(client.get(row_url(id)))
        assert 'name="do"' not in shown
        before = everything_of(id)
        sent = {"do": do, "field": "items[1].unit_price", "text": "5", "seen": seen_of(client, id), "why": "x"}
        assert client.post(row_url(id), sent).status_code == 403
        listed = (
            f"{reverse('admin:migration_ops_quarantinedrow_waiting')}?company={company.pk}&reason=number_unreadable"
        )
        assert client.post(listed, {"do": do, "which": "all", "why": "x"}).status_code == 403
        assert everything_of(id) == before

    def test_rows_of_other_companies_are_absent(self, support):
        """T36: nobody releases a row into another company, and nobody sees one of it."""
        foreign = a_company(1)
        id = a_waiting_row(foreign, "theirs")
        before = everything_of(id)
        assert support.get(row_url(id)).status_code == 404
        assert support.get(row_url(an_id("absent"))).status_code == 404
        for do in ("correct", "retry", "waive"):
            sent = {"do": do, "field": "items[1].unit_price", "text": "5", "seen": "0", "why": "x"}
            assert support.post(row_url(id), sent).status_code == 404
        listed = (
            f"{reverse('admin:migration_ops_quarantinedrow_waiting')}?company={foreign.pk}&reason=number_unreadable"
        )
        assert support.get(listed).status_code == 404
        assert support.post(listed, {"do": "waive", "which": "all", "why": "x"}).status_code == 404
        assert everything_of(id) == before

    def test_a_foreign_row_among_own_ones_stops_all(self, support, company):
        own, theirs = a_waiting_row(company, "own"), a_waiting_row(a_company(1), "theirs")
        listed = (
            f"{reverse('admin:migration_ops_quarantinedrow_waiting')}?company={company.pk}&reason=number_unreadable"
        )
        sent = {"do": "waive", "which": "marked", "row": [str(own), str(theirs)], "why": "x"}
        assert "do not wait any more" in text(support.post(listed, sent, follow=True))
        assert {state_of(own), state_of(theirs)} == {"number_unreadable items[1].unit_price"}

    def test_what_was_set_aside_is_not_edited(self, support, company):
        """T36: the raw row is kept as it was."""
        id = a_waiting_row(company, "one")
        before = everything_of(id)
        change = reverse("admin:migration_ops_quarantinedrow_change", args=[id])
        sent = {"source": "{}", "original": "mine", "company": str(a_company(1).pk), "reason": "encoding"}
        assert support.post(change, sent).status_code == 403
        assert everything_of(id)[1] == before[1]


class TestWaive:
    def test_with_a_reason_and_back(self, support, company):
        id = a_waiting_row(company, "one")
        support.post(row_url(id), {"do": "waive", "why": "a test of theirs"})
        row = QuarantinedRow.objects.get(pk=id)
        assert (row.resolution, row.resolved_by, row.resolved_reason) == ("waived", "sue", "a test of theirs")
        line = AuditLine.objects.latest("id")
        assert (line.action, line.detail["ids"], line.detail["reason"]) == (
            "quarantine_waive",
            [str(id)],
            "a test of theirs",
        )
        support.post(row_url(id), {"do": "take_back", "why": "no, it is real"})
        row.refresh_from_db()
        assert (row.resolution, row.resolved_by, row.resolved_at) == ("", "", None)
        assert AuditLine.objects.latest("id").action == "quarantine_take_back"

    def test_not_without_a_reason(self, support, company):
        id = a_waiting_row(company, "one")
        before = everything_of(id)
        assert "a reason is needed" in text(support.post(row_url(id), {"do": "waive", "why": "  "}, follow=True))
        assert everything_of(id) == before


class TestBulk:
    @pytest.fixture
    def ids(self, company):
        return [a_waiting_row(company, f"row {number}") for number in range(5)]

    @pytest.fixture
    def listed(self, company):
        name = reverse("admin:migration_ops_quarantinedrow_waiting")
        return f"{name}?company={company.pk}&reason=number_unreadable"

    def test_marked_rows_are_tried_again(self, support, ids, listed):
        LegacyQuote.objects.filter(pk=ids[0]).update(items=[])
        sent = {"do": "retry", "which": "marked", "row": [str(id) for id in ids[:3]]}
        assert "3 rows tried again: 1 done, 2 still wait" in text(support.post(listed, sent, follow=True))
        assert [state_of(id) for id in ids].count("corrected") == 1

    def test_all_are_waived_at_once_but_no_other_reason(self, support, company, ids, listed):
        other = a_waiting_row(company, "total", total="NaN", items="[]")
        told = text(support.post(listed, {"do": "waive", "which": "all", "why": "old tests"}, follow=True))
        assert "5 rows waived" in told
        assert {state_of(id) for id in ids} == {"waived"}
        assert state_of(other) == "number_nan total"

    def test_all_are_tried_again_by_a_worker(self, support, company, ids, listed, monkeypatch):
        asked: list[tuple[str, ...]] = []
        monkeypatch.setattr(tasks, "ensure_broker", lambda: None)
        monkeypatch.setattr(tasks.retry_quarantined_rows, "delay", lambda *each: asked.append(each))
        support.post(listed, {"do": "retry", "which": "all"})
        assert asked == [(str(company.pk), "number_unreadable", "sue")]
        LegacyQuote.objects.filter(pk__in=ids[:2]).update(items=[])
        assert tasks.retry_quarantined_rows(*asked[0]) == 3
        assert AuditLine.objects.latest("id").detail["migrated"] == 2

    @pytest.mark.parametrize("rows", [[], [str(UUID(int=number)) for number in range(51)], ["x"]])
    def test_neither_none_nor_too_many(self, support, ids, listed, rows):
        told = text(support.post(listed, {"do": "waive", "which": "marked", "row": rows, "why": "x"}, follow=True))
        assert "mark some rows" in told
        assert {state_of(id) for id in ids} == {"number_unreadable items[1].unit_price"}

    def test_nothing_happens_by_looking(self, support, ids, listed):
        before = [everything_of(id) for id in ids]
        support.get(listed, {"do": "waive", "which": "all", "why": "x"})
        for id in ids:
            support.get(row_url(id), {"do": "waive", "why": "x"})
        assert [everything_of(id) for id in ids] == before


@pytest.mark.django_db(transaction=True)
def test_two_correct_the_same_row_at_once(monkeypatch):
    monkeypatch.setattr(conf, "LOCK_TIMEOUT_MS", 60_000)
    connection.ensure_connection()
    company = Company.objects.create(name="Here", slug="here")
    id = a_waiting_row(company, "one")
    from migration_ops.selectors.quarantine import legacy_row

    shown = legacy_row(company, id)
    outcomes: list[str] = []

    def one(value):
        try:
            desk.correct(company, id, field="items[1].unit_price", text=value, seen=shown.digest, actor="x", why="x")
            outcomes.append(value)
        except desk.CorrectionRefused as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(value,)) for value in ("5", "6")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [each for each in outcomes if each in ("5", "6")]
    assert len(done) == 1
    assert "does not wait any more" in next(each for each in outcomes if each not in done)
    assert QuoteItem.objects.get(quote=id, position=1).unit_price == Decimal(done[0])
