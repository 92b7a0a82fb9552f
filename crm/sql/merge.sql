-- What a merge reads and writes. {table} and {column} are put in by the service, from its list of relations.

-- name: lock
-- One merge or undo of a company at a time, and none while legacy rows of it are being projected: those read whose a
-- contact is before they write the row. They take the same lock shared.
-- params: company (uuid)
SELECT pg_advisory_xact_lock(hashtextextended('crm_merge/' || %(company)s::text, 0));

-- name: lock_shared
-- params: company (uuid)
SELECT pg_advisory_xact_lock_shared(hashtextextended('crm_merge/' || %(company)s::text, 0));

-- name: lock_customers
-- A row that refers to one of them cannot be added while these are held.
-- params: company (uuid), customers (uuid[])
SELECT c.id FROM customers_new c
 WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
 ORDER BY c.id
   FOR UPDATE;

-- name: members
-- The customers, with what they show, and their quotes: how many, how much, the last.
-- params: company (uuid), customers (uuid[])
SELECT c.id, c.name, c.email, c.phone, c.settled, c.is_placeholder, c.phone_is_shared, c.merged_into, c.created_at,
       q.quotes, q.money, q.last_at, to_jsonb(c)
  FROM customers_new c
 CROSS JOIN LATERAL (SELECT count(*) AS quotes, coalesce(sum(t.total), 0) AS money, max(t.created_at) AS last_at
                       FROM quotes_new t WHERE t.company_id = c.company_id AND t.customer_id = c.id) AS q
 WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
 ORDER BY c.id;

-- name: contacts
-- params: company (uuid), customers (uuid[])
SELECT c.id, c.customer_id, c.name, c.email, c.phone, c.email_key, c.phone_key, c.first_seen_at, c.last_seen_at
  FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
 ORDER BY c.last_seen_at DESC, c.id;

-- name: owned
-- How many rows of a table each customer has, and which, in short.
-- params: company (uuid), customers (uuid[])
SELECT {words}, t.{column}, count(*), left(md5(string_agg(t.id::text, ',' ORDER BY t.id)), 12)
  FROM {table} t
 WHERE t.company_id = %(company)s AND t.{column} = ANY (%(customers)s::uuid[])
 GROUP BY t.{column}

-- name: addresses
-- The members' addresses in the order in which one of several with the same text stays: the survivor's, then the one
-- used last.
-- params: company (uuid), customers (uuid[]), survivor (uuid)
SELECT a.id, a.customer_id, md5(a.address), a.is_primary, a.created_at, a.last_used_at
  FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[])
 ORDER BY a.customer_id <> %(survivor)s, a.last_used_at DESC, a.id;

-- name: family
-- Every customer that is part of one of these by now, with the living one; these themselves among them.
-- params: company (uuid), customers (uuid[])
WITH RECURSIVE family (id, root) AS (
    SELECT c.id, c.id FROM customers_new c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
    UNION ALL
    SELECT c.id, f.root FROM family f JOIN customers_new c ON c.merged_into = f.id AND c.company_id = %(company)s)
SELECT f.id, f.root FROM family f;

-- name: roots
-- The living customer each of these is part of.
-- params: company (uuid), customers (uuid[])
WITH RECURSIVE up (id, at, into_id) AS (
    SELECT c.id, c.id, c.merged_into FROM customers_new c
     WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
    UNION ALL
    SELECT u.id, c.id, c.merged_into FROM up u JOIN customers_new c ON c.company_id = %(company)s AND c.id = u.into_id)
SELECT u.id, u.at FROM up u WHERE u.into_id IS NULL;

-- name: journal_moves
-- params: company (uuid), merge (uuid), customers (uuid[])
INSERT INTO customer_merge_moves (company_id, merge_id, "table", row_id, "column", customer_id, change)
SELECT t.company_id, %(merge)s, {words}, t.id, {column_words}, t.{column}, 'moved'
  FROM {table} t
 WHERE t.company_id = %(company)s AND t.{column} = ANY (%(customers)s::uuid[]);

-- name: move
-- params: company (uuid), survivor (uuid), customers (uuid[])
UPDATE {table} t SET {column} = %(survivor)s
 WHERE t.company_id = %(company)s AND t.{column} = ANY (%(customers)s::uuid[]);

-- name: journal_addresses
-- All addresses of all members as they are: which one is primary changes among all of them.
-- params: company (uuid), merge (uuid), customers (uuid[], the survivor among them), survivor (uuid), removed (uuid[])
INSERT INTO customer_merge_moves (company_id, merge_id, "table", row_id, "column", customer_id, change, before)
SELECT a.company_id, %(merge)s, 'customer_addresses', a.id, 'customer_id', a.customer_id,
       CASE WHEN a.id = ANY (%(removed)s::uuid[]) THEN 'removed'
            WHEN a.customer_id = %(survivor)s THEN 'changed' ELSE 'moved' END,
       to_jsonb(a)
  FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]);

-- name: remove_addresses
-- params: company (uuid), removed (uuid[])
DELETE FROM customer_addresses a WHERE a.company_id = %(company)s AND a.id = ANY (%(removed)s::uuid[]);

-- name: move_addresses
-- params: company (uuid), customers (uuid[]), survivor (uuid), kept (uuid[]), first_at and last_at (timestamptz[])
UPDATE customer_addresses a
   SET customer_id = %(survivor)s, is_primary = false,
       created_at = least(a.created_at, k.first_at), last_used_at = greatest(a.last_used_at, k.last_at)
  FROM unnest(%(kept)s::uuid[], %(first_at)s::timestamptz[], %(last_at)s::timestamptz[]) AS k(id, first_at, last_at)
 WHERE a.company_id = %(company)s AND a.id = k.id;

-- name: no_primary
-- params: company (uuid), customers (uuid[])
UPDATE customer_addresses a SET is_primary = false
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]) AND a.is_primary;

-- name: primary
-- Of customers without a primary address, the one used last becomes it.
-- params: company (uuid), customers (uuid[])
UPDATE customer_addresses a SET is_primary = true
  FROM (SELECT DISTINCT ON (o.customer_id) o.id FROM customer_addresses o
         WHERE o.company_id = %(company)s AND o.customer_id = ANY (%(customers)s::uuid[])
           AND NOT EXISTS (SELECT FROM customer_addresses p
                            WHERE p.company_id = o.company_id AND p.customer_id = o.customer_id AND p.is_primary)
         ORDER BY o.customer_id, o.last_used_at DESC, md5(o.address)) AS w
 WHERE a.company_id = %(company)s AND a.id = w.id;

-- name: journal_relations
-- All relations of all members as they are.
-- params: company (uuid), merge (uuid), customers (uuid[], the survivor among them), removed (uuid[])
INSERT INTO customer_merge_moves (company_id, merge_id, "table", row_id, "column", customer_id, change, before)
SELECT r.company_id, %(merge)s, 'customer_relations', r.id, '',
       CASE WHEN r.customer_id = ANY (%(customers)s::uuid[]) THEN r.customer_id ELSE r.other_id END,
       CASE WHEN r.id = ANY (%(removed)s::uuid[]) THEN 'removed' ELSE 'changed' END, to_jsonb(r)
  FROM customer_relations r
 WHERE r.company_id = %(company)s
   AND (r.customer_id = ANY (%(customers)s::uuid[]) OR r.other_id = ANY (%(customers)s::uuid[]));

-- name: relations
-- params: company (uuid), customers (uuid[], the survivor among them)
SELECT r.id, r.customer_id, r.other_id, r.kind
  FROM customer_relations r
 WHERE r.company_id = %(company)s
   AND (r.customer_id = ANY (%(customers)s::uuid[]) OR r.other_id = ANY (%(customers)s::uuid[]))
 ORDER BY r.id;

-- name: remove_relations
-- params: company (uuid), removed (uuid[])
DELETE FROM customer_relations r WHERE r.company_id = %(company)s AND r.id = ANY (%(removed)s::uuid[]);

-- name: move_relations
-- params: company (uuid), customers (uuid[]), survivor (uuid)
UPDATE customer_relations r
   SET customer_id = CASE WHEN r.customer_id = ANY (%(customers)s::uuid[]) THEN %(survivor)s ELSE r.customer_id END,
       other_id = CASE WHEN r.other_id = ANY (%(customers)s::uuid[]) THEN %(survivor)s ELSE r.other_id END
 WHERE r.company_id = %(company)s
   AND (r.customer_id = ANY (%(customers)s::uuid[]) OR r.other_id = ANY (%(customers)s::uuid[]));

-- name: bury
-- params: company (uuid), merge (uuid), customers (uuid[]), survivor (uuid)
WITH buried AS (
    UPDATE customers_new c SET merged_into = %(survivor)s
     WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
    RETURNING c.company_id, c.id)
INSERT INTO customer_merge_moves (company_id, merge_id, "table", row_id, "column", customer_id, change)
SELECT b.company_id, %(merge)s, 'customers_new', b.id, 'merged_into', b.id, 'moved' FROM buried b;

-- name: others_with_phone
-- Whether another living customer shows this phone.
-- params: company (uuid), customers (uuid[]), phone (text)
SELECT EXISTS (SELECT FROM customers_new c
                WHERE c.company_id = %(company)s AND md5(c.phone) = md5(%(phone)s) AND c.phone IS NOT NULL
                  AND c.merged_into IS NULL AND c.id <> ALL (%(customers)s::uuid[]));

-- name: mark_shared
-- Living customers that show one of these phones: it is shared from now on.
-- params: company (uuid), phones (text[])
UPDATE customers_new c SET phone_is_shared = true
 WHERE c.company_id = %(company)s AND c.phone IS NOT NULL AND c.merged_into IS NULL AND NOT c.phone_is_shared
   AND md5(c.phone) IN (SELECT md5(p) FROM unnest(%(phones)s::text[]) AS p);

-- name: show
-- params: company (uuid), survivor (uuid), name, email, phone (text), settled (text[]), is_shared (bool),
--   customers (uuid[], the survivor among them)
UPDATE customers_new c
   SET name = %(name)s, email = %(email)s, phone = %(phone)s, settled = %(settled)s::text[],
       phone_is_shared = %(is_shared)s,
       created_at = (SELECT min(m.created_at) FROM customers_new m
                      WHERE m.company_id = c.company_id AND m.id = ANY (%(customers)s::uuid[])),
       updated_at = (SELECT max(m.updated_at) FROM customers_new m
                      WHERE m.company_id = c.company_id AND m.id = ANY (%(customers)s::uuid[]))
 WHERE c.company_id = %(company)s AND c.id = %(survivor)s;

-- name: next_number
SELECT nextval(pg_get_serial_sequence('customer_merges', 'number'));

-- name: referring
-- Constraints of the database, whoever made them, that point at these tables: table and column.
-- params: tables (text[])
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
  FROM pg_constraint c
 CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(referring, referred)
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.referring
  JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.referred
 WHERE c.contype = 'f' AND c.conparentid = 0 AND f.attname <> 'company_id'
   AND c.confrelid IN (SELECT to_regclass(t) FROM unnest(%(tables)s::text[]) AS t)
 ORDER BY 1, 2;

-- name: hold
-- Locks: FOR SHARE; a merge waits for it, and it waits for a merge.
-- params: company (uuid), customer (uuid)
SELECT c.merged_into FROM customers_new c WHERE c.company_id = %(company)s AND c.id = %(customer)s FOR SHARE;

-- name: contact_digests
-- The contacts each member of a merge had of its own, in short; read right after they moved.
-- params: company (uuid), merge (uuid)
SELECT coalesce(m.customer_id, c.customer_id),
       md5(string_agg(c.id || ' ' || extract(epoch FROM c.first_seen_at) || ' ' || extract(epoch FROM c.last_seen_at),
                      ',' ORDER BY c.id))
  FROM customer_merges g
  JOIN customer_contacts c ON c.company_id = g.company_id AND c.customer_id = g.survivor_id
  LEFT JOIN customer_merge_moves m ON m.merge_id = g.id AND m."table" = 'customer_contacts' AND m.row_id = c.id
 WHERE g.company_id = %(company)s AND g.id = %(merge)s
 GROUP BY 1;

-- name: contact_digests_now
-- params: company (uuid), customers (uuid[])
SELECT c.customer_id,
       md5(string_agg(c.id || ' ' || extract(epoch FROM c.first_seen_at) || ' ' || extract(epoch FROM c.last_seen_at),
                      ',' ORDER BY c.id))
  FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
 GROUP BY c.customer_id;
