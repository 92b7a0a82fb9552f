"""The life of a deal through API v2, in every stage: both sides hold the same afterwards."""

import json

import pytest
from django.db import connection

from legacy.models import LegacyQuote
from migration_ops.models import OutboxEntry
from migration_ops.selectors.legacy_rows import legacy_row
from migration_ops.stages import Stage
from migration_ops.tests.api.clients import caller, company

pytestmark = pytest.mark.django_db(transaction=True)

ANN = {"name": "Ann Miller", "email": "ann@miller.example", "phone": "+1 202 555 0123", "address": "1 High Street"}


def done(response, status=200):
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.mark.parametrize("stage", list(Stage))
def test_the_seven_steps_reach_both_sides(stage):
    call = caller(company("acme", stage=stage))
    lead = done(call("POST", "/api/v2/leads", {"customer": ANN, "description": "Replace the kitchen tap"}), 201)
    draft = done(call("POST", "/api/v2/quotes/generate", {"lead_id": lead["id"], "description": "kitchen tap"}), 201)
    quote = draft["quote"]
    assert draft["sources"] == []
    etag = call("GET", f"/api/v2/quotes/{quote['id']}").headers["ETag"]
    items = [
        {"name": "Tap", "quantity": "2", "unit_price": "49.90"},
        {"name": "Labour", "quantity": "1.5", "unit_price": "80"},
    ]
    quote = done(call("PATCH", f"/api/v2/quotes/{quote['id']}", {"items": items, "tax_rate": "8.25"}, If_Match=etag))
    assert (quote["subtotal"], quote["tax_amount"], quote["total"]) == ("219.8", "18.13", "237.93")
    for step in ("send", "accept"):
        quote = done(call("POST", f"/api/v2/quotes/{quote['id']}/{step}"))
    job = done(call("POST", "/api/v2/jobs", {"quote_id": quote["id"], "scheduled_start": "2027-01-05T09:00:00Z"}), 201)
    invoice = done(call("POST", "/api/v2/invoices", {"job_id": job["id"]}), 201)
    done(call("POST", f"/api/v2/invoices/{invoice['id']}/send"))
    for step in ("start", "complete"):
        done(call("POST", f"/api/v2/jobs/{job['id']}/{step}"))
    invoice = done(call("POST", f"/api/v2/invoices/{invoice['id']}/pay", {"method": "card", "amount": "237.93"}))
    assert (invoice["status"], invoice["amount_paid"], len(invoice["payments"])) == ("paid", "237.93", 1)
    assert done(call("GET", f"/api/v2/quotes/{quote['id']}"))["status"] == "completed"
    assert done(call("GET", f"/api/v2/leads/{lead['id']}"))["status"] == "converted"

    rebuilt = legacy_row(call.company, quote["id"], is_new=True)
    recorded = json.loads(rebuilt)
    assert (recorded["total"], recorded["payment_method"], recorded["lead_status"]) == (237.93, "card", "converted")
    if stage is Stage.COMPLETE:
        assert not LegacyQuote.objects.exists()
    else:
        assert legacy_row(call.company, quote["id"], is_new=False) == rebuilt
    assert not OutboxEntry.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM quotes")
        assert cursor.fetchone()[0] == (0 if stage is Stage.COMPLETE else 1)
