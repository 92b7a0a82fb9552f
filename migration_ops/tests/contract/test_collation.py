"""A library that sorts differently after an upgrade must not let doubled customers in (D13)."""

import psycopg
import pytest
from django.db import connection, transaction

from migration_ops.tests.cutover.invariants import INVARIANTS

pytestmark = pytest.mark.django_db

TABLES = (
    "customers_new", "customer_contacts", "customer_addresses", "customer_relations", "customer_decisions",
    "customer_merges", "migration_dedup_contact", "migration_dedup_value", "migration_value_ruling",
)  # fmt: skip
# Columns of unique indexes that hold one of a few plain lower-case words.
CLOSED_LISTS = {"kind"}
COLUMNS = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid, k.place::integer, true)
  FROM pg_index i
 CROSS JOIN LATERAL unnest(i.indcollation::oid[]) WITH ORDINALITY AS k (collation_id, place)
  LEFT JOIN pg_collation c ON c.oid = k.collation_id
 WHERE i.indisunique AND i.indrelid::regclass::text = ANY (%s) AND k.collation_id <> 0 AND c.collname NOT IN ('C', 'POSIX')
"""


def rows(statement, params=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def test_what_makes_a_customer_unique_sorts_the_same_everywhere():
    """Ids, and digests of texts: sixteen digits and letters that every collation sorts alike. No recorded text."""
    found = rows(COLUMNS, [list(TABLES)])
    assert any("md5(" in column for _, column in found), "the check looks at something"
    assert [each for each in found if "md5(" not in each[1] and each[1] not in CLOSED_LISTS] == []


def test_the_check_of_the_whole_database_knows_the_recorded_version():
    """V20 compares what the database was made with and what the library is now."""
    (statement,) = [text for name, text in INVARIANTS.items() if name.startswith("V20")]
    assert "datcollversion" in statement
    assert rows(statement) == []


def test_the_indexes_hold_every_row_and_none_twice():
    """amcheck over each unique index; where the server has it, it also looks for doubled entries."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
    except Exception as error:
        if isinstance(error.__cause__, psycopg.errors.UndefinedFile | psycopg.errors.FeatureNotSupported):
            pytest.skip("this PostgreSQL has no amcheck (Debian: postgresql-contrib)")
        raise
    looks_for_doubles = rows("SELECT max(pronargs) FROM pg_proc WHERE proname = 'bt_index_check'") == [(3,)]
    checked = rows(
        f"SELECT i.indexrelid::regclass::text, bt_index_check(i.indexrelid, true{', true' if looks_for_doubles else ''})"
        " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am a ON a.oid = x.relam"
        " WHERE a.amname = 'btree' AND i.indisunique AND i.indrelid::regclass::text = ANY (%s)",
        [list(TABLES)],
    )
    assert len(checked) >= len(TABLES)
