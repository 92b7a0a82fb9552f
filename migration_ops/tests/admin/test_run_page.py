"""A run's page while it goes on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Company
from crm.tests.admin.rows import HOSTILE, NOW, a_company, an_id
from crm.tests.admin.test_pages import page_url, text
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.backfill.rehearse import rehearse
from migration_ops.console.run import CELLS, run_page
from migration_ops.models import MigrationBatch, MigrationRun
from migration_ops.roles import ENGINEER, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_dashboard import a_run

pytestmark = pytest.mark.django_db


def part(run):
    return reverse("admin:migration_ops_migrationrun_part", args=[run.pk])


@pytest.fixture
def engineer(client):
    client.force_login(a_person("ann", ENGINEER))
    return client


def test_progress_pace_and_buttons(engineer):
    run = a_run(a_company(), rows=1000, done=400)
    MigrationRun.objects.filter(pk=run.pk).update(rest_ms=900, rest_reason="resting: oldest transaction 42 s")
    for url in (page_url(run), part(run)):
        shown = text(engineer.get(url))
        for words in ("40.0 %", "400 of 1,000 rows", "10 rows/s", "resting: oldest transaction 42 s", "Pause…",
                      "Change the pace…", "Cancel the run…"):  # fmt: skip
            assert words in shown
        assert "Resume…" not in shown
    assert "quotepro/live.js" in text(engineer.get(page_url(run)))


def test_stalled_and_how_to_recover(engineer):
    run = a_run(a_company(), done=400, beat_s=conf.STALLED_S + 60)
    shown = text(engineer.get(part(run)))
    assert "Resume…" in shown
    assert "resume_migration --company company-0" in shown
    assert "rows/s" not in shown


def test_the_map_is_as_large_for_a_thousand_batches_and_says_what_is_tried_again():
    run = a_run(a_company(), rows=100_000, done=40_100, batch=100)
    page = run_page(run)
    assert len(page.cells) == CELLS
    assert sum(cell.batches for cell in page.cells) == 1000
    assert sum(cell.done for cell in page.cells) == 401
    assert {cell.state for cell in page.cells} == {"done", "begun", "pending"}
    first = MigrationBatch.objects.filter(run=run, state="pending").order_by("pk").last()
    MigrationBatch.objects.filter(pk=first.pk).update(attempts=2, error=HOSTILE)
    assert [cell.state for cell in run_page(run).cells].count("again") == 1


def test_what_went_wrong_is_shown_escaped(engineer):
    run = a_run(a_company(), status="failed", done=100)
    MigrationRun.objects.filter(pk=run.pk).update(error=HOSTILE)
    MigrationBatch.objects.filter(run=run).update(error=HOSTILE)
    for url in (page_url(run), part(run)):
        shown = text(engineer.get(url))
        assert HOSTILE not in shown
        assert "&lt;script&gt;" in shown


def test_the_statements_do_not_grow_with_the_batches(engineer):
    def statements(run):
        with CaptureQueriesContext(connection) as captured:
            text(engineer.get(part(run)))
        return len(captured)

    assert statements(a_run(a_company(0), rows=100, done=50, batch=10)) == statements(
        a_run(a_company(1), rows=50_000, done=20_000, batch=100)
    )


def test_a_finished_run_asks_for_nothing_more(engineer):
    run = a_run(a_company(), rows=100, done=100, status="finished")
    shown = text(engineer.get(page_url(run)))
    assert "data-every" not in shown
    assert "100.0 %" in shown
    assert "/act/" not in shown


def test_who_sees_and_who_does_not(client):
    own, foreign = a_company(0), a_company(1)
    runs = [a_run(company) for company in (own, foreign)]
    client.force_login(a_person("bob", VIEWER, companies=[own]))
    assert "/act/" not in text(client.get(part(runs[0])))
    assert client.get(part(runs[1])).status_code == 404
    assert client.post(part(runs[0])).status_code == 405
    client.force_login(a_person("eve"))
    assert client.get(part(runs[0])).status_code == 403


def test_the_forecast_of_the_last_rehearsal_stands_beside_the_run(engineer):
    company = a_company()
    run = a_run(company, rows=1000, done=400)
    assert 'id="forecast"' not in text(engineer.get(page_url(run)))
    for number in range(10):
        LegacyQuote.objects.create(id=an_id(f"row {number}"), company_id=an_id("other"), created_at=NOW, updated_at=NOW)
    other = Company(id=an_id("other"), name="Other", slug="other")
    said = rehearse(other, batch_rows=100, actor="ann")
    other.save(force_insert=True)
    later = a_run(other, rows=10, batch=10)
    shown = {words: (then, now) for words, then, now in run_page(later).forecast}
    assert shown["Rows"] == (10, 10)
    assert shown["Migrated"] == (10, 0)
    assert shown["Seconds of work"][0] == round(said.seconds, 1)
    assert 'id="forecast"' in text(engineer.get(page_url(later)))
    assert 'id="forecast"' not in text(engineer.get(page_url(run)))
