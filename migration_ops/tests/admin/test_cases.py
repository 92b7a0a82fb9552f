"""The queue and the case on one screen, through the browser's door."""

import json
from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Customer, CustomerMerge, CustomerMergeRun
from crm.selectors.decisions import kept_apart
from crm.services.decisions import Verdict, decide
from crm.services.merge import merge
from migration_ops.identity.duplicates.cases import customers_of
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.models import DedupCase
from migration_ops.roles import SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.identity.test_cases import ask, company, whose  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:migration_ops_dedupcase_changelist")
NEXT = reverse("admin:migration_ops_dedupcase_next")


def page_of(case):
    return reverse("admin:migration_ops_dedupcase_decide", args=[case.pk])


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def form(case, *groups, **values):
    """What the page posts: the record's group by number."""
    numbers = {f"group-{id}": str(place) for place, group in enumerate(groups, start=1) for id in group}
    return numbers | values


@pytest.fixture
def case(company):  # noqa: F811
    ask(company, "Ann Lee", "Anne Lee", "Anna Lee")
    return DedupCase.objects.get()


def test_from_the_queue_through_the_case_to_the_undo(admin_client, company, case):  # noqa: F811
    assert "Ann Lee" in text(admin_client.get(LIST))
    opened = admin_client.post(NEXT)
    assert opened["Location"] == page_of(case)
    page = text(admin_client.get(page_of(case)))
    for shown in (
        "90.0 % likely the same</strong>. For it: the names are alike. What would turn it: the same phone",
        "on 1 of 3 quotes", "p0@example.com", "become one customer", "Moves to",
    ):  # fmt: skip
        assert shown in page, shown
    members = customers_of(case)
    seen = json.loads(page.split('name="seen" value="')[1].split('"')[0].replace("&quot;", '"'))
    answered = admin_client.post(page_of(case), form(case, members, seen=json.dumps(seen), why="one family name"))
    assert answered.status_code == 302
    assert answered["Location"] == LIST
    assert "No open case is left here" in text(admin_client.get(LIST))
    done = CustomerMerge.objects.get()
    assert (done.actor, done.reason) == ("admin", "one family name")
    again = text(admin_client.get(page_of(case)))
    assert "You decided this case" in again
    undo = reverse("admin:migration_ops_dedupcase_undo", args=[case.pk])
    assert "Taken back" in text(admin_client.post(undo, follow=True))
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0


def test_the_preview_says_what_would_happen_and_writes_nothing(admin_client, case):
    one, *rest = customers_of(case)
    preview = reverse("admin:migration_ops_dedupcase_preview", args=[case.pk])
    shown = text(admin_client.post(preview, form(case, [one], rest)))
    assert "become one customer" in shown
    assert "quotes 1" in shown
    assert "not the same" in shown
    apart = text(admin_client.post(preview, form(case, *[[id] for id in (one, *rest)], between="household")))
    assert "Nobody is merged" in apart
    assert "same household" in apart
    assert "Written down" not in text(admin_client.post(preview, form(case, [one, UUID(int=5)], rest)))
    assert CustomerMerge.objects.count() == 0


def test_what_changed_since_the_page_was_opened_is_told(admin_client, company, case):  # noqa: F811
    members = customers_of(case)
    page = text(admin_client.get(page_of(case)))
    seen = page.split('name="seen" value="')[1].split('"')[0].replace("&quot;", '"')
    Customer.objects.filter(pk=members[0]).update(phone="+12025559999")
    told = text(admin_client.post(page_of(case), form(case, members, seen=seen), follow=True))
    assert "nothing was merged, because something changed" in told
    assert CustomerMerge.objects.count() == 0


def claim_of(case):
    return reverse("admin:migration_ops_dedupcase_claim", args=[case.pk])


@pytest.fixture
def bob(client, django_user_model):
    django_user_model.objects.create_superuser("bob", password="x")
    client.login(username="bob", password="x")
    return client


def test_looking_changes_nothing(admin_client, case):
    """A crawler, a bookmark or a prefetching browser must not take a case out of the queue."""
    before = DedupCase.objects.values().get()
    for url in (page_of(case), NEXT, LIST, claim_of(case)):
        assert admin_client.get(url).status_code in (200, 302, 405)
    undo = reverse("admin:migration_ops_dedupcase_undo", args=[case.pk])
    assert admin_client.get(undo).status_code in (302, 405)
    assert DedupCase.objects.values().get() == before
    assert admin_client.get(NEXT, {"reason": "probable", "after": case.pk})["Location"] == f"{LIST}?reason=probable"


def test_the_second_person_is_told_who_decided_what(bob, admin_client, company, case):  # noqa: F811
    members = customers_of(case)
    assert admin_client.post(claim_of(case)).json() == {"held": True, "words": ""}
    assert "admin is looking at this case until" in text(bob.get(page_of(case)))
    refused = bob.post(claim_of(case)).json()
    assert refused["held"] is False
    assert refused["words"].startswith("admin is looking at this case until")
    assert "admin is looking at this case" in text(bob.post(page_of(case), form(case, members), follow=True))
    assert CustomerMerge.objects.count() == 0
    admin_client.post(page_of(case), form(case, members))
    told = text(bob.post(page_of(case), form(case, members), follow=True))
    assert "admin decided this case on" in told
    assert "the same customer" in told
    assert "Undo it" in told
    assert "admin decided this case on" in bob.post(claim_of(case)).json()["words"]
    assert CustomerMerge.objects.count() == 1


def test_two_at_once_have_one_effect_and_one_is_told(bob, admin_client, company, case):  # noqa: F811
    """Both have the page open and press the button in the same moment, once with each answer."""
    members = customers_of(case)
    answers = {"admin": form(case, members), "bob": form(case, *[[id] for id in members])}
    for client in (admin_client, bob):
        client.get(page_of(case))
    start, told = Barrier(2), {}

    def press(name, client):
        start.wait()
        told[name] = client.post(page_of(case), answers[name])["Location"]
        connection.close()

    both = [Thread(target=press, args=each) for each in (("admin", admin_client), ("bob", bob))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    decided = DedupCase.objects.get(state="decided")
    first, second = ("admin", "bob") if decided.decided_by == "admin" else ("bob", "admin")
    assert (told[first], told[second]) == (LIST, page_of(case))
    page = text({"admin": admin_client, "bob": bob}[second].get(told[second]))
    # Once as the message, once as what the page shows from now on.
    assert page.count(f"{first} decided this case on") == 2
    assert CustomerMerge.objects.count() == (first == "admin")
    assert bool(kept_apart(company)) == (first == "bob")


def test_a_chosen_value_and_a_relation_are_kept(admin_client, company, case):  # noqa: F811
    ann, anne, anna = (whose(company, name) for name in ("Ann Lee", "Anne Lee", "Anna Lee"))
    values = {"use-name": str(anne), f"value-name-{anne}": "Anne Lee", "between": "household"}
    admin_client.post(page_of(case), form(case, sorted([ann, anne]), [anna], **values))
    survivor = Customer.objects.get(pk=whose(company, "Ann Lee"))
    assert survivor.name == "Anne Lee"
    assert kept_apart(company) == {tuple(sorted((survivor.pk, anna)))}


def test_an_older_decision_must_be_taken_back_on_purpose(admin_client, company, case):  # noqa: F811
    members = customers_of(case)
    decision = decide(company, members[0], members[1], Verdict.DIFFERENT, actor="cy")
    assert "Take back what was decided" in text(admin_client.get(page_of(case)))
    assert "a person decided otherwise" in text(admin_client.post(page_of(case), form(case, members), follow=True))
    admin_client.post(page_of(case), form(case, members, overrules=str(decision.pk)))
    assert CustomerMerge.objects.count() == 1


def test_only_who_may_merge_comes_in(client, django_user_model, case):
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    client.force_login(user)
    undo = reverse("admin:migration_ops_dedupcase_undo", args=[case.pk])
    preview = reverse("admin:migration_ops_dedupcase_preview", args=[case.pk])
    for url in (page_of(case), NEXT, undo, preview, claim_of(case)):
        assert client.get(url).status_code == 403
        assert client.post(url, form(case, customers_of(case))).status_code == 403
    client.logout()
    assert client.get(page_of(case)).status_code == 302
    assert CustomerMerge.objects.count() == 0


def test_nonsense_is_refused_without_a_traceback(admin_client, case):
    one, *_ = customers_of(case)
    for values in ({}, form(case, [one]), form(case, customers_of(case), seen="{", between="x", overrules="y")):
        assert admin_client.post(page_of(case), values, follow=True).status_code == 200
    unknown = reverse("admin:migration_ops_dedupcase_decide", args=[UUID(int=5)])
    assert admin_client.get(unknown).status_code == 404
    assert admin_client.post(f"{NEXT}?company=x&after=y").status_code == 302


def test_the_queue_costs_the_same_however_many_cases_there_are(admin_client, company):  # noqa: F811
    def add(first, last):
        DedupCase.objects.bulk_create(
            DedupCase(
                id=UUID(int=number), company=company, customers=[], words=f"case {number}", reason="probable", score=0.9,
                questions=1, records=number, money=number, stake=number, state="open", created_at=timezone.now(),
            )
            for number in range(first, last)
        )  # fmt: skip

    def queries():
        with CaptureQueriesContext(connection) as captured:
            text(admin_client.get(LIST))
        return len(captured)

    add(1, 5)
    few = queries()
    add(5, 3_000)
    assert queries() == few <= 9
    DedupCase.objects.filter(words="case 7").update(created_at=timezone.now() - timedelta(days=8))
    old = text(admin_client.get(LIST, {"age": "week"}))
    assert "case 7" in old
    assert "case 8" not in old


def test_a_merged_customers_page_leads_to_the_one_it_is_part_of(admin_client, company):  # noqa: F811
    ann, anne = whose(company, "Ann Lee"), whose(company, "Anne Lee")
    done = merge(company, [ann, anne], survivor=ann, actor="cy", reason="same voice")
    page = reverse("admin:crm_customer_change", args=[anne])
    there = text(admin_client.get(page, follow=True))
    for shown in (
        "Anne Lee was merged into this customer",
        "became part of this customer",
        "same voice",
        "Undo…",
        "200.00",
    ):
        assert shown in there, shown
    assert "became part of" in text(admin_client.get(page, {"merged": "1"}))
    undo = reverse("admin:crm_customermerge_undo", args=[done.pk])
    assert "become customers of their own again" in text(admin_client.get(undo))
    assert "Undone: Anne Lee is a customer of its own again" in text(
        admin_client.post(undo, {"reason": "no"}, follow=True)
    )
    assert "undone already" in text(admin_client.post(undo, follow=True))
    assert Customer.objects.get(pk=anne).merged_into_id is None


def test_what_stands_in_the_way_of_an_undo_is_shown_and_can_go_along(admin_client, company):  # noqa: F811
    ann, anne, anna = (whose(company, name) for name in ("Ann Lee", "Anne Lee", "Anna Lee"))
    first = merge(company, [ann, anne], survivor=ann, actor="cy")
    merge(company, [ann, anna], survivor=ann, actor="cy")
    undo = reverse("admin:crm_customermerge_undo", args=[first.pk])
    assert "Undo 1 later merge too" in text(admin_client.get(undo))
    assert "later merges of the same customers come first" in text(admin_client.post(undo, follow=True))
    assert "Undone" in text(admin_client.post(undo, {"with_later": "yes"}, follow=True))
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0


def test_runs_merges_and_decisions_have_lists_and_pages(admin_client, company):  # noqa: F811
    ann, anne, bob = (whose(company, name) for name in ("Ann Lee", "Anne Lee", "Bob Ray"))
    run = CustomerMergeRun.objects.create(
        company=company, origin="rules", words="by rules", actor="x", at=timezone.now()
    )
    done = merge(company, [ann, anne], actor="x", run=run)
    decision = decide(company, bob, done.survivor_id, Verdict.WORKS_FOR, actor="cy")
    for row in (run, done, decision):
        name = row._meta.model_name
        assert "Company" in text(admin_client.get(reverse(f"admin:crm_{name}_changelist")))
        assert text(admin_client.get(reverse(f"admin:crm_{name}_change", args=[row.pk])))
        assert admin_client.get(reverse(f"admin:crm_{name}_add")).status_code == 403
    undo = reverse("admin:crm_customermergerun_undo", args=[run.pk])
    assert "Anne Lee" in text(admin_client.get(undo)) or "Ann Lee" in text(admin_client.get(undo))
    assert "Undone" in text(admin_client.post(undo, follow=True))
    assert admin_client.get(reverse("admin:crm_customermergerun_undo", args=[UUID(int=1)])).status_code == 404


def test_an_empty_queue_names_the_companies_that_were_never_searched(admin_client, client, company, case):  # noqa: F811
    company.name = "Never <Searched>"
    company.save()
    assert "find_duplicates" not in text(admin_client.get(LIST))
    DedupCase.objects.all().delete()  # as a migration leaves them: possible duplicates without a case
    assert f"Never &lt;Searched&gt;</bdi> <code>manage.py find_duplicates --company {company.slug}<" in text(
        admin_client.get(LIST)
    )
    client.force_login(a_person("sue", SUPPORT, companies=[]))
    assert "find_duplicates" not in text(client.get(LIST))
    find_duplicates(company)
    assert "find_duplicates" not in text(admin_client.get(LIST))


def test_a_relation_says_who_works_for_whom(admin_client, case):
    one, *rest = customers_of(case)
    names = {id: str(Customer.objects.get(pk=id)) for id in (one, *rest)}
    preview = reverse("admin:migration_ops_dedupcase_preview", args=[case.pk])
    groups = [[one], *([id] for id in rest)]
    others = " and ".join(names[id] for id in rest)
    for between, words in (("works_for", "works for"), ("branch_of", "is a branch of")):
        shown = text(admin_client.post(preview, form(case, *groups, between=between)))
        assert f"{names[one]} {words} {others}: not the same" in shown
    assert "Group 1 works for the others" in text(admin_client.get(page_of(case)))


def test_who_holds_a_case_is_told_apart_from_others(bob, admin_client, case):
    admin_client.post(NEXT)
    assert "you are looking at it" in text(admin_client.get(LIST))
    assert "admin is looking at it" in text(bob.get(LIST))


def test_a_decided_case_offers_only_the_keys_that_do_something_there(admin_client, case):
    assert "put the marked record into a group" in text(admin_client.get(page_of(case)))
    admin_client.post(page_of(case), form(case, customers_of(case), between="same"))
    decided = text(admin_client.get(page_of(case)))
    assert "undo the last" in decided
    assert "put the marked record into a group" not in decided


def test_a_possible_duplicate_leads_to_the_case_that_decides_it(admin_client, client, company, case):  # noqa: F811
    url = reverse("admin:migration_ops_dedupconflict_changelist")
    link = f'href="{page_of(case)}"'
    assert link in text(admin_client.get(url))
    client.force_login(a_person("vic", VIEWER, companies=[company]))
    assert link not in text(client.get(url))
    DedupCase.objects.all().delete()
    assert link not in text(admin_client.get(url))
