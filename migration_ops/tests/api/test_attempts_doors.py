"""What is tried at the doors: nobody's requests, forged headers, other methods, old sessions, caches. Numbers are the catalogue's."""

import json
from itertools import islice
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from crm.models import Scope
from migration_ops.tests.api.clients import LEAD, caller
from migration_ops.tests.api.conftest import deal_of
from quotepro import gunicorn_conf

pytestmark = pytest.mark.django_db(transaction=True)


def api_routes() -> list[tuple[str, str]]:
    """Every route below api/ with a method it takes, ids filled in."""
    found = []
    for resolver in get_resolver().url_patterns:
        if not str(resolver.pattern).startswith("api"):
            continue
        for pattern in resolver.url_patterns:
            path = "/" + str(resolver.pattern) + str(pattern.pattern)
            while "<" in path:
                path = path[: path.index("<")] + str(uuid4()) + path[path.index(">") + 1 :]
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                found.append((method, path))
    return found


def test_t1_nobody_without_a_token_gets_anything(no_effect, a):
    deal_of(a)
    routes = api_routes()
    assert len(routes) > 100
    client = Client(raise_request_exception=False)
    with no_effect():
        for method, path in routes:
            for who in ({}, {"Authorization": "Bearer qp_00000000_nothing"}, {"Authorization": "Basic eDp4"}):
                answer = client.generic(method, path, b"{}", content_type="application/json", headers=who)
                assert answer.status_code in ((404, 405) if path.endswith(("/v2/", "/api/")) else (401, 405)), (
                    method,
                    path,
                )
                assert b"secret" not in answer.content


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "a b"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "https"}],
)
def test_t5_forged_hosts_make_no_links(no_effect, a, headers):
    with no_effect():
        answer = a("GET", "/api/v2/leads", **headers)
        assert answer.status_code == (400 if "Host" in headers else 200)
        assert b"evil" not in answer.content + str(answer.headers).encode()


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "javascript:alert(1)"])
def test_t6_after_signing_in_one_stays_here(no_effect, a, target, admin_user):
    deal_of(a)
    admin_user.set_password("correct horse")
    admin_user.save()
    form = {"username": admin_user.username, "password": "correct horse", "next": target}
    with no_effect():
        wrong = Client().post("/admin/login/", form | {"password": "wrong"})
        assert wrong.status_code == 200
        assert "Location" not in wrong.headers
    with no_effect(a.company):
        answer = Client().post("/admin/login/", form)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/")


def test_t5_the_production_server_drops_headers_with_an_underscore():
    """CVE-2026-3902: X_Forwarded_Proto would otherwise pass for the header a proxy sets."""
    config = Config()
    config.set("header_map", gunicorn_conf.header_map)
    raw = b"GET / HTTP/1.1\r\nHost: a.example\r\nX_Forwarded_Proto: https\r\nX-Real: 1\r\n\r\n"
    (request,) = islice(RequestParser(config, iter([raw]), ("127.0.0.1", 1)), 1)
    assert [name for name, _ in request.headers] == ["HOST", "X-REAL"]


def test_t19_other_methods_and_spellings_are_no_way_around(no_effect, a):
    reader = caller(a.company, Scope.LEADS_READ, name="reader")
    ids = deal_of(a, upto="draft")
    with no_effect():
        override = reader("GET", f"/api/v2/leads/{ids['leads']}", X_HTTP_Method_Override="DELETE")
        assert json.loads(override.content)["id"] == ids["leads"]
        assert reader("POST", "/api/v2/leads", LEAD, X_HTTP_Method_Override="GET").status_code == 403
        for method in ("HEAD", "OPTIONS", "TRACE", "DELETE", "PROPFIND"):
            assert a(method, "/api/v2/leads").status_code == 405
        for path in ("/api/v2/leads/", "/api/v2/leads.json", "/api/v2//leads", "/API/v2/leads", "/api/v2/leads;x=1"):
            assert a("GET", path).status_code == 404, path


def test_t20_no_other_origin_and_no_cookie(no_effect, a, admin_client):
    with no_effect():
        answer = a("GET", "/api/v2/leads", Origin="https://evil.example")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        for method, body in (("GET", b""), ("POST", json.dumps(LEAD).encode())):
            asked = admin_client.generic(method, "/api/v2/leads", body, content_type="application/json")
            assert asked.status_code == 401
        assert admin_client.get("/api/quotes").status_code == 401


def test_t55_a_session_ends_with_its_reason(no_effect, a, admin_user):
    deal_of(a)
    page, revoke = "/admin/crm/quote/browse/", "/admin/crm/apitoken/"
    action = {"action": "revoke", "_selected_action": [str(a.token.pk)]}

    def signed_in() -> Client:
        client = Client()
        client.force_login(admin_user)
        assert client.get(page).status_code == 200
        return client

    def is_dead(client: Client, status: int) -> None:
        with no_effect(a.company):
            assert client.get(page).status_code == status
            assert client.post(revoke, action).status_code == status
        a.token.refresh_from_db()
        assert a.token.revoked_at is None

    client = signed_in()
    admin_user.set_password("another one")
    admin_user.save()
    is_dead(client, 302)
    client = signed_in()
    client.post("/admin/logout/")
    is_dead(client, 302)
    client = signed_in()
    admin_user.is_superuser = False
    admin_user.save()
    is_dead(client, 403)
    admin_user.is_superuser = True
    admin_user.save()
    client = signed_in()
    admin_user.is_active = False
    admin_user.save()
    is_dead(client, 302)
    # The same deed by somebody who may: what was refused above would have worked.
    admin_user.is_active = True
    admin_user.save()
    signed_in().post(revoke, action)
    a.token.refresh_from_db()
    assert a.token.revoked_at is not None


def test_t56_over_http_nobody_signs_in(no_effect, a, settings, admin_user):
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    admin_user.set_password("correct horse")
    admin_user.save()
    form = {"username": admin_user.username, "password": "correct horse"}
    with no_effect():
        answer = Client().post("/admin/login/", form)
        assert (answer.status_code, answer.headers["Location"][:8]) == (301, "https://")
        assert not answer.cookies
        assert a("POST", "/api/v2/leads", LEAD).status_code == 301
        framed = Client().get("/admin/login/", secure=True)
        assert framed.headers["X-Frame-Options"] == "DENY"
    answer = Client().post("/admin/login/", form, secure=True)
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"]) == (True, True, "Lax")


def test_t64_no_cache_keeps_a_companys_answer(no_effect, a, b):
    ids = deal_of(a)
    paths = (
        "/api/v2/leads",
        f"/api/v2/quotes/{ids['quotes']}",
        "/api/quotes",
        "/api/v2/nothing",
        "/api/v2/openapi.json",
    )
    with no_effect():
        for path in paths:
            mine, theirs = a("GET", path), b("GET", path)
            for answer in (mine, theirs):
                assert answer.headers["Cache-Control"] == "private, no-store"
                assert "Authorization" in answer.headers["Vary"]
            assert b"secret of company-a" not in theirs.content
        etag = a("GET", paths[1]).headers["ETag"]
        assert b("GET", paths[1], If_None_Match=etag).status_code == 404
