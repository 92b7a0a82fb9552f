from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from legacy import admin as legacy_admin
from legacy.models import LegacyQuote
from legacy.seed.deals import company_uuid
from legacy.seed.writer import SeedPlan, seed

pytestmark = pytest.mark.django_db
LIST = reverse("admin:legacy_legacyquote_changelist")


@pytest.fixture
def rows():
    seed(SeedPlan(rows=120, companies=2, dirty=1.0))


def detail(pk) -> str:
    return reverse("admin:legacy_legacyquote_change", args=[pk])


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def shown(response) -> int:
    assert response.status_code == 200
    return len(response.context["cl"].result_list)


def test_list_and_every_detail_open_however_dirty_the_row(admin_client, rows):
    assert shown(admin_client.get(LIST)) == 50
    for pk in LegacyQuote.objects.values_list("id", flat=True):
        assert str(pk) in text(admin_client.get(detail(pk)))


def test_what_python_cannot_hold_is_shown_as_text(admin_client):
    deep = "[" * 3000 + "]" * 3000
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quotes (id, company_id, items, total, scheduled_at, started_at, customer_name)"
            " VALUES (%s, %s, %s, 'NaN', 'infinity', '0044-03-15 BC', '<script>alert(1)</script>')",
            [UUID(int=0), UUID(int=7), deep],
        )
    page = text(admin_client.get(detail(UUID(int=0))))
    assert "NaN" in page
    assert "infinity" in page
    assert "0044-03-15 00:00:00+00 BC" in page
    assert deep in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert shown(admin_client.get(LIST)) == 1


def test_a_dangerous_link_is_no_link(admin_client):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quotes (id, company_id, payment_link_url) VALUES (%s, %s, 'javascript:alert(1)')",
            [UUID(int=5), UUID(int=7)],
        )
    page = text(admin_client.get(detail(UUID(int=5))))
    assert "javascript:alert(1)" in page
    assert 'href="javascript:alert(1)' not in page


def test_nothing_can_be_added_changed_or_deleted(admin_client, rows):
    pk = LegacyQuote.objects.values_list("id", flat=True)[0]
    before = LegacyQuote.objects.values_list("customer_name", "updated_at").get(pk=pk)
    assert admin_client.get(reverse("admin:legacy_legacyquote_add")).status_code == 403
    assert admin_client.post(detail(pk), {"customer_name": "changed"}).status_code == 403
    assert admin_client.post(reverse("admin:legacy_legacyquote_delete", args=[pk]), {"post": "yes"}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"})
    assert LegacyQuote.objects.values_list("customer_name", "updated_at").get(pk=pk) == before
    assert LegacyQuote.objects.count() == 120


def test_search_is_exact_by_id_company_number_or_mailbox(admin_client):
    seed(SeedPlan(rows=60, companies=2, dirty=0))
    row = LegacyQuote.objects.exclude(quote_number=None).exclude(email=None)[0]
    assert shown(admin_client.get(LIST, {"q": str(row.pk)})) == 1
    assert (
        shown(admin_client.get(LIST, {"q": str(row.company_id)}))
        == LegacyQuote.objects.filter(company_id=row.company_id).count()
    )
    assert shown(admin_client.get(LIST, {"q": row.quote_number})) >= 1
    assert shown(admin_client.get(LIST, {"q": f" {row.email.upper()} "})) >= 1
    assert shown(admin_client.get(LIST, {"q": row.email[:-1]})) == 0


def test_filters(admin_client, rows):
    company = company_uuid(1, 1)
    assert (
        shown(admin_client.get(LIST, {"company": str(company)}))
        == LegacyQuote.objects.filter(company_id=company).count()
    )
    assert shown(admin_client.get(LIST, {"company": "nonsense"})) == 0
    assert shown(admin_client.get(LIST, {"status": "sent"})) == LegacyQuote.objects.filter(status="sent").count()
    assert shown(admin_client.get(LIST, {"status": "none"})) == LegacyQuote.objects.filter(status=None).count()


def test_big_tables_are_estimated_not_counted(admin_client, rows, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(legacy_admin, "row_estimate", lambda: 5_000_000)
    with django_assert_num_queries(1):
        paginator = legacy_admin.BoundedPaginator(LegacyQuote.objects.only("id").order_by("id"), 50)
        assert paginator.count == 5_000_000
        assert len(paginator.page(1).object_list) == 50
    monkeypatch.setattr(legacy_admin, "COUNTED_ROWS", 30)
    assert legacy_admin.BoundedPaginator(LegacyQuote.objects.exclude(phone="-").order_by("id"), 50).count == 30


def test_a_page_further_down_is_the_same_whose_keys_are_found_first(rows, django_assert_num_queries):
    listed = LegacyQuote.objects.only("id", "status").order_by("company_id", "id")
    paginator = legacy_admin.BoundedPaginator(listed, 20)
    assert paginator.count > 40
    with django_assert_num_queries(2):
        shown = [row.pk for row in paginator.page(2)]
    assert shown == [row.pk for row in listed[20:40]]


def test_list_takes_a_constant_number_of_queries(admin_client, rows, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        admin_client.get(LIST)


def only_second_company(user):
    return {company_uuid(1, 1)}


def test_staff_limited_to_a_company_see_nothing_of_the_others(admin_client, rows, settings):
    settings.LEGACY_COMPANY_SCOPE = f"{__name__}.only_second_company"
    other = LegacyQuote.objects.filter(company_id=company_uuid(1, 0))[0]
    page = admin_client.get(LIST)
    assert shown(page) == LegacyQuote.objects.filter(company_id=company_uuid(1, 1)).count()
    assert str(company_uuid(1, 0)) not in text(page)
    assert shown(admin_client.get(LIST, {"q": str(other.pk)})) == 0
    assert admin_client.get(detail(other.pk)).status_code == 302


def test_seeding_reports_on_stderr_only_the_way(capsys):
    call_command("seed_legacy", "--rows", "10", "--json", stdout=StringIO())
    assert capsys.readouterr().out == ""
