"""A queue of 50,000 cases, made and opened: server time and statements of each page, and a real browser's own clock.

    python benchmarks/cases.py [--cases 50000] [--json FILE]

Makes a database of its own on the server of DATABASE_URL (or the embedded one) and drops it at the end. With Debian's
chromium and playwright (requirements-browser.txt) the pages are also opened in a browser; without, it says so.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from pages import ask, in_browser
from scratch import BenchmarkError, Scratch, server_url
from volume import build_cases, made, own_company, run_parts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
# Playwright runs an event loop in this thread, and Django takes any query beside one for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
NAME = "quotepro_benchmark_cases"
COMPANIES = 20

ROUNDS = 5


def main() -> int:
    """Make, open, drop; prints one JSON object as the last line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cases", type=int, default=50_000)
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    if not 1 <= options.cases <= 1_000_000:
        asked.error(f"--cases {options.cases}: give 1 to 1000000")
    try:
        with made(Scratch(server_url()), NAME, is_kept=False) as url:
            os.environ["DATABASE_URL"] = url
            told = _measure(url, options.cases)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    line = json.dumps(told)
    if options.json:
        options.json.write_text(line + "\n")
    print(line)
    return 0


def _measure(url: str, cases: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    settings.DEBUG = False
    from django.contrib.auth import get_user_model
    from django.urls import reverse

    from crm.models import Company
    from migration_ops.models import DedupCase
    from quotepro.management.trial.callers import session_of

    owners = [own_company(number) for number in range(1, COMPANIES + 1)]
    parts: list[tuple[str, dict[str, Any]]] = [
        ("companies", {"companies": COMPANIES}), ("questions", {"owners": owners, "questions": cases}),
    ]  # fmt: skip
    told: dict[str, Any] = {"made_s": run_parts(url, parts), "rebuild_s": build_cases()}
    told["cases"] = DedupCase.objects.filter(state="open").count()
    user = get_user_model().objects.create_superuser("bench")
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
    client.force_login(user)
    asked = {name: ask(client, url, rounds=ROUNDS) for name, url in pages.items()}
    asked["next case"] = ask(
        client, reverse("admin:migration_ops_dedupcase_next"), rounds=ROUNDS, posts=True, follow=True
    )
    for name, each in asked.items():
        if each.status != 200:
            raise BenchmarkError(f"the page {name} answered {each.status}")
    told["server_ms"] = {name: each.median_ms for name, each in asked.items()}
    told["statements"] = {name: each.statements for name, each in asked.items()}
    times = in_browser({"bench": list(pages.items())}, {"bench": session_of(user)}, rounds=ROUNDS)
    told["browser_ms"] = times and times["bench"]
    told["load"] = os.getloadavg()[0]
    return told


if __name__ == "__main__":
    sys.exit(main())
