"""smoke_test and load_test, with the production entry point they start themselves."""

import json
import socket
import threading
from collections import Counter
from contextlib import suppress
from itertools import islice

import pytest

from quotepro.management.trial import load
from quotepro.management.trial.callers import trial_session
from quotepro.management.trial.load import Caller, Target, choices, run_load

TABLES = ("quotes", "companies", "customers_new", "customer_contacts", "leads_new", "quotes_new", "quote_items_new", "jobs_new",
          "invoices_new", "payments", "migration_legacy_link", "migration_outbox", "api_tokens", "api_idempotent_requests",
          "auth_user", "django_session")  # fmt: skip


def counts() -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


@pytest.mark.parametrize("stage", ["dualwrite", "live", "complete"])
def test_smoke_test_takes_seven_steps_and_leaves_nothing(stage, manage, redis_server):
    from crm.models import Company
    from migration_ops.models import CompanyStage

    company = Company.objects.create(name="Acme", slug="acme")
    CompanyStage.objects.create(company=company, stage=stage, since="2026-01-01T00:00:00Z")
    before = counts()
    done = manage("smoke_test", "--json", "--company", "acme")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["passed"]
    assert [step["name"] for step in result["steps"]] == [
        "create lead", "generate quote", "send quote", "accept quote", "create job", "send invoice", "mark paid",
    ]  # fmt: skip
    assert counts() == before


def test_smoke_test_says_what_failed(manage):
    before = counts()
    done = manage("smoke_test", "--json", "--base-url", "http://127.0.0.1:9")
    assert done.returncode == 3
    result = json.loads(done.stdout.splitlines()[-1])
    assert not result["passed"]
    assert "does not answer" in done.stderr
    assert counts() == before


@pytest.mark.parametrize("options", [["--base-url", "nonsense"], ["--company", "nobody"]])
def test_smoke_test_refuses_what_it_cannot_use(options, manage):
    done = manage("smoke_test", *options)
    assert done.returncode == 2
    assert options[1] in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_load_test_measures_and_leaves_nothing(manage, redis_server):
    from crm.tests.admin.rows import a_company, deals
    from quotepro.management.trial.targets import targets_of

    company = a_company()
    deals(company, 3)
    before = counts()
    done = manage("load_test", "--users", "6", "--seconds", "2", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["users"] == 6
    assert result["requests"] >= 6
    assert result["errors"] == 0
    assert 0 < result["p50_ms"] <= result["p95_ms"] <= result["p99_ms"]
    assert sum(each["requests"] for each in result["endpoints"]) == result["requests"]
    # Which kinds the first few requests are is chance; see test_every_kind_is_asked_as_often_as_its_weight_says.
    assert {each["name"] for each in result["endpoints"]} <= {target.name for target in targets_of(company)}
    assert counts() == before


@pytest.mark.django_db
def test_the_session_of_a_trial_opens_the_admin_and_ends_with_it(client):
    with trial_session() as cookie:
        client.cookies.load(cookie)
        assert client.get("/admin/").status_code == 200
    assert client.get("/admin/").status_code == 302


def test_every_kind_is_asked_as_often_as_its_weight_says():
    targets = [Target(name="often", weight=9, paths=["/a", "/b"]), Target(name="rarely", weight=1, paths=["/c"])]
    asked = Counter(path for _, path in islice(choices(targets, seed=1), 2_000))
    assert set(asked) == {"/a", "/b", "/c"}
    assert 100 < asked["/c"] < 300
    assert 700 < asked["/a"] < 1_100


def test_load_test_counts_what_goes_wrong(manage, redis_server):
    from crm.tests.admin.rows import a_company, deals

    deals(a_company(), 1)
    done = manage("load_test", "--users", "2", "--seconds", "1", "--json", "--base-url", "http://127.0.0.1:9")
    assert done.returncode == 3
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["errors"] == result["requests"] > 0


@pytest.mark.parametrize("options", [["--users", "0"], ["--seconds", "0"], []])
def test_load_test_refuses_what_it_cannot_use(options, manage):
    done = manage("load_test", *options)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("url", ["https://here.example", "http://nowhere.invalid"])
def test_load_test_refuses_a_server_it_cannot_ask(url, manage, redis_server):
    from crm.tests.admin.rows import a_company, deals

    deals(a_company(), 1)
    done = manage("load_test", "--users", "2", "--seconds", "1", "--base-url", url)
    assert done.returncode == 2
    assert url in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_load_test_tells_answers_from_errors_and_hangs(monkeypatch):
    """Against a server that answers, refuses, answers without a body, and never answers."""
    monkeypatch.setattr(load, "TIMEOUT_S", 0.5)
    waiting = []
    kinds = {
        "/ok": b"HTTP/1.1 200 OK\r\n\r\nyes",
        "/no": b"HTTP/1.1 500 No\r\n\r\nno",
        "/empty": b"HTTP/1.1 200 OK\r\n\r\n",
    }
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in iter(int, 1):
                with suppress(OSError):
                    connection, _ = server.accept()
                    path = connection.recv(1000).split(b" ")[1].decode()
                    if path == "/hang":
                        waiting.append(connection)
                        continue
                    with connection:
                        for part in (kinds[path][:9], kinds[path][9:]):
                            connection.sendall(part)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        targets = [Target(name=path, weight=1, paths=[path]) for path in (*kinds, "/hang")]
        figures, took = run_load(url, [Caller(token="t", cookie="c", targets=targets)] * 3, seconds=1)
    assert {name: found.errors == len(found.ms) for name, found in figures.items()} == {
        "/ok": False, "/no": True, "/empty": True, "/hang": True,
    }  # fmt: skip
    assert figures["/ok"].errors == 0
    assert 1 <= took < 5
