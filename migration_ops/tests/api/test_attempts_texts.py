"""Bodies and texts that would hurt: refused, or kept as the values they are. Numbers are the catalogue's."""

import json
import time

import pytest

from crm.models import Lead
from crm.selectors.search import customer_filters
from migration_ops.identity.emails import read_emails
from migration_ops.identity.folding import read_name
from migration_ops.identity.keys import contact_keys
from migration_ops.identity.phones import read_phones
from migration_ops.tests.api.clients import WHO
from migration_ops.tests.api.conftest import deal_of

pytestmark = pytest.mark.django_db(transaction=True)


HUGE = [
    b'{"description": "' + b"x" * 10_000_000 + b'"}',
    json.dumps({"customer": WHO, "items": [{"name": "x", "unit_price": "1"}] * 100_000}).encode(),
    b"[" * 5_000 + b"]" * 5_000,
    b'{"customer": ' + b'{"name":' * 900 + b"1" + b"}" * 901,
    b'{"customer": {"name": "x"}, "tax_rate": 1e400}',
    b'{"customer": {"name": "x"}, "tax_rate": NaN}',
    b'{"customer": {"name": "x"}, "tax_rate": Infinity}',
    b'{"customer": {"name": "x"}, "items": [{"name": "x", "unit_price": 1' + b"0" * 5_000 + b"}]}",
    b'{"customer": {"name": "x"}, "customer": {"name": "y"}}',
    b'{"customer": {"name": "\\u0000"}}',
    b'{"customer": {"name": "\\ud800"}}',
    b'{"customer": {"name": "\xff"}}',
    b'{"customer": {"name": "x"}, "description": 1}',
    b"{",
    b"null",
]


@pytest.mark.parametrize("raw", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("path", ["/api/v2/quotes", "/api/quotes", "/api/v2/quotes/generate", "PATCH", "PUT"])
def test_t18_bodies_that_would_hurt(no_effect, a, raw, path):
    method, headers = "POST", {}
    if path in ("PATCH", "PUT"):
        id = deal_of(a, upto="draft")["quotes"]
        method, path, headers = path, f"/api/{'v2/' if path == 'PATCH' else ''}quotes/{id}", {"If_Match": "*"}
    with no_effect():
        began = time.thread_time()
        answer = a(method, path, raw=raw, **headers)
        spent = time.thread_time() - began
        assert answer.status_code in (400, 413, 422), answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"
    # Of this thread's processor, so that others on the machine do not count.
    assert spent < 1


def test_t18_another_content_type(no_effect, a):
    with no_effect():
        for kind in (
            "text/plain",
            "application/xml",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ):
            answer = a.client.generic("POST", "/api/v2/leads", b"customer=x", content_type=kind,
                                      headers={"Authorization": f"Bearer {a.secret}"})  # fmt: skip
            assert answer.status_code == 415


INJECTIONS = [
    "' OR 1=1 --",
    "'; DROP TABLE leads_new; --",
    "%(company)s",
    "%s %s",
    "$1",
    "\\",
    "a:* & !b | (c",
    "'c:zzz'",
    "🙂",
    "%",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_t50_texts_are_values(no_effect, a, b, text):
    deal_of(a)
    deal_of(b)
    with no_effect():
        for path, name in (
            ("v2/leads", "status"),
            ("v2/quotes", "status"),
            ("v2/customers", "search"),
            ("v2/jobs", "quote_id"),
        ):
            answer = a.client.get(f"/api/{path}", {name: text}, headers={"Authorization": f"Bearer {a.secret}"})
            assert answer.status_code in (200, 422), answer.content
            assert answer.status_code == 422 or json.loads(answer.content)["items"] == []
        for path in (
            "/api/v2/leads?offset=1;drop",
            "/api/v2/leads?limit=1e9",
            "/api/v2/leads?offset=99999999999999999999",
        ):
            assert a("GET", path).status_code == 422
    with no_effect(b.company):
        made = a("POST", "/api/v2/quotes/generate", {"customer": {"name": text}, "description": f"tap {text}"})
    assert made.status_code == 201
    assert json.loads(made.content)["quote"]["description"] == f"tap {text}"
    assert json.loads(made.content)["quote"]["customer_name"]
    assert Lead.objects.exists()


BOMBS = ["a" * 10_000, "(" * 10_000, "+1" * 5_000, "a@" * 5_000, "\u0301" * 10_000, "a.a" * 3_300, "0-" * 5_000,
         "\ufdfa" * 3_300, " " * 10_000 + "x", "x@" + "a-" * 4_900 + ".", "Dr. " * 2_500, "\u202e" * 10_000]  # fmt: skip


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_t57_long_and_strange_texts_cost_little(no_effect, a, b, text):
    deal_of(b)
    with no_effect():
        for searched, status in ((text[:200], (200, 422)), (text, (422,))):
            answer = a.client.get(
                "/api/v2/customers", {"search": searched}, headers={"Authorization": f"Bearer {a.secret}"}
            )
            assert answer.status_code in status
        for field in ("name", "email", "phone"):
            assert a("POST", "/api/v2/leads", {"customer": {field: text}}).status_code == 422
    with no_effect(b.company):
        row = {"customer_name": text, "email": text, "phone": text, "address": text, "description": text}
        made = a("POST", "/api/quotes", row)
    assert made.status_code == 201
    assert {name: json.loads(made.content)[name] for name in row} == row


READERS = {
    "phone": lambda company, text: read_phones(text, company.phone_region),
    "e-mail": lambda company, text: read_emails(text),
    "name": lambda company, text: read_name(text),
    "all keys of a contact": lambda company, text: contact_keys(text, text, text, company.phone_region),
    "search": customer_filters,
}


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.parametrize("reader", READERS)
def test_t57_readers_take_a_tenth_of_a_second_for_ten_kilobytes(no_effect, a, reader, text):
    def spent() -> float:
        began = time.thread_time()
        READERS[reader](a.company, text)
        return time.thread_time() - began

    with no_effect():
        assert min(spent() for _ in range(3)) < 0.1 * max(1, len(text.encode()) / 10_000)
