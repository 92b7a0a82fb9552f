"""Change capture was off for a while: what changed unseen is found, not trusted."""

from uuid import UUID

import psycopg
import pytest
from django.db import connection

from crm.models import CustomerContact, Quote
from migration_ops.backfill.migrate import migrate
from migration_ops.models import LegacyLink
from migration_ops.selectors.companies import ensure_company
from migration_ops.tests.legacy_rows import fill, insert, update
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db(transaction=True)
COMPANY = UUID("6f1e0b52-0d8b-4b0e-9e47-5a4c3ad2a111")


@pytest.fixture
def session(test_database_url):
    with psycopg.connect(test_database_url, autocommit=True) as other:
        yield other


def moved():
    company = ensure_company(COMPANY)
    return company, migrate(company, workers=1, batch_rows=10, report=lambda progress: None)


def test_rows_that_changed_while_capture_was_off_are_looked_at_again(session):
    ids = fill(session, COMPANY, 30)
    company, _ = moved()
    session.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v2")
    update(session, ids[3], total=777)
    update(session, ids[4], email="another@mail.example")
    session.execute("DELETE FROM quotes WHERE id = %s", [ids[5]])
    assert not validate(company).passed
    _, again = moved()
    assert again.status == "finished"
    assert Quote.objects.get(pk=ids[3]).total == 777
    assert LegacyLink.objects.get(pk=ids[4]).contact.email == "another@mail.example"
    assert not Quote.objects.filter(pk=ids[5]).exists()
    assert validate(company).passed
    _, third = moved()
    assert third.status == "nothing to do"


def test_a_late_row_meets_its_customer_by_a_second_mailbox(session):
    fill(session, COMPANY, 1, customer_name="Ann Miller", phone=None, email="ann@one.example; ann@two.example")
    moved()
    insert(
        session, COMPANY, UUID(int=7), customer_name="Ann Miller", phone=None, email="ann@two.example",
        created_at="2024-05-01 10:00+00",
    )  # fmt: skip
    moved()
    assert len({contact.customer_id for contact in CustomerContact.objects.filter(company_id=COMPANY)}) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_new WHERE company_id = %s", [COMPANY])
        assert cursor.fetchone() == (1,)
