"""Writes docs/screenshots: every page of the console on made-up rows that were really migrated.

    QUOTEPRO_WRITE_SCREENSHOTS=1 python -m pytest -n 0 migration_ops/tests/browser/test_screenshots.py

Left out without the variable; needs Pillow (requirements-browser.txt). Look at each of them before they are kept.
"""

import io
import os
from pathlib import Path

import pytest
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from crm.services.statistics import stats_refresh
from migration_ops.cutover.switch import move_stage
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.models import DedupCase, MigrationRun, QuarantinedRow
from migration_ops.quarantine.desk import waive
from migration_ops.roles import ADMINISTRATOR
from migration_ops.stages import Stage
from migration_ops.tests.admin.many import many_companies
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_dashboard import a_run
from migration_ops.tests.browser.test_cases import browser, playwright, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.browser.test_console import page_of
from migration_ops.tests.browser.test_console import pytestmark as needs
from quotepro.demo.story import demo_companies, tell

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "screenshots"
MOST_BYTES, TALLEST, COLOURS = 150_000, 1_500, 256
pytestmark = [
    *needs,
    pytest.mark.skipif(os.environ.get("QUOTEPRO_WRITE_SCREENSHOTS") != "1", reason="writes docs/screenshots on demand"),
]


def keep(page, name):
    """The page as far as it fits, in few colours: what is kept in a repository is to stay small."""
    image = pytest.importorskip("PIL.Image")
    # As tall as what is kept: bars that stay at the foot of the window would lie across it.
    size = page.viewport_size
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size(size | {"height": max(size["height"], min(height, TALLEST))})
    taken = image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    page.set_viewport_size(size)
    taken = taken.crop((0, 0, taken.width, min(taken.height, TALLEST)))
    place = FOLDER / f"{name}.png"
    for colours in (COLOURS, 128, 64):
        taken.quantize(colours, dither=image.Dither.NONE).save(place, optimize=True)
        if place.stat().st_size <= MOST_BYTES:
            return
    raise AssertionError(f"{place.name} has {place.stat().st_size:,} bytes")


@pytest.fixture
def three(transactional_db):
    """Three companies of the demo, migrated and proven; one runs again, and one is stalled."""
    companies = demo_companies(1_800, progress=lambda rows: None)
    for company in companies:
        tell(company, report=lambda progress: None)
        find_duplicates(company)
        rebuild_cases(company)
    waive(companies[0], actor="ann", why="typed by hand before 2019, looked at one by one")
    move_stage(companies[0], Stage.SHADOW, actor="ann", reason="three days without a difference")
    run = a_run(companies[1], rows=48_000, done=17_300, batch=100)
    MigrationRun.objects.filter(pk=run.pk).update(rest_ms=900, rest_reason="resting: oldest transaction 42 s")
    a_run(companies[2], rows=12_000, done=3_000, beat_s=460)
    stats_refresh()
    return companies


def places(companies):
    """{name: address} of every page."""
    shadow, running, stalled = companies
    waits = QuarantinedRow.objects.filter(resolution="", company=running)
    reason = waits.values("reason").annotate(rows=Count("pk")).order_by("-rows")[0]["reason"]
    # Digits that every machine has a font for.
    row = waits.filter(field__in=("items[1].unit_price", "total"), original__regex="^[ -~]{1,40}$").first()
    assert row is not None
    run = MigrationRun.objects.filter(company=running).first()
    case = DedupCase.objects.filter(state="open").first()
    lists = {
        "companies": "companystage", "runs": "migrationrun", "quarantined-rows": "quarantinedrow", "cases": "dedupcase",
        "possible-duplicates": "dedupconflict", "validation": "verdict", "audit-log": "auditline",
        "captured-changes": "outboxentry", "links": "legacylink", "steps": "stagechange",
    }  # fmt: skip
    own = {
        "front": reverse("admin:index"), "company": page_of(shadow), "company-stalled": page_of(stalled),
        "run": reverse("admin:migration_ops_migrationrun_change", args=[run.pk]),
        "quarantine": reverse("admin:migration_ops_quarantinedrow_desk"),
        "quarantine-group": reverse("admin:migration_ops_quarantinedrow_waiting") + f"?company={running.pk}&reason={reason}",
        "quarantined": reverse("admin:migration_ops_quarantinedrow_row", args=[row.pk]),
        "case": reverse("admin:migration_ops_dedupcase_decide", args=[case.pk]),
        "patterns": reverse("admin:migration_ops_bulkdecision_patterns"),
        "values": reverse("admin:migration_ops_valueruling_desk"),
        "merge-audit": reverse("admin:migration_ops_mergesample_audit"),
        "statistics": reverse("admin:crm_dashboardstats_figures"),
        "company-settings": reverse("admin:crm_company_changelist"),
        "users": reverse("admin:auth_user_changelist"),
    }  # fmt: skip
    return own | {name: reverse(f"admin:migration_ops_{model}_changelist") for name, model in lists.items()}


def opened(page, live_server, place):
    """The page at this place, while the run that runs is being worked on."""
    MigrationRun.objects.filter(status="running", rest_ms=900).update(heartbeat_at=timezone.now())
    assert page.goto(live_server.url + place).status == 200
    return page


def test_every_page_is_kept(browser, live_server, three):  # noqa: F811
    a_person("ann", ADMINISTRATOR)
    light, dark = (sign_in(browser, live_server, "ann", scheme=scheme) for scheme in ("light", "dark"))
    of, front = places(three), reverse("admin:index")
    for name, place in of.items():
        keep(opened(light, live_server, place), f"console-{name}")
    for name in ("front", "company", "run", "case"):
        keep(opened(dark, live_server, of[name]), f"console-{name}-dark")
    light.set_viewport_size({"width": 1920, "height": 1080})
    keep(opened(light, live_server, front), "console-front-1920")
    light.set_viewport_size({"width": 1280, "height": 900})
    many_companies(1_997)
    keep(opened(light, live_server, front), "console-front-2000")
    keep(opened(dark, live_server, front), "console-front-2000-dark")
    companies = reverse("admin:migration_ops_companystage_changelist")
    keep(opened(light, live_server, companies), "console-companies-2000")
    assert light.errors + dark.errors == []
