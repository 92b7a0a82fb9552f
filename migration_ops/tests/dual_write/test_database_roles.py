"""What a database role without special rights cannot do: one of another program, and the application's own (T48)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from migration_ops.stages import Stage
from migration_ops.tests.cutover.test_attempts import everything
from migration_ops.tests.living import take_to
from migration_ops.tests.state import as_json
from quotepro.env import with_database
from quotepro.tests.processes import run_manage

pytestmark = pytest.mark.django_db(transaction=True)

# Needs a superuser, whatever else a role owns.
OF_THE_SERVER = (
    "SET session_replication_role = replica", "SELECT rolpassword FROM pg_authid", "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'cat > {marker}'", "COPY (SELECT 1) TO '{marker}'", "ALTER SYSTEM SET fsync = off",
)  # fmt: skip
# Needs the table's owner.
OF_THE_OWNER = (
    "TRUNCATE quotes", "TRUNCATE quotes_new CASCADE", "TRUNCATE migration_outbox", "TRUNCATE migration_audit_log",
    "ALTER TABLE quotes DISABLE TRIGGER ALL", "ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2",
    "DROP TRIGGER qp_capture_v2 ON quotes", "ALTER TABLE migration_audit_log DISABLE TRIGGER USER",
    "CREATE OR REPLACE FUNCTION qp_capture_v2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE OR REPLACE FUNCTION qp_is_mirrored() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "DROP TABLE migration_audit_log", "ALTER TABLE quotes OWNER TO CURRENT_USER",
)  # fmt: skip


@contextmanager
def a_role(name: str) -> Iterator[str]:
    role = f"quotepro_{name}_{os.getpid()}"
    with psycopg.connect(with_database(settings.DATABASE_URL, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        try:
            yield role
        finally:
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def refused(session: psycopg.Connection, statements: tuple[str, ...], marker: object) -> list[str]:
    """The statements that were not refused for want of a right."""
    done = []
    for statement in statements:
        try:
            session.execute(statement.format(marker=marker))
            done.append(statement)
        except psycopg.errors.InsufficientPrivilege:
            pass
    return done


def test_a_program_that_may_write_rows_may_nothing_else(company, writer, tmp_path):
    take_to(company, Stage.LIVE)
    marker = tmp_path / "marker"
    before = everything()
    with a_role("program") as role, connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        try:
            with psycopg.connect(writer.info.dsn, user=role, autocommit=True) as session:
                assert refused(session, (*OF_THE_SERVER, *OF_THE_OWNER), marker) == []
                with pytest.raises(psycopg.Error, match="its rows are written in the new tables"):
                    session.execute("UPDATE quotes SET total = 0")
                for statement in ("UPDATE migration_audit_log SET actor = 'x'", "DELETE FROM migration_audit_log"):
                    with pytest.raises(psycopg.Error, match="only ever added to"):
                        session.execute(statement)
        finally:
            cursor.execute(f"DROP OWNED BY {role}")
    assert everything() == before
    assert not marker.exists()


@pytest.mark.nightly
def test_the_applications_role_needs_to_own_its_tables_and_nothing_more(
    scratch_database_url, redis_server, tmp_path, test_postgres
):
    """As README.md asks for it: no superuser. A migration works, and what is the server's stays out of reach."""
    name = psycopg.conninfo.conninfo_to_dict(scratch_database_url)["dbname"]
    marker = tmp_path / "marker"
    with a_role("app") as role:
        with psycopg.connect(scratch_database_url, autocommit=True) as session:
            session.execute(f'ALTER DATABASE "{name}" OWNER TO {role}')
        user = settings.DATABASES["default"]["USER"]
        url = scratch_database_url.replace(f"//{user}@", f"//{role}@").replace(f"//{user}:", f"//{role}:")
        assert role in url, url
        env = {"DATABASE_URL": url, "REDIS_URL": redis_server}
        try:
            for arguments in (
                ["migrate", "-v", "0"],
                ["seed_legacy", "--rows", "60", "--companies", "1", "--seed", "1"],
            ):
                done = run_manage(*arguments, env=env, timeout_s=300)
                assert done.returncode == 0, done.stderr
            moved = run_manage("migrate_legacy", "--all", "--json", env=env, timeout_s=300)
            assert moved.returncode in (0, 3), moved.stderr
            (company,) = as_json(moved.stdout)["companies"]
            assert company["rows"] == 60
            with psycopg.connect(url, autocommit=True) as session:
                assert refused(session, OF_THE_SERVER, marker) == []
                for table in ("quotes", "migration_audit_log"):
                    with pytest.raises(psycopg.Error, match=r"is refused while|only ever added to"):
                        session.execute(f"TRUNCATE {table}")
                # An owner may switch off what is his: it is seen, and no gate passes.
                session.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")
                session.execute("ALTER TABLE migration_audit_log DISABLE TRIGGER USER")
            status = run_manage("migration_status", "--company", company["company"], "--json", env=env)
            assert "qp_capture_v2" in str(as_json(status.stdout)["capture_holes"]), status.stdout
        finally:
            with psycopg.connect(scratch_database_url, autocommit=True) as session:
                session.execute(f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER')
                session.execute(f"DROP OWNED BY {role} CASCADE")
    assert not marker.exists()
