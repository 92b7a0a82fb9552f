"""Ten varied cases, as the search makes them, decided one after the other: odd ones with the mouse, even ones with keys."""

import pytest
from django.urls import reverse

from benchmarks.made.traps import Row
from crm.models import Company, CustomerMerge
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.models import DedupCase
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, playwright, shot, sign_in  # noqa: F401 - fixture
from migration_ops.tests.identity.duplicates.stored import store

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]
# Who, and what a careful person answers.
CASES = (
    ("same", ("Ellen Vogt", "ellen.vogt@a.net", "217-555-0101", None), ("Ellen Voigt", None, "217-555-0110", "4 Ash Rd")),
    ("different", ("Robert Hale Jr", None, "217-555-0102", "9 Elm St"), ("Robert Hale", None, "217-555-0102", "9 Elm St")),
    ("household", ("Mia Torres", None, "217-555-0103", "7 Fir Ln"), ("M Torres", None, "217-555-0103", "7 Fir Ln"),
     ("Mateo Torres", None, "217-555-0103", "7 Fir Ln")),
    ("same", ("Karl Braun", "karl@braun.net", None, "1 Gum Ct"), ("Karl Braun", "karl@braum.net", None, "1 Gum Court")),
    ("different", ("Dana Stone", "dana@x.net", "217-555-0105", "5 Ivy Rd"), ("D Stone", None, None, "5 Ivy Rd")),
    ("same", ("Pine Plumbing LLC", "p.lum@pine.net", "217-555-0106", "2 Oak St"),
     ("Pine Plumbin", "p.lum@pine.net", "217-555-0106", "2 Oak St")),
    ("same", ("Sato Yumi", "yumi@sato.net", None, None), ("Yumi Sato", "yumi@sato.net", None, None)),
    ("same", ("Grace Okafor", None, "217-555-0108", None), ("Grace Okafor", None, "217-555-0180", "11 Yew Pl")),
    ("household", ("Ivan Novak", "novaks@mail.net", "217-555-0109", "3 Bay St"),
     ("Iva Novak", "novaks@mail.net", "217-555-0109", "3 Bay St")),
    ("same", ("Theo Marsh", "theo@marsh.net", "217-555-0111", None), ("T Marsh", None, "217-555-0111", None),
     ("Tina Marsh", None, "217-555-0111", None)),
)  # fmt: skip
KEYS = {"same": "s", "different": "d", "household": "h", "works_for": "w"}


def test_ten_cases_with_mouse_and_keys(browser, live_server, django_user_model):  # noqa: F811
    django_user_model.objects.create_superuser("new", password="secret")
    company = Company.objects.create(name="Here", slug="here")
    people = [(number, row) for number, (_, *rows) in enumerate(CASES) for row in rows]
    store(company, [(place, Row(number, *row)) for place, (number, row) in enumerate(people)])
    find_duplicates(company, auto_from=0.999999)
    count = rebuild_cases(company)
    page = sign_in(browser, live_server, "new")
    page.goto(live_server.url + reverse("admin:migration_ops_dedupcase_changelist"))
    shot(page, "trial-queue")
    page.click("#start")
    for number in range(1, count + 1):
        page.wait_for_selector("#decide")
        shot(page, f"trial-{number:02}")
        words = page.inner_text("#case")
        answer = next(said for said, *rows in CASES if any(row[0] in words for row in rows))
        if number % 2:
            page.click(f"label:has(input[value={answer}])")
        else:
            page.keyboard.press(KEYS[answer])
        page.wait_for_function("!document.getElementById('submit').dataset.waiting")
        url = page.url
        if number % 2:
            page.click("#submit")
        else:
            page.keyboard.press("Enter")
        page.wait_for_function("(was) => location.href !== was && document.readyState === 'complete'", arg=url)
    assert count == len(CASES)
    assert DedupCase.objects.filter(state="open").count() == 0
    assert CustomerMerge.objects.count() >= 1
    assert page.errors == []
