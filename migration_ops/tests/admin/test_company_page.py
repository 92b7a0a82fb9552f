"""A company's page and its buttons: who may press them, what is refused, and what remains in the audit log."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.tests.admin.rows import HOSTILE, NOW, a_company, deals
from crm.tests.admin.test_pages import text
from migration_ops.console.company import in_words
from migration_ops.cutover import findings, gates, second_person
from migration_ops.cutover.offered import offers
from migration_ops.exceptions import SecondPersonRefused
from migration_ops.models import (
    AuditLine,
    Certificate,
    CompanyStage,
    MigrationRun,
    Mismatch,
    StageChange,
    StepRequest,
    Verdict,
)
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.stages import RunStatus, Stage
from migration_ops.tests.admin.everything import DOCUMENT
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.rows import traces
from migration_ops.tests.admin.test_dashboard import a_run

pytestmark = pytest.mark.django_db
PAGE, PART, ACT = (f"admin:migration_ops_companystage_{name}" for name in ("change", "part", "act"))
STEPS = [(before, run) for before in Stage for run in (None, *RunStatus)]


def act(company, verb, to=""):
    return reverse(f"{ACT}_to", args=[company.pk, verb, to]) if to else reverse(ACT, args=[company.pk, verb])


def at(company, stage, run=None):
    CompanyStage.objects.update_or_create(company=company, defaults={"stage": stage, "since": timezone.now()})
    return a_run(company, rows=1000, done=300, status=run) if run else None


def press(client, company, verb, to="", **given):
    """Open the confirmation, fill it in, send it; the words of the messages that follow."""
    url = act(company, verb, to)
    shown = client.get(url)
    assert shown.status_code == 200, shown.status_code
    form = {"form": shown.context["form_token"], "reason": "a test", "typed": company.slug, "password": "secret"}
    answer = client.post(url, form | given, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def written():
    """Everything a button may change; that it was refused is noted besides."""
    return (
        list(CompanyStage.objects.order_by("pk").values()), list(StageChange.objects.values()),
        list(MigrationRun.objects.order_by("pk").values()), StepRequest.objects.count(),
        AuditLine.objects.exclude(action__endswith="_refused").count(),
    )  # fmt: skip


def refused():
    """What the audit log says of attempts: what was tried, and by whom."""
    lines = AuditLine.objects.filter(action__endswith="_refused").order_by("id")
    return [(line.action, line.actor) for line in lines]


@pytest.fixture
def company():
    made = a_company()
    traces(made, deals(made, 3))
    return made


@pytest.fixture
def engineer(client):
    client.force_login(a_person("ann", ENGINEER))
    return client


@pytest.fixture
def open_gates(monkeypatch):
    monkeypatch.setattr(gates, "GATES", dict.fromkeys(gates.GATES, lambda company: (True, {"seen": "yes"}, "")))


class TestPage:
    def test_shows_where_the_company_stands_and_escapes_what_was_recorded(self, engineer, company):
        for name in (PAGE, PART):
            shown = text(engineer.get(reverse(name, args=[company.pk])))
            assert HOSTILE not in shown
            for words in ("What is missing for shadow", "never validated at", "3 set aside", "Legacy says",
                          "The new tables say", "&lt;script&gt;", "Dual write"):  # fmt: skip
                assert words in shown

    def test_a_company_that_never_moved_has_a_page_too(self, engineer):
        shown = text(engineer.get(reverse(PAGE, args=[a_company().pk])))
        assert "never run" in shown
        assert "Migrate…" in shown

    def test_mismatches_stand_side_by_side_down_to_the_field(self, engineer, company):
        verdict = Verdict.objects.filter(company=company).latest("pk")
        Mismatch.objects.create(
            verdict=verdict, kind="mismatched", table="quotes_new", row_id=company.pk, column="notes",
            expected=None, found="",
        )  # fmt: skip
        shown = text(engineer.get(reverse(PAGE, args=[company.pk])))
        assert "NULL" in shown
        assert "<td>notes</td>" in shown

    def test_the_statements_do_not_grow_with_what_was_found(self, engineer, company):
        def statements():
            with CaptureQueriesContext(connection) as captured:
                text(engineer.get(reverse(PAGE, args=[company.pk])))
            return len(captured)

        few = statements()
        verdict = Verdict.objects.filter(company=company).latest("pk")
        Mismatch.objects.bulk_create(
            Mismatch(verdict=verdict, kind="extra", table="jobs_new", row_id=company.pk) for _ in range(80)
        )
        for number in range(15):
            a_run(company, status="finished", rows=100)
            StageChange.objects.create(company=company, before="off", after="dualwrite", reason=str(number), actor="x",
                                       at=NOW)  # fmt: skip
        assert statements() == few

    def test_the_verdicts_behind_a_gate_are_one_line(self):
        seen = {
            depth: {"verdict": 7, "passed": depth != "fields", "rows": rows, "at": f"2026-11-2{day} 09:46:39.5+00:00"}
            for day, (depth, rows) in enumerate((("counts", 982), ("fields", 3), ("round_trip", 982)))
        }
        assert in_words(seen) == (
            "fields failed; counts, round trip passed; 3 to 982 rows, the oldest verdict of 2026-11-20 09:46:39 UTC"
        )

    def test_absent_and_foreign_companies_are_the_same(self, client, company):
        client.force_login(a_person("ann", ENGINEER, companies=[a_company(1)]))
        absent = "00000000-0000-4000-8000-000000000000"
        for name, args in ((PAGE, ()), (PART, ()), (ACT, ("pause",)), (f"{ACT}_to", ("step", "off"))):
            theirs, nobody = (client.get(reverse(name, args=[pk, *args])) for pk in (company.pk, absent))
            assert theirs.status_code == nobody.status_code == 404
            assert theirs.content == nobody.content
            theirs, nobody = (client.post(reverse(name, args=[pk, *args])) for pk in (company.pk, absent))
            assert theirs.status_code == nobody.status_code in (404, 405)

    @pytest.mark.parametrize("role", ["", VIEWER, SUPPORT])
    def test_who_may_not_steer_is_offered_nothing_and_refused_everything(self, client, company, role):
        a_run(company, done=100)
        client.force_login(a_person("eve", role))
        if role:
            shown = text(client.get(reverse(PAGE, args=[company.pk])))
            assert "/act/" not in shown
        before = written()
        for verb, to in (("pause", ""), ("cancel", ""), ("start", ""), ("pace", ""), ("validate", ""), ("step", "off"),
                         ("step", "live"), ("rollback", "off"), ("approve", ""), ("decline", "")):  # fmt: skip
            assert client.get(act(company, verb, to)).status_code == 403
            assert client.post(act(company, verb, to), {"reason": "mine"}).status_code == 403
        assert written() == before


class TestOffers:
    @pytest.mark.parametrize(("stage", "run"), STEPS)
    def test_every_state_offers_what_it_says(self, engineer, company, stage, run):
        MigrationRun.objects.all().delete()
        at(company, stage, run)
        for offer in offers(stage, run, is_stalled=False):
            shown = text(engineer.get(act(company, offer.verb, offer.to or "")))
            assert offer.label in shown
            assert ("typed" in shown) == offer.typed

    def test_what_is_not_possible_now_is_refused_in_words(self, engineer, company):
        before = written()
        for verb, to in (("step", "live"), ("pause", ""), ("rollback", "off")):
            told = engineer.post(act(company, verb, to), {"reason": "x"}, follow=True)
            assert "not possible now" in " ".join(map(str, told.context["messages"]))
        assert engineer.post(act(company, "nonsense")).status_code == 404
        assert written() == before


class TestRuns:
    def test_pause_pace_and_cancel_leave_audit_lines(self, engineer, company):
        run = at(company, "dualwrite", "running")
        assert "pausing" in press(engineer, company, "pause")
        assert "1,500 ms" in press(engineer, company, "pace", target_ms="1500", pause_ms="20")
        run.refresh_from_db()
        assert (run.status, run.target_ms, run.pause_ms) == ("pausing", 1500, 20)
        assert "cancelling" in press(engineer, company, "cancel")
        lines = AuditLine.objects.order_by("id").values_list("action", "actor", "detail__reason")
        assert list(lines) == [(verb, "ann", "a test") for verb in ("pause", "pace", "cancel")]

    @pytest.mark.parametrize("given", ["-1", "x", "", "99999999", "1e3", "²"])
    def test_a_pace_that_cannot_be_used(self, engineer, company, given):
        at(company, "dualwrite", "running")
        before = written()
        assert "milliseconds" in press(engineer, company, "pace", target_ms=given, pause_ms="0")
        assert written() == before

    def test_pressed_twice_the_second_says_so(self, engineer, company):
        at(company, "dualwrite", "running")
        url = act(company, "pause")
        form = {"form": engineer.get(url).context["form_token"], "reason": "twice"}
        engineer.post(url, form)
        told = engineer.post(url, form, follow=True)
        assert "not possible now" in " ".join(map(str, told.context["messages"]))
        assert list(AuditLine.objects.order_by("id").values_list("action", flat=True)) == ["pause", "pause_refused"]

    def test_without_a_queue_nothing_begins(self, engineer, company, settings):
        from quotepro.celery import app

        MigrationRun.objects.all().delete()
        before = written()
        app.conf.broker_url, was = "redis://127.0.0.1:1/0", app.conf.broker_url
        try:
            assert "cannot be reached" in press(engineer, company, "start")
            assert "cannot be reached" in press(engineer, company, "validate")
        finally:
            app.conf.broker_url = was
        assert written() == before


class TestForms:
    def test_the_form_of_another_company_is_refused(self, engineer, company):
        """T42."""
        other = a_company(1)
        for each in (company, other):
            at(each, "dualwrite")
        form = {"form": engineer.get(act(other, "step", "off")).context["form_token"], "reason": "x"}
        before = written()
        told = engineer.post(act(company, "step", "off"), form, follow=True)
        assert "another company" in " ".join(map(str, told.context["messages"]))
        assert written() == before
        assert refused() == [("step_refused", "ann")]

    def test_a_form_from_before_somebody_else_moved_is_refused(self, engineer, company):
        at(company, "shadow")
        form = {"form": engineer.get(act(company, "rollback", "off")).context["form_token"], "reason": "x",
                "typed": company.slug}  # fmt: skip
        at(company, "live")
        told = engineer.post(act(company, "rollback", "off"), form, follow=True)
        assert "changed since" in " ".join(map(str, told.context["messages"]))
        assert CompanyStage.objects.get(company=company).stage == "live"

    def test_the_form_of_another_person_or_none_is_refused(self, engineer, company):
        at(company, "dualwrite")
        form = {"form": engineer.get(act(company, "step", "off")).context["form_token"], "reason": "x"}
        bob = Client()
        bob.force_login(a_person("bob", ENGINEER))
        before = written()
        for sent in (form, {"reason": "x"}, form | {"form": "forged"}, form | {"form": form["form"][:-2]}):
            bob.post(act(company, "step", "off"), sent)
        assert written() == before
        assert refused() == [("step_refused", "bob")] * 4

    def test_without_the_sites_own_token_nothing_is_taken(self, company):
        at(company, "dualwrite")
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(a_person("ann", ENGINEER))
        form = {"form": strict.get(act(company, "step", "off")).context["form_token"], "reason": "x"}
        before = written()
        assert strict.post(act(company, "step", "off"), form).status_code == 403
        assert written() == before

    def test_the_name_and_a_reason_are_needed(self, engineer, company, open_gates):
        at(company, "shadow")
        before = written()
        assert "was not typed" in press(engineer, company, "step", "live", typed=company.name)
        assert "a reason is needed" in press(engineer, company, "step", "live", reason="  ")
        assert written() == before

    def test_looking_changes_nothing(self, engineer, company):
        at(company, "dualwrite", "running")
        before = written()
        for verb, to in (("pause", ""), ("cancel", ""), ("step", "off"), ("validate", "")):
            assert engineer.get(act(company, verb, to)).status_code == 200
            assert engineer.head(act(company, verb, to)).status_code == 200
            assert engineer.put(act(company, verb, to)).status_code == 405
        assert written() == before

    def test_a_permission_taken_away_while_the_form_is_open(self, client, company):
        """T40."""
        ann = a_person("ann", ENGINEER)
        client.force_login(ann)
        at(company, "dualwrite")
        form = {"form": client.get(act(company, "step", "off")).context["form_token"], "reason": "x"}
        ann.groups.clear()
        before = written()
        assert client.post(act(company, "step", "off"), form).status_code == 403
        assert written() == before


class TestSteps:
    def test_a_step_back(self, engineer, company):
        at(company, "dualwrite")
        assert "from dual write to off" in press(engineer, company, "step", "off")
        assert CompanyStage.objects.get(company=company).stage == "off"
        change = StageChange.objects.first()
        assert (change.actor, change.reason) == ("ann", "a test")
        assert AuditLine.objects.filter(action="stage", actor="ann", company_id=company.pk).count() == 1

    def test_a_closed_gate_refuses_and_nothing_changes(self, engineer, company):
        at(company, "dualwrite")
        before = written()
        assert "stays dualwrite" in press(engineer, company, "step", "shadow")
        assert written() == before
        assert refused() == [("stage_refused", "ann")]


class TestSecondPerson:
    @pytest.fixture
    def asked(self, engineer, company, open_gates):
        at(company, "rampdown")
        assert "when a second person agrees" in press(engineer, company, "step", "complete")
        return StepRequest.objects.get()

    @pytest.fixture
    def bob(self):
        client = Client()
        client.force_login(a_person("bob", ADMINISTRATOR))
        return client

    def test_asking_changes_nothing_but_asks(self, asked, company):
        assert CompanyStage.objects.get(company=company).stage == "rampdown"
        assert AuditLine.objects.get().action == "step_asked"

    def test_one_person_alone_gets_nowhere(self, asked, engineer, company):
        """T46."""
        shown = text(engineer.get(reverse(PAGE, args=[company.pk])))
        assert "It takes a second person." in shown
        assert "Agree…" not in shown
        assert "it takes a second person" in press(engineer, company, "approve")
        assert "has asked for it already" in press(engineer, company, "step", "complete")
        assert CompanyStage.objects.get(company=company).stage == "rampdown"
        with pytest.raises(IntegrityError), transaction.atomic():
            StepRequest.objects.filter(pk=asked.pk).update(state="done", decided_by=asked.asked_by)

    def test_a_second_one_does_it(self, asked, bob, company):
        assert "Agree…" in text(bob.get(reverse(PAGE, args=[company.pk])))
        assert "from ramp-down to complete" in press(bob, company, "approve")
        assert CompanyStage.objects.get(company=company).stage == "complete"
        assert "asked for by ann" in StageChange.objects.first().reason
        assert set(AuditLine.objects.values_list("action", "actor")) == {
            ("step_asked", "ann"), ("stage", "bob"), ("step_approved", "bob"),
        }  # fmt: skip

    def test_with_the_wrong_password_or_name_nothing_is_done(self, asked, bob, company):
        assert "password is not yours" in press(bob, company, "approve", password="guess")
        assert "was not typed" in press(bob, company, "approve", typed="company")
        assert CompanyStage.objects.get(company=company).stage == "rampdown"

    def test_declined_it_is_over(self, asked, bob, company):
        assert "declined" in press(bob, company, "decline")
        assert "Agree…" not in text(bob.get(reverse(PAGE, args=[company.pk])))
        with pytest.raises(SecondPersonRefused, match="declined already"):
            second_person.approve(asked.pk, person=a_person("eve", ADMINISTRATOR), reason="x")

    def test_a_request_grows_old(self, asked, bob, company):
        StepRequest.objects.update(asked_at=timezone.now() - timedelta(hours=second_person.VALID_H + 1))
        assert "Agree…" not in text(bob.get(reverse(PAGE, args=[company.pk])))
        with pytest.raises(SecondPersonRefused, match="more than 24 hours ago"):
            second_person.approve(asked.pk, person=a_person("eve", ADMINISTRATOR), reason="x")
        assert "when a second person agrees" in press(bob, company, "step", "complete")

    def test_who_asked_and_left_asks_no_more(self, asked, bob, company):
        asked.asked_by.is_active = False
        asked.asked_by.save()
        assert "not active any more" in press(bob, company, "approve")

    def test_a_gate_that_closed_meanwhile_holds(self, asked, bob, company, monkeypatch):
        monkeypatch.setitem(gates.GATES, "quarantine", lambda company: (False, {}, "1 row is in quarantine"))
        assert "stays rampdown" in press(bob, company, "approve")
        asked.refresh_from_db()
        assert asked.state == "waiting"
        assert CompanyStage.objects.get(company=company).stage == "rampdown"


def test_the_newest_certificate_and_whether_it_holds(engineer, company):
    page = reverse(PAGE, args=[company.pk])
    assert 'id="certificate"' not in text(engineer.get(page))
    for _ in range(2):
        newest = Certificate.objects.create(
            company=company, document=DOCUMENT, sha256=sha256(DOCUMENT.encode()).hexdigest(), signed_by=HOSTILE,
            mapping_version=1, last_finding=0, at=NOW,
        )  # fmt: skip
    shown = text(engineer.get(page))
    assert f"Certificate {newest.pk}" in shown
    assert HOSTILE not in shown
    assert ">holds<" in shown
    findings.record(company, "mismatch", "x")
    assert ">superseded<" in text(engineer.get(page))
