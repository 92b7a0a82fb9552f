"""A real browser on the page of a customer: everything that belongs there, a split with keys only, and its undo."""

import pytest
from django.urls import reverse

from crm.models import Customer, CustomerMerge
from crm.services.decisions import Verdict, decide
from crm.services.merge import merge
from crm.services.undo import undo_merge
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.identity.test_cases import company, whose  # noqa: F401 - the fixture

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture
def customer(company, django_user_model):  # noqa: F811
    """Ann, with Anne's and Bob's contacts, a household and an employee."""
    django_user_model.objects.create_superuser("ann", password="secret")
    ann, anne, anna, bob, bobby, cy = (
        whose(company, name) for name in ("Ann Lee", "Anne Lee", "Anna Lee", "Bob Ray", "Bobby Ray", "Cy Poe")
    )
    merge(company, [ann, anne], survivor=ann, actor="cy", reason="the same voice")
    undo_merge(merge(company, [ann, anna], survivor=ann, actor="cy"), actor="dan", reason="two sisters")
    merge(company, [ann, bob], survivor=ann, actor="eve")
    decide(company, cy, ann, Verdict.WORKS_FOR, actor="dan")
    decide(company, ann, bobby, Verdict.HOUSEHOLD, actor="dan", reason="one kitchen")
    return Customer.objects.get(pk=ann)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_customer_is_split_with_keys_and_one_again(browser, live_server, customer, scheme):  # noqa: F811
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + reverse("admin:crm_customer_change", args=[customer.pk]))
    shot(page, f"customer-{scheme}")
    for words in ("Also known as", "Merges and splits", "What people decided", "Not the same as", "Undo…"):
        assert page.locator(f"text={words}").count(), words
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.focus("text=Split this customer…")
    page.keyboard.press("Enter")
    page.wait_for_selector("#split")
    page.focus("tr:has-text('Bob Ray') input[type=checkbox]")
    page.keyboard.press("Space")
    page.focus("button[value=preview]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview")
    page.wait_for_function("document.activeElement.id === 'do'")
    assert "9,000" in page.inner_text("body") or "Bob Ray" in page.inner_text("#preview")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    shot(page, f"split-{scheme}")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=was split from")
    made = Customer.objects.exclude(pk=customer.pk).get(name="Bob Ray", merged_into__isnull=True)
    shot(page, f"split-done-{scheme}")
    page.click("text=Undo… >> nth=0")
    page.wait_for_selector("text=Everything of the customer that the split made goes back")
    shot(page, f"split-undo-{scheme}")
    page.click("button:has-text('Undo')")
    page.wait_for_selector("text=is part of")
    made.refresh_from_db()
    assert made.merged_into_id == customer.pk
    undone = CustomerMerge.objects.get(undone_at__isnull=False, origin="person")
    page.goto(live_server.url + reverse("admin:crm_customermerge_redo", args=[undone.pk]))
    shot(page, f"merge-again-{scheme}")
    page.click("button:has-text('Merge again')")
    page.wait_for_selector("text=Merged again")
    assert page.errors == []
