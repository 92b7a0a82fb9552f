"""Rows that others change while a run copies them are right when it ends (B4, B5, B6, B16, B17)."""

import random
import sys
import time
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection

from crm.models import Company, CustomerContact, Quote
from legacy.models import LegacyQuote
from migration_ops.backfill import plan
from migration_ops.backfill.migrate import migrate
from migration_ops.models import LegacyLink, MigrationRun, QuarantinedRow
from migration_ops.stages import BatchKind
from migration_ops.tests.backfill.driving import BATCH_ROWS, assert_right, steps
from migration_ops.tests.legacy_rows import NAMELESS, READABLE, UNREADABLE, fill, id_at, insert, update
from migration_ops.tests.state import PATIENCE_S, random_seed, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def change(chance: random.Random, session: psycopg.Connection, here: UUID, there: UUID) -> str:
    """One change as programs make them, of any row."""
    ids = [id for (id,) in session.execute("SELECT id FROM quotes ORDER BY id")]
    id = chance.choice(ids)
    kind = chance.choice(
        ["insert", "delete", "total", "contact", "nameless", "named", "unreadable", "readable", "address", "move", "id",
         "gone and back", "bare"]
    )  # fmt: skip
    number = chance.randrange(10**6)
    if kind == "insert":
        insert(session, here, id_at(chance.random()), customer_name=f"New {number}", phone=f"+1303{number:07}")
    elif kind == "delete":
        session.execute("DELETE FROM quotes WHERE id = %s", [id])
    elif kind == "total":
        update(session, id, total=number, status=chance.choice(["draft", "accepted", "completed", None]))
    elif kind == "contact":
        update(session, id, customer_name=f"Other {number}", email=f"o{number}@mail.example")
    elif kind == "nameless":
        update(session, id, **NAMELESS, address=chance.choice([None, "", f"{number} Low Street"]))
    elif kind == "named":
        update(session, id, customer_name=f"Person {number % 30:04}", email=f"p{number % 30}@mail.example")
    elif kind == "unreadable":
        update(session, id, **UNREADABLE)
    elif kind == "readable":
        update(session, id, **READABLE)
    elif kind == "address":
        update(session, id, address=f"{number} Side Street")
    elif kind == "move":
        session.execute(
            "UPDATE quotes SET company_id = CASE WHEN company_id = %s THEN %s ELSE %s END WHERE id = %s",
            [here, there, here, id],
        )
    elif kind == "id":
        update(session, id, id=uuid4())
    elif kind == "gone and back":
        row = session.execute("DELETE FROM quotes WHERE id = %s RETURNING *", [id]).fetchone()
        session.execute(f"INSERT INTO quotes VALUES ({', '.join(['%s'] * len(row))})", _as_parameters(row))
    else:
        update(session, id, status=None, items=None, total=None, quote_number=None, paid_at=None, invoice_number=None,
               job_number=None, started_at=None, completed_at=None, invoice_sent_at=None)  # fmt: skip
    session.commit()
    return f"{kind} {id} {number}"


def _as_parameters(row: tuple) -> list:
    return [psycopg.types.json.Jsonb(value) if isinstance(value, (list, dict)) else value for value in row]


@pytest.mark.parametrize("_repeat", range(3))
def test_any_change_at_any_step(companies, session, _repeat):
    """Changes between all steps of a run of one company, then of the other."""
    here, there = companies
    chance, writer = random_seed(), session()
    fill(writer, here.pk, 60)
    insert(writer, there.pk, id_at(0.001), customer_name="Somebody there")
    writer.commit()
    for company in companies:
        for phase in steps(company):
            for _ in range(chance.randrange(6)):
                if phase == "finish":
                    break
                sys.stdout.write(f"{company.slug} {phase}: {change(chance, writer, here.pk, there.pk)}\n")
    # What moved to the first company while the second one ran waits in the outbox: the next pass takes it.
    for company in companies:
        migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert_right(*companies)


def test_a_writer_that_never_rests(companies, session, manage_process):
    """A real run of two worker processes, and another program writing all the while."""
    here, there = companies
    chance, writer = random_seed(), session()
    fill(writer, here.pk, 200)
    insert(writer, there.pk, id_at(0.001), customer_name="Somebody there")
    writer.commit()
    run = manage_process(
        "migrate_legacy", "--company", here.slug, "--workers", 2, "--batch-size", 10, "--no-validate", "--json"
    )
    wait_until(lambda: MigrationRun.objects.exists(), "the run")
    changes = 0
    deadline = time.monotonic() + PATIENCE_S
    while run.process.poll() is None:
        assert time.monotonic() < deadline, "a writer that never rests keeps the run for ever"
        change(chance, writer, here.pk, there.pk)
        changes += 1
        time.sleep(0.01)
    assert run.process.returncode in (0, 3), run.output()
    assert changes > 30
    for company in companies:
        migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert_right(*companies)


@pytest.mark.parametrize("phase", ["contacts", "identity", "customers", "rows", "sweep", "finish"])
def test_rows_changed_behind_and_ahead_of_the_cursor(companies, session, phase):
    """Each kind of change, to a row that is copied already and to one that is not, at one moment of the run."""
    here, _ = companies
    writer = session()
    ids = fill(writer, here.pk, 60)
    update(writer, ids[8], **UNREADABLE)
    update(writer, ids[52], **UNREADABLE)
    update(writer, ids[9], **NAMELESS)
    update(writer, ids[53], **NAMELESS)
    writer.commit()
    changes = [{"total": 7}, {"customer_name": "Else", "email": "else@mail.example"}, NAMELESS, UNREADABLE, READABLE]
    seen = 0
    for now in steps(here):
        seen += now == phase
        if now == phase and seen == (4 if phase == "rows" else 1):
            for behind, ahead, columns in zip(ids[5:], ids[49:], changes, strict=False):
                update(writer, behind, **columns)
                update(writer, ahead, **columns)
            for named in (ids[9], ids[53]):
                update(writer, named, customer_name="Named Now", phone="+12025559999")
            writer.execute("DELETE FROM quotes WHERE id = ANY (%s)", [[ids[10], ids[54]]])
            insert(writer, here.pk, id_at(0.01), customer_name="Behind")
            insert(writer, here.pk, id_at(0.99), customer_name="Ahead")
            writer.commit()
    assert_right(here)


def test_what_changes_before_the_run_ends_is_right_when_it_ends(companies, session):
    """Up to the last batch, one run is enough."""
    here, _ = companies
    writer = session()
    ids = fill(writer, here.pk, 30)
    writer.commit()
    is_changed = False
    for phase in steps(here):
        if phase == "finish" and not is_changed:
            is_changed = True
            update(writer, ids[3], total=7)
            insert(writer, here.pk, uuid4(), customer_name="Late")
            writer.commit()
    assert_right(here)


@pytest.mark.parametrize("who", [{}, NAMELESS], ids=["named", "nameless"])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_row_that_changes_its_company_is_in_exactly_one(companies, session, moment, back, who):
    """Before, between and after the batches of its first company; and back again (B16)."""
    here, there = companies
    writer = session()
    ids = fill(writer, here.pk, 30)
    insert(writer, there.pk, id_at(0.5), customer_name="Somebody there")
    writer.commit()
    moving = ids[14]
    if who:
        update(writer, moving, **who)
        writer.commit()

    def move(to: Company) -> None:
        update(writer, moving, company_id=to.pk)
        writer.commit()

    if moment == "before":
        move(there)
    seen = 0
    for phase in steps(here):
        seen += phase == "rows"
        if moment == "during" and phase == "rows" and seen == 2:
            move(there)
    if moment == "after":
        move(there)
    migrate(there, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    if back:
        move(here)
    for company in companies:
        migrate(company, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert LegacyLink.objects.get(pk=moving).company_id == (here if back else there).pk
    assert Quote.objects.get(pk=moving).company_id == (here if back else there).pk
    for company in companies:
        rows = LegacyQuote.objects.filter(company_id=company.pk).count()
        assert (
            rows == LegacyLink.objects.filter(company=company).count() == Quote.objects.filter(company=company).count()
        )
    assert_right(*companies)


def test_an_edit_keeps_the_customer_and_adds_the_contact(companies, session):
    """A new e-mail on a copied row is another contact of the same customer; nobody is split or merged."""
    here, _ = companies
    writer = session()
    ids = fill(writer, here.pk, 20)
    writer.commit()
    migrate(here, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    before = Quote.objects.get(pk=ids[3]).customer_id
    update(writer, ids[3], email="new@mail.example")
    writer.commit()
    migrate(here, workers=1, batch_rows=BATCH_ROWS, report=lambda _: None)
    assert Quote.objects.get(pk=ids[3]).customer_id == before
    assert set(CustomerContact.objects.filter(customer=before).values_list("email", flat=True)) == {
        "p3@mail.example",
        "new@mail.example",
    }
    assert not QuarantinedRow.objects.exists()
    assert_right(here)


def test_rows_written_while_a_run_is_planned_leave_its_progress_exact(session):
    company = Company.objects.create(name="Here", slug="here")
    other = session()
    fill(other, company.pk, 3)
    other.commit()

    def write_before_the_batches_are_cut(execute, statement, params, many, context):
        if "INSERT INTO migration_batch" in str(statement) and "row_number()" in str(statement):
            insert(other, company.pk, id_at(0.4), customer_name="Late Comer", phone="+13035550199")
            other.commit()
        return execute(statement, params, many, context)

    with connection.execute_wrapper(write_before_the_batches_are_cut):
        run = plan.start(company, batch_rows=2, owner="test").run
    assert run.rows_planned == 4
    assert sum(run.batches.filter(kind=BatchKind.ROWS).values_list("rows", flat=True)) == 4
    run.refresh_from_db()
    assert run.rows_planned == 4
