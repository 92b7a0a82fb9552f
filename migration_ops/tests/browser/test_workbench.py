"""A real browser: a new member of the support staff corrects what waits in quarantine; exports; statistics."""

import pytest
from django.db import connection

from crm.models import Company, Lead
from crm.services.statistics import stats_refresh
from crm.tests.admin.rows import a_company, deals
from migration_ops.models import LegacyLink, QuarantinedRow
from migration_ops.roles import SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_workbench import a_waiting_row
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import fits, is_accessible

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture
def waiting(db):
    connection.ensure_connection()
    company = a_company()
    Company.objects.filter(pk=company.pk).update(name="Alder Roofing")
    ids = [a_waiting_row(company, f"row {number}", notes="They pay in two parts.") for number in range(4)]
    a_waiting_row(company, "total", total="NaN", items="[]")
    return company, sorted(ids)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_three_rows_corrected_from_the_front_page(browser, live_server, waiting, scheme):  # noqa: F811
    a_person("sue", SUPPORT)
    page = sign_in(browser, live_server, "sue", scheme=scheme)
    page.goto(live_server.url + "/admin/")
    page.click("nav >> text=Quarantine")
    page.wait_for_selector("text=4 rows")
    shot(page, f"workbench-{scheme}")
    fits(page)
    is_accessible(page)
    page.click("tr:has-text('Alder Roofing') >> text=Open the rows")
    page.wait_for_selector("#rows")
    shot(page, f"waiting-{scheme}")
    fits(page)
    is_accessible(page)
    page.click("#rows tbody tr:first-child a")
    for number in range(3):
        page.wait_for_selector("#correct")
        assert page.locator(".qp-fails").count() == 1
        if not number:
            shot(page, f"quarantined-{scheme}")
            fits(page)
            is_accessible(page)
        # The failing place has the focus already.
        page.wait_for_function("document.activeElement.closest('#correct') !== null")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("100.50")
        page.keyboard.press("Tab")
        page.keyboard.type("asked the customer")
        row = page.url
        page.keyboard.press("Enter")
        # The words stand on the page of the row before as well: keys would go to a page that is being left.
        page.wait_for_function("(was) => location.href !== was && document.readyState === 'complete'", arg=row)
        page.wait_for_selector("text=the row is migrated")
    assert QuarantinedRow.objects.filter(resolution="corrected", resolved_by="sue").count() == 3
    assert LegacyLink.objects.count() == 3
    assert page.errors == []


def test_marked_rows_are_waived_and_one_is_taken_back(browser, live_server, waiting):  # noqa: F811
    company, ids = waiting
    a_person("sue", SUPPORT)
    page = sign_in(browser, live_server, "sue")
    page.goto(
        f"{live_server.url}/admin/migration_ops/quarantinedrow/waiting/?company={company.pk}&reason=number_unreadable"
    )
    for id in ids[:2]:
        page.check(f"input[value='{id}']")
    page.fill("#bulk input[name=why]", "rows of a test")
    page.click("#bulk button[value=waive]")
    page.wait_for_selector("text=2 rows waived")
    page.goto(f"{live_server.url}/admin/migration_ops/quarantinedrow/{ids[0]}/row/")
    page.fill("#take-back input[name=why]", "it is real")
    page.click("#take-back button")
    page.wait_for_selector("#correct")
    assert QuarantinedRow.objects.filter(resolution="waived").count() == 1


def test_a_viewer_looks_only(browser, live_server, waiting):  # noqa: F811
    a_person("eve", VIEWER)
    page = sign_in(browser, live_server, "eve")
    page.goto(f"{live_server.url}/admin/migration_ops/quarantinedrow/{waiting[1][0]}/row/")
    page.wait_for_selector("#raw")
    assert page.locator("#quarantined form").count() == 0


def test_a_list_is_taken_along(browser, live_server, waiting):  # noqa: F811
    a_person("sue", SUPPORT)
    page = sign_in(browser, live_server, "sue")
    page.goto(live_server.url + "/admin/migration_ops/quarantinedrow/")
    shot(page, "export-light")
    with page.expect_download() as taken:
        page.click("#export")
    lines = taken.value.path().read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "sue 2" in line]) == 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_statistics(browser, live_server, scheme):  # noqa: F811
    for number in range(5):
        company = a_company(number)
        deals(company, number + 1, name="Person")
        Lead.objects.filter(company=company).update(status="new")
    stats_refresh()
    a_person("eve", VIEWER)
    page = sign_in(browser, live_server, "eve", scheme=scheme)
    page.goto(live_server.url + "/admin/")
    page.click("nav >> text=Statistics")
    page.wait_for_selector("#chart-pending_leads")
    assert "Computed" in page.inner_text("#age")
    shot(page, f"statistics-{scheme}")
    fits(page)
    is_accessible(page)
