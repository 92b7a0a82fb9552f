"""What a program tries with a token that is too weak, dead or only nearly right: without effect. Numbers are the catalogue's."""

import json
from uuid import uuid4

import pytest

from crm.models import ApiToken, Scope
from crm.services.tokens import token_create, token_revoke
from migration_ops.stages import Stage
from migration_ops.tests.api.clients import LEAD, caller, to_stage
from migration_ops.tests.api.conftest import deal_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_t14_scopes_and_secrets_are_exact(no_effect, a, caplog):
    reader = caller(a.company, Scope.LEADS_READ, Scope.QUOTES_READ, Scope.JOBS_READ, Scope.INVOICES_READ,
                    Scope.CUSTOMERS_READ, name="reader")  # fmt: skip
    ids = deal_of(a)
    _, expired = token_create(a.company, name="old", scopes=Scope.values, created_by="test")
    ApiToken.objects.filter(name="old").update(expires_at="2020-01-01T00:00:00Z")
    with no_effect():
        assert reader("POST", "/api/v2/leads", LEAD).status_code == 403
        assert reader("PUT", f"/api/quotes/{ids['quotes']}", {"notes": "x"}).status_code == 403
        assert reader("DELETE", f"/api/quotes/{ids['quotes']}").status_code == 403
        assert reader("GET", "/api/v2/statistics", X_Request_ID="refused-1").status_code == 403
        for secret in (
            expired,
            a.secret.upper(),
            a.secret.swapcase(),
            a.secret[:11],
            a.secret[:-1],
            a.secret + "x",
            "é",
            "",
        ):
            answer = a("GET", "/api/v2/leads", Authorization=f"Bearer {secret}")
            assert answer.status_code == 401
        assert a("GET", f"/api/v2/leads?token={a.secret}", Authorization="").status_code == 401
    # Who was refused stands in the log, by the visible part of the token.
    (line,) = [line for line in caplog.text.splitlines() if "refused-1" in line]
    assert reader.token.prefix in line
    assert a.secret not in caplog.text
    assert reader.secret not in caplog.text
    assert not ApiToken.objects.filter(digest=a.secret).exists()


def test_t15_a_revoked_token_is_refused_at_once(no_effect, a):
    assert a("GET", "/api/v2/leads").status_code == 200
    token_revoke(a.token)
    with no_effect():
        assert a("GET", "/api/v2/leads").status_code == 401
        assert a("POST", "/api/v2/leads", LEAD).status_code == 401


def test_t21_v1_is_no_side_door(no_effect, a):
    ids = deal_of(a)
    reads = (Scope.LEADS_READ, Scope.QUOTES_READ, Scope.JOBS_READ, Scope.INVOICES_READ, Scope.CUSTOMERS_READ)
    writes = (Scope.LEADS_WRITE, Scope.QUOTES_WRITE, Scope.JOBS_WRITE, Scope.INVOICES_WRITE)
    without = {each: caller(a.company, *(set(Scope.values) - {each}), name=each) for each in (*reads, *writes)}
    with no_effect():
        for scope in reads:
            assert without[scope]("GET", "/api/quotes").status_code == 403
            assert without[scope]("GET", f"/api/quotes/{ids['quotes']}").status_code == 403
        for scope in writes:
            assert without[scope]("POST", "/api/quotes", {"customer_name": "x"}).status_code == 403
            for method in ("PUT", "PATCH"):
                assert without[scope](method, f"/api/quotes/{ids['quotes']}", {"notes": "x"}).status_code == 403
            assert without[scope]("DELETE", f"/api/quotes/{ids['quotes']}").status_code == 403


@pytest.mark.parametrize("stage", [Stage.OFF, Stage.LIVE, Stage.COMPLETE])
def test_t21_v1_keeps_the_company_border_in_every_stage(no_effect, a, b, stage):
    theirs = deal_of(b)["quotes"]
    for call in (a, b):
        to_stage(call.company, stage)
    with no_effect():
        assert json.loads(a("GET", "/api/quotes").content) == []
        for method, body in (("GET", None), ("PUT", {"notes": "x"}), ("PATCH", {"notes": "x"}), ("DELETE", None)):
            foreign, absent = (
                a(method, f"/api/quotes/{id}", body, X_Request_ID="same") for id in (theirs, str(uuid4()))
            )
            assert foreign.status_code in (404, 409), foreign.content
            assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
