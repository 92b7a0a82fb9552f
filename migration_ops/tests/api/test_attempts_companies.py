"""What a program tries on rows of another company, and on columns that are not its own: without effect. Numbers are the catalogue's."""

import json
from uuid import uuid4

import pytest

from migration_ops.tests.api.clients import LEAD, WHO
from migration_ops.tests.api.conftest import deal_of

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("leads", "quotes", "jobs", "invoices", "customers")


def test_t7_ids_of_another_company_are_as_absent_ones(no_effect, a, b):
    theirs = deal_of(b)
    with no_effect():
        for method, path in [
            *((m, f"/api/v2/{kind}/{{id}}") for kind in KINDS for m in ("GET", "PATCH")),
            *(("POST", f"/api/v2/quotes/{{id}}/{step}") for step in ("send", "accept", "reject")),
            *(("POST", f"/api/v2/leads/{{id}}/{step}") for step in ("contacted", "qualified")),
            *(("POST", f"/api/v2/jobs/{{id}}/{step}") for step in ("start", "complete")),
            ("POST", "/api/v2/invoices/{id}/send"), ("POST", "/api/v2/invoices/{id}/pay"),
            ("GET", "/api/quotes/{id}"), ("PUT", "/api/quotes/{id}"), ("PATCH", "/api/quotes/{id}"), ("DELETE", "/api/quotes/{id}"),
        ]:  # fmt: skip
            kind = path.split("/")[3] if "/v2/" in path else "quotes"
            body = {"method": "card"} if path.endswith("/pay") else {} if method in ("PUT", "PATCH") else None
            answers = [
                a(method, path.format(id=id), body, If_Match="*", X_Request_ID="same") for id in (theirs[kind], uuid4())
            ]
            foreign, absent = answers
            assert foreign.status_code in (404, 405), (method, path, foreign.content)
            assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)


def test_t8_ids_of_another_company_inside_a_body(no_effect, a, b):
    theirs = deal_of(b)
    with no_effect():
        for path, body in [
            ("leads", {"customer_id": theirs["customers"]}),
            ("quotes", {"customer_id": theirs["customers"], "items": []}),
            ("quotes", {"lead_id": theirs["leads"]}),
            ("quotes/generate", {"lead_id": theirs["leads"], "description": "kitchen tap"}),
            ("jobs", {"quote_id": theirs["quotes"]}),
            ("invoices", {"job_id": theirs["jobs"]}),
        ]:
            assert a("POST", f"/api/v2/{path}", body).status_code == 404, path


def test_t9_the_company_comes_from_the_token_alone(no_effect, a, b):
    deal_of(b)
    other = str(b.company.pk)
    with no_effect():
        assert a("POST", "/api/v2/leads", LEAD | {"company_id": other}).status_code == 422
        assert a("GET", f"/api/v2/leads?company_id={other}").status_code == 400
        assert json.loads(a("GET", "/api/v2/leads", X_Company=other).content)["items"] == []
        assert a("GET", f"/api/v2/companies/{other}/leads").status_code == 404
        assert json.loads(a("GET", "/api/quotes").content) == []
    with no_effect(b.company):
        made = json.loads(a("POST", "/api/quotes", {"customer_name": "Ann", "company_id": other}).content)
    assert made["company_id"] == str(a.company.pk)


def test_t10_what_is_read_only_is_not_written(no_effect, a, b):
    ids = deal_of(a, upto="draft")
    with no_effect():
        for field in (
            "id",
            "status",
            "total",
            "subtotal",
            "tax_amount",
            "created_by",
            "created_at",
            "merged_into",
            "stage",
        ):
            body = {field: "1"}
            assert a("PATCH", f"/api/v2/quotes/{ids['quotes']}", body, If_Match="*").status_code == 422
            assert a("POST", "/api/v2/leads", LEAD | body).status_code == 422
    before = json.loads(a("GET", f"/api/quotes/{ids['quotes']}").content)
    forged = {"id": str(uuid4()), "created_at": "1999-01-01T00:00:00Z", "company_id": str(b.company.pk)}
    with no_effect(b.company):
        after = json.loads(a("PUT", f"/api/quotes/{ids['quotes']}", forged | {"notes": "n"}).content)
    assert {**after, "notes": None, "updated_at": None} == {**before, "notes": None, "updated_at": None}


@pytest.mark.parametrize(
    "query",
    ["customer__company=1", "ordering=token", "fields=digest", "_connector=OR", "status__startswith=a", "format=csv"],
)
def test_t11_lists_take_their_own_parameters_only(no_effect, a, query):
    with no_effect():
        for path in ("v2/leads", "v2/quotes", "v2/jobs", "v2/invoices", "v2/customers", "quotes"):
            assert a("GET", f"/api/{path}?{query}").status_code == 400, path


def test_t12_search_counts_and_numbers_tell_nothing_of_others(no_effect, a, b):
    deal_of(b)
    with no_effect():
        for term in ("customer", "x@company-b.example"):
            assert json.loads(a("GET", f"/api/v2/customers?search={term}").content)["items"] == []
            assert len(json.loads(b("GET", f"/api/v2/customers?search={term}").content)["items"]) == 1
        answer = a("GET", "/api/v2/quotes")
        assert not [name for name in answer.headers if "count" in name.lower()]
    # What A may write is written, and nothing of B moves by it.
    with no_effect(b.company):
        assert a("POST", "/api/v2/quotes", {"customer": WHO, "quote_number": "Q-1"}).status_code == 201
        asked = {"customer": WHO, "description": "secret of company-b"}
        assert json.loads(a("POST", "/api/v2/quotes/generate", asked).content)["sources"] == []


def test_t13_there_is_no_batch_to_smuggle_into(no_effect, a, b):
    ids = [deal_of(a)["leads"], deal_of(b)["leads"]]
    with no_effect():
        assert a("POST", "/api/v2/leads", [LEAD, LEAD]).status_code == 422
        assert a("PATCH", "/api/v2/leads", {"ids": ids}).status_code == 405
        assert a("GET", f"/api/v2/leads/{','.join(ids)}").status_code in (404, 422)


def test_t16_another_companys_idempotency_key_gives_nothing(no_effect, a, b):
    theirs = json.loads(b("POST", "/api/v2/leads", LEAD, Idempotency_Key="one").content)
    with no_effect(b.company):
        mine = a("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
    # B's is still B's: asked again, it is answered the same and nothing is done.
    with no_effect():
        again = b("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
        assert json.loads(again.content) == theirs
        assert again.headers["Idempotency-Replayed"] == "true"
    assert mine.status_code == 201
    assert json.loads(mine.content)["id"] != theirs["id"]
    assert "Idempotency-Replayed" not in mine.headers


def test_t17_cursors_are_signed_for_one_company_and_list(no_effect, a, b):
    for call in (a, b):
        for _ in range(3):
            call("POST", "/api/v2/leads", LEAD)
    cursor = json.loads(b("GET", "/api/v2/leads?limit=1").content)["next_cursor"]
    assert len(json.loads(b("GET", f"/api/v2/leads?limit=5&cursor={cursor}").content)["items"]) == 2
    with no_effect():
        for forged in (cursor, "x", "1767225600000000_" + uuid4().hex, cursor[:-1], ""):
            assert a("GET", f"/api/v2/leads?cursor={forged}").status_code == 400
        assert b("GET", f"/api/v2/quotes?cursor={cursor}").status_code == 400
