"""The front page: true figures, a constant number of statements, limits to companies."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Company
from crm.tests.admin.rows import HOSTILE, NOW, a_company, an_id, deals
from crm.tests.admin.test_pages import text
from legacy.models import LegacyQuote
from migration_ops import conf
from migration_ops.console.dashboard import dashboard, line_of
from migration_ops.cutover import gates, glance
from migration_ops.models import (
    CaptureInstallation,
    CompanyStage,
    Finding,
    GateEvidence,
    MigrationBatch,
    MigrationRun,
    OutboxEntry,
    QuarantinedRow,
    ShadowCount,
    ShadowGroup,
    Verdict,
)
from migration_ops.models.shadow import Endpoint
from migration_ops.roles import SUPPORT, VIEWER
from migration_ops.shadow.record import basis_of
from migration_ops.stages import STAGE_MOVES, Stage, is_forward
from migration_ops.templatetags.console import alike
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.rows import traces

pytestmark = pytest.mark.django_db
INDEX, PART = "/admin/", "/admin/migration_ops/companystage/part/"


def a_run(company, *, rows=1000, done=0, status="running", batch=100, beat_s=0, step_s=10):
    """A run of planned batches, the first of them done, one every `step_s` seconds until now."""
    now = timezone.now()
    run = MigrationRun.objects.create(
        company=company, status=status, phase="rows", mapping_version=conf.MAPPING_VERSION, rows_planned=rows,
        batch_rows=batch, owner="celery", started_at=now - timedelta(hours=1),
        heartbeat_at=now - timedelta(seconds=beat_s), finished_at=now if status == "finished" else None,
    )  # fmt: skip
    places = range(rows // batch)
    MigrationBatch.objects.bulk_create(
        MigrationBatch(
            run=run, kind="rows", part=place, rows=batch, state="done" if place < done // batch else "pending",
            migrated=batch if place < done // batch else 0,
            finished_at=now - timedelta(seconds=step_s * (done // batch - place)) if place < done // batch else None,
        )
        for place in places
    )  # fmt: skip
    return run


def prove(company, *, passed=True, at=None):
    for depth in Verdict.Depth.values:
        Verdict.objects.create(
            company=company, depth=depth, has_passed=passed, rows_expected=10, rows_checked=10,
            mapping_version=conf.MAPPING_VERSION, seconds=1, at=at or timezone.now(),
        )  # fmt: skip


class TestFigures:
    def test_progress_rate_and_time_left(self):
        company = a_company()
        a_run(company, rows=1000, done=400)
        line = line_of(company.pk)
        assert (line.percent, line.done, line.rows) == (40.0, 400, 1000)
        assert line.rate == pytest.approx(10, rel=0.01)
        low, high = line.seconds_left
        assert 59 <= low <= high <= 61

    def test_never_100_before_the_run_has_finished_and_never_above(self):
        company = a_company()
        run = a_run(company, rows=1000, done=1000)
        assert line_of(company.pk).percent == 99.9
        # Batches that were split are counted once, whatever their halves add up to.
        MigrationBatch.objects.create(run=run, kind="rows", part=0, rows=5000, state="split")
        MigrationBatch.objects.create(run=run, kind="rows", part=0, rows=5000, state="done", migrated=5000)
        assert line_of(company.pk).percent == 99.9
        MigrationRun.objects.filter(pk=run.pk).update(status="finished")
        assert line_of(company.pk).percent == 100.0
        assert dashboard(None).totals.percent == 100.0

    def test_more_pending_than_planned_is_not_below_0(self):
        company = a_company()
        run = a_run(company, rows=100, done=0)
        MigrationBatch.objects.create(run=run, kind="rows", part=9, rows=900, state="pending")
        assert line_of(company.pk).percent == 0.0
        assert dashboard(None).totals.percent == 0.0

    def test_a_run_that_is_silent_is_stalled_and_has_no_time_left(self):
        company = a_company()
        a_run(company, done=500, beat_s=conf.STALLED_S + 1)
        line = line_of(company.pk)
        assert line.is_stalled
        assert line.is_stuck
        assert line.rate is None
        assert line.seconds_left is None
        assert dashboard(None).totals.stalled == 1
        assert dashboard(None, condition="running").lines == ()

    def test_stuck_comes_first_then_what_runs_then_by_name(self):
        names = []
        for number in range(3):
            company = a_company(number)
            names.append(company.name)
        companies = list(Company.objects.order_by("name"))
        a_run(companies[1], done=100)
        a_run(companies[2], status="failed")
        assert [line.name for line in dashboard(None).lines] == [names[2], names[1], names[0]]

    def test_filters(self):
        first, second = a_company(0), a_company(1)
        CompanyStage.objects.create(company=second, stage="shadow", since=timezone.now())
        assert [line.id for line in dashboard(None, words="pany 1").lines] == [second.pk]
        assert [line.id for line in dashboard(None, stage="off").lines] == [first.pk]
        assert [line.id for line in dashboard(None, stage="shadow").lines] == [second.pk]
        assert dashboard(None, condition="waiting").lines == ()
        assert dashboard(None).stages[Stage.SHADOW] == 1

    def test_lag_and_verdicts(self):
        company = a_company()
        traces(company, deals(company, 2))
        line = line_of(company.pk)
        assert line.waiting == 2
        assert line.lag_s > 0
        assert {proof.depth: proof.passed for proof in line.proofs} == {
            depth: False if depth == "fields" else None for depth in Verdict.Depth.values
        }


class TestGates:
    """What the front page says of gates is what the gates say."""

    @staticmethod
    def agree(company):
        stage = Stage(CompanyStage.objects.get(company=company).stage)
        ahead = next(after for after in STAGE_MOVES[stage] if is_forward(stage, after))
        wanted = [gate for gate in STAGE_MOVES[stage][ahead].gates if gate not in glance.NOT_OF_A_COMPANY]
        closed = tuple(result.gate for result in gates.check(company, wanted) if not result.passed)
        line = line_of(company.pk)
        assert (line.ahead, line.closed) == (ahead, closed)
        return closed

    def test_in_every_state_of_the_facts(self):
        company = a_company()
        standing = CompanyStage.objects.create(company=company, stage="dualwrite", since=timezone.now())
        assert self.agree(company) == ("backfill", "validation")
        run = a_run(company, rows=100, done=100, status="finished")
        assert self.agree(company) == ("validation",)
        prove(company)
        assert self.agree(company) == ()
        standing.stage = "shadow"
        standing.save()
        assert self.agree(company) == ("shadow_reads", "backup", "rollback_drill")
        GateEvidence.objects.create(company=company, gate="rollback_drill", has_passed=True, at=timezone.now(), findings=0,
                                    mapping_version=conf.MAPPING_VERSION)  # fmt: skip
        for endpoint in Endpoint:
            assert "shadow_reads" in self.agree(company)
            ShadowCount.objects.create(
                company=company, day=datetime.now(UTC).date(), endpoint=endpoint, stage="shadow", equal=1, rows=9,
                basis=basis_of(company), last_equal_at=timezone.now(),
            )  # fmt: skip
        backup = GateEvidence.objects.create(
            company=company, gate="backup", has_passed=True, at=timezone.now(), mapping_version=conf.MAPPING_VERSION,
            detail={"snapshot_at": timezone.now().isoformat(), "run": run.pk},
        )  # fmt: skip
        assert self.agree(company) == ()
        for change in (
            lambda: GateEvidence.objects.filter(pk=backup.pk).update(
                detail={"snapshot_at": (timezone.now() - timedelta(days=9)).isoformat(), "run": run.pk}),
            lambda: ShadowGroup.objects.create(company=company, endpoint=Endpoint.values[0], rule="value",
                                               first_at=timezone.now(), last_at=timezone.now()),
            lambda: GateEvidence.objects.filter(gate="rollback_drill").update(mapping_version=0),
            lambda: Finding.objects.create(company_id=company.pk, kind="mismatch", detail="x", at=timezone.now()),
            lambda: CaptureInstallation.objects.create(at=timezone.now()),
            lambda: OutboxEntry.objects.create(legacy_id=company.pk, company_id=company.pk, operation="U",
                                               captured_at=timezone.now() - timedelta(hours=1)),
            lambda: OutboxEntry.objects.update(state="failed", attempts=5),
            lambda: Verdict.objects.filter(depth="counts").update(rows_checked=9),
            lambda: a_run(company, status="paused"),
        ):  # fmt: skip
            before = line_of(company.pk).closed
            change()
            assert set(self.agree(company)) >= set(before)
        assert len(self.agree(company)) == 6

    @pytest.mark.parametrize(
        ("change", "is_open"),
        [
            ({}, True),
            ({"rows": 8}, False),
            ({"stage": "dualwrite"}, False),
            ({"basis": "1/9/9"}, False),
            ({"last_equal_at": timezone.now() - timedelta(hours=25)}, False),
            ({"day": date(2020, 1, 1)}, False),
        ],
        ids=["enough", "few", "other-stage", "other-basis", "stale", "long-ago"],
    )
    def test_compared_reads(self, change, is_open):
        company = a_company()
        CompanyStage.objects.create(company=company, stage="shadow", since=timezone.now())
        for number in range(10):
            LegacyQuote.objects.create(id=an_id(f"row {number}"), company_id=company.pk, created_at=NOW, updated_at=NOW)
        for endpoint in Endpoint:
            ShadowCount.objects.create(**{
                "company": company, "day": datetime.now(UTC).date(), "endpoint": endpoint, "stage": "shadow",
                "equal": 1, "rows": 9, "basis": basis_of(company), "last_equal_at": timezone.now(), **change,
            })  # fmt: skip
        assert ("shadow_reads" not in self.agree(company)) == is_open


class TestPage:
    def test_shows_the_move_and_escapes_what_was_recorded(self, admin_client):
        company = a_company()
        traces(company, deals(company, 3))
        Company.objects.filter(pk=company.pk).update(name=HOSTILE)
        for url in (INDEX, PART):
            shown = text(admin_client.get(url))
            assert HOSTILE not in shown
            assert "&lt;script&gt;" in shown
            assert "100.0 %" in shown
            assert "3 set aside" in shown
            assert "fields: failed" in shown

    def test_the_same_statements_for_5_and_for_60_companies(self, admin_client):
        def statements():
            with CaptureQueriesContext(connection) as captured:
                text(admin_client.get(PART))
            return len(captured)

        for number in range(5):
            company = a_company(number)
            traces(company, deals(company, 1))
        few = statements()
        for number in range(5, 60):
            a_run(a_company(number), rows=100, done=100, batch=100)
        assert statements() == few <= 15

    def test_pages(self, admin_client):
        for number in range(60):
            a_company(number)
        assert "page=1" in text(admin_client.get(PART))
        assert text(admin_client.get(PART, {"page": "1"})).count("companystage/") == 10
        for odd in ("-1", "x", "9" * 30, "²"):
            assert admin_client.get(PART, {"page": odd}).status_code == 200

    def test_a_limited_person_sees_and_counts_own_companies(self, client):
        own, foreign = a_company(0), a_company(1)
        for company in (own, foreign):
            traces(company, deals(company, 3))
        client.force_login(a_person("ann", SUPPORT, companies=[own]))
        shown = text(client.get(PART))
        assert foreign.name not in shown
        assert str(foreign.pk) not in shown
        totals = client.get(PART).context["view"].totals
        assert (totals.companies, totals.quarantined, totals.rows) == (1, 3, 3)
        assert totals.conflicts == 2
        assert QuarantinedRow.objects.count() == 6
        assert client.get(PART, {"words": foreign.name}).context["view"].lines == ()

    def test_who_may_not_see_the_move(self, client):
        a_company()
        client.force_login(a_person("ann"))
        assert "may not see the move" in text(client.get(INDEX))
        assert client.get(PART).status_code == 403
        client.force_login(a_person("bob", VIEWER, companies=[]))
        assert "No company is known" in text(client.get(PART))
        assert client.post(PART).status_code == 405

    def test_strangers_learn_nothing(self, client):
        assert client.get(PART)["Location"].startswith(reverse("admin:login"))


def test_verdicts_of_one_outcome_and_age_stand_together():
    company = a_company()
    prove(company, at=timezone.now() - timedelta(days=3))
    assert [depths for depths, _ in alike(line_of(company.pk).proofs)] == ["all depths"]
    Verdict.objects.filter(depth="fields").update(has_passed=False)
    Verdict.objects.filter(depth="counts").update(at=timezone.now())
    found = {depths: proof.passed for depths, proof in alike(line_of(company.pk).proofs)}
    assert found == {"counts": True, "checksum, roundtrip, business": True, "fields": False}
    # What was never validated is said on its own.
    Verdict.objects.filter(depth="business").delete()
    assert "checksum, roundtrip" in dict(alike(line_of(company.pk).proofs))
