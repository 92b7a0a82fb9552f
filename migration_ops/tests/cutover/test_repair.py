"""Drift: shown exactly without a change, repaired, journalled, and gone; twice is once."""

import json

import pytest
from django.db import connection, transaction

from legacy.models import LegacyQuote
from migration_ops import audit, conf
from migration_ops.cutover.repair import repair
from migration_ops.exceptions import StageRefused
from migration_ops.models import CompanyStage, Finding, Repair
from migration_ops.stages import Stage
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import assert_valid
from migration_ops.tests.validation.faults import FAULTS, Fault
from migration_ops.tests.validation.moved import COMPANY, PAID, SENT, moved_company, plant
from migration_ops.validation.run import validate

GHOST = "a0000000-0000-4000-8000-00000000000f"
PERSON = f"(SELECT customer_id FROM quotes_new WHERE id = '{PAID}')"


def fault(name: str, *statements: str) -> Fault:
    return Fault(name=name, statements=statements, table="", column="")


MORE = (
    fault(
        "a quote nobody wrote in legacy",
        f"INSERT INTO quotes_new (id, company_id, customer_id, status, created_at, updated_at)"
        f" SELECT '{GHOST}', company_id, customer_id, 'draft', now(), now() FROM quotes_new WHERE id = '{PAID}'",
        f"INSERT INTO quote_items_new (id, company_id, quote_id, position, quantity, sort_order, created_at, updated_at)"
        f" VALUES (gen_random_uuid(), '{COMPANY}', '{GHOST}', 1, 1, 1, now(), now())",
    ),
    fault(
        "a second job",
        f"INSERT INTO jobs_new (id, company_id, quote_id, customer_id, job_number, status, created_at, updated_at)"
        f" SELECT gen_random_uuid(), company_id, id, customer_id, 'J-9', 'scheduled', now(), now()"
        f" FROM quotes_new WHERE id = '{PAID}'",
    ),
    fault(
        "a contact's recorded text changed",
        f"UPDATE customer_contacts SET email = 'other@example.com' WHERE id = (SELECT contact_id FROM"
        f" migration_legacy_link WHERE legacy_id = '{PAID}')",
    ),
    fault(
        "an address changed",
        f"UPDATE customer_addresses SET address = 'Nowhere' WHERE id = (SELECT address_id FROM"
        f" migration_legacy_link WHERE legacy_id = '{PAID}')",
    ),
    fault("a customer's shown name changed", f"UPDATE customers_new SET name = 'Somebody' WHERE id = {PERSON}"),
    fault("a key changed", f"UPDATE customer_contacts SET phone_key = 'x' WHERE customer_id = {PERSON}"),
    fault(
        "a customer nobody recorded",
        f"INSERT INTO customers_new (id, company_id, name, is_placeholder, phone_is_shared, created_at, updated_at)"
        f" VALUES (gen_random_uuid(), '{COMPANY}', 'Nobody', false, false, now(), now())",
    ),
    fault("a link's flags changed", f"UPDATE migration_legacy_link SET flags = '{{twin,date_order}}' WHERE legacy_id = '{SENT}'"),
    fault("the whole deal gone", f"DELETE FROM migration_legacy_link WHERE legacy_id = '{SENT}'"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    monkeypatch.setattr(conf, "RECHECK_MS", 0)


@pytest.mark.django_db
@pytest.mark.parametrize("planted", [*FAULTS, *MORE], ids=lambda each: each.name)
def test_a_planted_fault_is_shown_then_repaired_and_journalled(planted):
    company = moved_company()
    plant(*planted.statements)
    assert not validate(company).passed
    shown = repair(company, is_applied=False, actor="test")
    assert shown.changes
    assert not validate(company).passed, "showing changes nothing"
    assert not Repair.objects.exists()
    done = repair(company, is_applied=True, actor="test")
    assert done.left.is_none
    first = {(each.table, each.row_id, each.before, each.after) for each in shown.changes}
    assert first <= {(each.table, each.row_id, each.before, each.after) for each in done.changes}
    report = validate(company)
    assert report.passed, [d for depth in report.depths for d in depth.differences]
    journal = [(each.table_name, each.row_id) for each in Repair.objects.all()]
    assert sorted(journal, key=str) == sorted(((each.table, each.row_id) for each in done.changes), key=str)
    assert Finding.objects.filter(kind=Finding.Kind.REPAIR).exists()
    assert repair(company, is_applied=True, actor="test").changes == []


@pytest.mark.django_db
def test_numbers_in_the_journal_keep_every_digit():
    company = moved_company()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes_new SET total = 123456789012345678.123456789012 WHERE id = %s", [PAID])
    repair(company, is_applied=True, actor="test")
    with connection.cursor() as cursor:
        cursor.execute("SELECT before ->> 'total' FROM migration_repair WHERE table_name = 'quotes_new'")
        assert cursor.fetchone()[0] == "123456789012345678.123456789012"


@pytest.mark.django_db(transaction=True)
def test_where_the_new_side_leads_the_legacy_row_is_rebuilt(session, manage):
    writer = session()
    company = migrated(writer)
    take_to(company, Stage.LIVE)
    id = LegacyQuote.objects.order_by("id").first().pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
        cursor.execute("UPDATE quotes SET total = 4711 WHERE id = %s", [id])
    shown = manage("repair_drift", "--company", "here", "--json")
    assert shown.returncode == 3
    (change,) = [c for c in json.loads(shown.stdout.splitlines()[-1])["changes"] if c["table"] == "quotes"]
    assert (change["before"]["total"], change["after"]["total"]) == (4711, 100)
    assert manage("repair_drift", "--company", "here", "--apply").returncode == 0
    assert LegacyQuote.objects.get(pk=id).total == 100
    assert_valid(company)
    assert audit.verify().is_whole
    CompanyStage.objects.update(stage=Stage.COMPLETE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
        cursor.execute("UPDATE quotes SET total = 4711 WHERE id = %s", [id])
    with pytest.raises(StageRefused, match="frozen"):
        repair(company, is_applied=True, actor="test")
