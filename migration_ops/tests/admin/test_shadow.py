"""The pages of compared reads: groups, the field side by side, counts by company and day."""

import pytest
from django.contrib.auth.models import Permission, User

from crm.tests.admin.rows import HOSTILE, NOW, a_company
from crm.tests.admin.test_pages import found, list_url, page_url, text
from migration_ops.models import ShadowCount, ShadowGroup, ShadowMismatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    made = a_company()
    group = ShadowGroup.objects.create(
        company=made, endpoint="detail", field=HOSTILE, rule="value", seen=3, first_at=NOW, last_at=NOW
    )
    ShadowGroup.objects.create(
        company=made, endpoint="list", field="", rule="order", first_at=NOW, last_at=NOW, resolved_at=NOW
    )
    values = [(HOSTILE, "new words"), (None, "")]
    for number, (legacy, new) in enumerate(values):
        ShadowMismatch.objects.create(
            group=group, object=f"object-{number}", legacy_value=legacy, new_value=new, stage="shadow",
            request_id="asked-for-this", at=NOW,
        )  # fmt: skip
    ShadowCount.objects.create(
        company=made, day=NOW.date(), endpoint="list", stage="shadow", basis="1/2/3", equal=1234, rows=56789, noise=7,
        dropped=3,
    )  # fmt: skip
    return made


@pytest.mark.parametrize("model", [ShadowGroup, ShadowMismatch, ShadowCount])
def test_list_and_page_open_escape_and_change_nothing(admin_client, company, model):
    row = model.objects.order_by("pk")[0]
    for url in (list_url(model), page_url(row)):
        assert HOSTILE not in text(admin_client.get(url))
    assert admin_client.post(page_url(row), {"seen": 0}).status_code == 403


def test_groups_lead_to_objects_and_these_show_the_field_side_by_side(admin_client, company):
    shown = text(admin_client.get(list_url(ShadowGroup), {"state": "open"}))
    assert "GET /api/quotes/{id}" in shown
    assert len(found(admin_client.get(list_url(ShadowGroup), {"state": "open"}))) == 1
    assert len(found(admin_client.get(list_url(ShadowGroup), {"rule": "order", "company": str(company.pk)}))) == 1
    group = ShadowGroup.objects.get(rule="value")
    page = text(admin_client.get(page_url(group)))
    first, second = group.mismatches.order_by("pk")
    for words in ("Another value", "object-0", "object-1", "new words", page_url(first)):
        assert words in page
    page = text(admin_client.get(page_url(first)))
    for words in ("Legacy", "New", "new words", "asked-for-this", "&lt;script&gt;"):
        assert words in page
    page = text(admin_client.get(page_url(second)))
    assert "nothing" in page
    assert "empty text" in page


def test_counts_are_shown_by_company_and_day(admin_client, company):
    shown = text(admin_client.get(list_url(ShadowCount), {"company": str(company.pk)}))
    for figure in ("2026-03-01", "1,234", "56,789", ">7<", ">3<"):
        assert figure in shown, figure


def test_values_are_for_those_who_may_see_them(client, company):
    user = User.objects.create_user("clerk", password="secret", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_shadowcount"))
    client.force_login(user)
    assert client.get(list_url(ShadowCount)).status_code == 200
    assert client.get(list_url(ShadowMismatch)).status_code == 403
    assert client.get(page_url(ShadowGroup.objects.all()[0])).status_code == 403
