"""Every relation to a customer is known to the merge."""

import pytest
from django.db import connection

from crm.exceptions import RelationUnknown
from crm.services.merge import merge
from crm.services.references import known_references, references_of_database, references_of_models, unknown
from crm.tests.services.rows import a_company, a_customer

pytestmark = pytest.mark.django_db
# Columns that look like a reference to a customer, whether or not anything says that they are one.
LOOKALIKES = """
SELECT c.relname, a.attname
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
   AND a.atttypid = 'uuid'::regtype AND (a.attname ~ 'customer' OR a.attname = 'merged_into')
"""


def test_every_relation_a_model_declares_is_listed():
    found = references_of_models()
    assert len(found) > 10
    assert unknown(found) == []


def test_every_relation_the_database_enforces_is_listed():
    found = references_of_database()
    assert len(found) > 10
    assert unknown(found) == []


def test_every_column_that_looks_like_one_is_listed():
    with connection.cursor() as cursor:
        cursor.execute(LOOKALIKES)
        found = set(cursor.fetchall())
    listed = {(reference.table, reference.column) for reference in known_references()}
    assert len(found) > 10
    assert found <= listed


def test_nothing_is_listed_that_does_not_exist():
    found = references_of_models()
    for reference in known_references():
        assert (reference.table, reference.column, reference.to) in found, reference


def test_a_table_of_another_program_refuses_the_merge():
    company = a_company()
    one, other = a_customer(company, "Ann"), a_customer(company, "Anne")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE loyalty_cards (company_id uuid, holder uuid, FOREIGN KEY (company_id, holder)"
            " REFERENCES customers_new (company_id, id))"
        )
    with pytest.raises(RelationUnknown, match=r"loyalty_cards\.holder"):
        merge(company, [one.pk, other.pk], actor="ann")
    one.refresh_from_db()
    assert one.merged_into_id is None
