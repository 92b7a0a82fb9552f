"""Limits to companies on the pages of our own that take a company from a query or a form, not from the address."""

import pytest
from django.urls import reverse

from crm.models import Customer, CustomerMerge
from crm.tests.admin.rows import an_id
from crm.tests.admin.test_pages import text
from migration_ops.identity.duplicates import standing_audit
from migration_ops.models import AuditLine, AutomaticMerging, BulkDecision, DedupCase, MergeSample, ValueRuling
from migration_ops.roles import SUPPORT
from migration_ops.tests.admin.everything import NOW, everything
from migration_ops.tests.admin.people import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db):
    own, foreign = everything(0), everything(1)
    for company in (own, foreign):
        DedupCase.objects.filter(company=company).update(pattern=f"pattern of {company.slug}")
        AutomaticMerging.objects.create(company=company, is_stopped=True, why="x", since=NOW)
    return own, foreign


@pytest.fixture
def support(client, two):
    client.force_login(a_person("sue", SUPPORT, companies=[two[0]]))
    return client


def page(name, *args):
    return reverse(f"admin:migration_ops_{name}", args=args)


@pytest.mark.parametrize(
    "name", ["bulkdecision_patterns", "valueruling_desk", "mergesample_audit", "quarantinedrow_desk"]
)
def test_pages_of_several_companies_show_ones_own(support, two, name):
    own, foreign = two
    for query in ({}, {"company": str(own.pk)}, {"company": str(foreign.pk)}, {"company": "x"}):
        shown = support.get(page(name), query)
        assert shown.status_code == 200
        assert shown.context_data.get("company") in (None, own)
        assert foreign.name not in text(shown)
        assert str(foreign.pk) not in text(shown)


def test_figures_of_the_audit_count_ones_own(support, two):
    assert support.get(page("mergesample_audit")).context_data["waiting"] == 1


def test_the_next_sample_is_of_ones_own(support, two):
    own, foreign = two
    MergeSample.objects.filter(company=own).update(answer="same", answered_by="x", answered_at=NOW)
    assert standing_audit.next_sample() is not None
    for query in ({}, {"company": str(foreign.pk)}):
        assert support.get(page("mergesample_next"), query)["Location"] == page("mergesample_audit")


def state():
    return (
        list(BulkDecision.objects.order_by("pk").values()), list(ValueRuling.objects.order_by("pk").values()),
        list(AutomaticMerging.objects.order_by("pk").values()), list(MergeSample.objects.order_by("pk").values()),
        list(Customer.objects.order_by("pk").values()), list(CustomerMerge.objects.order_by("pk").values()),
        list(DedupCase.objects.order_by("pk").values("pk", "state")), AuditLine.objects.count(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("bulkdecision_draw", {"pattern": "pattern of company-1"}),
        ("valueruling_say", {"kind": "phone", "value": "+15125550199", "word": "use", "why": "x"}),
        ("valueruling_say", {"kind": "phone", "value": "+15125550100", "word": "generic", "why": "x"}),
        ("mergesample_resume", {"reason": "x"}),
    ],
)
def test_another_companys_is_absent_and_nothing_happens(support, two, name, sent):
    _, foreign = two
    before = state()
    for company in (str(foreign.pk), str(an_id("absent")), "x", ""):
        assert support.post(page(name), sent | {"company": company}).status_code == 404
    assert state() == before


def test_another_companys_value_is_absent(support, two):
    asked = {"kind": "phone", "value": "+15125550199"}
    assert support.get(page("valueruling_value"), asked | {"company": str(two[0].pk)}).status_code == 200
    assert support.get(page("valueruling_value"), asked | {"company": str(two[1].pk)}).status_code == 404


@pytest.mark.parametrize("other", ["foreign", "itself", "absent", "merged"])
def test_a_case_merges_nobody_who_is_not_in_it(support, two, other):
    """T35."""
    own, foreign = two
    case = DedupCase.objects.get(company=own)
    one, second = sorted(Customer.objects.filter(company=own), key=lambda each: each.pk)[:2]
    outsider = {
        "foreign": Customer.objects.filter(company=foreign).first().pk, "itself": one.pk, "absent": an_id("nobody"),
        "merged": second.pk,
    }[other]  # fmt: skip
    if other == "merged":
        Customer.objects.filter(pk=second.pk).update(merged_into=one.pk)
    before = state()
    sent = {f"group-{one.pk}": "1", f"group-{outsider}": "1", "between": "different", "why": "x"}
    answer = support.post(page("dedupcase_decide", case.pk), sent)
    assert answer.status_code in (302, 400, 404)
    assert state() == before


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_merges_of_other_companies_are_absent(support, two, verb):
    """T35."""
    theirs = CustomerMerge.objects.get(company=two[1])
    before = state()
    for method in (support.get, support.post):
        assert method(reverse(f"admin:crm_customermerge_{verb}", args=[theirs.pk])).status_code == 404
    assert state() == before


def test_a_certificate_of_another_company_is_absent(client, two):
    from migration_ops.models import Certificate
    from migration_ops.roles import ENGINEER

    client.force_login(a_person("ann", ENGINEER, companies=[two[0]]))
    for number, status in ((0, 200), (1, 404)):
        certificate = Certificate.objects.get(company=two[number])
        for name in ("certificate_page", "certificate_file"):
            assert client.get(page(name, certificate.pk)).status_code == status
