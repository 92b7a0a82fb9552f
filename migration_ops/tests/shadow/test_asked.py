"""Reads of clients: which are taken, and that nothing about comparing them reaches the answer."""

import json
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from migration_ops import conf
from migration_ops.cutover import findings, gates
from migration_ops.models import CompanyStage, Finding, MigrationRun, ShadowCount, ShadowGroup
from migration_ops.selectors.standing import standing_of
from migration_ops.shadow import queue
from migration_ops.shadow.queue import Offer, Shadow
from migration_ops.shadow.reads import digest, page, some
from migration_ops.shadow.replay import replay
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import fill
from migration_ops.tests.living import prove, take_to
from migration_ops.tests.shadow.checks import closed, counts, ids

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("stage", Stage.values)
def test_reads_are_compared_in_shadow_and_live_only(call, compared, company, stage):
    caller = call(stage)
    for path in ("/api/quotes?limit=3&offset=2", f"/api/quotes/{ids()[0]}", f"/api/quotes/{company.pk}"):
        caller("GET", path)
    compared()
    expected = (3, 4) if stage in (Stage.SHADOW, Stage.LIVE) else (0, 0)
    assert (counts(company)["equal"], counts(company)["rows"]) == expected
    assert {count.stage for count in ShadowCount.objects.all()} <= {stage}


def test_writes_and_refused_requests_are_not_compared(call, compared, company):
    caller = call(Stage.SHADOW)
    assert caller("GET", "/api/quotes", Authorization="Bearer no").status_code == 401
    assert caller("GET", "/api/quotes?limit=0").status_code >= 400
    assert caller("PATCH", f"/api/quotes/{ids()[0]}", {"notes": "x"}).status_code == 200
    compared()
    assert not ShadowCount.objects.exists()


def test_the_share_is_the_companys_own_and_holds_from_the_next_request(call, compared, company, monkeypatch):
    caller = call(Stage.SHADOW)
    chance = iter([0.05, 0.15, 0.999] * 3)
    monkeypatch.setattr(queue, "random", SimpleNamespace(random=lambda: next(chance)))
    for percent, expected in ((10, 1), (100, 4), (0, 4)):
        CompanyStage.objects.filter(company=company).update(shadow_percent=percent)
        for _ in range(3):
            assert caller("GET", f"/api/quotes/{ids()[0]}").status_code == 200
        compared()
        assert counts(company)["equal"] == expected
    monkeypatch.setattr(conf, "SHADOW_PERCENT", 33)
    CompanyStage.objects.filter(company=company).update(shadow_percent=None)
    assert standing_of(company).percent == 33


def test_a_side_that_fails_does_not_touch_the_answer(call, compared, company):
    caller, path = call(Stage.SHADOW), f"/api/quotes/{ids()[0]}"
    told = caller("GET", path).content
    compared()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_new RENAME TO leads_elsewhere")
    try:
        assert caller("GET", path).content == told
        assert caller("GET", "/api/quotes").status_code == 200
        compared()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads_elsewhere RENAME TO leads_new")
    assert counts(company)["mismatched"] == 2
    assert set(ShadowGroup.objects.values_list("rule", flat=True)) == {"error"}


def test_a_queue_that_cannot_be_made_does_not_touch_the_answer(call, company, monkeypatch):
    def broken() -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(queue, "shadow_of_process", broken)
    assert call(Stage.SHADOW)("GET", f"/api/quotes/{ids()[0]}").status_code == 200


def offer_of(company, read) -> Offer:
    standing = standing_of(company)
    rows = read.rows(company, is_new=standing.is_new)
    return Offer(company=company, standing=standing, read=read, given=digest(rows), request_id="x")


def test_a_process_that_ends_counts_what_it_has_not_compared(call, company, monkeypatch):
    call(Stage.SHADOW)
    going, go = threading.Event(), threading.Event()
    compare = queue.compare

    def held(*asked):
        going.set()
        assert go.wait(30)
        return compare(*asked)

    monkeypatch.setattr(queue, "compare", held)
    shadow = Shadow(size=10)
    for read in (some([ids()[0]]), page(limit=2, offset=0), page(limit=3, offset=0)):
        shadow.offer(offer_of(company, read))
    assert going.wait(30)
    ending = threading.Thread(target=shadow.end, args=(30,))
    ending.start()
    assert shadow.is_ending.wait(30)
    go.set()
    ending.join(30)
    assert not shadow.thread.is_alive()
    assert (counts(company)["equal"], counts(company)["dropped"]) == (1, 2)


def test_a_comparison_that_fails_is_counted_and_the_next_one_is_made(call, company, monkeypatch):
    call(Stage.SHADOW)
    results = iter([RuntimeError("no"), None])
    compare = queue.compare

    def sometimes(*asked):
        if error := next(results):
            raise error
        return compare(*asked)

    monkeypatch.setattr(queue, "compare", sometimes)
    shadow = Shadow(size=10)
    for _ in range(2):
        shadow.offer(offer_of(company, some([ids()[0]])))
    shadow.queue.join()
    assert shadow.end(30) == 0
    assert (counts(company)["equal"], counts(company)["dropped"]) == (1, 1)


def test_what_cannot_be_counted_at_the_end_is_said(call, company, monkeypatch, caplog):
    call(Stage.SHADOW)

    def away(*_: object, **__: object) -> None:
        raise OSError("the server is away")

    monkeypatch.setattr(queue, "record", away)
    shadow = Shadow(size=10)
    shadow.offer(offer_of(company, some([ids()[0]])))
    shadow.queue.join()
    assert shadow.end(30) == 1
    assert "1 reads are neither compared nor counted" in caplog.text


# --- the gate ----------------------------------------------------------------------------------------------------


@pytest.fixture
def proven(company):
    take_to(company, Stage.SHADOW)
    prove(company)
    assert closed(company) == {}
    return company


def another_finding(company) -> None:
    findings.record(company, Finding.Kind.REPAIR, "1 rows")


def another_run(company) -> None:
    run = MigrationRun.objects.get(company=company)
    run.pk = None
    run.save(force_insert=True)


def another_stage(company) -> None:
    ShadowCount.objects.filter(stage=Stage.SHADOW).update(stage=Stage.LIVE)


def another_day(company) -> None:
    ShadowCount.objects.update(day=timezone.now().date() - timedelta(days=conf.SHADOW_DAYS))


def old_by_now(company) -> None:
    ShadowCount.objects.update(last_equal_at=timezone.now() - timedelta(hours=25))


def too_few_rows(company) -> None:
    ShadowCount.objects.filter(endpoint="list").update(rows=7)


def only_noise(company) -> None:
    ShadowCount.objects.update(equal=0, rows=0, noise=100, last_equal_at=None)


@pytest.mark.parametrize(
    "what",
    [another_finding, another_run, another_stage, another_day, old_by_now, too_few_rows, only_noise],
    ids=lambda what: what.__name__,
)
def test_comparisons_of_another_time_or_too_few_open_nothing(proven, what):
    what(proven)
    assert "shadow_reads" in closed(proven)
    what_is_needed = closed(proven)["shadow_reads"]
    assert "shadow_reads --company here" in what_is_needed
    replay(proven)
    assert "shadow_reads" not in closed(proven)


def test_another_mapping_version_voids_the_comparisons(proven, monkeypatch):
    monkeypatch.setattr(conf, "MAPPING_VERSION", conf.MAPPING_VERSION + 1)
    assert "shadow_reads" in closed(proven)


def test_a_small_company_needs_nearly_all_its_rows_and_a_large_one_so_many(proven, monkeypatch):
    ShadowCount.objects.update(rows=5)
    assert "8 are needed" in closed(proven)["shadow_reads"]
    monkeypatch.setattr(conf, "SHADOW_ROWS", 5)
    assert "shadow_reads" not in closed(proven)


def test_rows_that_come_meanwhile_do_not_keep_a_small_company_back(proven, writer):
    fill(writer, proven.pk, 3, created_at="2024-04-01Z")
    writer.commit()
    assert "10 are needed" in closed(proven)["shadow_reads"]
    ShadowCount.objects.filter(stage=Stage.SHADOW).update(rows=10)
    assert "shadow_reads" not in closed(proven)


def test_reads_of_clients_open_the_gate_as_a_replay_does(proven, call, compared):
    ShadowCount.objects.all().delete()
    caller = call(Stage.SHADOW)
    assert "shadow_reads" in closed(proven)
    assert len(json.loads(caller("GET", "/api/quotes").content)) == 8
    for id in ids():
        caller("GET", f"/api/quotes/{id}")
    compared()
    assert closed(proven) == {}


def test_the_step_to_rampdown_asks_for_comparisons_while_live(proven):
    from migration_ops.tests.living import step

    step(proven, Stage.LIVE)
    (gate,) = gates.check(proven, ["shadow_reads"])
    assert not gate.passed, "those of the stage before say nothing about legacy following"
    assert replay(proven).has_passed
    assert gates.check(proven, ["shadow_reads"])[0].passed
