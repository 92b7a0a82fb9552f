"""T31 in a real browser: every page of the site, full of texts that would run, runs none of them."""

import pytest

from migration_ops.roles import ADMINISTRATOR
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.recorded import write_scripts
from migration_ops.tests.admin.test_permissions import has_object, is_api, routes, url_of
from migration_ops.tests.browser.test_cases import browser, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import pytestmark  # noqa: F401

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation",
    event => window.refused.push(event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile));
"""
LINKS = "all => all.map(one => one.getAttribute('href')).filter(one => /^\\s*(javascript|data|vbscript):/i.test(one))"


@pytest.mark.nightly
def test_no_page_runs_what_was_recorded(browser, live_server):  # noqa: F811
    two = everything(0), everything(1)
    write_scripts(two[0])
    a_person("ann", ADMINISTRATOR, is_superuser=True)
    page = sign_in(browser, live_server, "ann")
    page.add_init_script(WATCH)
    seen = 0
    for route in routes():
        url = url_of(route, "own" if has_object(route) else "-", two) if not is_api(route) else ""
        # A file is downloaded, and the way out ends the visit.
        if not url or route.startswith("admin/logout") or "jsi18n" in route or "/export" in route or "/file" in route:
            continue
        asked = page.request.get(live_server.url + url)
        if asked.status != 200 or "text/html" not in asked.headers["content-type"]:
            continue
        page.goto(live_server.url + url)
        assert page.evaluate("window.ran") is None, url
        assert page.evaluate("window.refused") == [], url
        assert page.locator("a[href]").evaluate_all(LINKS) == [], url
        seen += 1
    assert seen > 80
    assert page.errors == []
