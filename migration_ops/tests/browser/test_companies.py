"""A browser on the pages that grow with the number of companies, with 3 and with 2,000: they fit, whatever the size."""

import pytest
from django.urls import reverse

from crm.models import Company
from migration_ops.models import AuditLine
from migration_ops.roles import ADMINISTRATOR
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.many import many_companies
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.browser.test_cases import browser, playwright, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import is_accessible, pytestmark  # noqa: F401
from migration_ops.tests.browser.test_every_page import WIDTHS, fits_everywhere

ROWS = 50
"""Lines of a page, at most."""
FRONT = reverse("admin:index")
# What is ours is checked for accessibility; the theme draws the lists.
OWN = {
    "front": FRONT, "stuck": f"{FRONT}?condition=stuck", "last": f"{FRONT}?page=39",
    "desk": reverse("admin:migration_ops_quarantinedrow_desk"),
    "figures": reverse("admin:crm_dashboardstats_figures"),
    "audit": reverse("admin:migration_ops_mergesample_audit"),
    "patterns": reverse("admin:migration_ops_bulkdecision_patterns"),
    "values": reverse("admin:migration_ops_valueruling_desk"),
}  # fmt: skip
LISTS = (
    "migration_ops_companystage", "migration_ops_migrationrun", "migration_ops_quarantinedrow",
    "migration_ops_dedupcase", "migration_ops_verdict", "migration_ops_auditline", "crm_company", "crm_dashboardstats",
)  # fmt: skip


@pytest.fixture
def three(transactional_db):
    """Three companies with a row behind every page."""
    companies = [everything(number) for number in range(3)]
    for company, name in zip(companies, ("Alder Roofing", "Birch Plumbing", "Cedar Electric"), strict=True):
        Company.objects.filter(pk=company.pk).update(name=name)
    return companies


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("count", [3, 2_000])
def test_pages_of_companies(browser, live_server, three, count, scheme):  # noqa: F811
    many_companies(count - len(three))
    a_person("ann", ADMINISTRATOR)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    places = OWN | {name: reverse(f"admin:{name}_changelist") for name in LISTS}
    for name, place in places.items():
        assert page.goto(live_server.url + place).status == 200, name
        for width in fits_everywhere(page):
            shot(page, f"companies-{count}-{name}-{width}-{scheme}")
        assert page.locator(".qp-companies tbody tr, #result_list tbody tr").count() <= ROWS, name
        # The same parts fifty times over take a minute to be looked through.
        if name in OWN and (count == 3 or name == "front"):
            is_accessible(page)
    assert page.errors == []


def test_two_thousand_companies_are_paged_and_found(browser, live_server, three):  # noqa: F811
    many_companies(1_997)
    a_person("ann", ADMINISTRATOR)
    lines = AuditLine.objects.count()
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + FRONT)
    # What is stuck comes first, however many there are.
    assert "failed" in page.locator(".qp-companies tbody tr").first.inner_text()
    page.click("#page-after")
    page.wait_for_selector("text=Companies from 51")
    page.goto(f"{live_server.url}{FRONT}?page=39")
    assert page.locator(".qp-companies tbody tr").count() == ROWS
    page.goto(live_server.url + FRONT)
    page.fill("input[name=words]", "cedar")
    page.keyboard.press("Enter")
    page.wait_for_url("**words=cedar**")
    assert page.locator(".qp-companies tbody tr").count() == 1
    page.goto(live_server.url + reverse("admin:migration_ops_migrationrun_changelist") + "?q=Inlet+Pools+3")
    assert AuditLine.objects.count() == lines
    assert page.viewport_size["width"] == WIDTHS[0]
