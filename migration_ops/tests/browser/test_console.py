"""A real browser on the front page, a company's page and a run's: buttons, updates without a reload, accessibility."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from crm.models import Company
from crm.tests.admin.rows import a_company, deals
from migration_ops import conf
from migration_ops.models import AuditLine, CompanyStage, DedupConflict, MigrationBatch, MigrationRun, Verdict
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.rows import traces
from migration_ops.tests.admin.test_dashboard import a_run, prove
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, shot, sign_in  # noqa: F401 - the fixture

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture
def move():
    """Six companies: one runs, one is stalled, one failed, one is proven, one is in shadow, one never ran."""
    companies = [a_company(number) for number in range(6)]
    names = ("Alder Roofing", "Birch Plumbing", "Cedar Electric", "Dogwood Paint", "Elm Windows", "Fir Floors")
    for company, name in zip(companies, names, strict=True):
        Company.objects.filter(pk=company.pk).update(name=name)
        company.name = name
    run = a_run(companies[0], rows=48_000, done=17_300, batch=100)
    MigrationRun.objects.filter(pk=run.pk).update(
        rest_ms=900, rest_reason="resting: oldest transaction 42 s", heartbeat_at=timezone.now()
    )
    a_run(companies[1], rows=12_000, done=3_000, beat_s=conf.STALLED_S + 400)
    failed = a_run(companies[2], rows=9_000, done=8_000, status="failed")
    MigrationRun.objects.filter(pk=failed.pk).update(error="more than half of the rows were set aside; look at them")
    a_run(companies[3], rows=2_000, done=2_000, status="finished")
    prove(companies[3])
    for company in companies[:4]:
        CompanyStage.objects.create(company=company, stage="dualwrite", since=timezone.now())
    traces(companies[4], deals(companies[4], 3, name="Person"))
    CompanyStage.objects.filter(company=companies[4]).update(stage="shadow")
    return companies


def page_of(company):
    return reverse("admin:migration_ops_companystage_change", args=[company.pk])


def is_accessible(page):
    """Axe finds nothing serious in what is ours: the theme's own frame is left out."""
    found = axe.Axe().run(page, context="#content", options={"resultTypes": ["violations"]})
    serious = [
        (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def fits(page, width=1280):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_front_page(browser, live_server, move, scheme):  # noqa: F811
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + "/admin/")
    page.wait_for_selector("text=Birch Plumbing")
    rows = page.locator(".qp-companies tbody tr th").all_inner_texts()
    assert [row.split("\n")[0] for row in rows] == [
        "Birch Plumbing", "Cedar Electric", "Alder Roofing", "Dogwood Paint", "Elm Windows", "Fir Floors",
    ]  # fmt: skip
    shot(page, f"front-{scheme}")
    fits(page)
    is_accessible(page)


def test_it_updates_by_itself_and_keeps_the_focus(browser, live_server, move):  # noqa: F811
    a_person("ann", VIEWER)
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + "/admin/")
    page.evaluate("window.stays = true")
    page.focus("#tile-stuck")
    run = MigrationRun.objects.get(company=move[0])
    MigrationBatch.objects.filter(run=run).update(state="done", finished_at=timezone.now())
    MigrationRun.objects.filter(pk=run.pk).update(status="finished", finished_at=timezone.now())
    page.wait_for_selector("tr:has-text('Alder Roofing') >> text=100.0 %", timeout=15_000)
    assert page.evaluate("window.stays")
    assert page.evaluate("document.activeElement.id") == "tile-stuck"
    assert page.errors == []


def test_when_it_cannot_update_it_says_so(browser, live_server, move):  # noqa: F811
    a_person("ann", VIEWER)
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + "/admin/")
    page.context.clear_cookies()
    page.wait_for_selector("#live-state:has-text('signed out')", timeout=15_000)
    assert "qp-stale" in page.get_attribute("#live", "class")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_companys_page(browser, live_server, move, scheme):  # noqa: F811
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    for company, name in ((move[4], "shadow"), (move[0], "runs"), (move[1], "stalled")):
        page.goto(live_server.url + page_of(company))
        page.wait_for_selector("text=What is missing")
        shot(page, f"company-{name}-{scheme}")
        fits(page)
        is_accessible(page)


def test_pause_with_keys_only(browser, live_server, move):  # noqa: F811
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + page_of(move[0]))
    page.focus("#do-pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("#confirm")
    is_accessible(page)
    page.focus("input[name=reason]")
    page.keyboard.type("lunch time")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=is pausing")
    assert MigrationRun.objects.get(company=move[0]).status == "pausing"
    # Nobody empties the audit log, tests neither.
    assert AuditLine.objects.order_by("pk").last().detail["reason"] == "lunch time"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_asking_for_what_cannot_be_taken_back(browser, live_server, move, scheme):  # noqa: F811
    CompanyStage.objects.filter(company=move[3]).update(stage="rampdown")
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    page.goto(live_server.url + page_of(move[3]))
    page.click("#do-step-complete")
    page.wait_for_selector("text=cannot be taken back")
    shot(page, f"confirm-{scheme}")
    is_accessible(page)
    page.fill("input[name=reason]", "the window is over")
    page.fill("input[name=typed]", move[3].slug)
    page.fill("input[name=password]", "secret")
    page.click("#confirm button")
    page.wait_for_selector("text=It takes a second person")
    page.goto(live_server.url + "/admin/")
    page.wait_for_selector("text=waits for a second person")
    assert CompanyStage.objects.get(company=move[3]).stage == "rampdown"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_runs_page(browser, live_server, move, scheme):  # noqa: F811
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann", scheme=scheme)
    run = MigrationRun.objects.get(company=move[0])
    page.goto(live_server.url + reverse("admin:migration_ops_migrationrun_change", args=[run.pk]))
    page.wait_for_selector("text=oldest transaction 42 s")
    shot(page, f"run-{scheme}")
    fits(page)
    page.evaluate("window.stays = true")
    MigrationRun.objects.filter(pk=run.pk).update(rest_reason="resting: 60,000 changes wait")
    page.wait_for_selector("text=60,000 changes wait", timeout=10_000)
    assert page.evaluate("window.stays")


@pytest.mark.parametrize("role", [VIEWER, SUPPORT, ENGINEER, ADMINISTRATOR])
def test_each_role_finds_the_buttons_it_may_press(browser, live_server, move, role):  # noqa: F811
    a_person("ann", role)
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + page_of(move[0]))
    page.wait_for_selector("text=What is missing")
    assert (page.locator("#do-pause").count() == 1) == (role in (ENGINEER, ADMINISTRATOR))
    assert page.errors == []


@pytest.mark.nightly
def test_of_thousands_of_companies_the_front_page_shows_fifty_at_a_time(browser, live_server, move):  # noqa: F811
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO companies (id, name, slug, phone_region, timezone, created_at)"
            " SELECT gen_random_uuid(), 'Many ' || n, 'many-' || n, 'US', 'UTC', now() FROM generate_series(1, 5000) n"
        )
    many = list(Company.objects.filter(slug__startswith="many-").values_list("pk", flat=True))
    MigrationRun.objects.bulk_create(
        MigrationRun(company_id=pk, status="finished", phase="finish", mapping_version=conf.MAPPING_VERSION,
                     rows_planned=200, batch_rows=100, started_at=timezone.now(), heartbeat_at=timezone.now(),
                     finished_at=timezone.now())
        for pk in many
    )  # fmt: skip
    Verdict.objects.bulk_create(
        Verdict(company_id=pk, depth=depth, has_passed=True, rows_expected=1, rows_checked=1, seconds=1,
                mapping_version=conf.MAPPING_VERSION, at=timezone.now())
        for pk in many for depth in Verdict.Depth.values
    )  # fmt: skip
    a_person("ann", ENGINEER)
    page = sign_in(browser, live_server, "ann")
    page.goto(live_server.url + "/admin/")
    assert page.locator(".qp-companies tbody tr").count() == 50
    page.click("#page-after")
    page.wait_for_selector("text=Companies from 51")
    shot(page, "front-5000")
    assert DedupConflict.objects.count() == 2
