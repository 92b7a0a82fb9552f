"""A change costs what it touches, not what the company holds."""

import pytest
from django.db import DatabaseError, connection, transaction

from legacy.models import LegacyQuote
from migration_ops.dual_write import apply
from migration_ops.sql.planning import FEW, one_by_one
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import backfill, take_to

TABLES = ("leads_new", "quotes_new", "quote_items_new", "jobs_new", "invoices_new", "payments", "migration_legacy_link")


def joins() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_hashjoin'), current_setting('enable_mergejoin')")
        return cursor.fetchone()


@pytest.mark.django_db
def test_the_planner_is_told_for_few_rows_and_as_before_afterwards():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_mergejoin = off")
    with one_by_one(1):
        assert joins() == ("off", "off")
    assert joins() == ("on", "off")
    with one_by_one(FEW + 1):
        assert joins() == ("on", "off")
    with pytest.raises(DatabaseError), transaction.atomic(), one_by_one(1), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert joins() == ("on", "off")


def rows_read_by_whole_scans() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read)::bigint FROM pg_stat_xact_user_tables WHERE relname = ANY (%s)", [list(TABLES)]
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_one_change_reads_no_table_of_the_company_whole(seeded, session):
    company = seeded(3_000, dirty=0)
    backfill(company)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    take_to(company, Stage.DUALWRITE)
    writer = session()
    update(writer, LegacyQuote.objects.values_list("pk", flat=True).first(), total=4811)
    writer.commit()
    with transaction.atomic():
        before = rows_read_by_whole_scans()
        assert apply.apply_company(company).entries == 1
        read = rows_read_by_whole_scans() - before
    assert read < 300, "rows of the target tables were read that have nothing to do with the change"
