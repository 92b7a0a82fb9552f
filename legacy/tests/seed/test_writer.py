import hashlib
from datetime import date

import pytest
from django.db import connection

from legacy.exceptions import SeedRefused
from legacy.models import LegacyQuote
from legacy.seed.writer import SeedPlan, SeedReport, copy_lines, seed
from legacy.selectors import company_ids, row_count

# Of 600 rows: another Python, another machine or a changed generator would show here.
PINNED = "a5e4afe370c027d0660a94471e37bc4c5e8227ffd00b3e058b9b551764294b13"


def fingerprint(**arguments) -> str:
    lines = copy_lines(SeedPlan(**({"rows": 600} | arguments)), SeedReport())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(quotes::text, '|' ORDER BY id)) FROM quotes")
        return cursor.fetchone()[0]


def test_same_arguments_same_bytes():
    assert fingerprint() == fingerprint() == PINNED


@pytest.mark.parametrize(
    "other", [{"rows": 601}, {"companies": 4}, {"seed": 2}, {"dirty": 0.4}, {"until": date(2026, 1, 1)}]
)
def test_other_arguments_share_no_id(other):
    def ids(**arguments) -> set[str]:
        return {line[:32] for line in copy_lines(SeedPlan(**({"rows": 600} | arguments)), SeedReport())}

    assert not ids() & ids(**other)


def test_whole_and_fractional_shares_of_the_same_value_are_the_same_plan():
    assert fingerprint(dirty=1) == fingerprint(dirty=1.0)


@pytest.mark.django_db
def test_rows_are_written_once_and_the_second_time_refused():
    told: list[int] = []
    report = seed(SeedPlan(rows=1200, companies=3, seed=5), progress=told.append)
    assert LegacyQuote.objects.count() == report.rows == told[-1] == 1200
    assert [(company_id, row_count(company_id)) for company_id, _ in report.companies] == report.companies
    assert company_ids() == sorted(company_id for company_id, _ in report.companies)
    before = stored()
    with pytest.raises(SeedRefused, match="are in quotes already; nothing was changed"):
        seed(SeedPlan(rows=1200, companies=3, seed=5))
    assert stored() == before


@pytest.mark.django_db
def test_one_row_that_is_left_is_enough_to_refuse():
    plan = SeedPlan(rows=50, companies=2)
    seed(plan)
    last = list(copy_lines(plan, SeedReport()))[-1][:32]
    LegacyQuote.objects.exclude(pk=last).delete()
    before = stored()
    with pytest.raises(SeedRefused):
        seed(plan)
    assert stored() == before
    assert LegacyQuote.objects.count() == 1


@pytest.mark.django_db
def test_clean_rows_are_clean():
    report = seed(SeedPlan(rows=500, dirty=0))
    assert (report.dirty_rows, report.quarantine_rows, dict(report.defects)) == (0, 0, {})
