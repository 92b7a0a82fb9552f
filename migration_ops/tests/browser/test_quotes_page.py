"""A real browser: the endless list of quotes, its search, and the whole story of one; light and dark, with keys only."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import reverse

from crm.models import Company, Quote
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, playwright, shot, sign_in  # noqa: F401 - fixture
from migration_ops.tests.dirty.case import base_row
from migration_ops.tests.moving import insert, move

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]
ROWS = 120


@pytest.fixture
def acme(django_user_model):
    django_user_model.objects.create_superuser("ann", password="secret")
    company = Company.objects.create(name="Acme", slug="acme")
    insert(base_row("deal", place, UUID(int=2**100 + place), company.pk) for place in range(ROWS))
    move(company)
    newest = Quote.objects.get(pk=UUID(int=2**100)).created_at
    for place, quote in enumerate(Quote.objects.order_by("pk")):
        Quote.objects.filter(pk=quote.pk).update(created_at=newest - timedelta(minutes=place))
    return company


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_goes_on_and_a_quote_tells_its_story(browser, live_server, acme, scheme):  # noqa: F811
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:crm_quote_browse"))
    shown = lambda: page.locator("#quotes a[href*='/story/']").count()  # noqa: E731
    assert 50 <= shown() <= 100
    shot(page, f"quotes-{scheme}")
    for _ in range(20):
        page.keyboard.press("End")
        page.wait_for_timeout(50)
        if shown() == ROWS:
            break
    page.wait_for_function(f"document.querySelectorAll(\"#quotes a[href*='/story/']\").length === {ROWS}")
    assert page.locator(".qp-more").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.click("#quotes a:has-text('Q-7') >> nth=0")
    page.wait_for_selector("h2:has-text('Legacy')")
    titles = page.locator(".qp-chapter h2").all_inner_texts()
    assert titles[:6] == ["Customer", "Lead", "Quote", "Job", "Invoice", "Payment"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    shot(page, f"story-{scheme}")
    assert page.errors == []


def test_search_and_story_with_keys_only(browser, live_server, acme):  # noqa: F811
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + reverse("admin:crm_quote_browse"))
    page.focus("input[name=q]")
    page.keyboard.type("person7@homemail.net")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=person7*")
    links = page.locator("#quotes a[href*='/story/']")
    assert links.all_inner_texts() == ["Q-7"]
    for _ in range(60):
        page.keyboard.press("Tab")
        if "/story/" in (page.evaluate("document.activeElement.getAttribute('href')") or ""):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/story/")
    page.goto(live_server.url + reverse("admin:crm_quote_browse") + "?q=nothing+like+it")
    assert "No quote matches." in page.inner_text("#quotes")
    shot(page, "quotes-none")
    assert page.errors == []
