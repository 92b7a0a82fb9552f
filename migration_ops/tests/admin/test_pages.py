from html import unescape
from re import findall
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Company, Customer, Invoice, Job, Lead, Payment, Quote
from crm.tests.admin.rows import HOSTILE, NOW, a_company, deals
from crm.tests.admin.test_pages import found, list_url, page_url, text
from legacy.models import LegacyQuote
from migration_ops.models import (
    CompanyStage,
    DedupConflict,
    LegacyLink,
    MigrationBatch,
    MigrationRun,
    Mismatch,
    OutboxEntry,
    QuarantinedRow,
    StageChange,
    Verdict,
)
from migration_ops.tests.admin.rows import traces
from quotepro.navigation import NAVIGATION

pytestmark = pytest.mark.django_db
MODELS = (
    CompanyStage, StageChange, MigrationRun, MigrationBatch, LegacyLink, QuarantinedRow, Verdict, Mismatch,
    DedupConflict, OutboxEntry,
)  # fmt: skip


@pytest.fixture
def company():
    made = a_company()
    traces(made, deals(made, 3))
    return made


@pytest.mark.parametrize("model", MODELS)
def test_list_and_page_open_and_escape_what_was_recorded(admin_client, company, model):
    for url in (list_url(model), page_url(model.objects.order_by("pk")[0])):
        shown = text(admin_client.get(url))
        assert HOSTILE not in shown
    # A company's page is of another kind: its buttons are tried in test_company_page.py.
    assert model is CompanyStage or "nothing can be added, changed or deleted here" in shown


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_the_same_queries_for_5_and_for_50_rows(admin_client, model):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(admin_client.get(list_url(model)))
        return len(captured)

    first = a_company()
    traces(first, deals(first, 5))
    few = queries()
    for number in range(1, 10):
        more = a_company(number)
        traces(more, deals(more, 5))
    assert queries() == few
    assert few <= 9


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_sent_to_the_login_page(client, company, model):
    for url in (list_url(model), page_url(model.objects.all()[0])):
        response = client.get(url)
        assert response.status_code == 302
        assert reverse("admin:login") in response["Location"]


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted(admin_client, company, model):
    row = model.objects.order_by("pk")[0]
    before = list(model.objects.order_by("pk").values())
    name = f"admin:migration_ops_{model._meta.model_name}"
    assert admin_client.get(reverse(f"{name}_add")).status_code == 403
    refused = admin_client.post(page_url(row), {"state": "same", "stage": "live"}).status_code
    assert refused == (405 if model is CompanyStage else 403)
    assert admin_client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    admin_client.post(list_url(model), {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert list(model.objects.order_by("pk").values()) == before


def test_flags_reasons_and_evidence_are_in_words(admin_client, company):
    assert "The total is not what its parts add up to" in text(admin_client.get(page_url(LegacyLink.objects.all()[0])))
    quarantined = text(admin_client.get(page_url(QuarantinedRow.objects.all()[0])))
    assert "A number is recorded as text that cannot be read without guessing" in quarantined
    assert "Write the number plainly in the legacy row, then retry" in quarantined
    conflict = text(admin_client.get(page_url(DedupConflict.objects.all()[0])))
    for words in ("The names differ by one letter.", "99.8 %", "+5", "-8", "against", "unlike"):
        assert words in conflict
    assert "1,199" in text(admin_client.get(page_url(Verdict.objects.all()[0])))


def test_numbers_in_a_set_aside_row_are_shown_as_recorded_however_deep_it_is(admin_client, company):
    row = QuarantinedRow.objects.all()[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE migration_quarantined_row SET source = %s WHERE legacy_id = %s",
            ['{"total": 319.00, "items": [{"price": 1.50}]}', row.pk],
        )
        page = text(admin_client.get(page_url(row)))
        assert "319.00" in page
        assert "1.50" in page
        deep = '{"items": ' + "[" * 3000 + "]" * 3000 + "}"
        cursor.execute("UPDATE migration_quarantined_row SET source = %s", [deep])
    assert "[[[[[[" in text(admin_client.get(page_url(row)))
    assert len(found(admin_client.get(list_url(QuarantinedRow)))) == 3


def test_filters(admin_client, company):
    other = a_company(1)
    traces(other, deals(other, 2))
    ours = {"company": str(other.pk)}
    for model, rows in ((LegacyLink, 2), (QuarantinedRow, 2), (Verdict, 2), (Mismatch, 2), (OutboxEntry, 2)):
        assert len(found(admin_client.get(list_url(model), ours))) == rows, model
    for model in (MigrationRun, StageChange, CompanyStage, DedupConflict):
        assert len(found(admin_client.get(list_url(model), ours))) == 1, model
    assert len(found(admin_client.get(list_url(LegacyLink), {"flag": "doc_sum"}))) == 5
    assert found(admin_client.get(list_url(LegacyLink), {"flag": "empty"})) == []
    assert len(found(admin_client.get(list_url(QuarantinedRow), {"reason": "number_unreadable"}))) == 5
    assert len(found(admin_client.get(list_url(QuarantinedRow), {"state": "open"}))) == 5
    assert found(admin_client.get(list_url(QuarantinedRow), {"state": "waived"})) == []
    assert found(admin_client.get(list_url(CompanyStage), {"stage": "live"})) == []
    assert found(admin_client.get(list_url(Verdict), {"verdict": "passed"})) == []


def test_search_by_the_id_of_a_legacy_row_or_a_company(admin_client, company):
    link = LegacyLink.objects.all()[0]
    assert found(admin_client.get(list_url(LegacyLink), {"q": f" {link.pk} "})) == [link]
    for model in (LegacyLink, QuarantinedRow, Verdict, OutboxEntry, MigrationRun):
        assert found(admin_client.get(list_url(model), {"q": str(company.pk)})), model
        assert found(admin_client.get(list_url(model), {"q": str(UUID(int=9))})) == [], model


def legacy_row(deal: UUID, company: Company) -> LegacyQuote:
    return LegacyQuote.objects.create(id=deal, company_id=company.pk, created_at=NOW, updated_at=NOW)


def test_every_page_of_a_deal_leads_to_every_other(admin_client, company):
    deal = Lead.objects.all()[0].pk
    job = Job.objects.get(quote=deal)
    invoice = Invoice.objects.get(job=job)
    story = [
        legacy_row(deal, company), LegacyLink.objects.get(pk=deal), Lead.objects.get(pk=deal),
        Quote.objects.get(pk=deal), job, invoice, Payment.objects.get(invoice=invoice),
    ]  # fmt: skip
    for row in story:
        page = text(admin_client.get(page_url(row)))
        for other in story:
            if other is not row:
                assert f'href="{page_url(other)}"' in page, (row, other)


def test_a_row_set_aside_leads_to_its_legacy_row_and_back(admin_client, company):
    quarantined = QuarantinedRow.objects.all()[0]
    legacy = legacy_row(quarantined.pk, company)
    assert page_url(legacy) in text(admin_client.get(page_url(quarantined)))
    assert page_url(quarantined) in text(admin_client.get(page_url(legacy)))


def test_a_company_and_a_customer_lead_to_what_the_move_knows_of_them(admin_client, company):
    page = text(admin_client.get(page_url(company)))
    for model in (MigrationRun, QuarantinedRow, DedupConflict, Verdict, LegacyLink):
        assert f"{list_url(model)}?company={company.pk}" in page
    conflict = DedupConflict.objects.select_related("contact_a__customer").all()[0]
    assert page_url(conflict) in text(admin_client.get(page_url(conflict.contact_a.customer)))
    assert "Possible duplicate:" not in text(admin_client.get(page_url(Customer.objects.filter(name="Other")[0])))


def test_the_sidebar_shows_what_the_user_may_see(client, admin_client, company):
    everything = text(admin_client.get(reverse("admin:index")))
    for title in ("Quarantine", "Possible duplicates", "Company settings", "Legacy quotes"):
        assert title in everything
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client.force_login(clerk)
    shown = text(client.get(reverse("admin:index")))
    assert list_url(Customer) in shown
    assert list_url(QuarantinedRow) not in shown
    assert client.get(list_url(QuarantinedRow)).status_code == 403


def test_every_page_of_the_sidebar_is_headed_by_the_words_that_led_to_it(admin_client):
    headed = {}
    for item in (item for section in NAVIGATION for item in section["items"]):
        shown = text(admin_client.get(str(item["link"])))
        heading = findall(r'tracking-tight">\s*(.*?)\s*</(?:a|span)', shown)[-1]
        headed[item["title"]] = unescape(heading)
    assert len(headed) > 30
    assert {title: words for title, words in headed.items() if not words.lower().startswith(title.lower())} == {}
