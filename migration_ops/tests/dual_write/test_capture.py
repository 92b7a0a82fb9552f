"""Change capture: on before the first row is copied, whole, and watched (B7, rulings 2 and 4)."""

from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from crm.models import Company
from migration_ops import audit
from migration_ops.backfill import plan
from migration_ops.backfill.owner import this_process
from migration_ops.dual_write import capture
from migration_ops.models import CompanyStage, Finding, OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tasks import check_capture
from migration_ops.tests.legacy_rows import fill, insert, update
from migration_ops.tests.state import as_json

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(transactional_db) -> Company:
    return Company.objects.create(name="Here", slug="here")


def entries() -> list[tuple]:
    """What was recorded, in order."""
    return list(OutboxEntry.objects.order_by("id").values_list("legacy_id", "company_id", "operation"))


def run_sql(statement: str, params: object = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_it_is_on_before_the_first_row_is_read(company, session):
    capture.remove()
    writer = session()
    fill(writer, company.pk, 3)
    writer.commit()
    run = plan.start(company, batch_rows=10, owner=this_process()).run
    assert not capture.holes()
    assert run.batches.filter(state="done").count() == 0
    id = uuid4()
    insert(writer, company.pk, id)
    writer.commit()
    assert entries() == [(id, company.pk, "I")]


def test_every_kind_of_write_is_recorded_by_row(company, captured, session):
    writer = session()
    first, second, third, copied = uuid4(), uuid4(), uuid4(), uuid4()
    insert(writer, company.pk, first)
    update(writer, first, total=5)
    update(writer, first, total=5)  # nothing changes, and it may not be left out: a rule could depend on it
    update(writer, first, id=second)
    writer.execute("DELETE FROM quotes WHERE id = %s", [second])
    insert(writer, company.pk, third)
    writer.execute(
        "INSERT INTO quotes (id, company_id, created_at, updated_at) VALUES (%s, %s, now(), now())"
        " ON CONFLICT (id) DO UPDATE SET total = 1",
        [third, company.pk],
    )
    with writer.cursor().copy("COPY quotes (id, company_id, created_at, updated_at) FROM STDIN") as copy:
        copy.write_row([copied, company.pk, "2024-01-01", "2024-01-01"])
    writer.commit()
    here = company.pk
    assert entries() == [
        (first, here, "I"), (first, here, "U"), (first, here, "U"), (first, here, "D"), (second, here, "U"),
        (second, here, "D"), (third, here, "I"), (third, here, "U"), (copied, here, "I"),
    ]  # fmt: skip


def test_a_change_of_company_is_recorded_for_both(company, captured, session):
    there, id, writer = uuid4(), uuid4(), session()
    insert(writer, company.pk, id)
    update(writer, id, company_id=there)
    writer.commit()
    assert entries()[1:] == [(id, company.pk, "D"), (id, there, "U")]


def test_a_write_that_is_rolled_back_leaves_no_entry(company, captured, session):
    writer = session()
    insert(writer, company.pk, uuid4())
    writer.rollback()
    assert entries() == []


def test_a_replicating_session_is_recorded_too(company, captured, session):
    """An ordinary trigger would not fire there."""
    writer, id = session(), uuid4()
    writer.execute("SET session_replication_role = replica")
    insert(writer, company.pk, id)
    writer.commit()
    assert entries() == [(id, company.pk, "I")]


def test_truncate_is_refused_even_there(company, captured, session):
    writer = session()
    insert(writer, company.pk, uuid4())
    writer.commit()
    for role in ("origin", "replica"):
        writer.execute(f"SET session_replication_role = {role}")
        with pytest.raises(psycopg.errors.ObjectInUse, match="TRUNCATE of quotes is refused"):
            writer.execute("TRUNCATE quotes")
        writer.rollback()
    assert OutboxEntry.objects.count() == 1


def test_a_writer_without_rights_on_the_outbox_is_recorded(company, captured, session):
    """Other programs have a role of their own, which knows nothing of our tables."""
    writer, id = session(), uuid4()
    writer.execute("CREATE ROLE quotepro_other_program")
    try:
        writer.execute("GRANT INSERT ON quotes TO quotepro_other_program")
        writer.execute("SET LOCAL ROLE quotepro_other_program")
        writer.execute("SET LOCAL search_path = pg_temp, pg_catalog")
        writer.execute(
            "INSERT INTO public.quotes (id, company_id, created_at, updated_at) VALUES (%s, %s, now(), now())",
            [id, company.pk],
        )
        writer.execute("RESET ROLE")
        assert writer.execute("SELECT legacy_id FROM public.migration_outbox").fetchall() == [(id,)]
    finally:
        writer.rollback()


HOLES = {
    "qp_capture_v2 is missing": "DROP TRIGGER qp_capture_v2 ON quotes",
    "qp_refuse_truncate_v2 is missing": "DROP TRIGGER qp_refuse_truncate_v2 ON quotes",
    "qp_capture_v2 is not ENABLE ALWAYS": "ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2",
    "qp_refuse_truncate_v2 is not ENABLE ALWAYS": "ALTER TABLE quotes ENABLE TRIGGER qp_refuse_truncate_v2",
    "qp_capture_v2 does not fire for every change": (
        "DROP TRIGGER qp_capture_v2 ON quotes;"
        "CREATE TRIGGER qp_capture_v2 AFTER INSERT OR UPDATE ON quotes FOR EACH ROW EXECUTE FUNCTION qp_capture_v2();"
        "ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2"
    ),
    "qp_capture_v2 does not fire for every change: some columns only": (
        "DROP TRIGGER qp_capture_v2 ON quotes;"
        "CREATE TRIGGER qp_capture_v2 AFTER INSERT OR DELETE OR UPDATE OF total ON quotes"
        " FOR EACH ROW EXECUTE FUNCTION qp_capture_v2();"
        "ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2"
    ),
    "qp_capture_v2 does not fire for every change: some rows only": (
        "DROP TRIGGER qp_capture_v2 ON quotes;"
        "CREATE TRIGGER qp_capture_v2 AFTER INSERT OR DELETE OR UPDATE ON quotes"
        " FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION qp_capture_v2();"
        "ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2"
    ),
    "qp_capture_v2 calls another function": (
        "CREATE FUNCTION no_capture() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "DROP TRIGGER qp_capture_v2 ON quotes;"
        "CREATE TRIGGER qp_capture_v2 AFTER INSERT OR UPDATE OR DELETE ON quotes"
        " FOR EACH ROW EXECUTE FUNCTION no_capture();"
        "ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2"
    ),
    "qp_capture_v2 has a changed body": (
        "CREATE OR REPLACE FUNCTION public.qp_capture_v2() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NULL; END'"
    ),
    "qp_capture_v2 has a changed body: emptied": (
        "CREATE OR REPLACE FUNCTION public.qp_capture_v2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END\n'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("hole", HOLES)
def test_each_hole_is_found_and_named_and_closed(company, captured, hole):
    CompanyStage.objects.create(company=company, stage=Stage.DUALWRITE, since="2024-01-01T00:00Z")
    assert check_capture() == []
    run_sql(HOLES[hole])
    try:
        (found,) = check_capture()
        assert found == hole.partition(":")[0]
        assert capture.install() is True
        assert capture.holes() == []
    finally:
        capture.install()
        run_sql("DROP FUNCTION IF EXISTS no_capture()")


BEHIND_OUR_BACK = {
    "off for a moment": (
        "ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2; UPDATE quotes SET total = 4711;"
        " ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v2",
        "SELECT 1",
    ),
    "rows rewritten by ALTER TYPE": (
        "ALTER TABLE quotes ALTER COLUMN notes TYPE varchar USING upper(notes)",
        "ALTER TABLE quotes ALTER COLUMN notes TYPE text",
    ),
    "emptied with the guard off": (
        "ALTER TABLE quotes DISABLE TRIGGER qp_refuse_truncate_v2; TRUNCATE quotes;"
        " ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_refuse_truncate_v2",
        "SELECT 1",
    ),
}


@pytest.mark.parametrize("what", BEHIND_OUR_BACK)
def test_what_was_done_between_two_looks_is_noticed_by_what_it_leaves_and_voids_the_evidence(company, captured, what):
    CompanyStage.objects.create(company=company, stage=Stage.SHADOW, since="2024-01-01T00:00Z")
    audit.record(actor="test", action="stage", company=company.pk, detail={"after": Stage.SHADOW})
    assert check_capture() == []
    do, undo = BEHIND_OUR_BACK[what]
    try:
        run_sql(do)
        assert check_capture() == ["capture was switched off, or the table rewritten, since it was installed"]
        check_capture()
        assert Finding.objects.filter(company_id=company.pk, kind=Finding.Kind.CAPTURE_HOLE).count() == 1
    finally:
        run_sql(undo)
        assert capture.install() is True
    assert capture.holes() == []


def test_a_mark_left_behind_in_a_pooled_session_means_nothing(company, captured, session):
    writer, id = session(), uuid4()
    mark = writer.execute(
        "SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, false)"
    ).fetchone()
    insert(writer, company.pk, uuid4())
    writer.commit()
    assert entries() == [], "inside its transaction it holds"
    assert writer.execute("SELECT current_setting('quotepro.origin')").fetchone() == mark
    insert(writer, company.pk, id)
    writer.commit()
    assert entries() == [(id, company.pk, "I")]


def test_nobody_is_alarmed_while_no_company_is_being_moved(company):
    capture.remove()
    assert check_capture() == []
    capture.install()


def test_status_tells_a_hole(company, captured, manage, session):
    writer = session()
    fill(writer, company.pk, 3)
    writer.commit()
    manage("migrate_legacy", "--company", "here", "--no-validate")
    run_sql("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")
    status = manage("migration_status", "--company", "here", "--json")
    assert as_json(status.stdout)["capture_holes"] == ["qp_capture_v2 is not ENABLE ALWAYS"]
    assert "CAPTURE" in status.stdout
    capture.install()
