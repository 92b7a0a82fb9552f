"""What API v2 promises: done once, no lost update, pages without gaps, shapes as documented; and v1's end."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from crm.api import schemas
from crm.ids import deal_child_id
from crm.models import Customer, Lead, Payment, Quote
from crm.services import statistics
from migration_ops.models import V1Use
from migration_ops.projection.ids import child_id
from migration_ops.tests.api.conftest import deal_of

pytestmark = pytest.mark.django_db(transaction=True)

WHO = {"name": "Ann Miller", "email": "ann@miller.example"}


def done(response, status=200):
    assert response.status_code == status, response.content
    return json.loads(response.content)


def test_i1_one_key_at_once_makes_one_object(a):
    def ask(_):
        try:
            return a("POST", "/api/v2/leads", {"customer": WHO}, Idempotency_Key="k1")
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotency-Replayed") is None for answer in answers) == 1
    assert Lead.objects.count() == 1


def test_i2_a_key_belongs_to_its_request(a):
    first = a("POST", "/api/v2/leads", {"customer": WHO}, Idempotency_Key="k1")
    other = a("POST", "/api/v2/leads", {"customer": WHO, "notes": "more"}, Idempotency_Key="k1")
    assert (first.status_code, other.status_code) == (201, 422)
    assert Lead.objects.count() == 1
    refused = a("POST", "/api/v2/leads", {"customer_id": str(UUID(int=1))}, Idempotency_Key="k2")
    assert refused.status_code == 404
    assert a("POST", "/api/v2/leads", {"customer": WHO}, Idempotency_Key="k2").status_code == 201


def test_i8_two_changes_at_once_lose_none(a):
    ids = deal_of(a, upto="draft")
    url = f"/api/v2/quotes/{ids['quotes']}"
    assert a("PATCH", url, {"notes": "x"}).status_code == 428
    etag = a("GET", url).headers["ETag"]
    first = a("PATCH", url, {"notes": "mine"}, If_Match=etag)
    assert first.status_code == 200
    assert a("PATCH", url, {"notes": "theirs"}, If_Match=etag).status_code == 412
    assert a("POST", f"{url}/send", If_Match=etag).status_code == 412
    assert done(a("GET", url))["notes"] == "mine"
    assert a("GET", url, If_None_Match=first.headers["ETag"]).status_code == 304
    assert a("PATCH", url, {"notes": "theirs"}, If_Match=first.headers["ETag"]).status_code == 200


def test_i9_the_id_of_a_merged_customer_gives_the_survivor(a):
    ids, other = deal_of(a, upto="draft"), done(a("POST", "/api/v2/leads", {"customer": WHO}), 201)
    Customer.objects.filter(pk=other["customer_id"]).update(merged_into=ids["customers"])
    assert done(a("GET", f"/api/v2/customers/{other['customer_id']}"))["id"] == ids["customers"]
    assert other["customer_id"] not in [row["id"] for row in done(a("GET", "/api/v2/customers"))["items"]]


@pytest.mark.parametrize("by", ["cursor", "offset"])
def test_pages_have_each_row_once(a, by):
    for _ in range(7):
        a("POST", "/api/v2/leads", {"customer": WHO})
    Lead.objects.update(created_at=timezone.now())  # ties are broken by id
    seen, url, n = [], "/api/v2/leads?limit=3", 0
    while True:
        page = done(a("GET", url))
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        n += 3
        url = f"/api/v2/leads?limit=3&{by}=" + (page["next_cursor"] if by == "cursor" else str(n))
    assert len(seen) == len(set(seen)) == 7


def test_bytes_made_by_the_database_have_the_documented_shape(a):
    ids = deal_of(a)
    a("POST", f"/api/v2/invoices/{ids['invoices']}/pay", {"method": "card"})
    for kind, schema, page in [
        ("leads", schemas.Lead, schemas.LeadPage), ("quotes", schemas.Quote, schemas.QuotePage),
        ("jobs", schemas.Job, schemas.JobPage), ("invoices", schemas.Invoice, schemas.InvoicePage),
        ("customers", schemas.Customer, schemas.CustomerPage),
    ]:  # fmt: skip
        one, many = done(a("GET", f"/api/v2/{kind}/{ids[kind]}")), done(a("GET", f"/api/v2/{kind}"))
        assert set(one) == set(schema.model_fields)
        schema.model_validate(one)
        page.model_validate(many)
        assert many["items"] == [one]


def test_the_openapi_document_is_there_and_names_problems(a):
    document = done(a("GET", "/api/v2/openapi.json"))
    assert len(document["paths"]) >= 20
    send = document["paths"]["/api/v2/quotes/{quote_id}/send"]["post"]
    assert list(send["responses"]["409"]["content"]) == ["application/problem+json"]
    assert send["security"]


def test_money_is_exact(a):
    items = [{"name": "x", "quantity": "0.333333", "unit_price": "0.0001"}, {"name": "y", "quantity": "3", "unit_price": 19.99},
             {"name": "off", "unit_price": "5", "is_discount": True}]  # fmt: skip
    quote = done(
        a("POST", "/api/v2/quotes", {"customer": WHO, "items": items, "tax_rate": "7.25", "discount_amount": "1.005"}),
        201,
    )
    assert [item["total"] for item in quote["items"]] == ["0.0000333333", "59.97", "-5"]
    assert (quote["subtotal"], quote["tax_amount"], quote["total"]) == ("54.9700333333", "3.91", "57.8750333333")


def test_drafts_come_from_the_companys_own_quotes(a, b):
    def quote(call, job, price):
        items = [
            {"name": "Kitchen tap", "quantity": "2", "unit_price": price},
            {"name": "Labour", "quantity": "1.5", "unit_price": "80"},
        ]
        return done(call("POST", "/api/v2/quotes", {"customer": WHO, "job_name": job, "items": items}), 201)["id"]

    own = [quote(a, "Replace the kitchen tap", price) for price in ("40", "50", "90")]
    quote(a, "Paint the fence", "7")
    quote(b, "Replace the kitchen tap", "1")
    draft = done(a("POST", "/api/v2/quotes/generate", {"customer": WHO, "description": "replacing kitchen taps"}), 201)
    assert {source["id"] for source in draft["sources"]} == set(own)
    found = {item["name"]: (item["quantity"], item["unit_price"]) for item in draft["quote"]["items"]}
    assert found == {"Kitchen tap": ("2", "50"), "Labour": ("1.5", "80")}
    assert [set(each["sources"]) for each in draft["item_sources"]] == [set(own), set(own)]
    schemas.Draft.model_validate(draft)
    any_word = done(
        a("POST", "/api/v2/quotes/generate", {"customer": WHO, "description": "fence around the moon"}), 201
    )
    assert [source["job_name"] for source in any_word["sources"]] == ["Paint the fence"]


def test_illegal_steps_name_the_legal_ones(a):
    ids = deal_of(a, upto="draft")
    answer = done(a("POST", f"/api/v2/quotes/{ids['quotes']}/accept"), 409)
    assert answer["code"] == "illegal_move"
    assert "sent" in answer["detail"]
    assert done(a("POST", "/api/v2/quotes", {"lead_id": ids["leads"]}), 409)
    full = deal_of(a)
    assert done(a("POST", "/api/v2/jobs", {"quote_id": full["quotes"]}), 409)
    assert done(a("POST", "/api/v2/invoices", {"job_id": full["jobs"]}), 409)
    assert done(a("POST", f"/api/v2/invoices/{full['invoices']}/pay", {"method": "card", "amount": "3"}), 422)
    assert not Payment.objects.exists()


def test_i10_every_answer_of_v1_says_when_it_ends(a):
    ids = deal_of(a)
    for method, path in [
        ("GET", "/api/quotes"), ("HEAD", "/api/quotes"), ("OPTIONS", "/api/quotes"), ("GET", f"/api/quotes/{ids['quotes']}"),
        ("GET", "/api/quotes/none"), ("POST", "/api/quotes"), ("GET", "/api/nothing"), ("POST", "/api/generate-quote"),
    ]:  # fmt: skip
        for secret in (a.secret, "wrong"):
            answer = a(method, path, Authorization=f"Bearer {secret}")
            deprecated = datetime.fromtimestamp(int(answer.headers["Deprecation"].removeprefix("@")), tz=UTC)
            assert parsedate_to_datetime(answer.headers["Sunset"]) >= deprecated
            assert answer.headers["Link"].startswith("</api/v2/quotes")
            assert answer.headers["Link"].endswith('>; rel="successor-version"')
    assert "Deprecation" not in a("GET", "/api/v2/leads").headers
    answer = a("POST", "/api/generate-quote", {"anything": 1})
    assert answer.status_code == 200
    assert json.loads(answer.content) == {"error": "This endpoint is deprecated. Use " + "/v2/quotes/generate"}
    # Whose it was is known where the token was asked for; a method or path that is not offered asks for none.
    known, unknown = V1Use.objects.get(company=a.company), V1Use.objects.get(client="anonymous")
    assert (known.requests, unknown.requests, unknown.refused) == (6, 11, 11)


def test_v1_writes_what_it_shows(a):
    row = {"customer_name": "Ann", "phone": "202 555 0123", "status": "sent", "total": 12.5, "job_name": "Tap",
           "items": [{"name": "Tap", "quantity": 1, "unit_price": 12.50, "odd": {"x": [1.10]}}]}  # fmt: skip
    made = done(a("POST", "/api/quotes", row), 201)
    assert {name: made[name] for name in row} == row
    assert Quote.objects.get(pk=made["id"]).status == "sent"
    done(a("PUT", f"/api/quotes/{made['id']}", made | {"status": "accepted"}))
    assert done(a("GET", f"/api/v2/quotes/{made['id']}"))["job_id"]
    assert a("DELETE", f"/api/quotes/{made['id']}").status_code == 204
    assert not Quote.objects.exists()
    assert a("GET", f"/api/quotes/{made['id']}").status_code == 404


def test_statistics_and_their_age(a):
    ids = deal_of(a)
    a("POST", "/api/v2/leads", {"customer": WHO})
    a("POST", f"/api/v2/invoices/{ids['invoices']}/pay", {"method": "card"})
    a.company.timezone = "Nowhere/At_All"
    a.company.save()
    statistics.stats_refresh()
    found = done(a("GET", "/api/v2/statistics"))
    schemas.Statistics.model_validate(found)
    assert (found["pending_leads"], found["total_customers"]) == (1, 1)
    assert (found["monthly_revenue"], found["monthly_quoted"]) == ("10", "10")
    Payment.objects.update(paid_at="2020-01-01T00:00:00Z")
    statistics.stats_refresh()
    assert done(a("GET", "/api/v2/statistics"))["monthly_revenue"] == "0"
    assert 0 <= (statistics.stats_age_s() or 0) < 60


def test_derived_ids_are_the_projections():
    for parent, name in ((UUID(int=1), "job"), (UUID(int=2**128 - 1), "item:12")):
        assert deal_child_id(parent, name) == child_id(parent, name)


def test_too_many_requests_are_told_when_to_come_back(a, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    answers = [a("GET", "/api/v2/leads") for _ in range(5)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 1 <= len(refused) <= 2  # a minute may begin in between
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
