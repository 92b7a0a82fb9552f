"""References of a batch are checked as sets, and the server's own checks are left out only where that is all there is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from crm.models import Company
from migration_ops.exceptions import ProofFailed
from migration_ops.projection import first_pass, project
from migration_ops.projection.first_pass import REFERENCES, WORTH_IT_ROWS
from migration_ops.projection.project import Scope
from migration_ops.projection.targets import DEALS
from migration_ops.tests.legacy_rows import fill
from migration_ops.tests.moving import company_of, contents, identify, project_rows
from migration_ops.tests.state import is_waiting, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# A deal that has everything: lead, quote, item, job, invoice, payment.
WHOLE = {
    "lead_status": "converted",
    "status": "completed",
    "completed_at": "2024-03-02 12:00+00",
    "invoice_sent_at": "2024-03-02 13:00+00",
    "paid_at": "2024-03-02 14:00+00",
}
ROLE = "current_setting('session_replication_role')"


@pytest.fixture
def company_of_rows(session) -> Callable[[int], Company]:
    """``company_of_rows(150)``: a company with so many whole deals whose customers are there, its rows not yet."""

    def make(rows: int) -> Company:
        company, writer = company_of(uuid4()), session()
        fill(writer, company.pk, rows, **WHOLE)
        writer.commit()
        identify(company)
        return company

    return make


@pytest.fixture
def run_sql():
    """Runs statements now, and others afterwards."""
    undone: list[str] = []

    def run(*statements: str, undo: str) -> None:
        undone.append(undo)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    yield run
    with connection.cursor() as cursor:
        for statement in reversed(undone):
            cursor.execute(statement)


def trigger(table: str, assignment: str, *, enable: str = "ENABLE ALWAYS") -> tuple[str, str, str]:
    """Statements that change each new row of a table."""
    return (
        f"CREATE FUNCTION test_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {assignment}; RETURN NEW; END$$",
        f"CREATE TRIGGER test_change BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION test_change()",
        f"ALTER TABLE {table} {enable} TRIGGER test_change",
    )


DROP = "DROP FUNCTION IF EXISTS test_change CASCADE"


def roles_of_inserts() -> set[str]:
    """What the server was told while leads were written, as an always-on trigger noted it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT description FROM leads_new")
        return {text for (text,) in cursor.fetchall()}


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ROLE}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("rows", [WORTH_IT_ROWS, WORTH_IT_ROWS - 1])
@pytest.mark.parametrize("reference", REFERENCES, ids=lambda each: each.name)
def test_a_row_whose_counterpart_is_missing_fails_its_batch(company_of_rows, run_sql, reference, rows):
    company = company_of_rows(rows)
    table = next(target.table for target in DEALS if target.name == reference.target)
    one = (
        f"IF NEW.created_at IS NOT NULL AND NEW.id::text < '1' THEN NEW.{reference.column} := gen_random_uuid(); END IF"
    )
    run_sql(*trigger(table, one), undo=DROP)
    before = contents([company])
    with pytest.raises((ProofFailed, IntegrityError)) as caught, transaction.atomic():
        project.write(Scope(company=company), batch_id=None)
    assert isinstance(caught.value, ProofFailed if rows >= WORTH_IT_ROWS else IntegrityError)
    assert reference.name in str(caught.value)
    assert contents([company]) == before
    assert current_role() == "origin"


@pytest.mark.parametrize(("rows", "role"), [(WORTH_IT_ROWS, "replica"), (WORTH_IT_ROWS - 1, "origin")])
def test_the_server_leaves_its_checks_out_for_large_batches_alone(company_of_rows, run_sql, rows, role):
    company = company_of_rows(rows)
    run_sql(*trigger("leads_new", f"NEW.description := {ROLE}"), undo=DROP)
    with transaction.atomic():
        project.write(Scope(company=company), batch_id=None)
        assert current_role() == "origin"
    assert roles_of_inserts() == {role}


OTHERS = {
    "a trigger of somebody's own": (
        trigger("leads_new", f"NEW.description := {ROLE}; NEW.notes := 'noticed'", enable="ENABLE"), DROP,
    ),
    "another reference": (
        (
            *trigger("leads_new", f"NEW.description := {ROLE}; NEW.notes := 'noticed'"),
            "CREATE TABLE test_other (id uuid PRIMARY KEY)",
            "ALTER TABLE leads_new ADD COLUMN test_other uuid REFERENCES test_other (id)",
        ),
        f"{DROP}; ALTER TABLE leads_new DROP COLUMN test_other; DROP TABLE test_other",
    ),
    "a reference that is gone": (
        (
            *trigger("leads_new", f"NEW.description := {ROLE}; NEW.notes := 'noticed'"),
            "ALTER TABLE payments DROP CONSTRAINT payments_invoice_fk",
        ),
        f"{DROP}; ALTER TABLE payments ADD CONSTRAINT payments_invoice_fk FOREIGN KEY (company_id, invoice_id)"
        " REFERENCES invoices_new (company_id, id)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_where_more_would_be_left_out_the_server_checks_as_well(company_of_rows, run_sql, what):
    company = company_of_rows(WORTH_IT_ROWS)
    run_sql(*OTHERS[what][0], undo=OTHERS[what][1])
    project_rows(company, batch_rows=1_000)
    assert roles_of_inserts() == {"origin"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_new WHERE notes = 'noticed'")
        assert cursor.fetchone()[0] == WORTH_IT_ROWS


def test_who_may_not_tell_the_server_leaves_it_alone(run_sql):
    run_sql(
        "CREATE ROLE test_plain NOLOGIN",
        "GRANT INSERT ON leads_new, quotes_new, quote_items_new, jobs_new, invoices_new, payments,"
        " migration_legacy_link TO test_plain",
        undo="DROP OWNED BY test_plain; DROP ROLE test_plain",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        with first_pass.references_checked_here(rows=WORTH_IT_ROWS):
            assert current_role() == "replica"
        cursor.execute("SET LOCAL ROLE test_plain")
        with first_pass.references_checked_here(rows=WORTH_IT_ROWS):
            assert current_role() == "origin"


def delete_customer(writer: psycopg.Connection, company: Company) -> None:
    """One customer with all that is recorded of them, not committed."""
    (customer,) = writer.execute("SELECT id FROM customers_new WHERE company_id = %s LIMIT 1", [company.pk]).fetchone()
    writer.execute("DELETE FROM customer_contacts WHERE customer_id = %s", [customer])
    writer.execute("DELETE FROM customer_addresses WHERE customer_id = %s", [customer])
    writer.execute("DELETE FROM customers_new WHERE id = %s", [customer])


def test_a_customer_who_goes_before_the_rows_are_written_fails_their_batch(company_of_rows, session, monkeypatch):
    company, writer, watcher = company_of_rows(WORTH_IT_ROWS), session(), session()
    read = project.read

    def then_gone(scope, **told):
        found = read(scope, **told)
        delete_customer(writer, company)
        return found

    def commit_when_waited_for(waiting: int) -> None:
        statement = "SELECT %s = ANY (pg_blocking_pids(%s))"
        wait_until(lambda: watcher.execute(statement, [writer.info.backend_pid, waiting]).fetchone()[0], "the batch")
        writer.commit()

    monkeypatch.setattr(project, "read", then_gone)
    watcher.autocommit = True
    with ThreadPoolExecutor() as threads:
        committed = threads.submit(commit_when_waited_for, connection.connection.info.backend_pid)
        with pytest.raises(ProofFailed, match="leads_new_customer_fk"), transaction.atomic():
            project.write(Scope(company=company), batch_id=None)
        committed.result()


def test_nobody_deletes_a_customer_whose_rows_are_being_written(company_of_rows, session):
    company, writer = company_of_rows(WORTH_IT_ROWS), session()
    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            project.write(Scope(company=company), batch_id=None)
            deleted = threads.submit(delete_customer, writer, company)
            wait_until(lambda: is_waiting(writer.info.backend_pid), "the customer's deletion")
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="leads_new_customer_fk"):
            deleted.result()
    writer.rollback()
