-- What undoing a merge reads and writes, besides blocks of merge.sql. {table} and {column} are put in by the service.

-- name: later_merges
-- Merges and splits in force that this one cannot be undone before: those done later of its survivor, or of the
-- customer that this split made, and those that made one of these part of another customer.
-- params: company (uuid), merge (uuid)
WITH held AS (
    SELECT m.number, m.survivor_id AS id FROM customer_merges m
     WHERE m.company_id = %(company)s AND m.id = %(merge)s
    UNION
    SELECT m.number, v.row_id FROM customer_merges m
      JOIN customer_merge_moves v ON v.merge_id = m.id AND v."table" = 'customers_new' AND v.change = 'made'
     WHERE m.company_id = %(company)s AND m.id = %(merge)s)
SELECT l.id
  FROM customer_merges l
 WHERE l.company_id = %(company)s AND l.undone_at IS NULL
   AND EXISTS (SELECT FROM held h
                WHERE l.number > h.number
                  AND (l.survivor_id = h.id
                       OR EXISTS (SELECT FROM customer_merge_moves v
                                   WHERE v.merge_id = l.id AND v."table" = 'customers_new' AND v.row_id = h.id
                                     AND v.change = 'moved')))
 ORDER BY l.number DESC;

-- name: later_contacts
-- Contacts the survivor got after the merge that were placed with one of the contacts the merge had moved, directly
-- or by way of others: whose they are.
-- params: company (uuid), merge (uuid), survivor (uuid)
WITH RECURSIVE follows (id, customer_id) AS (
    SELECT m.row_id, m.customer_id FROM customer_merge_moves m
     WHERE m.merge_id = %(merge)s AND m."table" = 'customer_contacts'
    UNION
    SELECT c.id, f.customer_id
      FROM follows f
      JOIN customer_contacts c ON c.company_id = %(company)s AND c.customer_id = %(survivor)s AND c.placed_with_id = f.id
     WHERE NOT EXISTS (SELECT FROM customer_merge_moves m
                        WHERE m.merge_id = %(merge)s AND m."table" = 'customer_contacts' AND m.row_id = c.id))
UPDATE customer_contacts c SET customer_id = f.customer_id
  FROM follows f
 WHERE c.company_id = %(company)s AND c.id = f.id AND c.customer_id = %(survivor)s;

-- name: move_back
-- What was moved and is still with the survivor.
-- params: company (uuid), merge (uuid), survivor (uuid)
UPDATE {table} t SET {column} = m.customer_id
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = {words} AND m."column" = {column_words}
   AND t.company_id = %(company)s AND t.id = m.row_id AND t.{column} = %(survivor)s;

-- name: addresses_back
-- Those that are still there, as they were; of several owners only one address each is primary, so none is until all
-- are back.
-- params: company (uuid), merge (uuid)
UPDATE customer_addresses a
   SET customer_id = m.customer_id, is_primary = false,
       created_at = (m.before ->> 'created_at')::timestamptz, last_used_at = (m.before ->> 'last_used_at')::timestamptz
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = 'customer_addresses' AND a.company_id = %(company)s AND a.id = m.row_id;

-- name: addresses_again
-- Those that are gone, by the merge itself or since; of two with the same text one stays, with the uses of both.
-- params: company (uuid), merge (uuid)
INSERT INTO customer_addresses AS a (id, company_id, customer_id, address, is_primary, created_at, last_used_at)
SELECT m.row_id, m.company_id, m.customer_id, m.before ->> 'address', false,
       (m.before ->> 'created_at')::timestamptz, (m.before ->> 'last_used_at')::timestamptz
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = 'customer_addresses' AND m.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM customer_addresses h WHERE h.company_id = m.company_id AND h.id = m.row_id)
ON CONFLICT (company_id, customer_id, md5(address)) DO UPDATE
   SET created_at = least(a.created_at, EXCLUDED.created_at),
       last_used_at = greatest(a.last_used_at, EXCLUDED.last_used_at);

-- name: primary_again
-- params: company (uuid), merge (uuid)
UPDATE customer_addresses a SET is_primary = true
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = 'customer_addresses' AND (m.before ->> 'is_primary')::boolean
   AND a.company_id = %(company)s AND a.id = m.row_id AND a.customer_id = m.customer_id;

-- name: relations_back
-- Only the sides that are members' own: the other customer may have become part of a third one since.
-- params: company (uuid), merge (uuid), customers (uuid[], every member)
UPDATE customer_relations r
   SET customer_id = CASE WHEN (m.before ->> 'customer_id')::uuid = ANY (%(customers)s::uuid[])
                          THEN (m.before ->> 'customer_id')::uuid ELSE r.customer_id END,
       other_id = CASE WHEN (m.before ->> 'other_id')::uuid = ANY (%(customers)s::uuid[])
                       THEN (m.before ->> 'other_id')::uuid ELSE r.other_id END
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = 'customer_relations' AND r.company_id = %(company)s AND r.id = m.row_id;

-- name: relations_again
-- Those that were removed; a side that is no member's is the living customer it is part of by now.
-- params: company (uuid), merge (uuid), customers (uuid[], every member)
WITH RECURSIVE side (id, at, into_id) AS (
    SELECT c.id, c.id, CASE WHEN c.id = ANY (%(customers)s::uuid[]) THEN NULL ELSE c.merged_into END
      FROM customer_merge_moves m
      JOIN customers_new c ON c.company_id = m.company_id
                          AND c.id IN ((m.before ->> 'customer_id')::uuid, (m.before ->> 'other_id')::uuid)
     WHERE m.merge_id = %(merge)s AND m."table" = 'customer_relations' AND m.change = 'removed'
    UNION
    SELECT s.id, c.id, c.merged_into FROM side s JOIN customers_new c ON c.company_id = %(company)s AND c.id = s.into_id)
INSERT INTO customer_relations (id, company_id, customer_id, other_id, kind)
SELECT m.row_id, m.company_id, a.at, b.at, m.before ->> 'kind'
  FROM customer_merge_moves m
  JOIN side a ON a.id = (m.before ->> 'customer_id')::uuid AND a.into_id IS NULL
  JOIN side b ON b.id = (m.before ->> 'other_id')::uuid AND b.into_id IS NULL
 WHERE m.merge_id = %(merge)s AND m."table" = 'customer_relations' AND m.change = 'removed'
   AND m.company_id = %(company)s AND a.at <> b.at
ON CONFLICT DO NOTHING;

-- name: revive
-- params: company (uuid), merge (uuid), survivor (uuid)
UPDATE customers_new c SET merged_into = NULL
  FROM customer_merge_moves m
 WHERE m.merge_id = %(merge)s AND m."table" = 'customers_new' AND c.company_id = %(company)s AND c.id = m.row_id
   AND c.merged_into = %(survivor)s;

-- name: shown_by_others
-- Which of these phones a living customer outside the merge shows.
-- params: company (uuid), customers (uuid[]), phones (text[])
SELECT DISTINCT c.phone FROM customers_new c
 WHERE c.company_id = %(company)s AND c.merged_into IS NULL AND c.id <> ALL (%(customers)s::uuid[])
   AND c.phone IS NOT NULL AND md5(c.phone) IN (SELECT md5(p) FROM unnest(%(phones)s::text[]) AS p);

-- name: share
-- params: company (uuid), customers (uuid[])
UPDATE customers_new c SET phone_is_shared = true
 WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[]) AND NOT c.phone_is_shared;

-- name: show_again
-- params: company (uuid), survivor (uuid), name, email, phone (text), settled (text[]), is_shared (bool),
--   first_at, last_at (text)
UPDATE customers_new c
   SET name = %(name)s, email = %(email)s, phone = %(phone)s, settled = %(settled)s::text[],
       phone_is_shared = %(is_shared)s, created_at = %(first_at)s::timestamptz, updated_at = %(last_at)s::timestamptz
 WHERE c.company_id = %(company)s AND c.id = %(survivor)s;
