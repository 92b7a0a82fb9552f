"""Attempts of members of staff, each with a digest of every table before and after and its line for who watches.

What only one page can be tried with is tried beside that page's other tests.
"""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from crm.models import ApiToken, Company, Customer, Job
from crm.tests.admin.test_pages import list_url
from legacy.models import LegacyQuote
from migration_ops.models import Certificate, CompanyStage
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.test_permissions import has_object, is_api, routes, url_of
from migration_ops.tests.api.conftest import no_effect  # noqa: F401 - the fixture
from quotepro import urls  # noqa: F401 - importing it registers every page

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label in ("crm", "migration_ops", "legacy")]
# What these are for is to change the person's own session.
OWN_SESSION = ("admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/")


@pytest.fixture
def two():
    return everything(0), everything(1)


@pytest.fixture
def lines(caplog):
    """What those who watch over the site were told since the last look."""

    def told():
        found = [record.getMessage() for record in caplog.records if record.name == "quotepro.security"]
        caplog.clear()
        return found

    return told


def as_role(role, two):
    client = Client()
    client.force_login(a_person("eve", role, companies=[two[0]]))
    return client


def everywhere(client, method, two):
    """(address, status) of every page of the site, of the own company where it is one's page."""
    found = []
    for route in routes():
        if not is_api(route) and route not in OWN_SESSION:
            url = url_of(route, "own" if has_object(route) else "-", two)
            answer = client.generic(method, url, b"", content_type="application/x-www-form-urlencoded")
            found.append((url, answer.status_code))
    return found


def own_row(model, two):
    path = getattr(admin.site._registry[model], "company_path", "company_id")
    return model._default_manager.filter(**{path: two[0].pk}).order_by("pk").first()


def test_t22_a_viewer_adds_changes_and_deletes_nothing(two, no_effect, lines):  # noqa: F811
    viewer, tried = as_role(VIEWER, two), 0
    with no_effect():
        for model in OURS:
            name, row = f"admin:{model._meta.app_label}_{model._meta.model_name}", own_row(model, two)
            places = [reverse(f"{name}_add")]
            if row is not None:
                places += [reverse(f"{name}_{what}", args=[row.pk]) for what in ("change", "delete")]
            for place in places:
                form = {"post": "yes", "name": "mine", "company": str(two[1].pk), "stage": "complete"}
                assert viewer.post(place, form).status_code in (403, 405), place
                tried += 1
    assert tried > 90
    assert len(lines()) == tried


def test_t23_and_t24_lists_take_no_action_and_no_field_from_a_viewer(two, no_effect, rf):  # noqa: F811
    everything_allowed = rf.get("/")
    everything_allowed.user = User(username="root", is_active=True, is_staff=True, is_superuser=True)
    actions = {"delete_selected"}
    for model in OURS:
        assert admin.site._registry[model].list_editable == ()
        actions |= set(admin.site._registry[model].get_actions(everything_allowed))
    assert "revoke" in actions
    viewer = as_role(VIEWER, two)
    with no_effect():
        for model in OURS:
            row = own_row(model, two)
            key = str(row.pk) if row is not None else "1"
            for action in sorted(actions):
                sent = {"action": action, "_selected_action": [key], "post": "yes", "index": "0"}
                assert viewer.post(list_url(model), sent).status_code in (200, 302, 403, 405)
            for id in (key, ""):
                form = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1" if id else "0", "form-0-id": id,
                        "form-0-name": "mine", "_save": "1"}  # fmt: skip
                assert viewer.post(list_url(model), form).status_code in (200, 302, 403, 405)


def test_t25_a_viewer_posts_to_every_page_and_nothing_happens(two, no_effect, lines):  # noqa: F811
    viewer = as_role(VIEWER, two)
    with no_effect():
        found = everywhere(viewer, "POST", two)
    refused = [url for url, status in found if status in (400, 403, 404, 405)]
    assert len(refused) > 100
    assert len(lines()) == len(refused)


@pytest.mark.parametrize(
    ("model", "lookup"), [(User, "password__startswith"), (LegacyQuote, "items__contains"), (Customer, "name__regex")]
)
def test_t26_lists_are_no_oracle(two, no_effect, lines, model, lookup):  # noqa: F811
    client = Client()
    client.force_login(a_person("eve", ADMINISTRATOR))
    with no_effect():
        assert client.get(list_url(model), {lookup: "a"}).status_code == 400
    assert len(lines()) == 1


def test_t27_pages_beside_a_form_show_nothing_of_another_company(two, no_effect):  # noqa: F811
    client = as_role(ADMINISTRATOR, two)
    foreign = {two[1].name, str(two[1].pk)}
    foreign |= {str(pk) for pk in Customer.objects.filter(company=two[1]).values_list("pk", flat=True)}
    seen = 0
    with no_effect():
        for model in OURS:
            name, row = f"admin:{model._meta.app_label}_{model._meta.model_name}", own_row(model, two)
            for what in ("history", "delete", "change") if row is not None else ():
                answer = client.get(reverse(f"{name}_{what}", args=[row.pk]), {"_popup": "1", "_to_field": "id"})
                shown = answer.content.decode() if answer.status_code == 200 else ""
                assert not [each for each in foreign if each in shown], answer.request["PATH_INFO"]
                seen += answer.status_code == 200
    assert seen > 40


@pytest.mark.parametrize("role", [SUPPORT, ADMINISTRATOR])
def test_t28_what_is_another_companys_is_absent_on_every_page(two, no_effect, lines, role):  # noqa: F811
    client, noticed = as_role(role, two), 0
    with no_effect():
        for route in (each for each in routes() if has_object(each) and not each.startswith(("api/", "admin/auth/"))):
            for method in ("GET", "POST"):
                answers = []
                for which in ("foreign", "absent"):
                    url = url_of(route, which, two)
                    answer = client.generic(method, url, b"", content_type="application/x-www-form-urlencoded")
                    answers.append((answer.status_code, answer.get("Location")))
                    # An address of old only names the right one, whatever is there.
                    is_forwarded = answer.status_code == 302 and answer["Location"] == f"{url}change/"
                    assert ["'eve'" in line for line in lines()] == [True] * (not is_forwarded), (method, url)
                    noticed += not is_forwarded
                (status, place), absent = answers
                assert (status, place) == absent or is_forwarded, url
                assert status in (302, 403, 404, 405), url
    assert noticed > 200


def test_t29_a_form_takes_nothing_of_another_company(two, no_effect):  # noqa: F811
    client = as_role(ADMINISTRATOR, two)
    form = {"company": str(two[1].pk), "name": "mine", "scopes": ["leads:read"], "expires_at_0": "", "expires_at_1": ""}
    with no_effect():
        answer = client.post(reverse("admin:crm_apitoken_add"), form)
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


@pytest.mark.parametrize("model", [Company, ApiToken])
def test_t30_an_own_row_is_not_given_to_another_company(two, model):
    client, row = as_role(ADMINISTRATOR, two), own_row(model, two)
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    assert 'name="company' not in client.get(place).content.decode()
    before = set(model.objects.filter(company=two[0]) if model is ApiToken else [row])
    sent = {
        "company": str(two[1].pk),
        "company_id": str(two[1].pk),
        "id": str(two[1].pk),
        "name": "mine",
        "slug": "mine",
    }
    client.post(place, sent)
    assert model.objects.count() == 2
    assert set(model.objects.filter(company=two[0]) if model is ApiToken else model.objects.filter(pk=row.pk)) == before


def test_t34_autocomplete_answers_for_the_fields_of_forms_only(two, no_effect, lines):  # noqa: F811
    client = as_role(SUPPORT, two)
    asked = {"app_label": "crm", "model_name": "staffaccess", "field_name": "companies", "term": ""}
    others = ({"model_name": "apitoken", "field_name": "digest"}, {"app_label": "auth", "model_name": "user"},
              {"model_name": "lead", "field_name": "notes"}, {"field_name": "user"}, {"model_name": "nothing"})  # fmt: skip
    with no_effect():
        for other in others:
            assert client.get(reverse("admin:autocomplete"), asked | other).status_code == 403
    assert len(lines()) == len(others)


def test_t29_the_database_takes_no_customer_of_another_company(two, no_effect):  # noqa: F811
    own, foreign = (Job.objects.filter(company=company).order_by("pk").first() for company in two)
    with no_effect(), connection.cursor() as cursor:
        # Checked at once where it is checked at the end of the transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("UPDATE jobs_new SET customer_id = %s WHERE id = %s", [foreign.customer_id, own.pk])


@pytest.mark.parametrize("role", [VIEWER, SUPPORT])
def test_t37_who_does_not_steer_moves_no_stage(two, no_effect, lines, role):  # noqa: F811
    client, act = as_role(role, two), "admin:migration_ops_companystage_act"
    verbs = [("step", "live"), ("step", "complete"), ("rollback", "off"), ("start", ""), ("cancel", ""), ("pause", "")]
    with no_effect():
        for verb, to in verbs:
            args = [two[0].pk, verb, to] if to else [two[0].pk, verb]
            url = reverse(f"{act}_to" if to else act, args=args)
            form = {"reason": "x", "typed": two[0].slug, "password": "secret"}
            assert client.post(url, form).status_code == 403
            assert client.get(url).status_code == 403
    assert len(lines()) == 2 * len(verbs)
    assert CompanyStage.objects.get(company=two[0]).stage == "dualwrite"
    assert Certificate.objects.filter(company=two[0]).count() == 1


@pytest.mark.parametrize("role", [VIEWER, SUPPORT, ENGINEER, ADMINISTRATOR])
def test_t38_a_look_at_any_page_changes_nothing(two, no_effect, role):  # noqa: F811
    client = as_role(role, two)
    with no_effect():
        found = everywhere(client, "GET", two)
    assert sum(status == 200 for _, status in found) > 40


def test_t39_nobody_is_signed_in_by_another_site(two, no_effect, lines):  # noqa: F811
    a_person("sue", SUPPORT)
    strict = Client(enforce_csrf_checks=True)
    with no_effect():
        form = {"username": "sue", "password": "secret"}
        assert strict.post(reverse("admin:login"), form).status_code == 403
    assert len(lines()) == 1
    assert "sessionid" not in strict.cookies
