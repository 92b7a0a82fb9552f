"""A queue of 50,000 cases, made and opened: server time and statements of each page, and a real browser's own clock.

    python benchmarks/cases.py [--cases 50000] [--json FILE]

Makes a database of its own on the server of DATABASE_URL (or the embedded one) and drops it at the end. With Debian's
chromium and playwright (requirements-browser.txt) the pages are also opened in a browser; without, it says so.
"""

import argparse
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from scratch import BenchmarkError, Scratch, manage, server_url

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
# Playwright runs an event loop in this thread, and Django takes any query beside one for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
NAME = "quotepro_benchmark_cases"

ROUNDS = 5
FILL = """
INSERT INTO companies (id, name, slug, phone_region, timezone, created_at)
SELECT ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Company ' || n, 'company-' || n, 'US',
       'UTC', now()
  FROM generate_series(1, 20) AS n;
INSERT INTO customers_new (id, company_id, name, email, created_at, updated_at, is_placeholder, phone_is_shared)
SELECT ('a0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
       ('c0000000-0000-4000-8000-' || lpad((1 + (n / 2) %% 20)::text, 12, '0'))::uuid, 'Customer ' || n / 2,
       'c' || n || '@example.com', now(), now(), false, true
  FROM generate_series(0, %(cases)s * 2 - 1) AS n;
INSERT INTO customer_contacts (id, company_id, customer_id, name, email, name_key, email_key, extra_keys, flags,
                               first_seen_at, last_seen_at)
SELECT ('b0000000-0000-4000-8000-' || right(c.id::text, 12))::uuid, c.company_id, c.id, c.name, c.email, lower(c.name),
       c.email, '{}', '{}', now(), now()
  FROM customers_new c;
INSERT INTO migration_dedup_conflict (company_id, contact_a_id, contact_b_id, reason, score, evidence, state,
                                      created_at, "case")
SELECT a.company_id, a.id, b.id, (ARRAY['probable', 'one_kind', 'not_personal', 'names_unlike'])[1 + n %% 4],
       0.5 + (n %% 49) / 100.0,
       jsonb_build_array(jsonb_build_object('kind', 'k' || n / 20 %% 12, 'field', 'name', 'level', 'exact', 'text',
                         'observation ' || n / 20 %% 12, 'weight', 4)),
       'open', now() - n * interval '1 minute', a.customer_id
  FROM generate_series(0, %(cases)s - 1) AS n
  JOIN customer_contacts a ON a.id = ('b0000000-0000-4000-8000-' || lpad((2 * n)::text, 12, '0'))::uuid
  JOIN customer_contacts b ON b.id = ('b0000000-0000-4000-8000-' || lpad((2 * n + 1)::text, 12, '0'))::uuid;
ANALYZE;
"""


def main() -> int:
    """Make, open, drop; prints one JSON object as the last line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cases", type=int, default=50_000)
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    if not 1 <= options.cases <= 1_000_000:
        asked.error(f"--cases {options.cases}: give 1 to 1000000")
    try:
        scratch = Scratch(server_url())
        scratch.drop(NAME)
        url = scratch.create(NAME)
        try:
            manage(["migrate", "--verbosity", "0"], database_url=url)
            os.environ["DATABASE_URL"] = url
            told = _measure(options.cases)
        finally:
            scratch.drop(NAME)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    line = json.dumps(told)
    if options.json:
        options.json.write_text(line + "\n")
    print(line)
    return 0


def _measure(cases: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import setup_test_environment

    setup_test_environment()
    settings.DEBUG = False
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from crm.models import Company
    from migration_ops.identity.duplicates.cases import rebuild_cases
    from migration_ops.models import DedupCase

    with connection.cursor() as cursor:
        cursor.execute(FILL, {"cases": cases})
    started = time.monotonic()
    for company in Company.objects.all():
        rebuild_cases(company)
    told: dict[str, Any] = {"cases": DedupCase.objects.filter(state="open").count()}
    told["rebuild_s"] = round(time.monotonic() - started, 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE migration_dedup_case")
    get_user_model().objects.create_superuser("bench", password="bench")
    queue, first = reverse("admin:migration_ops_dedupcase_changelist"), Company.objects.order_by("name").first()
    top = DedupCase.objects.filter(state="open").order_by("-stake")[0]
    pages = {
        "queue": queue, "company": f"{queue}?company={first.pk}", "reason": f"{queue}?reason=probable",
        "age": f"{queue}?age=week", "all filters": f"{queue}?company={first.pk}&reason=probable&age=week",
        "page 20": f"{queue}?p=20",
        "patterns": f"{reverse('admin:migration_ops_bulkdecision_patterns')}?company={first.pk}",
        "case": reverse("admin:migration_ops_dedupcase_decide", args=[top.pk]),
        "generic values": f"{reverse('admin:migration_ops_valueruling_desk')}?company={first.pk}",
    }  # fmt: skip
    client = Client()
    client.login(username="bench", password="bench")
    told["server_ms"], told["statements"] = {}, {}
    for name, url in pages.items():
        told["server_ms"][name], told["statements"][name] = _time(client, url)
    told["browser_ms"] = _in_browser(pages)
    told["server_ms"]["next case"], told["statements"]["next case"] = _time(
        client, reverse("admin:migration_ops_dedupcase_next"), posts=True
    )
    return told


def _time(client: Any, url: str, *, posts: bool = False) -> tuple[float, int]:
    """The median of some rounds, and the statements of the last."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    taken = []
    for _ in range(ROUNDS):
        with CaptureQueriesContext(connection) as captured:
            started = time.perf_counter()
            answer = (client.post if posts else client.get)(url, follow=True)
            taken.append((time.perf_counter() - started) * 1_000)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
    return round(sorted(taken)[ROUNDS // 2], 1), len(captured)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _in_browser(pages: dict[str, str]) -> dict[str, float] | None:
    """From the click to the loaded page, median of some rounds; None without a browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("no chromium or no playwright: the browser is left out", file=sys.stderr)
        return None
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{base}/admin/login/")
        page.fill("input[name=username]", "bench")
        page.fill("input[name=password]", "bench")
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/admin/**")
        told = {name: _median(lambda url=url: _load(page, base + url)) for name, url in pages.items()}
        browser.close()
    server.shutdown()
    return told


def _load(page: Any, url: str) -> float:
    page.goto(url, wait_until="load")
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


def _median(measure: Callable[[], float]) -> float:
    return round(sorted(measure() for _ in range(ROUNDS))[ROUNDS // 2], 1)


if __name__ == "__main__":
    sys.exit(main())
