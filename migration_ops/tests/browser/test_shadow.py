"""A real browser goes from a group of differences to the field side by side; with the keyboard too."""

import pytest
from django.urls import reverse

from migration_ops.shadow.replay import replay
from migration_ops.tests.browser.test_cases import browser, playwright, pytestmark, shot, sign_in  # noqa: F401
from migration_ops.tests.living import migrated


@pytest.fixture
def differing(session, django_user_model):
    django_user_model.objects.create_superuser("ann", password="secret")
    writer = session()
    company = migrated(writer, rows=8)
    writer.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
    writer.execute("UPDATE quotes SET total = total + 1, notes = '' WHERE quote_number < 'Q-3'")
    writer.execute(
        "UPDATE quotes SET items = jsonb_set(items, '{0,name}', '\"Roof, tiled\"') WHERE quote_number = 'Q-5'"
    )
    writer.commit()
    assert not replay(company).has_passed
    return company


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_group_to_the_field(browser, live_server, differing, scheme):  # noqa: F811
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:migration_ops_shadowgroup_changelist"))
    shot(page, f"shadow-groups-{scheme}")
    rows = page.locator("#result_list tbody tr")
    assert rows.count() == 6
    link = rows.filter(has_text="total").first.locator("th a, td a").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/shadowgroup/*/change/**")
    shot(page, f"shadow-group-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("a[href*='/shadowmismatch/']").first.click()
    page.wait_for_url("**/shadowmismatch/*/change/**")
    shot(page, f"shadow-mismatch-{scheme}")
    for model in ("legacy/legacyquote", "crm/quote", "crm/lead"):
        assert page.locator(f"a[href*='/{model}/'][href$='/change/']").count() == 1
    cells = page.locator("table.qp-table td")
    assert sorted(cells.all_inner_texts()) == ["100", "101"]
    page.goto(live_server.url + reverse("admin:migration_ops_shadowcount_changelist"))
    shot(page, f"shadow-counts-{scheme}")
    assert page.errors == []
