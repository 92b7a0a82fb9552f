"""A real browser goes through queue, case, merge and undo: with the mouse, and with keys only."""

import os
import shutil
import time
from contextlib import contextmanager

import pytest
from django.urls import reverse

from crm.models import Customer, CustomerMerge
from migration_ops.models import DedupCase
from migration_ops.tests.identity.test_cases import ask, company  # noqa: F401 - the fixture

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser():
    # Playwright runs an event loop in this thread, and Django takes any query beside one for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def sign_in(browser, server, user, *, scheme="light"):
    """A window of 1280 pixels, signed in; errors of the page's own scripts are collected."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda told: "Content Security Policy" in told.text and page.errors.append(told.text))
    page.goto(server.url + reverse("admin:login"))
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", "secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/**")
    return page


@pytest.fixture
def queue(company, django_user_model):  # noqa: F811
    for name in ("ann", "bob"):
        django_user_model.objects.create_superuser(name, password="secret")
    ask(company, "Bob Ray", "Bobby Ray")
    ask(company, "Ann Lee", "Anne Lee", "Anna Lee")
    return reverse("admin:migration_ops_dedupcase_changelist")


def shot(page, name):
    folder = os.environ.get("QUOTEPRO_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@contextmanager
def slow(page, pattern):
    """Answers of these pages take a moment."""

    def late(route):
        time.sleep(0.3)
        route.continue_()

    page.route(pattern, late)
    yield
    page.unroute(pattern)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_the_mouse(browser, live_server, queue, scheme):
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + queue)
    shot(page, f"queue-{scheme}")
    page.click("#start")
    page.wait_for_selector("#submit")
    assert "Bobby Ray" in page.inner_text("#case")
    assert "become one customer" in page.inner_text("#preview")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    shot(page, f"case-{scheme}")
    page.click("label:has(input[value=household])")
    page.wait_for_selector("#preview:has-text('Nobody is merged')")
    assert not page.is_checked("input[value=same]")
    page.click("label:has(input[value=same])")
    page.wait_for_selector("#preview:has-text('become one customer')")
    page.click("#submit")
    # The next case is there at once.
    page.wait_for_selector("#case:has-text('Anna Lee')")
    assert CustomerMerge.objects.count() == 1
    page.click("text=Look at it or undo it")
    page.wait_for_selector("#decided:has-text('Bob Ray')")
    assert "Bobby Ray" in page.inner_text("#decided")
    shot(page, f"decided-{scheme}")
    page.click("#undo")
    page.wait_for_selector("#preview")
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
    assert page.errors == []


def test_with_keys_only(browser, live_server, queue):
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + queue)
    page.wait_for_selector("#start")
    page.keyboard.press("n")
    page.wait_for_selector("#submit")
    page.keyboard.press("n")
    page.wait_for_selector("#case:has-text('Anna Lee')")
    assert page.inner_text("#keys").count("put the marked record into a group") == 1
    # Two of the three are the same; the third is a relative.
    page.keyboard.press("h")
    page.wait_for_selector("#preview:has-text('Nobody is merged')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.wait_for_selector("#preview:has-text('become one customer')")
    assert page.is_checked("input[value=household]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#case:has-text('Bobby Ray')")
    assert CustomerMerge.objects.count() == 1
    decided = DedupCase.objects.get(state="decided")
    assert decided.decided_words.endswith("same household, not the same")
    page.keyboard.press("u")
    page.wait_for_selector("#decided")
    page.keyboard.press("u")
    page.wait_for_selector("#preview")
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
    # While somebody types, keys are letters.
    page.focus("input[name=why]")
    page.keyboard.type("sn")
    assert page.input_value("input[name=why]") == "sn"
    assert page.errors == []


def test_keys_pressed_faster_than_the_preview_comes(browser, live_server, queue):
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + queue)
    page.keyboard.press("n")
    page.wait_for_selector("#case:has-text('Bobby Ray')")
    with slow(page, "**/preview/"):
        page.keyboard.press("d")
        page.keyboard.press("Enter")
        # Another answer is another decision: the first one is not sent.
        page.keyboard.press("h")
        page.keyboard.press("Enter")
        page.wait_for_selector("#case:has-text('Anna Lee')")
    assert DedupCase.objects.get(state="decided").decided_words == "Bob Ray | Bobby Ray: same household, not the same"


def test_two_browsers_on_one_case(browser, live_server, queue):
    ann, bob = (sign_in(browser, live_server, name) for name in ("ann", "bob"))
    case = DedupCase.objects.get(words__contains="Bobby")
    page = live_server.url + reverse("admin:migration_ops_dedupcase_decide", args=[case.pk])
    with ann.expect_response("**/claim/"):
        ann.goto(page)
    bob.goto(page)
    assert "ann is looking at this case until" in bob.inner_text("#claimed")
    assert bob.is_disabled("#submit")
    # Her lease runs out while she looks: his page gets it, and his runs out as well.
    DedupCase.objects.filter(pk=case.pk).update(claimed_until=None, claimed_by="")
    with bob.expect_response("**/claim/"):
        bob.reload()
    bob.wait_for_selector("#submit:enabled")
    DedupCase.objects.filter(pk=case.pk).update(claimed_until=None, claimed_by="")
    ann.click("#submit")
    ann.wait_for_selector("#case:has-text('Anna Lee')")
    bob.click("#submit")
    bob.wait_for_selector("#decided")
    told = bob.inner_text("body")
    assert told.count("ann decided this case on") == 2
    assert "the same customer" in told
    assert CustomerMerge.objects.count() == 1
    bob.click("#undo")
    bob.wait_for_selector("#preview")
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0


def test_an_answer_whose_consequence_is_not_known_is_not_given(browser, live_server, queue):
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + queue)
    page.keyboard.press("n")
    page.wait_for_selector("#case:has-text('Bobby Ray')")
    # The server is away for a moment: the page says so, and goes on when the next answer reaches it.
    page.route("**/preview/", lambda route: route.abort())
    page.keyboard.press("d")
    page.wait_for_selector("#lost:has-text('cannot be reached')")
    page.keyboard.press("Enter")
    page.unroute("**/preview/")
    page.keyboard.press("h")
    page.wait_for_selector("#preview:has-text('same household')")
    assert page.is_hidden("#lost")
    # Whoever is signed out is told, and sees no form for a password within the case.
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("s")
    page.wait_for_selector("#lost:has-text('You were signed out')")
    assert page.locator("input[type=password]").count() == 0
    page.click("#submit")
    page.keyboard.press("Enter")
    assert DedupCase.objects.filter(state="open").count() == 2
    assert page.errors == []


def test_the_answer_and_its_button_are_in_sight_at_once(browser, live_server, queue):
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + queue)
    page.keyboard.press("n")
    page.wait_for_selector("#submit")
    page.set_viewport_size({"width": 1280, "height": 700})
    box = page.locator("#submit").bounding_box()
    assert box["y"] + box["height"] <= 700
    preview = page.locator("#preview").bounding_box()
    assert preview["y"] + preview["height"] <= box["y"]
