"""What breaks on the way refuses, and says nothing. Numbers are the catalogue's."""

import json
from uuid import uuid4

import pytest
from django.core.cache import cache

from migration_ops.tests.api.clients import LEAD

pytestmark = pytest.mark.django_db(transaction=True)


def test_t53_an_error_says_nothing_but_its_id(no_effect, a, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("password of the database")

    monkeypatch.setattr("crm.services.leads.lead_create", broken)
    with no_effect():
        answer = a("POST", "/api/v2/leads", LEAD, X_Request_ID="find-me")
        assert answer.status_code == 500
        assert b"password" not in answer.content
        assert json.loads(answer.content)["request_id"] == answer.headers["X-Request-ID"] == "find-me"
        assert "find-me" in caplog.text
        strange = a("GET", "/api/v2/nothing", X_Request_ID="<script>\r\n")
        assert strange.status_code == 404
        assert "script" not in strange.headers["X-Request-ID"]
        assert json.loads(strange.content)["status"] == 404


def test_t54_what_breaks_on_the_way_refuses(no_effect, a, monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionError("no store")

    with no_effect():
        with monkeypatch.context() as patch:
            patch.setattr(cache, "count", broken)
            assert a("POST", "/api/v2/leads", LEAD).status_code == 503
            assert a("PUT", f"/api/quotes/{uuid4()}", {"notes": "x"}).status_code == 503
            # Reading goes on: the token was checked in the database.
            assert a("GET", "/api/v2/leads").status_code == 200
        monkeypatch.setattr("crm.api.auth.token_check", broken)
        assert a("GET", "/api/v2/leads").status_code == 500
        assert a("POST", "/api/v2/leads", LEAD).status_code == 500
