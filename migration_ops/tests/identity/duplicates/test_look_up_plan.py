"""What a look-up costs does not grow with the company: nothing is read whole, and nothing is planned twice."""

import uuid

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from crm.models import Company
from crm.sql.prepared import prepared_cursor
from migration_ops.identity.duplicates.store import Ids
from migration_ops.sql.loader import block

MANY = 20_000


@pytest.fixture
def company(db):
    """A company with many contacts in its index, a dozen keys each, one in three of them shared with others."""
    company = Company.objects.create(name="Here", slug="here")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO migration_dedup_contact"
            ' (contact_id, company_id, keys, mailboxes, phones, addresses, "values")'
            " SELECT md5(n::text)::uuid, %s,"
            " ARRAY(SELECT hashint8((n / (1 + k %% 3)) * 100 + k) FROM generate_series(1, 12) k),"
            " '{a@b.c}', '{+15550100}', '{12 oak st}', ARRAY(SELECT (n + k) %% %s FROM generate_series(1, 10) k)"
            " FROM generate_series(1, %s) n",
            [company.pk, MANY, MANY],
        )
        cursor.execute(
            "INSERT INTO migration_dedup_value (company_id, value, uses, people, companies)"
            " SELECT %s, n, 10, 0, 0 FROM generate_series(1, %s) n",
            [company.pk, MANY],
        )
        cursor.execute("ANALYZE migration_dedup_contact, migration_dedup_value")
    return company


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_a_look_up_reads_what_shares_a_key_and_no_table_whole(company, mode):
    with connection.cursor() as cursor:
        cursor.execute('SELECT keys, "values", contact_id FROM migration_dedup_contact ORDER BY contact_id LIMIT 1')
        keys, values, contact = cursor.fetchone()
        cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
    params = {"company": company.pk, "keys": keys, "values": values, "but": contact, "most": 500}
    with prepared_cursor() as cursor:
        cursor.execute("EXPLAIN " + block("duplicates/lookup.sql", "look_up").sql, params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "migration_dedup_contact_keys" in plan
    assert "migration_dedup_value_key" in plan
    assert "Seq Scan on migration_dedup_value" not in plan
    assert "migration_dedup_contact_pkey" not in plan, "the contacts are walked in the order of their ids"


@given(st.sets(st.integers(0, 2**128 - 1) | st.integers(0, 3).map(lambda low: (7 << 64) + low), max_size=12), st.data())
def test_the_places_of_ids_are_those_found_one_by_one(numbers, data):
    known = [uuid.UUID(int=number) for number in sorted(numbers)]
    ids = Ids(b"".join(id.bytes for id in known))
    others = st.integers(0, 2**128 - 1).map(lambda number: uuid.UUID(int=number))
    near = st.integers(0, 4).map(lambda low: uuid.UUID(int=(7 << 64) + low))
    asked = data.draw(st.lists((st.sampled_from(known) | others | near) if known else others | near))
    assert ids.places(asked) == [known.index(id) if id in known else -1 for id in asked]
    assert [ids.dashed(place) for place in range(len(known))] == list(map(str, known))
