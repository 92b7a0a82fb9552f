"""What must never be merged, through every door: a customer with itself (D4), customers of two companies (D7)."""

import json
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from crm.exceptions import CustomerUnknown, NotTwoCustomers
from crm.models import Customer, CustomerMerge
from crm.services.merge import merge
from crm.services.merge_plan import plan_merge
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates.cases import Answer, customers_of, decide_case
from migration_ops.models import DedupCase
from migration_ops.tests import moving
from migration_ops.tests.identity.test_cases import a_row, ask, company, whose  # noqa: F401 - the fixture
from migration_ops.tests.merging import assert_same_state, state

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(company):  # noqa: F811
    ask(company, "Bob Ray", "Bobby Ray")
    return DedupCase.objects.get()


@pytest.fixture
def stranger(company):  # noqa: F811
    """A customer of another company, with a lead, a quote, and the name, e-mail and phone of one of ours."""
    there = moving.company_of(UUID(int=77))
    theirs = a_row(3, "Bob Ray", "9000") | {"id": str(UUID(int=900)), "company_id": str(there.pk)}
    moving.insert([theirs | {"lead_status": "converted"}])
    moving.move(there)
    return Customer.objects.get(company=there)


@pytest.fixture
def unchanged(stranger):
    before = state()
    yield
    assert_same_state(before)
    assert not CustomerMerge.objects.exists()


def decide(client, case, numbers):
    page = reverse("admin:migration_ops_dedupcase_decide", args=[case.pk])
    return client.post(page, numbers, follow=True).content.decode()


def at_once(statement, params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, params)


@pytest.mark.usefixtures("unchanged")
class TestWithItself:
    def test_the_service_refuses(self, company):  # noqa: F811
        bob = whose(company, "Bob Ray")
        for members in ([bob], [bob, bob]):
            with pytest.raises(NotTwoCustomers):
                merge(company, members, actor="ann")
            with pytest.raises(NotTwoCustomers):
                plan_merge(company, members, survivor=bob)

    def test_a_case_refuses_a_customer_named_twice_or_left_out(self, company, case):  # noqa: F811
        one, other = customers_of(case)
        for groups in (((one, one),), ((one, one), (other,)), ((one, other, one),), ((one,),)):
            with pytest.raises(MigrationOpsError, match="others by now"):
                decide_case(case, Answer(groups=groups), actor="ann")

    def test_a_crafted_form_is_refused(self, admin_client, case):
        one, other = customers_of(case)
        for numbers in (
            {f"group-{one}": ["1", "1"]},
            {f"group-{one}": "1", f"group-{uuid4()}": "1"},
            {f"group-{other}": "9"},
        ):
            assert "the customers of this case are others by now" in decide(admin_client, case, numbers)

    def test_the_database_refuses(self, company):  # noqa: F811
        bob = whose(company, "Bob Ray")
        with pytest.raises(IntegrityError, match="customers_new_not_into_itself"), transaction.atomic():
            Customer.objects.filter(pk=bob).update(merged_into=bob)


@pytest.mark.usefixtures("unchanged")
class TestAcrossCompanies:
    def test_the_service_refuses(self, stranger, company):  # noqa: F811
        bob = whose(company, "Bob Ray")
        for home, members in ((company, [bob, stranger.pk]), (stranger.company, [bob, stranger.pk])):
            with pytest.raises(CustomerUnknown):
                merge(home, members, actor="ann")

    def test_a_crafted_form_is_refused(self, stranger, admin_client, case):
        numbers = {f"group-{id}": "1" for id in (*customers_of(case), stranger.pk)}
        assert "the customers of this case are others by now" in decide(admin_client, case, numbers)
        preview = reverse("admin:migration_ops_dedupcase_preview", args=[case.pk])
        shown = admin_client.post(preview, numbers).content.decode()
        assert "become one customer" not in shown
        assert "9000" not in shown

    def test_the_database_refuses_every_way_to_say_it(self, stranger, company):  # noqa: F811
        bob = whose(company, "Bob Ray")
        lower, higher = sorted((bob, stranger.pk))
        tables = ("customer_contacts", "leads_new", "quotes_new")
        statements = [
            ("UPDATE customers_new SET merged_into = %s WHERE id = %s", [stranger.pk, bob]),
            (
                "UPDATE customer_addresses SET customer_id = %s, is_primary = false, address = 'x' WHERE customer_id = %s",
                [bob, stranger.pk],
            ),
            *((f"UPDATE {table} SET customer_id = %s WHERE customer_id = %s", [bob, stranger.pk]) for table in tables),
            *(
                (
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, %s::jsonb)).*",
                    [json.dumps({"id": str(uuid4()), "company_id": str(company.pk), "customer_id": str(bob),
                                 "other_id": str(stranger.pk), "kind": "household", "customer_a_id": str(lower),
                                 "customer_b_id": str(higher), "verdict": "same", "actor": "x", "reason": "",
                                 "at": "2024-01-01", "evidence": [], "evidence_fingerprint": "", "number": 1})],
                )
                for table in ("customer_relations", "customer_decisions")
            ),
        ]  # fmt: skip
        for statement, params in statements:
            with pytest.raises(IntegrityError, match="foreign key"):
                at_once(statement, params)

    def test_the_same_person_in_two_companies_is_two_customers(self, stranger, company):  # noqa: F811
        """D17."""
        bob = Customer.objects.get(pk=whose(company, "Bob Ray"))
        assert (bob.email, bob.phone, bob.pk != stranger.pk) == (stranger.email, stranger.phone, True)


@pytest.mark.usefixtures("unchanged")
def test_the_api_has_no_way_to_merge(admin_client, company):  # noqa: F811
    """Customers are read there; whoever merges works in the admin (D4, D7)."""
    from crm.api.urls import api

    document = api.get_openapi_schema(path_prefix="/api/v2/")
    operations = document["paths"]
    written = {path: sorted(set(each) - {"get"}) for path, each in operations.items() if "customer" in path}
    assert written, "the API has customers"
    assert not any(written.values()), written
    assert "merged_into" not in json.dumps(document["components"]["schemas"], default=str)
