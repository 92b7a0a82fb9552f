"""The check of each promise of the API; each is given two companies with a program each, and ``no_effect``."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache
from django.db import connection

from crm.models import ApiToken, Lead, Scope
from crm.services.tokens import token_revoke
from migration_ops.stages import Stage
from migration_ops.tests.api.clients import LEAD, WHO, caller, to_stage
from migration_ops.tests.api.conftest import deal_of


def check_a_company_writes_its_own_rows_only(a, b, no_effect):
    theirs = deal_of(b)
    for call in (a, b):
        # Without a legacy row to ask, the services alone stand between them.
        to_stage(call.company, Stage.COMPLETE)
    with no_effect():
        for kind, step in (("quotes", "reject"), ("leads", "contacted"), ("jobs", "start"), ("invoices", "send")):
            assert a("POST", f"/api/v2/{kind}/{theirs[kind]}/{step}").status_code == 404
        for kind in ("quotes", "leads"):
            body = {"notes": "mine now"}
            assert a("PATCH", f"/api/v2/{kind}/{theirs[kind]}", body, If_Match="*").status_code == 404


def check_a_company_sees_its_own_rows_only(a, b, no_effect):
    theirs = deal_of(b)
    with no_effect():
        for kind in ("quotes", "leads", "jobs", "invoices", "customers"):
            assert a("GET", f"/api/v2/{kind}/{theirs[kind]}").status_code == 404
            assert json.loads(a("GET", f"/api/v2/{kind}").content)["items"] == []


def check_a_company_takes_its_own_customers_only(a, b, no_effect):
    theirs = deal_of(b)
    with no_effect():
        assert a("POST", "/api/v2/leads", {"customer_id": theirs["customers"]}).status_code == 404


def check_v1_shows_a_companys_own_rows_only(a, b, no_effect):
    theirs = deal_of(b)
    with no_effect():
        assert a("GET", f"/api/quotes/{theirs['quotes']}").status_code == 404


def check_v1_writes_a_companys_own_rows_only(a, b, no_effect):
    theirs = deal_of(b)
    with no_effect():
        assert a("PUT", f"/api/quotes/{theirs['quotes']}", {"notes": "mine now"}).status_code == 404
        assert a("DELETE", f"/api/quotes/{theirs['quotes']}").status_code == 404


def check_a_key_makes_one_object(a, b, no_effect):
    first = a("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
    with no_effect():
        again = a("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
    assert (again.status_code, again.content) == (201, first.content)
    assert Lead.objects.count() == 1


def check_a_key_is_its_companys(a, b, no_effect):
    theirs = b("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
    mine = a("POST", "/api/v2/leads", LEAD, Idempotency_Key="one")
    assert json.loads(mine.content)["id"] != json.loads(theirs.content)["id"]


def check_a_key_fits_its_request_only(a, b, no_effect):
    assert a("POST", "/api/v2/leads", LEAD, Idempotency_Key="one").status_code == 201
    with no_effect():
        assert a("POST", "/api/v2/leads", LEAD | {"notes": "x"}, Idempotency_Key="one").status_code == 422


def check_a_refusal_leaves_the_key_free(a, b, no_effect):
    ids = deal_of(a, upto="draft")
    url = f"/api/v2/quotes/{ids['quotes']}/accept"
    with no_effect():
        assert a("POST", url, Idempotency_Key="one").status_code == 409
    assert a("POST", f"/api/v2/quotes/{ids['quotes']}/send").status_code == 200
    assert a("POST", url, Idempotency_Key="one").status_code == 200


def check_a_change_needs_the_state_it_goes_by(a, b, no_effect):
    url = f"/api/v2/quotes/{deal_of(a, upto='draft')['quotes']}"
    seen = a("GET", url).headers["ETag"]
    assert a("PATCH", url, {"notes": "mine"}, If_Match=seen).status_code == 200
    with no_effect():
        assert a("PATCH", url, {"notes": "theirs"}, If_Match=seen).status_code == 412


def check_of_two_changes_at_once_one_is_refused(a, b, no_effect):
    url = f"/api/v2/quotes/{deal_of(a, upto='draft')['quotes']}"
    seen, start = a("GET", url).headers["ETag"], threading.Barrier(2)

    def change(note):
        try:
            start.wait(timeout=10)
            return caller_of_thread(a)("PATCH", url, {"notes": note}, If_Match=seen).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(change, ("mine", "theirs")))
    assert statuses == [200, 412]


def caller_of_thread(call):
    """The same program in a client of its own."""
    return type(call)(company=call.company, token=call.token, secret=call.secret)


def check_a_scope_is_needed(a, b, no_effect):
    reader = caller(a.company, Scope.LEADS_READ, name="reader")
    with no_effect():
        assert reader("POST", "/api/v2/leads", LEAD).status_code == 403
        assert reader("GET", "/api/v2/quotes").status_code == 403
        assert reader("GET", "/api/quotes").status_code == 403


def check_a_revoked_token_ends(a, b, no_effect):
    assert a("GET", "/api/v2/leads").status_code == 200
    token_revoke(a.token)
    with no_effect():
        assert a("POST", "/api/v2/leads", LEAD).status_code == 401


def check_an_expired_token_ends(a, b, no_effect):
    ApiToken.objects.filter(pk=a.token.pk).update(expires_at="2020-01-01T00:00:00Z")
    with no_effect():
        assert a("GET", "/api/v2/leads").status_code == 401


def check_nothing_is_written_uncounted(a, b, no_effect):
    def broken(*args, **kwargs):
        raise ConnectionError("no store")

    right = cache.count
    cache.count = broken
    try:
        with no_effect():
            assert a("POST", "/api/v2/leads", LEAD).status_code == 503
    finally:
        cache.count = right


def check_a_page_is_for_one_list(a, b, no_effect):
    for call in (a, b):
        for _ in range(2):
            call("POST", "/api/v2/leads", LEAD)
    cursor = json.loads(b("GET", "/api/v2/leads?limit=1").content)["next_cursor"]
    assert a("GET", f"/api/v2/leads?cursor={cursor}").status_code == 400
    assert b("GET", f"/api/v2/quotes?cursor={cursor}").status_code == 400


def quoted(a, items, **facts):
    answer = a("POST", "/api/v2/quotes", {"customer": WHO, "items": items} | facts)
    assert answer.status_code == 201, answer.content
    made = json.loads(answer.content)
    return made["subtotal"], made["tax_amount"], made["total"]


def check_money_is_exact(a, b, no_effect):
    many = [{"name": "x", "unit_price": "0.1"}, {"name": "y", "unit_price": "0.2"}]
    assert quoted(a, many) == ("0.3", "0", "0.3")
    large = [{"name": "x", "quantity": "99999.999999", "unit_price": "999999999.9999"}]
    assert quoted(a, large)[0] == "99999999998990.0000000001"


def check_half_a_cent_is_rounded_up(a, b, no_effect):
    # 0.5 % of 1.00 and of 3.00: half a cent and one and a half.
    assert quoted(a, [{"name": "x", "unit_price": "1"}], tax_rate="0.5")[1] == "0.01"
    assert quoted(a, [{"name": "x", "unit_price": "3"}], tax_rate="0.5")[1] == "0.02"


def check_lines_are_not_rounded(a, b, no_effect):
    thirds = [{"name": "x", "quantity": "0.333333", "unit_price": "0.01"}] * 3
    assert quoted(a, thirds)[0] == "0.00999999"


def check_tax_is_on_what_is_left(a, b, no_effect):
    assert quoted(a, [{"name": "x", "unit_price": "100"}], discount_amount="50", tax_rate="10") == ("100", "5", "55")


def check_steps_come_in_order(a, b, no_effect):
    ids = deal_of(a, upto="draft")
    with no_effect():
        assert a("POST", f"/api/v2/quotes/{ids['quotes']}/accept").status_code == 409
        assert a("POST", "/api/v2/jobs", {"quote_id": ids["quotes"]}).status_code == 409
    done = deal_of(a)
    assert a("POST", f"/api/v2/invoices/{done['invoices']}/pay", {"method": "card"}).status_code == 200
    with no_effect():
        assert a("POST", f"/api/v2/invoices/{done['invoices']}/pay", {"method": "card"}).status_code == 409
        assert a("PATCH", f"/api/v2/quotes/{done['quotes']}", {"notes": "x"}, If_Match="*").status_code == 409


def check_an_invoice_is_paid_whole(a, b, no_effect):
    ids = deal_of(a)
    with no_effect():
        url = f"/api/v2/invoices/{ids['invoices']}/pay"
        assert a("POST", url, {"method": "card", "amount": "3"}).status_code == 422
