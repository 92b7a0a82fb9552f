from uuid import UUID

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection

from legacy.exceptions import LegacySchemaDrift
from legacy.selectors import column_drift, company_ids, ensure_no_drift, row_count, row_estimate

pytestmark = pytest.mark.django_db


def alter(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_table_as_the_mirror_says_has_no_drift():
    assert column_drift() == []
    ensure_no_drift()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE quotes DROP COLUMN notes", "notes: expected text, found no such column"),
        ("ALTER TABLE quotes ADD COLUMN color text", "color: expected no such column, found text"),
        ("ALTER TABLE quotes ALTER COLUMN phone TYPE varchar", "phone: expected text, found character varying"),
        ("ALTER TABLE quotes ALTER COLUMN total TYPE float", "total: expected numeric, found double precision"),
        (
            "ALTER TABLE quotes ALTER COLUMN sent_at TYPE timestamp",
            "sent_at: expected timestamp with time zone, found timestamp without time zone",
        ),
        ("ALTER TABLE quotes ALTER COLUMN items TYPE text", "items: expected jsonb, found text"),
        (
            "ALTER TABLE quotes ALTER COLUMN company_id DROP NOT NULL",
            "company_id: expected uuid not null, found uuid null",
        ),
        (
            "ALTER TABLE quotes RENAME COLUMN email TO mail",
            "email: expected text, found no such column; mail: expected no such column, found text",
        ),
    ],
)
def test_each_drift_is_named_with_expected_and_found(change, told, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("id,company_id,created_at,updated_at\n")
    alter(change)
    assert "; ".join(map(str, column_drift())) == told
    with pytest.raises(LegacySchemaDrift, match="differs from its mirror") as refusal:
        ensure_no_drift()
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert [message.msg for message in run_checks(databases=["default"]) if message.id == "legacy.E001"] == [
        f"Legacy table quotes, column {each}." for each in told.split("; ")
    ]
    for command in (["seed_legacy", "--rows", "3"], ["load_legacy", str(rows)]):
        with pytest.raises(CommandError) as refused:
            call_command(*command)
        assert refused.value.returncode == 2
        assert told in str(refused.value)


def test_limited_precision_and_stricter_columns_are_no_drift():
    alter("ALTER TABLE quotes ALTER COLUMN total TYPE numeric(12,2), ALTER COLUMN status SET NOT NULL")
    assert column_drift() == []


def test_absent_table_is_named_and_the_check_finds_it_after_migrate():
    alter("DROP TABLE quotes CASCADE")
    assert [str(each) for each in column_drift()] == ["*: expected a table named quotes, found none (run migrate)"]
    assert [message.id for message in run_checks(databases=["default"]) if message.id == "legacy.E001"] == [
        "legacy.E001"
    ]


def test_check_is_silent_before_the_first_migrate():
    alter("DROP TABLE quotes CASCADE")
    alter("DELETE FROM django_migrations WHERE app = 'legacy'")
    assert [message for message in run_checks(databases=["default"]) if message.id == "legacy.E001"] == []


def test_check_does_not_touch_the_database_unasked(django_assert_num_queries):
    with django_assert_num_queries(0):
        run_checks()


def test_company_ids_are_distinct_and_sorted():
    assert company_ids() == []
    companies = [UUID(int=number) for number in (3, 1, 2**128 - 1, 0)]
    with connection.cursor() as cursor:
        for company_id in companies * 2:
            cursor.execute("INSERT INTO quotes (company_id) VALUES (%s)", [company_id])
    assert company_ids() == sorted(companies)
    assert company_ids(most=2) == sorted(companies)[:2]
    assert row_count(companies[0]) == 2
    assert row_count(UUID(int=77)) == 0
    assert row_estimate() >= -1
