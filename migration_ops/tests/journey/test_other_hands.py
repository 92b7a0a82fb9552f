"""Rows nobody of us made up: counts and sums are those that SQL on the legacy side alone gives."""

import json
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection

from crm.models import Company
from migration_ops.models import LegacyLink, QuarantinedRow
from migration_ops.tests.moving import proven
from migration_ops.tests.other_generator import COMPANIES, generate, outcome, truth

CHINOOK = settings.BASE_DIR.parent / "shared" / "data" / "chinook.legacy.csv.gz"


def scalar(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def check(manage, rows, *options):
    generate(rows)
    expected = truth()

    done = manage("migrate_legacy", "--all", "--no-validate", "--json", *options, timeout_s=1_800)

    # Quarantined rows want attention: 3.
    assert done.returncode == 3, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert outcome() == expected
    assert len(expected) == COMPANIES
    assert (said["rows"], said["pending"], len(said["companies"])) == (rows, 0, COMPANIES)
    assert said["migrated"] == sum(figures["rows"] for figures in expected.values()) == LegacyLink.objects.count()
    assert said["quarantined"] == rows - said["migrated"] == QuarantinedRow.objects.count()
    assert rows / 100 < said["quarantined"] < rows / 10
    homeless = (
        "SELECT count(*) FROM quotes q WHERE (SELECT count(*) FROM migration_legacy_link l WHERE l.legacy_id = q.id)"
        " + (SELECT count(*) FROM migration_quarantined_row z WHERE z.legacy_id = q.id) <> 1"
    )
    assert scalar(homeless) == 0
    for company in Company.objects.all():
        proven(company)


def test_three_thousand_dirty_rows_of_six_companies(manage):
    check(manage, 3_000)


@pytest.mark.nightly
def test_sixty_thousand_dirty_rows_of_six_companies(manage):
    check(manage, 60_000, "--workers", "2")


@pytest.mark.skipif(not CHINOOK.exists(), reason="the folder shared, beside the repository, holds no Chinook file here")
def test_chinook_gives_the_counts_and_sums_of_its_readme(manage):
    assert manage("load_legacy", CHINOOK).returncode == 0

    done = manage("migrate_legacy", "--all", "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    expected = {
        "rows": 412, "migrated": 412, "quarantined": 0, "pending": 0, "customers": 59, "addresses": 59, "leads": 64,
        "quotes": 407, "quote_items": 2_206, "jobs": 402, "invoices": 397, "payments": 397,
    }  # fmt: skip
    assert {name: said[name] for name in expected} == expected
    assert scalar("SELECT sum(total) FROM quotes_new") == Decimal("2293.94")
    assert scalar("SELECT sum(total) FROM quote_items_new") == Decimal("2293.94")
    assert scalar("SELECT sum(amount_due) FROM invoices_new") == Decimal("2239.37")
    assert scalar("SELECT sum(amount) FROM payments") == Decimal("2239.37")
    quotes = "SELECT jsonb_object_agg(status, n)::text FROM (SELECT status, count(*) AS n FROM {} GROUP BY 1) AS s"
    assert json.loads(scalar(quotes.format("quotes_new"))) == {"completed": 397, "draft": 3, "scheduled": 5, "sent": 2}
    assert json.loads(scalar(quotes.format("leads_new"))) == {"contacted": 2, "converted": 59, "new": 2, "qualified": 1}
    users = "SELECT count(DISTINCT created_by) FROM (SELECT created_by FROM quotes_new UNION ALL SELECT created_by FROM leads_new) AS u"
    assert scalar(users) == 3
    assert scalar("SELECT count(*) FROM migration_legacy_link WHERE residue IS NOT NULL") == 0
    proven(Company.objects.get())
