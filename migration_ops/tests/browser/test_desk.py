"""A real browser: cases like one another, a word on a value, the blind audit; with the mouse and with keys."""

import pytest
from django.urls import reverse

from crm.models import Company, Customer, CustomerMerge
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.merging import merge_automatic
from migration_ops.identity.duplicates.standing_audit import sample_merges
from migration_ops.models import BulkDecision, MergeSample, ValueRuling
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, playwright, shot, sign_in  # noqa: F401 - fixture
from migration_ops.tests.identity.duplicates.stored import store
from migration_ops.tests.identity.duplicates.test_standing_audit import pair
from migration_ops.tests.identity.duplicates.test_values import OFFICE
from migration_ops.tests.identity.test_bulk import three  # noqa: F401 - the fixture
from migration_ops.tests.identity.test_cases import company  # noqa: F401 - the fixture

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cases_like_one_another(browser, live_server, three, django_user_model, scheme):  # noqa: F811
    django_user_model.objects.create_superuser("ann", password="secret")
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:migration_ops_bulkdecision_patterns"))
    shot(page, f"patterns-{scheme}")
    page.click("text=Look at a sample")
    page.wait_for_selector("#bulk")
    assert page.is_disabled("#begin")
    shot(page, f"sample-list-{scheme}")
    # One with the mouse, the others with keys.
    page.keyboard.press("n")
    page.wait_for_selector("#sample")
    shot(page, f"sample-{scheme}")
    page.click("button[value=same]")
    for number in (2, 3):
        page.wait_for_selector(f"#sample:has-text('{number} of 3')")
        page.keyboard.press("s")
    page.wait_for_selector("#begin:not([disabled])")
    page.click("#begin")
    page.wait_for_selector("#told:has-text('decided 3 of 3 cases')")
    assert CustomerMerge.objects.count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    shot(page, f"bulk-done-{scheme}")
    page.click("#undo")
    page.wait_for_selector("#told:has-text('everything is as it was before')")
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
    assert page.errors == []


def test_what_takes_several_requests_goes_on_by_itself(browser, live_server, three, django_user_model, monkeypatch):  # noqa: F811
    monkeypatch.setattr("migration_ops.admin.patterns.SLICE_S", -1.0)
    django_user_model.objects.create_superuser("ann", password="secret")
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + reverse("admin:migration_ops_bulkdecision_patterns"))
    page.click("text=Look at a sample")
    for _ in range(3):
        page.wait_for_selector("#next, #sample")
        if page.query_selector("#next"):
            page.keyboard.press("n")
        page.wait_for_selector("#sample:not(.left)")
        number = page.inner_text("#sample strong")
        page.keyboard.press("d")
        page.wait_for_function(
            "(was) => !document.querySelector('#sample strong') || document.querySelector('#sample strong').innerText !== was",
            arg=number,
        )
    page.click("#begin")
    page.wait_for_selector("#undo:has-text('Undo all 3')")
    page.wait_for_selector("#told:has-text('decided 3 of 3')")
    assert BulkDecision.objects.get().state == "done"
    page.click("#undo")
    page.wait_for_selector("#told:has-text('everything is as it was before')")
    assert page.errors == []


@pytest.fixture
def stored(django_user_model):
    django_user_model.objects.create_superuser("ann", password="secret")
    made = Company.objects.create(name="Here", slug="here")
    rows = [row for number in range(4) for row in pair(number)]
    store(made, enumerate([*rows, *OFFICE]))
    find_duplicates(made)
    merge_automatic(made, actor="machine")
    rebuild_cases(made)
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_word_on_a_value(browser, live_server, stored, scheme):  # noqa: F811
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:migration_ops_valueruling_desk"))
    shot(page, f"values-{scheme}")
    page.click("text=+12175550199")
    page.wait_for_selector("#effects")
    shot(page, f"value-{scheme}")
    page.fill("input[name=why]", "our own number")
    page.click("button[value=generic]")
    page.wait_for_selector("#value:has-text('it says nothing')")
    shot(page, f"value-said-{scheme}")
    assert ValueRuling.objects.get().reason == "our own number"
    page.keyboard.press("l")
    page.wait_for_selector("button[value=generic]")
    assert ValueRuling.objects.get().ended_by == "ann"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_blind_audit(browser, live_server, stored, scheme):  # noqa: F811
    assert sample_merges(stored) == 4
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:migration_ops_mergesample_audit"))
    page.keyboard.press("n")
    page.wait_for_selector("#ask button")
    assert "merged" not in page.inner_text("#ask")
    shot(page, f"audit-ask-{scheme}")
    page.keyboard.press("s")
    page.wait_for_selector("#told:has-text('The machine merged them')")
    page.keyboard.press("n")
    page.wait_for_selector("#ask button")
    page.click("button[value=different]")
    page.wait_for_selector("#told:has-text('Automatic merging of Here is stopped')")
    shot(page, f"audit-told-{scheme}")
    page.goto(live_server.url + reverse("admin:migration_ops_mergesample_audit"))
    shot(page, f"audit-{scheme}")
    assert page.evaluate("(box => box.scrollWidth <= box.clientWidth)(document.querySelector('.qp-scroll'))")
    page.fill("input[name=reason]", "the answer was a slip")
    page.click("#precision button")
    page.wait_for_selector("#precision:has-text('resumed on')")
    assert MergeSample.objects.exclude(answer="").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.errors == []
