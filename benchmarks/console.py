"""Every page of the admin at its largest size, as four people: server time, statements, and a real browser's own clock.

    python benchmarks/console.py [--rows 1000000] [--companies 5000] [--keep] [--json FILE]
    DATABASE_URL=postgres://… python benchmarks/console.py --take NAME

Makes a database on the server of DATABASE_URL (or the embedded one): a company of a million migrated rows, thousands of
others, 50,000 open conflicts, 20,000 quarantined rows. Pages are found by the site's own routes, so that none is left
out. Exit code 0: every page within a second, 3: not, 2: cannot be run.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from pages import ask, in_browser
from scratch import BenchmarkError, Scratch, at_database, manage, server_url
from volume import Volume, fill, made, migrate_rows

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
# Playwright runs an event loop in this thread, and Django takes any query beside one for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
BAR_MS = 1_000.0
SEEN_COMPANIES = 50
"""Companies that limited support may see, the large one among them."""
LIMITS = (
    ("rows", 1_000, 10_000_000), ("companies", SEEN_COMPANIES, 100_000), ("conflicts", 1, 1_000_000),
    ("quarantined", 1, 1_000_000), ("rounds", 1, 100), ("loads", 1, 100),
)  # fmt: skip


def main() -> int:
    """Make or take, ask, judge; one JSON object as the last line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000, help="legacy rows of the large company (%(default)s)")
    asked.add_argument("--companies", type=int, default=5_000, help="companies beside it (%(default)s)")
    asked.add_argument("--conflicts", type=int, default=50_000, help="open ones (%(default)s)")
    asked.add_argument("--quarantined", type=int, default=20_000, help="rows that wait (%(default)s)")
    asked.add_argument("--rounds", type=int, default=5, help="requests of each page that are counted (%(default)s)")
    asked.add_argument("--loads", type=int, default=3, help="loads of each page in the browser (%(default)s)")
    asked.add_argument("--take", metavar="NAME", help="a database that --keep has left; it is brought up to date first")
    asked.add_argument("--keep", action="store_true", help="keep the database")
    asked.add_argument("--only", metavar="TEXT", default="", help="the page of this name, else those with it in theirs")
    asked.add_argument("--no-browser", action="store_true")
    asked.add_argument("--json", type=Path)
    options = asked.parse_args()
    for name, least, most in LIMITS:
        if not least <= getattr(options, name) <= most:
            asked.error(f"--{name} {getattr(options, name)}: give {least} to {most}")
    # Ended from outside, it still drops what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        told = _run(options)
    except BenchmarkError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps({name: told[name] for name in ("volume", "load", "pages", "statements_most", "worst", "over")}))
    return 3 if told["over"] else 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    volume = Volume(rows=options.rows, companies=options.companies, conflicts=options.conflicts,
                    quarantined=options.quarantined)  # fmt: skip
    scratch = Scratch(server_url())
    if options.take:
        if not scratch.exists(options.take):
            raise BenchmarkError(f"--take {options.take}: the server has no such database; leave it out to make one")
        url = at_database(scratch.url, options.take)
        manage(["migrate", "--verbosity", "0"], database_url=url)
        _set_up(url)
        return _measure(url, options)
    name = f"quotepro_benchmark_console_{volume.rows}_{volume.companies}"
    with made(scratch, name, is_kept=options.keep) as url:
        migrate_rows(url, volume.rows)
        _set_up(url)
        filled = fill(url, volume)
        print(f"{name}: {filled}", file=sys.stderr)
        return _measure(url, options)


def _set_up(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import setup_test_environment

    setup_test_environment()
    settings.DEBUG = False
    # What a person may not see is refused, and said in the log each time.
    logging.disable(logging.WARNING)


def _measure(url: str, options: argparse.Namespace) -> dict[str, Any]:
    from django.test import Client
    from places import largest_company, people, places
    from volume import counts

    from migration_ops import conf
    from quotepro.management.trial.callers import session_of

    conf.EXPORTS_PER_HOUR = 1_000_000
    load = os.getloadavg()[0]
    company = largest_company()
    found: list[dict[str, Any]] = []
    with people(company, SEEN_COMPANIES) as staff:
        every = list(places(company))
        named = [each for each in every if each.name == options.only]
        wanted = named or [each for each in every if options.only in each.name]
        cookies = {person: session_of(user) for person, user in staff.items()}
        for person, (cookie, value) in cookies.items():
            client = Client()
            client.cookies[cookie] = value
            for place in wanted:
                got = ask(client, place.url, rounds=options.rounds, posts=place.posts, follow=place.posts)
                told = {"name": place.name, "person": person, "url": place.url, "posts": place.posts}
                found.append(told | vars(got))
                if got.p95_ms > BAR_MS:
                    print(f"{person}: {place.name} took {got.median_ms:.0f} to {got.p95_ms:.0f} ms", file=sys.stderr)
            print(f"{person}: {len(wanted)} pages asked", file=sys.stderr)
        opened = [each for each in found if each["status"] == 200]
        _refuse_unseen(wanted, found)
        shown: dict[str, list[tuple[str, str]]] = {person: [] for person in cookies}
        for each in opened:
            if not each["posts"] and not each["is_file"]:
                shown[each["person"]].append((each["name"], each["url"]))
        times = None if options.no_browser else in_browser(shown, cookies, rounds=options.loads)
        for each in opened:
            each["browser_ms"] = (times or {}).get(each["person"], {}).get(each["name"])
    return _told(opened) | {"volume": counts(url), "load": [load, os.getloadavg()[0]]}


def _refuse_unseen(wanted: list[Any], found: list[dict[str, Any]]) -> None:
    """A page nobody could open was not measured, and is not to pass for one that was."""
    answers: dict[str, set[int]] = defaultdict(set)
    for each in found:
        answers[each["name"]].add(each["status"])
    # A page too far down leads to the list it is of.
    unseen = sorted(
        each.name
        for each in wanted
        if 200 not in answers[each.name] and not (each.is_narrowed and 302 in answers[each.name])
    )
    if unseen:
        raise BenchmarkError(f"nobody could open {', '.join(unseen)}: say in benchmarks/places.py what it needs")


def _told(opened: list[dict[str, Any]]) -> dict[str, Any]:
    def cost(each: dict[str, Any]) -> float:
        return max(each["p95_ms"], each["browser_ms"] or 0)

    ordered = sorted(opened, key=cost, reverse=True)
    print(f"{'server ms':>10} {'p95':>8} {'statements':>11} {'browser ms':>11}  page", file=sys.stderr)
    for each in ordered[:40]:
        print(
            f"{each['median_ms']:10.1f} {each['p95_ms']:8.1f} {each['statements']:11} {each['browser_ms'] or 0:11.1f}"
            f"  {each['name']} ({each['person']})", file=sys.stderr,
        )  # fmt: skip
    worst = ordered[0]
    return {
        "all": ordered, "pages": len({each["name"] for each in opened}), "opened": len(opened),
        "statements_most": max(each["statements"] for each in opened),
        "worst": {name: worst[name] for name in ("name", "person", "median_ms", "p95_ms", "browser_ms")},
        "over": [f"{each['name']} ({each['person']})" for each in ordered if cost(each) > BAR_MS],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
