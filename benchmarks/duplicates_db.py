"""find_duplicates and the look-up of one contact on a database: how long, how much CPU and memory, of whom.

    python benchmarks/duplicates_db.py --rows 200000                 # search, then 1,000 look-ups
    python benchmarks/duplicates_db.py --rows 1000000 --index no --json out.json

Every made-up row is a contact and a customer of its own, in one company. Uses the server of DATABASE_URL, else the
project's own; makes the database `quotepro_benchmark_duplicates` and drops it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from benchmarks.made.traps import Maker  # noqa: E402
from benchmarks.processes import ProcessSampler  # noqa: E402
from benchmarks.scratch import Scratch, environment, manage, server_url  # noqa: E402

DATABASE = "quotepro_benchmark_duplicates"
COMPANY = UUID("b0000000-0000-4000-8000-000000000001")
NOW = datetime(2024, 3, 1, tzinfo=UTC)


def fill(url: str, rows: int, seed: int) -> None:
    """The company with its customers, contacts and addresses; one of each for every made-up row."""
    from migration_ops.identity.keys import contact_keys

    made = Maker(seed).rows(rows)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO companies (id, name, slug, phone_region, timezone, created_at)"
            " VALUES (%s, 'Made up', 'made-up', 'US', 'UTC', now())",
            [COMPANY],
        )
        customers = [str(uuid5(COMPANY, f"u{number}")) for number in range(len(made))]
        with cursor.copy(
            "COPY customers_new (id, company_id, name, email, phone, is_placeholder, phone_is_shared, settled,"
            " created_at, updated_at) FROM STDIN"
        ) as copy:
            for id, row in zip(customers, made, strict=True):
                copy.write_row((id, COMPANY, row.name or "", row.email, row.phone, False, True, "{}", NOW, NOW))
        with cursor.copy(
            "COPY customer_contacts (id, company_id, customer_id, name, email, phone, name_key, email_key, phone_key,"
            " extra_keys, flags, first_seen_at, last_seen_at) FROM STDIN"
        ) as copy:
            for number, (id, row) in enumerate(zip(customers, made, strict=True)):
                keys = contact_keys(row.name, row.email, row.phone, "US")
                lists = list(keys.extra_keys), list(keys.flags)
                own = uuid5(COMPANY, f"c{number}"), COMPANY, id, row.name, row.email, row.phone
                copy.write_row((*own, keys.name_key, keys.email_key, keys.phone_key, *lists, NOW, NOW))
        with cursor.copy(
            "COPY customer_addresses (id, company_id, customer_id, address, is_primary, created_at, last_used_at)"
            " FROM STDIN"
        ) as copy:
            for number, (id, row) in enumerate(zip(customers, made, strict=True)):
                if row.address:
                    copy.write_row((uuid5(COMPANY, f"a{number}"), COMPANY, id, row.address, True, NOW, NOW))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def search(url: str, *arguments: str) -> dict[str, Any]:
    """One run of the command, its processes and the server's backends watched."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "find_duplicates", "--company", str(COMPANY), "--json", *arguments],
        cwd=ROOT, env=environment(url), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with ProcessSampler(database=DATABASE, root=process.pid) as sampler:
        out, _ = process.communicate()
    wall = time.monotonic() - started
    if process.returncode not in (0, 3):
        raise SystemExit(f"find_duplicates ended with {process.returncode}")
    told = json.loads(out.splitlines()[-1])
    peaks = {role: [kb // 1024 for kb in each] for role, each in sampler.peaks_kb.items()}
    return {
        "wall_seconds": round(wall, 1),
        "cpu_seconds": {role: round(each, 1) for role, each in sampler.cpu_s.items()},
        "peak_mib": peaks,
        "contacts": told["contacts"], "cases": told["cases"], "groups": told["groups"], "scored": told["scored"],
    }  # fmt: skip


def lookups(url: str, wanted: int, seed: int) -> dict[str, Any]:
    """Look-ups of new rows of another seed and of known contacts: milliseconds in all, and in the statement."""
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
    import django

    django.setup()
    from crm.models import Company
    from migration_ops.identity.duplicates import store
    from migration_ops.identity.duplicates.lookup import Lookup
    from migration_ops.identity.duplicates.reading import read_contact
    from migration_ops.identity.keys import contact_keys

    company = Company.objects.get(pk=COMPANY)
    looker = Lookup(company)
    book = store.read_some(company, [uuid5(COMPANY, f"c{37 * number}") for number in range(wanted // 2)])
    contacts: list[tuple[Any, UUID | None]] = [(record, id) for id, record in book]
    for row in Maker(seed).rows(wanted // 2):
        keys = contact_keys(row.name, row.email, row.phone, "US")
        places = [row.address] if row.address else []
        contacts.append(
            (
                read_contact(keys.name_key, keys.email_key, keys.phone_key, keys.extra_keys, row.phone, places, "US"),
                None,
            )
        )
    for contact, id in contacts[:50]:
        looker.matches(contact, but=id)
    whole, asked = [], []
    found = 0
    for contact, id in contacts:
        looker.asked_seconds = 0.0
        started = time.perf_counter()
        found += len(looker.matches(contact, but=id))
        whole.append(1000 * (time.perf_counter() - started))
        asked.append(1000 * looker.asked_seconds)
    rest = [one - other for one, other in zip(whole, asked, strict=True)]
    return {
        name: {"p50_ms": round(_share(each, 50), 2), "p95_ms": round(_share(each, 95), 2)}
        for name, each in (("whole", whole), ("database", asked), ("python", rest))
    } | {"look_ups": len(whole), "matches": found}  # fmt: skip


def _share(each: list[float], percent: int) -> float:
    return sorted(each)[len(each) * percent // 100]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument(
        "--index", choices=("yes", "no"), default="yes", help="also build the index and look contacts up"
    )
    parser.add_argument("--look-ups", type=int, default=1_000)
    parser.add_argument("--keep", action="store_true", help="keep the database; the next run uses it as it is")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    scratch = Scratch(server_url())
    result: dict[str, Any] = {"rows": options.rows, "seed": options.seed, "at": datetime.now(UTC).isoformat()}
    from benchmarks.scratch import at_database

    if not scratch.exists(DATABASE):
        url = scratch.create(DATABASE)
        manage(["migrate", "--verbosity", "0"], database_url=url)
        fill(url, options.rows, options.seed)
    url = at_database(scratch.url, DATABASE)
    try:
        result["search"] = search(url)
        print(json.dumps(result), flush=True)
        result["again"] = search(url)
        if options.index == "yes":
            result["with index"] = search(url, "--index")
            print(json.dumps(result), flush=True)
            result["look-up"] = lookups(url, options.look_ups, options.seed + 1)
    finally:
        if not options.keep:
            scratch.drop(DATABASE)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
