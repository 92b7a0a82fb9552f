"""Splitting a customer and merging again, through the browser's door."""

import json
from html import unescape
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from crm.models import Customer, CustomerContact, CustomerMerge, Quote
from crm.selectors.decisions import kept_apart
from crm.services.decisions import Verdict, decide
from crm.services.merge import merge
from crm.services.undo import undo_merge
from migration_ops.tests.identity.test_cases import company, whose  # noqa: F401 - the fixture
from migration_ops.tests.merging import state
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


def text(response):
    assert response.status_code == 200
    return unescape(response.content.decode())


def seen_in(page):
    return json.loads(page.split('name="seen" value="')[1].rsplit('}"')[0].split('}"')[0] + "}")


@pytest.fixture
def two(company):  # noqa: F811
    """Ann and Bob, made one by somebody's mistake that nobody can undo any more: the merge is not in the journal."""
    done = merge(company, [whose(company, "Ann Lee"), whose(company, "Bob Ray")], actor="cy")
    CustomerMerge.objects.filter(pk=done.pk).update(undone_at=done.at, undone_by="lost")
    return Customer.objects.get(pk=done.survivor_id)


def page_of(customer):
    return reverse("admin:crm_customer_split", args=[customer.pk])


def test_from_the_customer_through_the_preview_to_the_undo(admin_client, company, two):  # noqa: F811
    customer_page = reverse("admin:crm_customer_change", args=[two.pk])
    assert "Split this customer…" in text(admin_client.get(customer_page))
    bob = CustomerContact.objects.get(name="Bob Ray")
    shown = text(admin_client.get(page_of(two)))
    assert "Bob Ray" in shown
    assert "Deals that no contact takes along" not in shown
    assert "choose which names" in text(admin_client.post(page_of(two), {"step": "preview"}))
    preview = text(admin_client.post(page_of(two), {"step": "preview", "contact": [bob.pk]}))
    for words in ("What would happen", "New customer: <bdi>Bob Ray", "p3@example.com"):
        assert words in preview, words
    before = state()
    form = {"step": "split", "contact": [bob.pk], "seen": json.dumps(seen_in(preview)), "why": "two voices"}
    done = text(admin_client.post(page_of(two), form, follow=True))
    assert "was split from" in done
    made = Customer.objects.get(merged_into__isnull=True, name="Bob Ray")
    assert Quote.objects.get(customer=made).total == 9000
    assert (two.pk, made.pk) in kept_apart(company) or (made.pk, two.pk) in kept_apart(company)
    assert_valid(company)
    split = CustomerMerge.objects.get(origin="split")
    undo = reverse("admin:crm_customermerge_undo", args=[split.pk])
    assert "Everything of the customer that the split made goes back" in text(admin_client.get(undo))
    assert "is part of" in text(admin_client.post(undo, follow=True))
    now = state()
    now["customers_new"] = [row for row in now["customers_new"] if f'"id": "{made.pk}"' not in row]
    assert now == before
    assert_valid(company)
    assert "is part of" in text(admin_client.get(reverse("admin:crm_customermerge_changelist"))) or split.pk


def test_a_preview_that_is_not_true_any_more_splits_nobody(admin_client, two):
    ann, bob = (CustomerContact.objects.get(name=name) for name in ("Ann Lee", "Bob Ray"))
    preview = text(admin_client.post(page_of(two), {"step": "preview", "contact": [bob.pk]}))
    before = state()
    for contact, seen in ((ann, json.dumps(seen_in(preview))), (bob, "nonsense"), (bob, "[]")):
        form = {"step": "split", "contact": [contact.pk], "seen": seen}
        assert "nothing was split, because something changed" in text(admin_client.post(page_of(two), form))
    assert state() == before


def test_who_may_not_merge_may_not_split(client, company, two, django_user_model):  # noqa: F811
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_customer", "view_customermerge"]))
    client.force_login(user)
    before = state()
    done = CustomerMerge.objects.get()
    for url in (page_of(two), reverse("admin:crm_customermerge_redo", args=[done.pk])):
        for answer in (client.get(url), client.post(url, {"step": "split"})):
            assert answer.status_code in (403, 404)
    assert state() == before
    assert client.get(reverse("admin:crm_customer_split", args=[UUID(int=1)])).status_code == 404


def test_an_undone_merge_can_be_done_again(admin_client, company):  # noqa: F811
    ann, anne = whose(company, "Ann Lee"), whose(company, "Anne Lee")
    done = merge(company, [ann, anne], survivor=ann, actor="cy")
    redo = reverse("admin:crm_customermerge_redo", args=[done.pk])
    assert "in force since" in text(admin_client.get(redo))
    undo_merge(done, actor="bob")
    assert "Merge again…" in text(admin_client.get(reverse("admin:crm_customer_change", args=[ann])))
    page = text(admin_client.get(redo))
    assert "Taken back: <bdi>" in page
    answered = text(admin_client.post(redo, {"seen": json.dumps(seen_in(page)), "reason": "after all"}, follow=True))
    assert "Merged again: Anne Lee became part of Ann Lee" in answered
    assert Customer.objects.get(pk=anne).merged_into_id == ann
    undo_merge(CustomerMerge.objects.get(undone_at__isnull=True), actor="bob")
    decide(company, ann, anne, Verdict.HOUSEHOLD, actor="dan")
    last = CustomerMerge.objects.order_by("-number").first()
    redo = reverse("admin:crm_customermerge_redo", args=[last.pk])
    page = text(admin_client.get(redo))
    assert "In the way" in page
    assert ">Merge again<" not in page
    assert "a person decided otherwise" in text(admin_client.post(redo, {"seen": json.dumps(seen_in(page))}))
    assert Customer.objects.get(pk=anne).merged_into_id is None
