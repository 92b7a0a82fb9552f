"""The desk for values and the audit of merges, through the browser's door."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.made.traps import Row
from migration_ops.identity.duplicates.standing_audit import figures, sample_merges
from migration_ops.models import AutomaticMerging, MergeSample, ValueRuling
from migration_ops.tests.identity.duplicates.stored import store
from migration_ops.tests.identity.duplicates.test_standing_audit import company  # noqa: F401 - the fixture
from migration_ops.tests.identity.duplicates.test_values import OFFICE

pytestmark = pytest.mark.django_db(transaction=True)
DESK = reverse("admin:migration_ops_valueruling_desk")
VALUE = reverse("admin:migration_ops_valueruling_value")
SAY = reverse("admin:migration_ops_valueruling_say")
AUDIT = reverse("admin:migration_ops_mergesample_audit")
NEXT = reverse("admin:migration_ops_mergesample_next")
RESUME = reverse("admin:migration_ops_mergesample_resume")
OFFICE_KEY = "+12175550199"


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def asked(company, **more):  # noqa: F811
    return {"company": str(company.pk), "kind": "phone", "value": OFFICE_KEY, **more}


@pytest.fixture
def office(company):  # noqa: F811
    store(company, [(50 + number, row) for number, row in enumerate(OFFICE)])
    return company


def test_from_the_list_through_the_effect_to_the_word_and_back(admin_client, office):
    shown = text(admin_client.get(DESK, {"company": office.pk}))
    assert OFFICE_KEY in shown
    assert "a little (an office)" in shown
    page = text(admin_client.get(VALUE, asked(office)))
    for words in ("It says nothing (generic)", "It says who somebody is", "Ann Lee", "Worked out on all"):
        assert words in page, words
    assert "say why" in text(admin_client.post(SAY, asked(office, word="generic"), follow=True))
    done = text(admin_client.post(SAY, asked(office, word="generic", why="our own number"), follow=True))
    assert "It holds from the next search and import on" in done
    assert "our own number" in done
    assert "Leave it to use" in done
    assert "Taken back" in text(admin_client.post(SAY, asked(office, word="use"), follow=True))
    assert ValueRuling.objects.get().ended_by == "admin"
    assert "our own number" in text(admin_client.get(reverse("admin:migration_ops_valueruling_changelist")))


def test_the_question_does_not_say_what_the_machine_decided(admin_client, company):  # noqa: F811
    sample_merges(company)
    page = admin_client.get(NEXT)["Location"]
    shown = text(admin_client.get(page))
    assert "Are these two one customer?" in shown
    listed = text(admin_client.get(reverse("admin:migration_ops_mergesample_changelist")))
    for told in ("The machine", "merged them", "kept them apart", "Undo the merge"):
        assert told not in shown, told
        assert told not in listed or told == "The machine", told
    after = text(admin_client.post(page, {"answer": "same"}, follow=True))
    assert "You answered: same customer. The machine merged them." in after
    assert "admin answered it on" in text(admin_client.post(page, {"answer": "different"}, follow=True))
    assert (figures(company).same, figures(company).different) == (1, 0)


def test_a_stopped_company_says_so_and_is_resumed_with_a_reason(admin_client, company):  # noqa: F811
    sample_merges(company)
    after = text(admin_client.post(admin_client.get(NEXT)["Location"], {"answer": "different"}, follow=True))
    assert "Automatic merging of Here is stopped" in after
    assert "Undo the merge…" in after
    shown = text(admin_client.get(AUDIT))
    for words in ("stopped", "0.00 %", "79.35 %", "99.50 %"):
        assert words in shown, words
    assert "say why it is safe again" in text(admin_client.post(RESUME, {"company": company.pk}, follow=True))
    resumed = text(admin_client.post(RESUME, {"company": company.pk, "reason": "a slip"}, follow=True))
    assert "merges without asking again" in resumed
    assert not AutomaticMerging.objects.get().is_stopped


def test_only_who_may_merge_comes_in_and_no_get_changes_anything(client, admin_client, django_user_model, office):
    sample_merges(office)
    ask = reverse("admin:migration_ops_mergesample_ask", args=[MergeSample.objects.first().pk])
    for url in (SAY, RESUME):
        assert admin_client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(django_user_model.objects.create_superuser("ann", password="x"))
    client.force_login(django_user_model.objects.create_user("viewer", password="x", is_staff=True))
    for url in (DESK, VALUE, AUDIT, NEXT, ask):
        assert client.get(url, asked(office)).status_code == 403
    for url in (SAY, RESUME, ask):
        for forbidden in (client, strict):
            assert forbidden.post(url, asked(office, word="generic", why="x", answer="same")).status_code == 403
    assert ValueRuling.objects.count() == 0
    assert set(MergeSample.objects.values_list("answer", flat=True)) == {""}


@pytest.mark.parametrize("wrong", [{"company": "x"}, {"kind": "colour"}, {"value": ""}, {"value": "a\x00b"}])
def test_nonsense_is_not_found(admin_client, company, wrong):  # noqa: F811
    assert admin_client.get(VALUE, asked(company) | wrong).status_code == 404
    assert admin_client.post(SAY, asked(company, word="generic", why="x") | wrong).status_code == 404


def test_what_nobody_can_say_is_not_found(admin_client, company):  # noqa: F811
    assert admin_client.post(SAY, asked(company, word="perhaps", why="x")).status_code == 404
    assert admin_client.post(RESUME, {"company": "x"}).status_code == 404
    assert "Everything drawn so far is answered" in text(admin_client.get(NEXT, follow=True))


def test_the_desk_costs_the_same_however_many_values_there_are(admin_client, office):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            text(admin_client.get(DESK, {"company": office.pk}))
        return len(captured)

    few = queries()
    rows = [
        (100 + place, Row(place, name, None, f"217-555-02{place // 3:02}", f"{place // 3} Elm Street, Springfield"))
        for place, name in enumerate(["Ann Lee", "Bob Ray", "Cy Poe"] * 9)
    ]
    store(office, rows)
    assert queries() == few
