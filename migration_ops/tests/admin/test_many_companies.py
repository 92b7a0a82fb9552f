"""Two thousand companies: every page of the site asks the database no more often than with three."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.admin.filters import OFFERED_COMPANIES
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.many import many_companies
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_permissions import has_object, is_api, routes, url_of

pytestmark = pytest.mark.django_db
# Pages that begin another session, and the next of what many wait for: with more of it they lead elsewhere.
LEFT_OUT = ("admin/logout/", "admin/migration_ops/mergesample/next/")
SPARE = 2
"""What a list may ask more often where not all companies are offered: for the one that was chosen."""


def statements(companies):
    """{route: statements} of every page that can be looked at."""
    client = Client()
    client.force_login(User.objects.get(username="ann"))
    found = {}
    for route in routes():
        if is_api(route) or route in LEFT_OUT:
            continue
        which = "own" if has_object(route) else "-"
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url_of(route, which, companies))
        if answer.status_code == 200:
            found[route] = len(captured)
    return found


def test_no_page_asks_more_often_with_two_thousand_companies():
    companies = [everything(number) for number in range(3)]
    a_person("ann", is_superuser=True)
    few = statements(companies)
    many_companies(2_000)
    many = statements(companies)
    assert len(few) > 90
    assert {route: (count, many[route]) for route, count in few.items() if many[route] > count + SPARE} == {}


def test_filters_offer_no_more_than_fit(client):
    many_companies(2_000)
    client.force_login(a_person("ann", is_superuser=True))
    for place in ("migration_ops/quarantinedrow", "migration_ops/migrationrun", "crm/dashboardstats"):
        page = client.get(f"/admin/{place}/").content.decode()
        assert page.count("?company=") < 2 * OFFERED_COMPANIES, place
