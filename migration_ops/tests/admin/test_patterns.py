"""Patterns, their sample and the decision for all, through the browser's door."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Customer, CustomerMerge
from migration_ops.models import BulkDecision, DedupCase
from migration_ops.tests.identity.test_bulk import three  # noqa: F401 - the fixture
from migration_ops.tests.identity.test_cases import company  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "admin:migration_ops_bulkdecision"
PATTERNS, DRAW = reverse(f"{NAME}_patterns"), reverse(f"{NAME}_draw")


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def draw(client, company):  # noqa: F811
    text(client.post(DRAW, {"company": company.pk, "pattern": DedupCase.objects.first().pattern}, follow=True))
    return BulkDecision.objects.get()


def do(bulk, what):
    return reverse(f"{NAME}_do", args=[bulk.pk, what])


def test_from_the_pattern_through_the_sample_to_the_undo(admin_client, three):  # noqa: F811
    shown = text(admin_client.get(PATTERNS))
    for words in ("the names are alike", "18,400.00", "Look at a sample"):
        assert words in shown, words
    bulk = draw(admin_client, three)
    page = reverse(f"{NAME}_page", args=[bulk.pk])
    assert 'id="begin" type="submit" disabled' in text(admin_client.get(page))
    refused = text(admin_client.post(do(bulk, "begin"), follow=True))
    assert "3 of the 3 drawn cases have not been looked at" in refused
    for case in bulk.sample:
        url = reverse(f"{NAME}_sample", args=[bulk.pk, case])
        assert "This case stays as it is for now" in text(admin_client.get(url))
        text(admin_client.post(url, {"verdict": "same"}, follow=True))
    assert CustomerMerge.objects.count() == 0
    assert "Same customer: all 3 cases" in text(admin_client.get(page))
    done = text(admin_client.post(do(bulk, "begin"), {"why": "one list twice"}, follow=True))
    assert "admin decided 3 of 3 cases" in done
    assert CustomerMerge.objects.count() == 3
    assert "Carried out" in text(admin_client.get(reverse(f"{NAME}_changelist")))
    back = text(admin_client.post(do(bulk, "undo"), follow=True))
    assert "everything is as it was before" in back
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
    assert "not done: taken back" in text(admin_client.post(do(bulk, "undo"), follow=True))


def test_only_who_may_merge_comes_in_and_no_get_changes_anything(client, admin_client, django_user_model, three):  # noqa: F811
    bulk = draw(admin_client, three)
    sample = reverse(f"{NAME}_sample", args=[bulk.pk, bulk.sample[0]])
    for url in (DRAW, do(bulk, "begin"), do(bulk, "go-on"), do(bulk, "undo"), do(bulk, "drop")):
        assert admin_client.get(url).status_code == 405
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    client.force_login(user)
    for url in (PATTERNS, reverse(f"{NAME}_page", args=[bulk.pk]), sample):
        assert client.get(url).status_code == 403
    for url in (DRAW, sample, do(bulk, "begin"), do(bulk, "go-on"), do(bulk, "undo"), do(bulk, "drop")):
        assert client.post(url, {"verdict": "same"}).status_code == 403
    bulk.refresh_from_db()
    assert (bulk.state, bulk.answers) == ("looking", {})


def test_forged_posts_are_refused(django_user_model, three):  # noqa: F811
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(django_user_model.objects.create_superuser("ann", password="x"))
    assert strict.post(DRAW, {"company": three.pk, "pattern": "x"}).status_code == 403
    assert BulkDecision.objects.count() == 0


def test_nonsense_is_refused_without_a_traceback(admin_client, three):  # noqa: F811
    assert admin_client.post(DRAW, {"company": "x"}).status_code == 404
    assert "no two open cases" in text(admin_client.post(DRAW, {"company": three.pk, "pattern": "x"}, follow=True))
    bulk = draw(admin_client, three)
    assert admin_client.post(do(bulk, "explode")).status_code == 404
    sample = reverse(f"{NAME}_sample", args=[bulk.pk, bulk.sample[0]])
    assert "no answer to a case" in text(admin_client.post(sample, {"verdict": "perhaps"}, follow=True))
    text(admin_client.get(PATTERNS, {"company": "x"}))


def test_the_list_of_patterns_costs_the_same_however_many_there_are(admin_client, three):  # noqa: F811
    def queries():
        with CaptureQueriesContext(connection) as captured:
            text(admin_client.get(PATTERNS))
        return len(captured)

    few = queries()
    case = DedupCase.objects.first()
    from uuid import UUID

    DedupCase.objects.bulk_create(
        DedupCase(
            id=UUID(int=number), company=three, customers=case.customers, words="x", reason="probable", score=0.9,
            questions=1, records=1, money=1, stake=1, created_at=case.created_at, pattern=f"p{number // 2}",
        )
        for number in range(100, 160)
    )  # fmt: skip
    assert queries() == few
