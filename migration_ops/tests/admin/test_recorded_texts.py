"""T31: no recorded text is anything but text, on any page of the site."""

import re

import pytest
from django.test import Client

from migration_ops.tests.admin.everything import everything
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.recorded import SCRIPT, write_scripts
from migration_ops.tests.admin.test_permissions import has_object, is_api, routes, url_of

pytestmark = pytest.mark.django_db
# As HTML, an attribute, JSON in a page, or anything else a browser would take for its own.
RAW = re.compile(r"<img src=x|<script>window\.ran|onerror=\"window|href=\"?\s*javascript:|\b49\b\"'&gt;")


def test_every_page_shows_recorded_texts_as_texts():
    two = everything(0), everything(1)
    written = write_scripts(two[0])
    assert {"quotes.customer_name", "quotes.notes", "quotes.payment_link_url", "quotes.items", "companies.name",
            "customers_new.name", "quote_items_new.name", "jobs_new.title", "invoices_new.payment_link_url",
            "migration_run.error"} <= written  # fmt: skip
    client = Client()
    client.force_login(a_person("root", is_superuser=True))
    shown = 0
    for route in routes():
        if is_api(route):
            continue
        url = url_of(route, "own" if has_object(route) else "-", two)
        answer = client.get(url)
        if answer.status_code != 200 or answer.streaming:
            continue
        text = answer.content.decode()
        if answer["Content-Type"].startswith("text/html"):
            found = RAW.search(text)
            assert found is None, (url, text[max(0, found.start() - 200) : found.end() + 50])
            shown += "onerror=" in text
            assert "script-src" in answer["Content-Security-Policy"], url
        else:
            assert answer.get("X-Content-Type-Options") == "nosniff", url
    assert shown > 30, "the texts are on the pages, escaped"
    assert SCRIPT
