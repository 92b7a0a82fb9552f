"""Notices: which events are told, how often, to whom, and that nothing depends on their being taken."""

import ast
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone

from crm.models import Company
from crm.tests.admin.rows import HOSTILE, a_company
from migration_ops import conf, tasks
from migration_ops.cutover import findings
from migration_ops.models import GateEvidence, Notice
from migration_ops.notices import send
from migration_ops.notices.gather import gather
from migration_ops.tests.admin.test_dashboard import a_run
from quotepro import env

EVENTS = ["run_finished", "run_failed", "run_stalled", "gate_voided", "quarantine"]
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def company(db, settings):
    settings.NOTIFY_EVENTS = EVENTS
    settings.NOTIFY_EMAIL_TO = ["ops@here.example"]
    settings.NOTIFY_WEBHOOK_URL = ""
    settings.NOTIFY_SITE_URL = ""
    return a_company()


def told():
    return sorted(Notice.objects.values_list("event", flat=True))


class Hook:
    """A webhook on this machine: what it was sent, and what it answers."""

    def __init__(self, status=200, location=""):
        self.sent = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.sent.append((self.path, json.loads(body)))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/a?b=c"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hooks():
    made = []

    def make(**options):
        made.append(Hook(**options))
        return made[-1]

    yield make
    for hook in made:
        hook.server.shutdown()
        hook.server.server_close()


class TestEvents:
    @pytest.mark.parametrize(
        ("event", "happens"),
        [
            ("run_finished", lambda company: a_run(company, status="finished")),
            ("run_failed", lambda company: a_run(company, status="failed")),
            ("run_stalled", lambda company: a_run(company, beat_s=conf.NOTICE_STALLED_S + 5)),
            ("gate_voided", lambda company: findings.record(company, "mismatch", "x")),
            ("gate_voided", lambda company: GateEvidence.objects.create(
                company=company, gate="backup", has_passed=True, mapping_version=1, at=timezone.now(),
                voided_at=timezone.now(), voided_by="x")),
            ("quarantine", lambda company: a_run(company, rows=2_000, done=1_000).batches.filter(state="done").update(
                migrated=10, quarantined=90)),
        ],
    )  # fmt: skip
    def test_each_is_told_once(self, company, settings, event, happens):
        assert gather() == 0
        happens(company)
        assert gather() == 1
        assert told() == [event]
        assert gather() == 0
        notice = Notice.objects.get()
        assert notice.company == company
        assert company.name in notice.subject

    @pytest.mark.parametrize("event", EVENTS)
    def test_each_can_be_switched_off(self, company, settings, event):
        settings.NOTIFY_EVENTS = [each for each in EVENTS if each != event]
        a_run(company, status="finished")
        a_run(company, status="failed")
        a_run(a_company(1), beat_s=conf.NOTICE_STALLED_S + 5)
        findings.record(company, "mismatch", "x")
        a_run(a_company(2), rows=2_000, done=1_000).batches.filter(state="done").update(migrated=10, quarantined=90)
        gather()
        assert set(told()) == set(EVENTS) - {event}

    def test_without_an_address_nothing_is_noted(self, company, settings):
        settings.NOTIFY_EMAIL_TO = []
        a_run(company, status="finished")
        assert gather() == 0

    def test_a_run_that_works_is_not_told(self, company):
        a_run(company, done=500)
        assert gather() == 0

    def test_what_is_long_past_is_not_told(self, company):
        run = a_run(company, status="finished")
        type(run).objects.update(finished_at=timezone.now() - timedelta(hours=25))
        assert gather() == 0

    def test_many_findings_are_one_notice_and_new_ones_after_a_proof_another(self, company):
        for number in range(5):
            findings.record(company, "mismatch", f"{number}")
        gather()
        assert told() == ["gate_voided"]
        findings.record(company, "mismatch", "more")
        gather()
        assert told() == ["gate_voided"]
        findings.clear(findings.open_ids(company))
        findings.record(company, "repair", "again")
        gather()
        assert told() == ["gate_voided"] * 2

    def test_the_database_s_words_stay_at_home(self, company):
        run = a_run(company, status="failed")
        type(run).objects.update(error="Key (email)=(ann@miller.example) already exists")
        gather()
        assert "miller" not in Notice.objects.get().text


class TestSending:
    def test_an_e_mail(self, company, settings):
        settings.NOTIFY_SITE_URL = "https://crm.here.example/"
        a_run(company, status="finished")
        gather()
        assert [send.deliver(pk) for pk in send.due()] == [True]
        (message,) = mail.outbox
        assert message.to == ["ops@here.example"]
        assert message.subject == f"[QuotePro] Run finished: {company.name}"
        assert f"https://crm.here.example/admin/migration_ops/companystage/{company.pk}/change/" in message.body
        assert send.due() == []
        assert Notice.objects.get().state == "sent"

    def test_names_break_neither_header_nor_markup(self, company, settings, hooks):
        """T31, T33 and T44: what was recorded is text, on one line, and no link or mention."""
        hook = hooks()
        settings.NOTIFY_WEBHOOK_URL = hook.url
        name = "x\r\nBcc: eve@evil.example\x1b[31m <!channel> <http://evil.example|pay> " + HOSTILE
        Company.objects.filter(pk=company.pk).update(name=name)
        a_run(company, status="finished")
        gather()
        assert all(send.deliver(pk) for pk in send.due())
        (message,) = mail.outbox
        assert message.recipients() == ["ops@here.example"]
        assert "\n" not in message.subject
        assert "\x1b" not in message.subject
        ((path, body),) = hook.sent
        assert path == "/services/a?b=c"
        assert list(body) == ["text"]
        assert "<" not in body["text"]
        assert "&lt;!channel&gt;" in body["text"]

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 500])
    def test_a_webhook_that_does_not_take_it_is_not_followed(self, company, settings, hooks, status, caplog):
        other = hooks()
        hook = hooks(status=status, location=other.url)
        settings.NOTIFY_WEBHOOK_URL, settings.NOTIFY_EMAIL_TO = hook.url, []
        a_run(company, status="finished")
        gather()
        (pk,) = send.due()
        assert send.deliver(pk) is False
        assert len(hook.sent) == 1
        assert other.sent == []
        notice = Notice.objects.get()
        assert (notice.state, notice.attempts) == ("pending", 1)
        assert f"answered {status}" in notice.error
        assert f"answered {status}" in caplog.text
        assert send.due() == []

    def test_it_is_tried_five_times_and_given_up(self, company, settings, hooks):
        hook = hooks(status=500)
        settings.NOTIFY_WEBHOOK_URL, settings.NOTIFY_EMAIL_TO = hook.url, []
        a_run(company, status="finished")
        gather()
        for _ in range(7):
            Notice.objects.update(next_at=timezone.now())
            for pk in send.due():
                send.deliver(pk)
        assert len(hook.sent) == 5
        assert Notice.objects.get().state == "failed"

    @pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "file:///etc/passwd", "gopher://127.0.0.1/x"])
    def test_an_address_that_does_not_answer_or_is_none(self, company, settings, address):
        settings.NOTIFY_WEBHOOK_URL, settings.NOTIFY_EMAIL_TO = address, []
        a_run(company, status="finished")
        gather()
        (pk,) = send.due()
        assert send.deliver(pk) is False
        assert Notice.objects.get().error

    def test_a_mail_server_that_is_down_stops_neither_the_webhook_nor_the_task(
        self, company, settings, hooks, monkeypatch
    ):
        hook = hooks()
        settings.NOTIFY_WEBHOOK_URL = hook.url

        def down(*_):
            raise ConnectionRefusedError("down")

        monkeypatch.setattr(send.EmailMessage, "send", down)
        monkeypatch.setattr(tasks.deliver_notice, "delay", tasks.deliver_notice)
        a_run(company, status="finished")
        assert tasks.notice() == 2
        assert len(hook.sent) == 1
        states = dict(Notice.objects.values_list("channel", "state"))
        assert states == {"email": "pending", "webhook": "sent"}

    def test_delivered_twice_it_is_sent_once(self, company):
        a_run(company, status="finished")
        gather()
        (pk,) = send.due()
        assert [tasks.deliver_notice(pk), tasks.deliver_notice(pk)] == [True, False]
        assert len(mail.outbox) == 1


class TestSettings:
    @pytest.mark.parametrize(
        "value",
        ["file:///etc/passwd", "ftp://here.example/x", "javascript:alert(1)", "http://", "https://user:pass@here.example/",
         "https://here.example/a b", "https://here.example:99999/", "//here.example/x", "here.example"],
    )  # fmt: skip
    def test_a_webhook_is_http_or_https(self, monkeypatch, value):
        monkeypatch.setenv("NOTIFY_WEBHOOK_URL", value)
        with pytest.raises(env.SettingRefused) as refused:
            env.web_address("NOTIFY_WEBHOOK_URL")
        # An address like this is a secret; the message does not show it.
        assert value not in str(refused.value)

    def test_events(self, monkeypatch):
        for value, found in (("", EVENTS), ("none", []), ("run_failed, quarantine", ["run_failed", "quarantine"])):
            monkeypatch.setenv("NOTIFY_EVENTS", value)
            assert env.some_of("NOTIFY_EVENTS", EVENTS) == found
        monkeypatch.setenv("NOTIFY_EVENTS", "run_failed,run_exploded")
        with pytest.raises(env.SettingRefused, match="run_exploded"):
            env.some_of("NOTIFY_EVENTS", EVENTS)


# Who may open a connection to elsewhere, and why.
FETCHERS = {
    "migration_ops/notices/send.py": "posts to the webhook of the settings",
    "quotepro/management/trial/smoke.py": "asks the server it was given",
}
FETCHING = {"http.client", "urllib.request", "requests", "httpx", "urllib3", "aiohttp", "ftplib", "telnetlib"}


def fetching_files():
    for path in sorted(PROJECT.glob("*/**/*.py")):
        name = path.relative_to(PROJECT).as_posix()
        if "/tests/" in name or name.split("/")[0] not in ("crm", "legacy", "migration_ops", "quotepro"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            if FETCHING & {*names, *(each.split(".")[0] for each in names)}:
                yield name
                break


def test_nothing_else_of_the_application_fetches_anything():
    """T44: no address that came from data is ever asked: nobody could."""
    assert set(fetching_files()) == set(FETCHERS)
