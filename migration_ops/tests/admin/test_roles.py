"""Roles, and limits to companies, wherever rows are shown."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from crm.admin.scope import Scoped
from crm.models import ApiToken, Company, Customer, DashboardStats, StaffAccess
from crm.tests.admin.rows import NOW, a_company, an_id, deals
from crm.tests.admin.test_pages import found, list_url, page_url, text
from migration_ops.models import DedupCase, MigrationBatch, MigrationRun
from migration_ops.roles import ADMINISTRATOR, ENGINEER, ROLES, SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.rows import traces
from quotepro import urls  # noqa: F401 - importing it registers every page: without, OURS depends on what ran before

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label in ("crm", "migration_ops")]


@pytest.fixture
def two():
    made = [a_company(0), a_company(1)]
    for company in made:
        traces(company, deals(company, 2, name=f"Person of {company.slug}"))
    return made


def test_the_migration_makes_the_roles():
    Group.objects.all().delete()
    import_module("migration_ops.migrations.0016_roles").Migration.operations[0].code(apps, None)
    assert set(Group.objects.values_list("name", flat=True)) >= set(ROLES)
    viewer = Group.objects.get(name=VIEWER).permissions
    assert viewer.filter(codename__startswith="view_").count() == viewer.count() > 20
    assert not viewer.filter(codename__in=("view_apitoken", "view_user")).exists()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label_lower)
def test_every_admin_page_is_limited_by_a_path_that_exists(rf, model):
    found_admin = admin.site._registry[model]
    assert isinstance(found_admin, Scoped)
    request = rf.get("/")
    request.user = User(pk=0, username="nobody", is_active=False)
    assert list(found_admin.get_queryset(request)) == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label_lower)
def test_rows_of_other_companies_do_not_exist(client, two, model):
    own, foreign = two
    client.force_login(a_person("ann", ADMINISTRATOR, companies=[own]))
    admin_of = admin.site._registry[model]
    path = admin_of.company_path

    def key(company):
        return company.pk

    listed = client.get(list_url(model))
    assert all(row.pk in set(model._default_manager.filter(**{path: key(own)}).values_list("pk", flat=True))
               for row in found(listed))  # fmt: skip
    assert f"Person of {foreign.slug}" not in text(listed)
    assert foreign.name not in text(listed)
    filters = {getattr(each, "parameter_name", "") for each in admin_of.list_filter}
    if model is not Company and "company" in filters and found(listed):
        assert not found(client.get(list_url(model), {"company": str(foreign.pk)}))
    theirs = model._default_manager.filter(**{path: key(foreign)}).first()
    if theirs is not None:
        absent = 0 if isinstance(theirs.pk, int) else "00000000-0000-4000-8000-000000000000"
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page in ("change", "history", "delete"):
            answers = [client.get(reverse(f"{name}_{page}", args=[pk])) for pk in (theirs.pk, absent)]
            assert answers[0].status_code == answers[1].status_code != 200
            assert answers[0].content == answers[1].content
            assert answers[0].get("Location") == answers[1].get("Location")


def test_somebody_limited_to_no_company_sees_none(client, two):
    client.force_login(a_person("ann", VIEWER, companies=[]))
    assert found(client.get(list_url(Customer))) == []
    assert found(client.get(list_url(Company))) == []


def test_autocomplete_and_foreign_keys_offer_own_companies_only(client, two):
    own, foreign = two
    client.force_login(a_person("ann", ADMINISTRATOR, companies=[own]))
    form = {"company": str(foreign.pk), "name": "x", "scopes": ["leads:read"], "expires_at_0": "", "expires_at_1": ""}
    refused = client.post(reverse("admin:crm_apitoken_add"), form)
    assert refused.status_code == 200
    assert foreign.name not in text(refused)
    assert ApiToken.objects.count() == 0
    client.post(reverse("admin:crm_apitoken_add"), form | {"company": str(own.pk)})
    assert ApiToken.objects.get().company == own


def test_autocompletes_find_own_companies_and_answer_for_no_other_field(client, two):
    own, foreign = two
    client.force_login(a_person("ann", SUPPORT, companies=[own]))
    asked = {"app_label": "crm", "model_name": "staffaccess", "field_name": "companies", "term": "Company"}
    answer = client.get(reverse("admin:autocomplete"), asked)
    assert [each["id"] for each in answer.json()["results"]] == [str(own.pk)]
    for other in ({"model_name": "apitoken", "field_name": "digest"}, {"app_label": "auth", "model_name": "user"},
                  {"model_name": "lead", "field_name": "notes"}, {"field_name": "user"}):  # fmt: skip
        assert client.get(reverse("admin:autocomplete"), asked | other).status_code == 403
    assert foreign.name not in answer.content.decode()


def test_pages_in_a_window_of_their_own_show_no_more(client, two):
    own, foreign = two
    client.force_login(a_person("ann", ADMINISTRATOR, companies=[own]))
    listed = client.get(list_url(Customer), {"_popup": "1", "_to_field": "id"})
    assert {row.company_id for row in found(listed)} == {own.pk}
    assert client.get(list_url(Customer), {"_popup": "1", "_to_field": "email"}).status_code == 400
    theirs = Customer.objects.filter(company=foreign).first()
    assert client.get(page_url(theirs), {"_popup": "1"}).status_code == 302


def test_the_next_case_is_one_of_own_companies(client, two):
    own, foreign = two
    DedupCase.objects.create(
        id=an_id("case"), company=foreign, words="theirs", reason="name_typo", score=0.9, stake=9, records=2, money=1,
        customers=[], questions=1, created_at=NOW,
    )  # fmt: skip
    client.force_login(a_person("ann", SUPPORT, companies=[own]))
    shown = client.get(reverse("admin:migration_ops_dedupcase_next"))
    assert shown["Location"] == reverse("admin:migration_ops_dedupcase_changelist")
    assert DedupCase.objects.get().claimed_by == ""


@pytest.mark.parametrize(
    ("model", "lookup"),
    [(ApiToken, "digest__startswith"), (Customer, "email__startswith"), (MigrationRun, "owner__regex"),
     (MigrationBatch, "run__company__name__startswith"), (DashboardStats, "company__slug")],
)  # fmt: skip
def test_lists_answer_no_questions_about_columns(admin_client, model, lookup):
    assert admin_client.get(list_url(model), {lookup: "a"}).status_code == 400


class TestUsers:
    def test_an_administrator_gives_roles_but_makes_no_superuser(self, client):
        client.force_login(a_person("ann", ADMINISTRATOR))
        bob = a_person("bob")
        form = {"username": "bob", "is_active": "on", "is_staff": "on", "is_superuser": "on",
                "user_permissions": ["1"], "groups": [str(Group.objects.get(name=SUPPORT).pk)],
                "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
                "company_access-TOTAL_FORMS": "0", "company_access-INITIAL_FORMS": "0"}  # fmt: skip
        saved = client.post(page_url(bob), form)
        assert saved.status_code == 302
        bob.refresh_from_db()
        assert not bob.is_superuser
        assert not bob.user_permissions.exists()
        assert bob.groups.get().name == SUPPORT

    def test_an_administrator_does_not_touch_a_superuser(self, client):
        client.force_login(a_person("ann", ADMINISTRATOR))
        root = a_person("root", is_superuser=True)
        password = {"password1": "new long secret", "password2": "new long secret"}
        assert client.post(page_url(root), {"username": "mine"}).status_code == 403
        assert client.post(reverse("admin:auth_user_password_change", args=[root.pk]), password).status_code == 403
        root.refresh_from_db()
        assert root.username == "root"
        assert root.check_password("secret")

    def test_who_is_limited_cannot_lift_the_limit(self, client, two):
        ann = a_person("ann", ADMINISTRATOR, companies=[two[0]])
        client.force_login(ann)
        assert client.get(list_url(User)).status_code == 403
        assert client.post(page_url(ann), {"username": "ann"}).status_code == 403
        assert StaffAccess.objects.get().companies.get() == two[0]

    def test_nobody_is_deleted(self, admin_client):
        bob = a_person("bob", ENGINEER)
        assert admin_client.post(reverse("admin:auth_user_delete", args=[bob.pk]), {"post": "yes"}).status_code == 403
        admin_client.post(list_url(User), {"action": "delete_selected", "_selected_action": [str(bob.pk)], "post": "y"})
        assert User.objects.filter(username="bob").exists()


class TestViewer:
    @pytest.fixture
    def viewer(self, client, two):
        client.force_login(a_person("ann", VIEWER, companies=two))
        return client

    def test_changes_nothing_by_crafted_requests(self, viewer, two):
        company = two[0]
        before = list(Company.objects.order_by("pk").values())
        assert viewer.post(page_url(company), {"name": "mine", "slug": "mine"}).status_code == 403
        row = [str(company.pk)]
        viewer.post(list_url(Company), {"action": "delete_selected", "_selected_action": row, "post": "yes"})
        viewer.post(list_url(Company), {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": row[0],
                                        "form-0-name": "mine", "_save": "1"})  # fmt: skip
        assert list(Company.objects.order_by("pk").values()) == before

    def test_an_action_of_somebody_elses_role_does_not_run(self, client, two):
        token = ApiToken.objects.create(id=an_id("token"), company=two[0], name="x", prefix="p", digest="d",
                                        scopes=["leads:read"], created_by="x")  # fmt: skip
        sent = {"action": "revoke", "_selected_action": [str(token.pk)]}
        for number, role in enumerate((VIEWER, SUPPORT, ENGINEER)):
            client.force_login(a_person(f"eve{number}", role))
            assert client.post(list_url(ApiToken), sent).status_code == 403
        # Who may look at tokens only is not offered the action, and cannot send it either.
        looks = a_person("looks", VIEWER)
        looks.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
        client.force_login(looks)
        assert 'value="revoke"' not in text(client.get(list_url(ApiToken)))
        client.post(list_url(ApiToken), sent)
        token.refresh_from_db()
        assert token.revoked_at is None

    def test_a_refusal_leaves_one_encoded_line(self, viewer, two, caplog):
        """T33."""
        assert viewer.post("/admin/crm/company/x%0dforged%1b[31m/change/", {}).status_code == 403
        lines = [record.getMessage() for record in caplog.records if record.name == "quotepro.security"]
        assert len(lines) == 1
        assert "\r" not in lines[0]
        assert "\x1b" not in lines[0]
        assert "'ann'" in lines[0]

    def test_a_permission_taken_away_holds_at_once(self, client, two):
        ann = a_person("eve", ADMINISTRATOR)
        client.force_login(ann)
        assert client.get(page_url(two[0])).status_code == 200
        ann.groups.clear()
        assert client.post(page_url(two[0]), {"name": "late"}).status_code == 403


def test_a_person_and_their_role_are_made_on_one_page(admin_client, client, two):
    add = reverse("admin:auth_user_add")
    assert admin_client.get(add).context_data["adminform"].form["is_staff"].value() is True
    support = Group.objects.get(name=SUPPORT)
    form = {
        "username": "nina", "usable_password": "true", "password1": "first-day-4", "password2": "first-day-4",
        "is_staff": "on", "groups": [support.pk], "company_access-TOTAL_FORMS": "1", "company_access-INITIAL_FORMS": "0",
        "company_access-0-is_limited": "on", "company_access-0-companies": [two[0].pk],
    }  # fmt: skip
    assert admin_client.post(add, form).status_code == 302
    assert client.login(username="nina", password="first-day-4")
    seen = text(client.get(list_url(Customer)))
    assert f"Person of {two[0].slug}" in seen
    assert f"Person of {two[1].slug}" not in seen
