"""The statistics page: figures of dashboard_stats as charts, with their age, of one's own companies."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.admin import statistics
from crm.models import Company, Lead, StaffAccess
from crm.services.statistics import stats_refresh
from crm.tests.admin.rows import HOSTILE, a_company, deals
from crm.tests.admin.test_pages import text

pytestmark = pytest.mark.django_db
URL = "/admin/crm/dashboardstats/figures/"


def charts(response):
    return {chart.name: chart for chart in response.context_data["charts"]}


def test_figures_of_every_company_the_largest_first(admin_client):
    few, many = a_company(0), a_company(1)
    for company, count in ((few, 1), (many, 3)):
        deals(company, count)
        Lead.objects.filter(company=company).update(status="new")
    stats_refresh()
    shown = admin_client.get(URL)
    pending = charts(shown)["pending_leads"]
    assert [(bar.company, bar.shown, bar.percent) for bar in pending.bars] == [(many, "3", "100.0"), (few, "1", "33.3")]
    assert pending.total == "4"
    narrowed = charts(admin_client.get(URL, {"company": str(few.pk)}))["pending_leads"]
    assert [bar.company for bar in narrowed.bars] == [few]
    assert narrowed.total == "1"


def test_the_age_is_shown_and_old_figures_are_called_old(admin_client, monkeypatch):
    assert "Nothing was computed yet" in text(admin_client.get(URL))
    a_company()
    stats_refresh()
    assert "are old" not in text(admin_client.get(URL))
    assert "Computed 0" in text(admin_client.get(URL)).replace("\xa0", " ")
    later = timezone.now() + timedelta(hours=3)
    monkeypatch.setattr(statistics.timezone, "now", lambda: later)
    assert "These figures are old." in text(admin_client.get(URL))


def test_other_companies_do_not_count(client, django_user_model):
    from django.contrib.auth.models import Permission

    own, foreign = a_company(0), a_company(1)
    for company in (own, foreign):
        deals(company, 2)
    Company.objects.filter(pk=foreign.pk).update(name="Theirs alone")
    stats_refresh()
    ann = django_user_model.objects.create_user("ann", password="x", is_staff=True)
    client.force_login(ann)
    assert client.get(URL).status_code == 403
    ann.user_permissions.add(Permission.objects.get(codename="view_dashboardstats"))
    StaffAccess.objects.create(user=ann).companies.set([own])
    for query in ({}, {"company": str(foreign.pk)}, {"company": "x"}):
        shown = client.get(URL, query)
        assert {bar.company for chart in charts(shown).values() for bar in chart.bars} == {own}
        assert "Theirs alone" not in text(shown)
        assert charts(shown)["total_customers"].total == "2"


def test_names_are_escaped_and_many_companies_cost_no_more(admin_client):
    Company.objects.filter(pk=a_company(0).pk).update(name=HOSTILE)
    stats_refresh()

    def statements():
        with CaptureQueriesContext(connection) as captured:
            shown = text(admin_client.get(URL))
        assert HOSTILE not in shown
        return len(captured)

    few = statements()
    for number in range(1, 40):
        a_company(number)
    stats_refresh()
    assert statements() == few
    assert charts(admin_client.get(URL))["pending_leads"].more == 40 - statistics.SHOWN


def test_a_look_changes_nothing(admin_client):
    assert admin_client.post(URL).status_code == 403
    assert reverse("admin:crm_dashboardstats_figures") == URL
