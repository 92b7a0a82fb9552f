-- Contacts and addresses of rows written or changed after the plan, resolved against the customers there are.

-- name: lock
-- One at a time for a company: two workers that meet the same new contact must not make two customers of it. The
-- second lock keeps merges away (crm/sql/merge.sql): whose a contact is must not change while it is looked at.
SELECT pg_advisory_xact_lock(hashtextextended('qp_identity/' || %(company)s::text, 0)),
       pg_advisory_xact_lock_shared(hashtextextended('crm_merge/' || %(company)s::text, 0));

-- name: hold_merges
-- Nobody merges customers of the company until the transaction ends; batches do not keep each other waiting.
-- params: company (uuid)
SELECT pg_advisory_xact_lock_shared(hashtextextended('crm_merge/' || %(company)s::text, 0));

-- name: living
-- The living customer that this one is part of; nothing where there is no such customer.
-- params: company (uuid), customer (uuid)
WITH RECURSIVE up (id, into_id) AS (
    SELECT c.id, c.merged_into FROM customers_new c WHERE c.company_id = %(company)s AND c.id = %(customer)s
    UNION ALL
    SELECT c.id, c.merged_into FROM up u JOIN customers_new c ON c.company_id = %(company)s AND c.id = u.into_id)
SELECT u.id FROM up u WHERE u.into_id IS NULL;

-- name: hold_rows
-- Legacy rows of any company, in the order in which everybody locks them.
-- params: ids (uuid[])
-- locks: the rows, FOR SHARE
SELECT q.id FROM quotes q WHERE q.id = ANY (%(ids)s::uuid[]) ORDER BY q.id FOR SHARE;

-- name: new_contacts
-- Recorded contacts of these rows that are not known yet, each with the contacts its rows had before and their
-- customers.
SELECT qp_contact_id(q.company_id, q.customer_name, q.email, q.phone), q.customer_name, q.email, q.phone,
       min(q.created_at), max(q.created_at),
       array_remove(array_agg(p.customer_id ORDER BY p.customer_id, p.id), NULL),
       array_remove(array_agg(p.id ORDER BY p.customer_id, p.id), NULL)
  FROM quotes q
  LEFT JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
  LEFT JOIN customer_contacts p ON p.id = l.contact_id AND p.id <> qp_child_id(q.id, 'contact')
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[])
   AND (qp_text(q.phone) IS NOT NULL OR qp_text(q.email) IS NOT NULL OR qp_text(q.customer_name) IS NOT NULL)
   AND qp_time_fits(q.created_at)
   AND NOT EXISTS (SELECT FROM customer_contacts c
                    WHERE c.id = qp_contact_id(q.company_id, q.customer_name, q.email, q.phone))
 GROUP BY 1, 2, 3, 4
 ORDER BY min(q.created_at), 1;

-- name: alike
-- Known contacts that share a phone or mailbox with a new one, and all users of those keys.
-- params: company (uuid), digests (text[], md5 of each key), most (int)
-- index: customer_contacts_phone_idx, customer_contacts_email_idx, customer_contacts_extra_idx
-- They are found first, by themselves: with the limit in the same query the planner may walk all contacts of the company
-- in the order of their ids.
WITH alike AS MATERIALIZED (
    SELECT c.id, c.customer_id, c.name, c.email, c.phone, c.first_seen_at
      FROM customer_contacts c
     WHERE c.company_id = %(company)s
       AND (md5(c.phone_key) = ANY (%(digests)s) OR md5(c.email_key) = ANY (%(digests)s)
            OR (c.extra_keys <> '{}' AND c.extra_keys && %(wanted)s::text[])))
SELECT * FROM alike ORDER BY id LIMIT %(most)s;

-- name: seen
-- Known contacts used earlier or later than was known.
UPDATE customer_contacts c
   SET first_seen_at = least(c.first_seen_at, n.first_at), last_seen_at = greatest(c.last_seen_at, n.last_at)
  FROM (SELECT qp_contact_id(q.company_id, q.customer_name, q.email, q.phone) AS id,
               min(q.created_at) AS first_at, max(q.created_at) AS last_at
          FROM quotes q
         WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]) AND qp_time_fits(q.created_at)
         GROUP BY 1) AS n
 WHERE c.id = n.id AND (n.first_at < c.first_seen_at OR n.last_at > c.last_seen_at)
RETURNING c.customer_id;

-- name: insert_customer
INSERT INTO customers_new (id, company_id, name, is_placeholder, phone_is_shared, created_at, updated_at)
VALUES (%(id)s, %(company)s, '', false, false, %(first_at)s, %(last_at)s)
ON CONFLICT (id, company_id) DO NOTHING;

-- name: insert_contact
-- Where the company's contacts are looked up by an index, the new one is noted for it.
WITH new AS (
INSERT INTO customer_contacts (id, company_id, customer_id, name, email, phone, name_key, email_key, phone_key,
                               extra_keys, flags, first_seen_at, last_seen_at, placed_with_id)
VALUES (%(id)s, %(company)s, %(customer)s, %(name)s, %(email)s, %(phone)s, %(name_key)s, %(email_key)s, %(phone_key)s,
        %(extra_keys)s, %(flags)s, %(first_at)s, %(last_at)s, %(contact)s)
ON CONFLICT (id, company_id) DO NOTHING
RETURNING id, company_id)
INSERT INTO migration_dedup_stale (contact_id, company_id)
SELECT n.id, n.company_id FROM new n
 WHERE EXISTS (SELECT FROM migration_dedup_contact d WHERE d.company_id = n.company_id)
ON CONFLICT (contact_id) DO UPDATE SET is_indexed = false;

-- name: note_addresses
-- Contacts of customers with a new address, for the index they are looked up by.
-- params: company (uuid), customers (uuid[])
INSERT INTO migration_dedup_stale (contact_id, company_id)
SELECT c.id, c.company_id FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
   AND EXISTS (SELECT FROM migration_dedup_contact d WHERE d.company_id = c.company_id)
ON CONFLICT (contact_id) DO UPDATE SET is_indexed = false;

-- name: insert_conflict
INSERT INTO migration_dedup_conflict (company_id, contact_a_id, contact_b_id, reason, score, evidence, state, created_at)
VALUES (%(company)s, %(a)s, %(b)s, %(reason)s, %(score)s, %(evidence)s, 'open', now())
ON CONFLICT (contact_a_id, contact_b_id) DO NOTHING;

-- name: addresses
-- Addresses of these rows: new ones added, known ones stretched to when they were used.
INSERT INTO customer_addresses AS a (id, company_id, customer_id, address, is_primary, created_at, last_used_at)
SELECT qp_child_id(g.customer_id, 'address:' || md5(g.address)), %(company)s, g.customer_id, g.address, false, g.first_at, g.last_at
  FROM (SELECT c.customer_id, qp_address(q.address) AS address, min(q.created_at) AS first_at, max(q.created_at) AS last_at
          FROM quotes q
          JOIN customer_contacts c ON c.id = qp_contact_id(q.company_id, q.customer_name, q.email, q.phone)
         WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[])
           AND qp_address(q.address) IS NOT NULL AND qp_time_fits(q.created_at)
         GROUP BY 1, 2) AS g
ON CONFLICT (company_id, customer_id, md5(address)) DO UPDATE
   SET created_at = least(a.created_at, EXCLUDED.created_at), last_used_at = greatest(a.last_used_at, EXCLUDED.last_used_at)
 WHERE EXCLUDED.created_at < a.created_at OR EXCLUDED.last_used_at > a.last_used_at
RETURNING a.customer_id, a.xmax = 0;

-- name: contacts_of
-- params: customers (uuid[])
SELECT c.customer_id, c.id, c.name, c.email, c.phone, c.first_seen_at, c.last_seen_at
  FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
 ORDER BY c.customer_id, c.last_seen_at DESC, c.id;

-- name: golden_table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_golden (
    customer_id uuid NOT NULL, name text NOT NULL, email text, phone text,
    first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, is_shared boolean NOT NULL DEFAULT false
) ON COMMIT DELETE ROWS;

-- name: golden_clear
DELETE FROM batch_golden;

-- name: golden_rows
-- Fields a person settled stay as they are, whatever is recorded later.
INSERT INTO batch_golden (customer_id, name, email, phone, first_at, last_at)
SELECT n.id, CASE WHEN 'name' = ANY (c.settled) THEN c.name ELSE n.name END,
       CASE WHEN 'email' = ANY (c.settled) THEN c.email ELSE n.email END,
       CASE WHEN 'phone' = ANY (c.settled) THEN c.phone ELSE n.phone END, n.first_at, n.last_at
  FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(emails)s::text[], %(phones)s::text[],
              %(firsts)s::timestamptz[], %(lasts)s::timestamptz[]) AS n(id, name, email, phone, first_at, last_at)
  JOIN customers_new c ON c.company_id = %(company)s AND c.id = n.id;

-- name: golden_shared
-- Phones that another customer shows too, or two customers of this batch.
UPDATE batch_golden g SET is_shared = true
 WHERE g.phone IS NOT NULL
   AND (EXISTS (SELECT FROM customers_new c
                 WHERE c.company_id = %(company)s AND md5(c.phone) = md5(g.phone) AND c.phone IS NOT NULL
                   AND c.merged_into IS NULL AND c.id <> g.customer_id)
        OR EXISTS (SELECT FROM batch_golden o WHERE o.phone = g.phone AND o.customer_id <> g.customer_id));

-- name: mark_shared_phones
-- Customers that already have such a phone: it is shared from now on, on all sides.
UPDATE customers_new c SET phone_is_shared = true
  FROM batch_golden g
 WHERE g.is_shared AND c.company_id = %(company)s AND md5(c.phone) = md5(g.phone) AND c.phone IS NOT NULL
   AND c.merged_into IS NULL AND NOT c.phone_is_shared;

-- name: golden
UPDATE customers_new c
   SET name = g.name, email = g.email, phone = g.phone,
       phone_is_shared = g.is_shared OR (c.phone_is_shared AND c.phone IS NOT DISTINCT FROM g.phone),
       created_at = g.first_at, updated_at = g.last_at
  FROM batch_golden g
 WHERE c.id = g.customer_id AND c.company_id = %(company)s
   AND ((c.name, c.email, c.phone, c.created_at, c.updated_at)
        IS DISTINCT FROM (g.name, g.email, g.phone, g.first_at, g.last_at) OR (g.is_shared AND NOT c.phone_is_shared));

-- name: no_primary
-- The primary address is the one used last; taken from the old one first, because only one may be primary.
UPDATE customer_addresses a SET is_primary = false
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]) AND a.is_primary
   AND EXISTS (SELECT FROM customer_addresses o
                WHERE o.company_id = a.company_id AND o.customer_id = a.customer_id
                  AND (o.last_used_at > a.last_used_at OR (o.last_used_at = a.last_used_at AND md5(o.address) < md5(a.address))));

-- name: primary
UPDATE customer_addresses a SET is_primary = true
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]) AND NOT a.is_primary
   AND NOT EXISTS (SELECT FROM customer_addresses o
                    WHERE o.company_id = a.company_id AND o.customer_id = a.customer_id AND o.id <> a.id
                      AND (o.last_used_at > a.last_used_at
                           OR (o.last_used_at = a.last_used_at AND md5(o.address) < md5(a.address))));
