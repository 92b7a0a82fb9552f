-- What a split and its undo read and write, besides blocks of merge.sql and undo.sql. {table} and {column} are put in
-- by the service.

-- name: split_journal
-- Rows that go to the customer a split makes: whose they were.
-- params: company (uuid), merge (uuid), customer (uuid), rows (uuid[])
INSERT INTO customer_merge_moves (company_id, merge_id, "table", row_id, "column", customer_id, change)
SELECT t.company_id, %(merge)s, {words}, t.id, {column_words}, t.{column}, 'moved'
  FROM {table} t
 WHERE t.company_id = %(company)s AND t.{column} = %(customer)s AND t.id = ANY (%(rows)s::uuid[]);

-- name: split_move
-- params: company (uuid), customer (uuid), made (uuid), rows (uuid[])
UPDATE {table} t SET {column} = %(made)s
 WHERE t.company_id = %(company)s AND t.{column} = %(customer)s AND t.id = ANY (%(rows)s::uuid[]);

-- name: rest_of_addresses
-- Addresses of the customer a split made that the other one does not have.
-- params: company (uuid), customer (uuid), made (uuid)
UPDATE customer_addresses a SET customer_id = %(customer)s, is_primary = false
 WHERE a.company_id = %(company)s AND a.customer_id = %(made)s
   AND NOT EXISTS (SELECT FROM customer_addresses o
                    WHERE o.company_id = a.company_id AND o.customer_id = %(customer)s AND md5(o.address) = md5(a.address));

-- name: doubled_addresses
-- The ones both have: gone, with their uses kept.
-- params: company (uuid), customer (uuid), made (uuid)
WITH gone AS (
    DELETE FROM customer_addresses a WHERE a.company_id = %(company)s AND a.customer_id = %(made)s
    RETURNING a.address, a.created_at, a.last_used_at)
UPDATE customer_addresses o
   SET created_at = least(o.created_at, g.created_at), last_used_at = greatest(o.last_used_at, g.last_used_at)
  FROM gone g
 WHERE o.company_id = %(company)s AND o.customer_id = %(customer)s AND md5(o.address) = md5(g.address);

-- name: doubled_relations
-- Relations between the two, and those the other one has as well.
-- params: company (uuid), customer (uuid), made (uuid)
DELETE FROM customer_relations r
 WHERE r.company_id = %(company)s
   AND ((r.customer_id = %(made)s AND (r.other_id = %(customer)s
         OR EXISTS (SELECT FROM customer_relations o
                     WHERE o.company_id = r.company_id AND o.customer_id = %(customer)s AND o.other_id = r.other_id
                       AND o.kind = r.kind)))
     OR (r.other_id = %(made)s AND (r.customer_id = %(customer)s
         OR EXISTS (SELECT FROM customer_relations o
                     WHERE o.company_id = r.company_id AND o.other_id = %(customer)s AND o.customer_id = r.customer_id
                       AND o.kind = r.kind))));

-- name: phones_alone
-- Living customers that show one of these phones and are not marked as sharing it.
-- params: company (uuid), phones (text[])
SELECT c.id FROM customers_new c
 WHERE c.company_id = %(company)s AND c.merged_into IS NULL AND NOT c.phone_is_shared AND c.phone IS NOT NULL
   AND md5(c.phone) IN (SELECT md5(p) FROM unnest(%(phones)s::text[]) AS p);

-- name: unshare
-- Marked by the split alone: nobody else shows the phone now.
-- params: company (uuid), customers (uuid[])
UPDATE customers_new c SET phone_is_shared = false
 WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[]) AND c.merged_into IS NULL
   AND NOT EXISTS (SELECT FROM customers_new o
                    WHERE o.company_id = c.company_id AND o.id <> c.id AND o.merged_into IS NULL
                      AND o.phone IS NOT NULL AND md5(o.phone) = md5(c.phone));
