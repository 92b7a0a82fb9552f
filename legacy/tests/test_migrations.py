import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from legacy.models import COLUMNS
from legacy.selectors import column_drift
from legacy.sql import statement
from quotepro.tests.processes import run_manage

COMPANY = "0ef932f2-32a5-504e-a220-57f1f795e1d6"


def columns(cursor, schema: str) -> list[tuple]:
    cursor.execute(
        "SELECT column_name, data_type, column_default FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'quotes' ORDER BY ordinal_position",
        [schema],
    )
    return cursor.fetchall()


@pytest.mark.django_db
def test_table_that_is_there_is_left_exactly_alone():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere; SET LOCAL search_path = elsewhere; CREATE TABLE quotes (odd int)")
        cursor.execute("INSERT INTO quotes VALUES (7)")
        before = columns(cursor, "elsewhere")
        cursor.execute(statement("quotes_table_v1"))
        assert columns(cursor, "elsewhere") == before
        cursor.execute("SELECT odd FROM quotes")
        assert cursor.fetchall() == [(7,)]


@pytest.mark.django_db
def test_table_in_a_later_schema_of_the_search_path_is_not_shadowed():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere; SET LOCAL search_path = elsewhere, public")
        cursor.execute(statement("quotes_table_v1"))
        assert columns(cursor, "elsewhere") == []


@pytest.mark.django_db
def test_absent_table_is_made_as_the_mirror_says():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere; SET LOCAL search_path = elsewhere")
        cursor.execute(statement("quotes_table_v1"))
        assert [name for name, _, _ in columns(cursor, "elsewhere")] == list(COLUMNS)
        assert column_drift() == []


@pytest.mark.django_db
def test_mirror_needs_no_schema_migration():
    call_command("makemigrations", "legacy", check=True, dry_run=True)


def migrate(url: str, *target: str) -> None:
    done = run_manage("migrate", "legacy", *target, env={"DATABASE_URL": url})
    assert done.returncode == 0, done.stderr


def company_indexes(server: psycopg.Connection) -> list[tuple[str, bool]]:
    return server.execute(
        "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = 'quotes'::regclass AND NOT i.indisprimary ORDER BY 1"
    ).fetchall()


@pytest.mark.django_db
def test_production_table_keeps_its_rows_and_a_broken_index_is_built_again(scratch_database_url):
    with psycopg.connect(scratch_database_url, autocommit=True) as server:
        server.execute(statement("quotes_table_v1"))
        server.execute("ALTER TABLE quotes ALTER COLUMN id DROP DEFAULT")
        server.execute(
            "INSERT INTO quotes (id, company_id) SELECT md5(n::text)::uuid, %s FROM generate_series(1, 9) n", [COMPANY]
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            server.execute("CREATE UNIQUE INDEX CONCURRENTLY quotes_company_id_id_idx ON quotes (company_id)")
        assert company_indexes(server) == [("quotes_company_id_id_idx", False)]
        before = columns(server.cursor(), "public")

        migrate(scratch_database_url)

        assert columns(server.cursor(), "public") == before
        assert server.execute("SELECT count(*) FROM quotes").fetchone() == (9,)
        assert company_indexes(server) == [("quotes_company_id_id_idx", True), ("quotes_company_newest_idx", True)]

        migrate(scratch_database_url, "zero")
        assert server.execute("SELECT count(*) FROM quotes").fetchone() == (9,)


@pytest.mark.django_db
def test_index_under_another_name_is_enough(scratch_database_url):
    with psycopg.connect(scratch_database_url, autocommit=True) as server:
        server.execute(statement("quotes_table_v1"))
        server.execute("CREATE INDEX by_company ON quotes (company_id, id)")
        server.execute("CREATE INDEX by_email ON quotes (company_id, email)")
        migrate(scratch_database_url)
        assert company_indexes(server) == [
            ("by_company", True),
            ("by_email", True),
            ("quotes_company_newest_idx", True),
        ]
