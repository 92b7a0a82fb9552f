"""Every query of every list endpoint, admin list and quotes page, timed on a migrated database; the pages in a browser.

    DATABASE_URL=postgres://… python benchmarks/reads.py [--rounds 15] [--company ID] [--explain] [--browser] [--json F]

Asks as the API's and the admin's users do, with other pages, filters and terms each round, and times each statement
by itself and each request as a whole. Only reads, but for a token and a superuser that it makes and deletes.
Exit code 0: all within the bars, 3: not, 2: cannot be run.
"""

import argparse
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pages import in_browser

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
# Playwright runs an event loop in this thread, and Django takes any query beside one for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

QUERY_BAR_MS, SERVER_BAR_MS, BROWSER_BAR_MS = 5.0, 300.0, 1_000.0
SAMPLES = 200
# A thousand whole rows in one answer: not a list's page, and not held to a page's bar.
BULK = ("v1 quotes, whole page",)
KINDS = ("leads", "quotes", "jobs", "invoices", "customers")
STATUSES = {"leads": "qualified", "quotes": "sent", "jobs": "scheduled", "invoices": "paid"}


@dataclass
class Figures:
    """Milliseconds of each time it ran, and the slowest one's text."""

    ms: list[float] = field(default_factory=list)
    slowest: str = ""
    params: Any = None

    def add(self, ms: float, text: str = "", params: Any = None) -> None:
        """One more."""
        if not self.ms or ms > max(self.ms):
            self.slowest, self.params = text, params
        self.ms.append(ms)

    def at(self, share: float) -> float:
        """This share of them took no longer."""
        ordered = sorted(self.ms)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def main() -> int:
    """Ask, say, judge."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--company", help="id; without, the one with the most legacy rows")
    asked.add_argument("--explain", action="store_true", help="the plans of statements over the bar")
    asked.add_argument("--browser", action="store_true", help="open the pages in Debian's chromium, too")
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    if not 1 <= options.rounds < SAMPLES:
        asked.error(f"--rounds {options.rounds}: give 1 to {SAMPLES - 1}")
    if "DATABASE_URL" not in os.environ:
        print("DATABASE_URL is not set: name a database that was migrated", file=sys.stderr)
        return 2
    # Its connections ask as those of the web server do.
    import_module("quotepro.wsgi")
    from django.test.utils import setup_test_environment

    setup_test_environment()
    told = _measure(options)
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    slow = [each["name"] for each in told["queries"] if each["p95_ms"] > QUERY_BAR_MS and not each["is_bulk"]]
    slow += [each["name"] for each in told["requests"] if each["p95_ms"] > SERVER_BAR_MS]
    slow += [name for name, ms in (told["browser_ms"] or {}).items() if ms > BROWSER_BAR_MS]
    shown = ("rows", "load", "statements", "worst_query_ms", "worst_request_ms", "browser_ms")
    print(json.dumps({name: told[name] for name in shown} | {"over": slow}))
    return 3 if slow else 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from crm.models import Company
    from quotepro.management.trial.callers import trial_session, trial_token

    settings.API_REQUESTS_PER_MINUTE = 10_000_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT company_id, count(*) FROM quotes GROUP BY 1 ORDER BY 2 DESC")
        sizes = dict(cursor.fetchall())
    company = Company.objects.get(pk=options.company or next(iter(sizes)))
    queries: dict[tuple[str, str], Figures] = defaultdict(Figures)
    requests: dict[str, Figures] = defaultdict(Figures)
    with ExitStack() as stack:
        secret = stack.enter_context(trial_token(company))
        cookie = stack.enter_context(trial_session())
        client = Client(headers={"authorization": f"Bearer {secret}", "cookie": cookie})
        client.cookies.load(cookie)
        pages = _pages(company)
        for round in range(options.rounds + 1):
            for name, url in [*_api(company, round), *((name, of(round)) for name, of in pages.items())]:
                _ask(client, name, url, queries, requests, is_counted=round > 0)
        told = _told(queries, requests) | {"rows": sum(sizes.values()), "load": os.getloadavg()[0]}
        told["browser_ms"] = None
        if options.browser:
            name, _, value = cookie.partition("=")
            times = in_browser({"bench": [(name, of(1)) for name, of in pages.items()]}, {"bench": (name, value)})
            told["browser_ms"] = times and dict(sorted(times["bench"].items(), key=lambda each: -each[1]))
    if options.explain:
        _explain(queries)
    return told


def _api(company: Any, round: int) -> Iterator[tuple[str, str]]:
    """One round of what programs ask: pages from the top, by place, by key, by filter; single rows."""
    from crm.models import Customer, Invoice, Job, Lead, Quote

    models = dict(zip(KINDS, (Lead, Quote, Job, Invoice, Customer), strict=True))
    for kind, model in models.items():
        ids = _some_ids(model, company)
        url = f"/api/v2/{kind}"
        yield f"v2 {kind}", f"{url}?limit=20"
        yield f"v2 {kind}, 100 rows", f"{url}?limit=100"
        yield f"v2 {kind}, offset", f"{url}?limit=20&offset={20 + 40 * round}"
        yield f"v2 {kind}, offset in thousands", f"{url}?limit=20&offset={1_000 + 500 * (round % 19)}"
        yield f"v2 {kind}, cursor", f"{url}?limit=20&cursor={_cursor(company, kind, model, ids[round])}"
        yield f"v2 {kind}, one", f"{url}/{ids[round]}"
        if kind in STATUSES:
            yield f"v2 {kind}, by status", f"{url}?limit=20&status={STATUSES[kind]}"
            yield f"v2 {kind}, by rare status", f"{url}?limit=20&status=nobody-has-it-{round}"
            yield f"v2 {kind}, by customer", f"{url}?limit=20&customer_id={_some_ids(Customer, company)[round]}"
    name, mail, phone = _contact(company, round)
    yield "v2 customers, search name", f"/api/v2/customers?search={name}"
    yield "v2 customers, search part", f"/api/v2/customers?search={name[:3]}"
    yield "v2 customers, search e-mail", f"/api/v2/customers?search={mail}"
    yield "v2 customers, search phone", f"/api/v2/customers?search={phone}"
    yield "v2 statistics", "/api/v2/statistics"
    rows = _some_ids(Quote, company)
    yield "v1 quotes", f"/api/quotes?limit=20&offset={20 * round}"
    yield "v1 quotes, whole page", "/api/quotes"
    yield "v1 quote", f"/api/quotes/{rows[round]}"


def _pages(company: Any) -> dict[str, Callable[[int], str]]:
    """Pages of the admin, by what a round makes of them."""
    from urllib.parse import quote

    from django.contrib import admin
    from django.urls import reverse

    import quotepro.urls  # noqa: F401 - the lists are found by it
    from crm.models import Customer, Invoice, Job, Lead, Payment, Quote
    from crm.selectors.estimates import row_estimate

    browse, rows, ids = (
        reverse("admin:crm_quote_browse"),
        reverse("admin:crm_quote_browse_rows"),
        _some_ids(Quote, company),
    )
    own = f"company={company.pk}"
    pages: dict[str, Callable[[int], str]] = {
        "quotes page": lambda n: f"{browse}?{own}",
        "quotes page, status": lambda n: f"{rows}?{own}&status=sent",
        "quotes page, words": lambda n: f"{rows}?{own}&q={_contact(company, n)[0]}",
        "quotes page, e-mail": lambda n: f"{rows}?{own}&q={_contact(company, n)[1]}",
        "quotes page, number": lambda n: f"{rows}?{own}&q=Q-{1000 + n}",
        "quotes page, further down": lambda n: f"{rows}?{own}&after={quote(_after(ids[n]))}",
        "quote story": lambda n: reverse("admin:crm_quote_story", args=[ids[n]]),
    }  # fmt: skip
    for model in admin.site._registry:
        label = f"list of {model._meta.verbose_name_plural}"
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        is_long = row_estimate(model) > SAMPLES * 50
        pages[label] = lambda n, url=url, is_long=is_long: f"{url}?p={n}" if n > 1 and is_long else url
        if model in (Customer, Lead, Quote, Job, Invoice, Payment):
            pages[f"{label}, company"] = lambda n, url=url: f"{url}?{own}"
            pages[f"{label}, e-mail"] = lambda n, url=url: f"{url}?q={_contact(company, n)[1]}"
    return pages


_ids: dict[Any, list[Any]] = {}


def _some_ids(model: Any, company: Any) -> list[Any]:
    """Ids from all over the company's rows, the same each time."""
    if model not in _ids:
        from django.db.models import TextField
        from django.db.models.functions import MD5, Cast

        scattered = model.objects.filter(company=company).order_by(MD5(Cast("pk", TextField())))
        _ids[model] = list(scattered.values_list("pk", flat=True)[:SAMPLES])
    return _ids[model]


def _cursor(company: Any, kind: str, model: Any, id: Any) -> str:
    from crm.api.answers import _cursor as signed
    from crm.selectors.api import Position

    return signed(company, kind, Position(created_at=model.objects.get(pk=id).created_at, id=id))


def _after(id: Any) -> str:
    from crm.admin.browse import SIGNER
    from crm.models import Quote

    return str(SIGNER.sign(f"{Quote.objects.get(pk=id).created_at.isoformat()}_{id.hex}"))


def _contact(company: Any, round: int) -> tuple[str, str, str]:
    from urllib.parse import quote

    from crm.models import CustomerContact

    found = CustomerContact.objects.get(pk=_some_ids(CustomerContact, company)[round])
    words = re.findall(r"\w{3,}", found.name or "") or ["smith"]
    return quote(words[-1]), quote(found.email_key or "nobody@example.com"), quote(found.phone_key or "+12025550123")


def _ask(
    client: Any, name: str, url: str, queries: dict[Any, Figures], requests: dict[str, Figures], *, is_counted: bool
) -> None:
    from django.db import connection

    def timed(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(statement, params, many, context)
        finally:
            ms = (time.perf_counter() - began) * 1_000
            if is_counted and not statement.startswith(("SAVEPOINT", "RELEASE")):
                queries[name, _shape(statement)].add(ms, statement, params)

    with connection.execute_wrapper(timed):
        began = time.perf_counter()
        answer = client.get(url)
        ms = (time.perf_counter() - began) * 1_000
    if answer.status_code not in (200, 404 if name == "v2 statistics" else 200):
        raise SystemExit(f"{name}: {url} answered {answer.status_code}")
    if is_counted:
        requests[name].add(ms)


def _shape(statement: str) -> str:
    """The statement without its values, so that all rounds fall together."""
    return re.sub(r"\s+", " ", re.sub(r"IN \((%s(, )?)+\)", "IN (…)", statement))


def _told(queries: dict[tuple[str, str], Figures], requests: dict[str, Figures]) -> dict[str, Any]:
    found = [
        {
            "name": name, "is_bulk": name in BULK, "p50_ms": each.at(0.5), "p95_ms": each.at(0.95),
            "times": len(each.ms), "statement": shape[:200],
        }
        for (name, shape), each in queries.items()
    ]  # fmt: skip
    found.sort(key=lambda each: -each["p95_ms"])
    counts = Counter(name for name, _ in queries)
    whole = [
        {"name": name, "p50_ms": each.at(0.5), "p95_ms": each.at(0.95), "queries": counts[name]}
        for name, each in requests.items()
    ]
    whole.sort(key=lambda each: -each["p95_ms"])
    for each in found[:25]:
        print(
            f"{each['p50_ms']:8.2f} {each['p95_ms']:8.2f} ms  {each['name']}: {each['statement'][:110]}",
            file=sys.stderr,
        )
    print("requests", file=sys.stderr)
    for each in whole[:25]:
        print(
            f"{each['p50_ms']:8.1f} {each['p95_ms']:8.1f} ms  {each['name']} ({each['queries']} statements)",
            file=sys.stderr,
        )
    barred = [each["p95_ms"] for each in found if not each["is_bulk"]]
    return {
        "queries": found, "requests": whole, "statements": len(found), "worst_query_ms": max(barred),
        "worst_request_ms": whole[0]["p95_ms"],
    }  # fmt: skip


def _explain(queries: dict[tuple[str, str], Figures]) -> None:
    from django.db import connection

    for (name, _), each in sorted(queries.items(), key=lambda item: -item[1].at(0.95)):
        if each.at(0.95) <= QUERY_BAR_MS or not each.slowest.lstrip().upper().startswith(("SELECT", "WITH", "--")):
            continue
        print(
            f"\n=== {name}: p50 {each.at(0.5)} p95 {each.at(0.95)} ms\n{each.slowest}\n{each.params}"[:6_000],
            file=sys.stderr,
        )
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + each.slowest, each.params)
            print("\n".join(line for (line,) in cursor.fetchall()), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
