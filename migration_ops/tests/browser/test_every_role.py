"""Every page each role may open, in both colours and both widths; every button of a company pressed."""

import pytest

from migration_ops.models import AuditLine
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_permissions import has_object, is_api, routes, url_of
from migration_ops.tests.browser.test_cases import browser, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import fits, is_accessible, move, page_of, pytestmark  # noqa: F401
from migration_ops.tests.browser.test_every_page import fits_everywhere

# A file is downloaded, the way out ends the visit, and the profiler is a library's own.
NO_PAGES = ("admin/logout", "jsi18n", "/export", "/file", "silk/")
# The theme draws lists and forms; axe looks at the pages that are ours.
IS_OURS = "() => !document.querySelector('#changelist, .submit-row, #submit-row, [id$=_form]')"


def pages_of(page, server, two):
    """Addresses this person may open, of every route of the site."""
    for route in routes():
        if is_api(route) or any(part in route for part in NO_PAGES):
            continue
        url = server.url + url_of(route, "own" if has_object(route) else "-", two)
        asked = page.request.get(url, max_redirects=0)
        if asked.status == 200 and "text/html" in asked.headers["content-type"] and "<body" in asked.text():
            yield url


@pytest.mark.nightly
@pytest.mark.parametrize("role", [VIEWER, SUPPORT, ENGINEER, ADMINISTRATOR])
def test_every_page_a_role_may_open(browser, live_server, role):  # noqa: F811
    two = everything(0), everything(1)
    a_person("ann", role)
    windows = [sign_in(browser, live_server, "ann", scheme=scheme) for scheme in ("light", "dark")]
    addresses = list(pages_of(windows[0], live_server, two))
    assert len(addresses) > 60
    wrong = []
    for url in addresses:
        for page in windows:
            page.goto(url)
            try:
                for _ in fits_everywhere(page):
                    pass
                if page.evaluate(IS_OURS):
                    is_accessible(page)
            except AssertionError as error:
                wrong.append((url.removeprefix(live_server.url), str(error)[:300]))
                page.errors.clear()
    assert wrong == []


@pytest.mark.nightly
@pytest.mark.parametrize("role", [ENGINEER, ADMINISTRATOR])
def test_every_button_is_pressed_and_says_what_came_of_it(browser, live_server, move, role):  # noqa: F811
    """Done or refused, there is a sentence; what was done is in the audit log, what became impossible not offered."""
    a_person("ann", role)
    page = sign_in(browser, live_server, "ann")
    pressed, done = set(), set()
    for company in move:
        place = live_server.url + page_of(company)
        page.goto(place)
        for button in page.locator("[id^=do-]").evaluate_all("all => all.map(one => one.id)"):
            page.goto(place)
            if not page.locator(f"#{button}").count():
                continue
            lines = AuditLine.objects.count()
            page.click(f"#{button}")
            page.fill("#confirm input[name=reason]", "somebody tries everything")
            for name, value in (("typed", company.slug), ("password", "secret")):
                if page.locator(f"#confirm input[name={name}]").count():
                    page.fill(f"#confirm input[name={name}]", value)
            page.click("#confirm button[type=submit]")
            page.wait_for_selector(".bg-green-100, .bg-red-100")
            assert page.url == place, page.url
            fits(page)
            verb = button.removeprefix("do-").split("-")[0]
            pressed.add(verb)
            if page.locator(".bg-green-100").count():
                assert AuditLine.objects.count() > lines, button
                done.add(verb)
    shot(page, f"pressed-{role}")
    # Without a queue nothing begins, and closed gates hold the steps forward: those are refused here.
    assert pressed >= {"start", "pause", "pace", "cancel", "validate", "step"}
    assert done >= {"pause", "pace", "cancel", "step"}
    assert page.errors == []
