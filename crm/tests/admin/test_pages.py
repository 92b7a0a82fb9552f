from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.admin import columns, filters, paging
from crm.admin.paging import BoundedPaginator
from crm.models import Company, Customer, Invoice, Job, Lead, Payment, Quote
from crm.selectors import estimates
from crm.tests.admin.rows import HOSTILE, NOW, a_company, deals

pytestmark = pytest.mark.django_db
MODELS = (Company, Customer, Lead, Quote, Job, Invoice, Payment)
WORK = MODELS[1:]


def list_url(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row) -> str:
    return columns.page_of(row)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def found(response) -> list:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


@pytest.fixture
def company():
    made = a_company()
    deals(made, 3)
    return made


@pytest.mark.parametrize("model", MODELS)
def test_list_and_page_open_and_escape_what_was_recorded(admin_client, company, model):
    listed = text(admin_client.get(list_url(model)))
    page = text(admin_client.get(page_url(model.objects.order_by("pk")[0])))
    for shown in (listed, page):
        assert HOSTILE not in shown
        assert 'href="javascript:alert' not in shown
    if model in (Customer, Lead, Quote):
        assert "&lt;script&gt;alert(1)" in listed + page


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_the_same_queries_for_5_and_for_50_rows(admin_client, model):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text(admin_client.get(list_url(model)))
        return len(captured)

    deals(a_company(), 5)
    few = queries()
    for number in range(1, 10):
        deals(a_company(number), 5)
    assert queries() == few
    assert few <= 7


def test_a_page_takes_the_same_queries_however_many_lines_it_has(admin_client, company):
    customer = Customer.objects.exclude(name="Other")[0]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(admin_client.get(page_url(customer)))
        return len(captured)

    few = queries()
    others = Customer.objects.exclude(pk=customer.pk)
    for other in others[:4]:
        customer.relations.get_or_create(company=company, other=other, kind="works_for")
    assert queries() == few


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_sent_to_the_login_page(client, company, model):
    for url in (list_url(model), page_url(model.objects.all()[0])):
        response = client.get(url)
        assert response.status_code == 302
        assert reverse("admin:login") in response["Location"]


@pytest.mark.parametrize("model", WORK)
def test_nothing_is_added_changed_or_deleted_before_the_move(admin_client, company, model):
    row = model.objects.order_by("pk")[0]
    before = list(model.objects.order_by("pk").values())
    name = f"admin:crm_{model._meta.model_name}"
    assert admin_client.get(reverse(f"{name}_add")).status_code == 403
    assert admin_client.post(page_url(row), {"name": "changed", "status": "changed"}).status_code == 403
    assert admin_client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    admin_client.post(list_url(model), {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert list(model.objects.order_by("pk").values()) == before
    assert "Read-only until the live move" in text(admin_client.get(page_url(row)))


def test_a_company_can_be_named_but_neither_added_nor_deleted(admin_client, company):
    good = {"name": "Acme", "slug": "acme", "phone_region": "gb", "timezone": "Europe/London"}
    assert admin_client.post(page_url(company), good).status_code == 302
    company.refresh_from_db()
    assert (company.name, company.slug, company.phone_region, company.timezone) == (
        "Acme",
        "acme",
        "GB",
        "Europe/London",
    )
    assert admin_client.get(reverse("admin:crm_company_add")).status_code == 403
    assert admin_client.post(reverse("admin:crm_company_delete", args=[company.pk]), {"post": "yes"}).status_code == 403
    for wrong in ({"phone_region": "XX"}, {"timezone": "Mars/Olympus"}):
        assert "is no" in text(admin_client.post(page_url(company), good | wrong))
    company.refresh_from_db()
    assert (company.phone_region, company.timezone) == ("GB", "Europe/London")


def test_numbers_lose_the_zeros_of_their_scale_and_times_carry_their_zone(admin_client, company):
    page = text(admin_client.get(page_url(Quote.objects.all()[0])))
    assert "1,200.50<" in page.replace(" ", "").replace("\n", "")
    assert "8.25" in page
    assert "8.2500" not in page
    assert "10.005" in page
    assert "2026-03-01 12:30:15 UTC" in page
    assert columns.amount(Decimal("1E+3")) == "1,000.00"
    assert columns.plain_number(Decimal("-0.500")) == "-0.5"
    assert columns.plain_number(Decimal("100")) == "100"
    assert columns.moment(NOW) == '<span class="whitespace-nowrap">2026-03-01 12:30:15 UTC</span>'


def test_filters_by_company_and_status(admin_client, company):
    other = a_company(1)
    deals(other, 2)
    assert len(found(admin_client.get(list_url(Quote), {"company": str(other.pk)}))) == 2
    assert found(admin_client.get(list_url(Quote), {"company": "nonsense"})) == []
    assert len(found(admin_client.get(list_url(Quote), {"status": "sent"}))) == 5
    assert found(admin_client.get(list_url(Quote), {"status": "draft"})) == []
    assert len(found(admin_client.get(list_url(Quote), {"status": "\x00"}))) == 5
    assert len(found(admin_client.get(list_url(Customer), {"kind": "merged"}))) == 0
    customer = Customer.objects.filter(company=other).exclude(name="Other")[0]
    query = {"company": str(other.pk), "customer__id__exact": str(customer.pk)}
    assert [quote.customer_id for quote in found(admin_client.get(list_url(Quote), query))] == [customer.pk]


@pytest.mark.parametrize("is_wide", [False, True])
def test_search_by_id_mailbox_and_phone_works_however_large_the_table(admin_client, company, monkeypatch, is_wide):
    if is_wide:
        monkeypatch.setattr(filters, "NARROW_ROWS", -2)
    customer = Customer.objects.get(name=f"{HOSTILE} 1")
    for term in (str(customer.pk), " PERSON1@example.com ", "(813) 555-0001", "+18135550001"):
        assert found(admin_client.get(list_url(Customer), {"q": term})) == [customer], term
    for model in (Lead, Quote, Job, Invoice):
        assert [row.customer_id for row in found(admin_client.get(list_url(model), {"q": "person1@example.com"}))] == [
            customer.pk
        ]
    assert len(found(admin_client.get(list_url(Payment), {"q": "person1@example.com"}))) == 1
    assert found(admin_client.get(list_url(Customer), {"q": "nobody@example.com"})) == []


def test_parts_of_texts_are_searched_only_while_the_list_is_narrow(admin_client, company, monkeypatch):
    in_company = {"q": "q-1", "company": str(company.pk)}
    assert len(found(admin_client.get(list_url(Quote), {"q": "q-1"}))) == 1
    monkeypatch.setattr(filters, "row_estimate", lambda model: 5_000_000)
    assert found(admin_client.get(list_url(Quote), {"q": "q-1"})) == []
    assert len(found(admin_client.get(list_url(Quote), in_company))) == 1
    # A company may be as large as a table.
    monkeypatch.setattr(filters, "company_row_estimate", lambda model, company: 5_000_000)
    assert found(admin_client.get(list_url(Quote), in_company)) == []


def test_a_large_company_is_listed_by_its_index_and_filtered_by_status(admin_client, company, monkeypatch):
    monkeypatch.setattr(filters, "NARROW_ROWS", -2)
    for model in (Lead, Quote, Job, Invoice):
        status = model.objects.first().status
        listed = admin_client.get(list_url(model), {"company": str(company.pk)}).context["cl"]
        assert listed.queryset.query.order_by[:2] == ("-created_at", "-pk"), model
        assert len(listed.filter_specs) == 2
        with_status = admin_client.get(list_url(model), {"company": str(company.pk), "status": status})
        assert with_status.status_code == 200


def test_the_rows_of_a_company_are_estimated(company):
    assert estimates.company_row_estimate(Quote, company.pk) >= 1
    assert estimates.company_row_estimate(Company, company.pk) == 0


def test_a_wide_list_follows_an_index_and_offers_no_sorting(admin_client, company, monkeypatch):
    def ordering() -> str:
        return str(admin_client.get(list_url(Quote)).context["cl"].queryset.query.order_by)

    assert "created_at" in ordering()
    monkeypatch.setattr(filters, "NARROW_ROWS", -2)
    assert "created_at" not in ordering()
    assert "status" not in str(admin_client.get(list_url(Quote)).context["cl"].filter_specs[1:])


def test_big_tables_are_estimated_not_counted(company, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "row_estimate", lambda model: 5_000_000)
    with django_assert_num_queries(0):
        paginator = BoundedPaginator(Quote.objects.order_by("pk"), 50)
        assert paginator.count_words == "about 5,000,000"
    monkeypatch.setattr(paging, "COUNTED_ROWS", 2)
    paginator = BoundedPaginator(Quote.objects.exclude(status="x").order_by("pk"), 50)
    assert (paginator.count, paginator.count_words) == (2, "2 or more")


def test_without_the_move_no_page_links_to_it(admin_client, company, settings):
    quote = Quote.objects.all()[0]
    assert "Belongs together" in text(admin_client.get(page_url(quote)))
    del settings.CRM_ADMIN_LINKS
    assert "Belongs together" not in text(admin_client.get(page_url(quote)))
