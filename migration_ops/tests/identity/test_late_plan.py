"""To place a new contact, what shares a phone or mailbox with it is looked up, however many contacts the company has."""

from hashlib import md5

import pytest
from django.db import connection

from crm.models import Company
from migration_ops.sql.loader import block

MANY = 15_000


@pytest.mark.django_db
def test_who_is_like_a_new_contact_is_found_by_index():
    company = Company.objects.create(name="Here", slug="here")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_new (id, company_id, name, is_placeholder, phone_is_shared, settled, created_at, updated_at)"
            " SELECT md5(n::text)::uuid, %s, 'Person ' || n, false, false, '{}', now(), now() FROM generate_series(1, %s) n",
            [company.pk, MANY],
        )
        cursor.execute(
            "INSERT INTO customer_contacts (id, company_id, customer_id, name, email, phone, name_key, email_key, phone_key,"
            " extra_keys, flags, first_seen_at, last_seen_at)"
            " SELECT md5(n::text)::uuid, %s, md5(n::text)::uuid, 'Person ' || n, 'p' || n || '@x.example', '+1202555' || n,"
            " 'person ' || n, 'p' || n || '@x.example', '+1202555' || n, '{}', '{}', now(), now()"
            " FROM generate_series(1, %s) n",
            [company.pk, MANY],
        )
        cursor.execute("ANALYZE customers_new, customer_contacts")
        keys = ["p77@x.example", "+120255577"]
        params = {
            "company": company.pk, "wanted": keys, "digests": [md5(key.encode()).hexdigest() for key in keys], "most": 51,
        }  # fmt: skip
        cursor.execute("EXPLAIN (ANALYZE, TIMING off) " + block("identity/late.sql", "alike").sql, params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "customer_contacts_phone_idx" in plan
    assert "customer_contacts_email_idx" in plan
    assert "customer_contacts_pkey" not in plan, "the contacts are walked in the order of their ids"
    assert "Rows Removed by Filter" not in plan
