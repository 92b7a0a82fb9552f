"""Every page of the console in a small and in a large window, light and dark: it fits, and axe finds nothing serious."""

import pytest
from django.urls import reverse

from crm.services.statistics import stats_refresh
from migration_ops.models import AuditLine, MigrationRun
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.browser.test_cases import browser, playwright, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import fits, is_accessible, move, page_of, pytestmark  # noqa: F401

OWN = ("migration_ops_quarantinedrow_desk", "crm_dashboardstats_figures", "migration_ops_mergesample_audit")
LISTS = (
    "migration_ops_companystage", "migration_ops_migrationrun", "migration_ops_quarantinedrow",
    "migration_ops_verdict", "migration_ops_auditline", "auth_user", "crm_company",
)  # fmt: skip


WIDTHS = (1280, 1920)
EDGE = 16
# A list that is wider than its box scrolls in it, and its last column is out of sight.
LIST_ENDS = "() => document.querySelector('#result_list')?.getBoundingClientRect().right ?? 0"


def fits_everywhere(page):
    """The page as it is open, in a small and then in a large window; goes on with the small one."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1080})
        fits(page, width)
        assert page.evaluate(LIST_ENDS) <= width - EDGE
        yield width
    page.set_viewport_size({"width": WIDTHS[0], "height": 1080})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_is_accessible(browser, live_server, move, scheme):  # noqa: F811
    stats_refresh()
    a_person("ann", ADMINISTRATOR)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    run = MigrationRun.objects.get(company=move[0])
    places = {name: reverse(f"admin:{name}") for name in OWN}
    places |= {name: reverse(f"admin:{name}_changelist") for name in LISTS}
    places |= {"front": reverse("admin:index"), "company": page_of(move[4]), "company-never": page_of(move[5])}
    places["run"] = reverse("admin:migration_ops_migrationrun_change", args=[run.pk])
    for name, place in places.items():
        assert page.goto(live_server.url + place).status == 200, name
        page.wait_for_load_state("networkidle") if name not in ("front", "company", "company-never", "run") else None
        for width in fits_everywhere(page):
            shot(page, f"every-{name}-{width}-{scheme}")
        # The theme draws the lists; what is ours in them is the cells.
        if name not in LISTS and name != "run":
            is_accessible(page)


@pytest.mark.parametrize("role", [VIEWER, SUPPORT, ENGINEER, ADMINISTRATOR])
def test_every_button_says_what_it_does_before_it_does_it(browser, live_server, move, role):  # noqa: F811
    a_person("ann", role)
    page = sign_in(browser, live_server, "ann")
    seen, lines = 0, AuditLine.objects.count()
    for company in move:
        page.goto(live_server.url + page_of(company))
        page.wait_for_selector("text=What is missing")
        buttons = page.locator("[id^=do-]").evaluate_all("all => all.map(one => [one.id, one.href])")
        if role in (VIEWER, SUPPORT):
            assert buttons == []
            continue
        assert buttons, company.name
        for _, address in buttons:
            page.goto(address)
            page.wait_for_selector("#confirm button")
            assert len(page.locator(".qp-note").first.inner_text()) > 20, address
            seen += 1
    assert seen > 10 or role in (VIEWER, SUPPORT)
    # Looking at a button's consequences is not pressing it.
    assert AuditLine.objects.count() == lines
    assert page.errors == []
