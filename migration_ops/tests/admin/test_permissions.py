"""Every route of the site, by method, role and object, against one table that is checked in beside this file.

A route that is missing from the table fails the build. After a change that is meant, write it anew and read the
difference: ``QUOTEPRO_WRITE_PERMISSIONS=1 python -m pytest -n 0 migration_ops/tests/admin/test_permissions.py``
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from django.utils import timezone

from crm.models import ApiToken, Customer, Invoice, Job, Lead, Quote, Scope
from crm.services.tokens import token_create
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER, ensure_roles
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.people import a_person

TABLE = Path(__file__).with_name("permissions.txt")
IS_WRITING = os.environ.get("QUOTEPRO_WRITE_PERMISSIONS") == "1"
STAFF = ("anonymous", "no_role", "viewer", "support", "engineer", "administrator", "superuser")
PROGRAMS = ("token", "read_token", "expired_token", "no_token")
OBJECTS = ("own", "foreign", "absent")
ABSENT = UUID("00000000-0000-4000-8000-000000000000")
NAMES = {"viewer": VIEWER, "support": SUPPORT, "engineer": ENGINEER, "administrator": ADMINISTRATOR}
API_MODELS = {"lead_id": Lead, "quote_id": Quote, "job_id": Job, "invoice_id": Invoice, "customer_id": Customer}


def walk(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        # Labels stand in the order in which applications happened to register.
        route = prefix + re.sub(r"(?<=<app_label>)[^)]+", "label", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, route)
        else:
            yield route


def routes():
    """Every route of the site, once, as the resolver has it; the front page as /."""
    return sorted({route or "/" for route in walk(get_resolver())})


def is_api(route):
    return route.startswith("api/")


def has_object(route):
    return "<" in route and "?P<" not in route


def lines_of(route):
    """(method, object) of the route's lines."""
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE") if is_api(route) else ("GET", "POST")
    return [(method, which) for method in methods for which in (OBJECTS if has_object(route) else ("-",))]


def read_table():
    """{(route, method, object): {role: status}}."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        route, method, which, *cells = line.split("\t")
        found[route, method, which] = dict(cell.split("=") for cell in cells)
    return found


def write_column(role, column):
    """Put a role's answers into the table; lines of routes that are gone leave it."""
    table = read_table() if TABLE.exists() else {}
    known = {(route, *line) for route in routes() for line in lines_of(route)}
    merged = {key: table.get(key, {}) for key in known}
    for key, status in column.items():
        merged[key][role] = status
    order = {name: place for place, name in enumerate((*STAFF, *PROGRAMS))}
    text = [
        "# route, method, object; then the status each role is answered with. Staff are limited to the own company."
    ]
    for key in sorted(merged, key=lambda key: (key[0], key[1], OBJECTS.index(key[2]) if key[2] in OBJECTS else 0)):
        cells = sorted(merged[key].items(), key=lambda cell: order[cell[0]])
        text.append("\t".join([*key, *(f"{name}={status}" for name, status in cells)]))
    TABLE.write_text("\n".join(text) + "\n", encoding="utf-8")


@pytest.fixture
def companies(db):
    return everything(0), everything(1)


@pytest.fixture
def only_decided(monkeypatch):
    """Whether a page may be seen is decided before it is drawn; the pages themselves are drawn in other tests."""

    def leave_out(response):
        response.content = b""
        return response

    monkeypatch.setattr(SimpleTemplateResponse, "render", leave_out)


def key_of(route, which, companies):
    """What stands in the route for the own, a foreign or no object."""
    parts = route.split("/")
    if is_api(route):
        name = route[route.index("<") + 1 : route.index(">")]
        rows = API_MODELS[name].objects.filter(company=companies[OBJECTS.index(which)]) if which != "absent" else None
        return rows.order_by("pk").first().pk if rows is not None else ABSENT
    if parts[1] == "r":
        return companies[OBJECTS.index(which)].pk if which != "absent" else ABSENT
    app, model = parts[1], parts[2]
    found = next(each for each in admin.site._registry if (each._meta.app_label, each._meta.model_name) == (app, model))
    if which == "absent":
        return 0 if found._meta.pk.get_internal_type().endswith("AutoField") else ABSENT
    if found in (User, Group):
        if not Group.objects.exists():
            ensure_roles(apps)  # tests that commit empty the table of groups
        return found.objects.order_by("pk").first().pk if which == "own" else 0
    path = getattr(admin.site._registry[found], "company_path", "company_id")
    row = found._default_manager.filter(**{path: companies[OBJECTS.index(which)].pk}).order_by("pk").first()
    assert row is not None, f"tests/admin/everything.py makes no {found._meta.label}"
    return row.pk


def url_of(route, which, companies):
    """The route as an address."""
    if route == "/":
        return "/"
    filled = route.replace("<slug:verb>", "step").replace("<slug:to>", "off").replace("<path:content_type_id>", "1")
    filled = filled.replace("<slug:what>", "go-on").replace("<uuid:case>", str(ABSENT))
    filled = filled.replace("^(?P<app_label>label)/$", "crm/").replace("(?P<url>.*)$", "nothing")
    if has_object(route):
        start = filled.index("<")
        filled = filled[:start] + str(key_of(route, which, companies)) + filled[filled.index(">") + 1 :]
    return "/" + filled


def answers(client, wanted, companies, **headers):
    """{(route, method, object): status} of these routes, nothing of it kept; own and foreign told apart."""
    found = {}
    # Signing out is among the routes; a request must not depend on the one before.
    signed_in = {name: morsel.value for name, morsel in client.cookies.items()}
    for route in wanted:
        bodies = {}
        for method, which in lines_of(route):
            url = url_of(route, which, companies)
            client.cookies.clear()
            client.cookies.load(signed_in)
            with transaction.atomic():
                answer = client.generic(method, url, b"{}" if is_api(route) else b"", headers=headers,
                                        content_type="application/json" if is_api(route) else
                                        "application/x-www-form-urlencoded")  # fmt: skip
                transaction.set_rollback(True)
            assert answer.status_code < 500, (method, url, answer.status_code)
            found[route, method, which] = str(answer.status_code)
            place = (answer.get("Location") or "").replace(url.rpartition("/")[0], "")
            content = b"" if answer.streaming else answer.content
            body = re.sub(rb'"request_id":"[^"]*"', b"", content)
            bodies[method, which] = (answer.status_code, place if "login" not in place else "", body)
        if has_object(route) and not route.startswith(("admin/auth/", "admin/r/")) and not client.is_superuser:
            for method in {method for method, _ in lines_of(route)}:
                assert bodies[method, "foreign"] == bodies[method, "absent"], (method, route)
    return found


def compare(role, found):
    if IS_WRITING:
        write_column(role, found)
        return
    table = read_table()
    wrong = {key: (table.get(key, {}).get(role, "not in the table"), status) for key, status in found.items()}
    assert {key: pair for key, pair in wrong.items() if pair[0] != pair[1]} == {}


def test_every_route_is_in_the_table_and_nothing_else():
    wanted = {(route, *line) for route in routes() for line in lines_of(route)}
    found = set(read_table())
    assert wanted - found == set()
    assert found - wanted == set()


@pytest.mark.django_db
@pytest.mark.parametrize("role", STAFF)
def test_staff(companies, only_decided, role):
    client = Client()
    client.is_superuser = role == "superuser"
    if role != "anonymous":
        limit = None if role == "superuser" else [companies[0]]
        client.force_login(a_person(role, NAMES.get(role, ""), companies=limit, is_superuser=role == "superuser"))
    compare(role, answers(client, [route for route in routes() if not is_api(route)], companies))


@pytest.mark.django_db
@pytest.mark.parametrize("role", PROGRAMS)
def test_programs(companies, role):
    client = Client()
    client.is_superuser = False
    headers = {}
    if role != "no_token":
        scopes = [scope for scope in Scope.values if role != "read_token" or scope.endswith(":read")]
        token, secret = token_create(companies[0], name=role, scopes=scopes, created_by="test")
        if role == "expired_token":
            ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        headers = {"Authorization": f"Bearer {secret}"}
    compare(role, answers(client, [route for route in routes() if is_api(route)], companies, **headers))


class TestTable:
    """What must hold in the table, whoever wrote it."""

    def test_strangers_are_let_in_nowhere(self):
        for (route, method, which), cells in read_table().items():
            if not is_api(route) and route not in ("admin/login/", "/"):
                assert cells["anonymous"] in ("302", "403", "404", "405"), (route, method, which)
            elif is_api(route) and not route.endswith(("v2/", "api/")):
                assert cells["no_token"] in ("401", "405"), (route, method, which)
                assert cells["expired_token"] in ("401", "405"), (route, method, which)

    def test_what_is_foreign_is_nowhere_shown(self):
        for (route, method, which), cells in read_table().items():
            if which == "foreign":
                assert "200" not in {cells[role] for role in cells if role != "superuser"}, (route, method)
                absent = read_table()[route, method, "absent"]
                assert {r: s for r, s in cells.items() if r != "superuser"} == {
                    r: s for r, s in absent.items() if r != "superuser"
                }, (route, method)  # fmt: skip

    def test_without_a_role_nothing_but_the_empty_front_page(self):
        own = ("/", "admin/", "admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/",
               "admin/jsi18n/", "admin/search/")  # fmt: skip
        for (route, method, which), cells in read_table().items():
            if not is_api(route) and route not in own and not (method == "GET" and which in ("foreign", "absent")):
                assert cells["no_role"] != "200", (route, method, which)

    def test_what_roles_are_for_they_may(self):
        table = read_table()
        customer = table["admin/crm/customer/<path:object_id>/change/", "GET", "own"]
        assert {role for role in STAFF if customer[role] == "200"} == set(STAFF) - {"anonymous", "no_role"}
        button = table["admin/migration_ops/companystage/<uuid:pk>/act/<slug:verb>/", "POST", "own"]
        assert {role for role in STAFF if button[role] == "302"} == {
            "anonymous", "engineer", "administrator", "superuser",
        }  # fmt: skip
        case = table["admin/migration_ops/dedupcase/<uuid:pk>/decide/", "GET", "own"]
        assert {role for role in STAFF if case[role] == "200"} == {"support", "administrator", "superuser"}
        tokens = table["admin/crm/apitoken/", "GET", "-"]
        assert {role for role in STAFF if tokens[role] == "200"} == {"administrator", "superuser"}

    def test_a_viewer_posts_nothing(self):
        own = ("admin/", "admin/login/", "admin/logout/", "admin/password_change/", "admin/search/", "/")
        taken = {route for (route, method, _), cells in read_table().items()
                 if not is_api(route) and method == "POST" and cells["viewer"] == "200" and route not in own}  # fmt: skip
        # A list and a history take a POST as a look at them: they have neither actions nor fields to edit.
        assert taken <= {route for route in taken if route.count("/") == 3 or route.endswith("/history/")} | {
            "admin/password_change/done/", "admin/jsi18n/", "admin/^(?P<app_label>label)/$",
        }  # fmt: skip
