-- What follows contacts and addresses when customers are merged or a merge is undone: rows, links, addresses.
-- Rows are reached from their customer, by the indexes there are; links by the id of the row.

-- name: uses
-- On how many quotes each contact stands, and the last one.
-- params: company (uuid), ids (uuid[], contacts)
SELECT l.contact_id, count(*), max(q.created_at)
  FROM (SELECT DISTINCT c.customer_id FROM customer_contacts c
         WHERE c.company_id = %(company)s AND c.id = ANY (%(ids)s::uuid[])) AS o
  JOIN quotes_new q ON q.company_id = %(company)s AND q.customer_id = o.customer_id
  JOIN migration_legacy_link l ON l.legacy_id = q.id
 WHERE l.contact_id = ANY (%(ids)s::uuid[])
 GROUP BY l.contact_id;

-- name: quotes
-- A row belongs to the customer of the contact it recorded.
-- params: company (uuid), customers (uuid[])
UPDATE quotes_new q SET customer_id = c.customer_id
  FROM migration_legacy_link l
  JOIN customer_contacts c ON c.id = l.contact_id
 WHERE q.company_id = %(company)s AND q.customer_id = ANY (%(customers)s::uuid[]) AND l.legacy_id = q.id
   AND c.customer_id <> q.customer_id AND c.customer_id = ANY (%(customers)s::uuid[]);

-- name: leads
UPDATE leads_new d SET customer_id = c.customer_id
  FROM migration_legacy_link l
  JOIN customer_contacts c ON c.id = l.contact_id
 WHERE d.company_id = %(company)s AND d.customer_id = ANY (%(customers)s::uuid[]) AND l.legacy_id = d.id
   AND c.customer_id <> d.customer_id AND c.customer_id = ANY (%(customers)s::uuid[]);

-- name: jobs
UPDATE jobs_new j SET customer_id = q.customer_id
  FROM quotes_new q
 WHERE j.company_id = %(company)s AND j.customer_id = ANY (%(customers)s::uuid[])
   AND q.company_id = j.company_id AND q.id = j.quote_id
   AND q.customer_id <> j.customer_id AND q.customer_id = ANY (%(customers)s::uuid[]);

-- name: invoices
UPDATE invoices_new v SET customer_id = j.customer_id
  FROM jobs_new j
 WHERE v.company_id = %(company)s AND v.customer_id = ANY (%(customers)s::uuid[])
   AND j.company_id = v.company_id AND j.id = v.job_id
   AND j.customer_id <> v.customer_id AND j.customer_id = ANY (%(customers)s::uuid[]);

-- name: recorded
-- Of each deal of a customer that recorded a contact: that contact, and the address.
-- params: company (uuid), customer (uuid)
SELECT l.legacy_id, l.contact_id, l.address_id
  FROM (SELECT q.id FROM quotes_new q WHERE q.company_id = %(company)s AND q.customer_id = %(customer)s
        UNION
        SELECT d.id FROM leads_new d WHERE d.company_id = %(company)s AND d.customer_id = %(customer)s) AS r
  JOIN migration_legacy_link l ON l.legacy_id = r.id AND l.contact_id IS NOT NULL;

-- name: table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_settled (
    legacy_id uuid NOT NULL, customer_id uuid NOT NULL, address_id uuid NOT NULL, created_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- name: clear
DELETE FROM batch_settled;

-- name: rows
-- Rows of these customers that have an address, as their links say.
-- params: company (uuid), customers (uuid[])
INSERT INTO batch_settled
SELECT l.legacy_id, r.customer_id, l.address_id, r.created_at
  FROM (SELECT q.id, q.customer_id, q.created_at FROM quotes_new q
         WHERE q.company_id = %(company)s AND q.customer_id = ANY (%(customers)s::uuid[])
        UNION
        SELECT d.id, d.customer_id, d.created_at FROM leads_new d
         WHERE d.company_id = %(company)s AND d.customer_id = ANY (%(customers)s::uuid[])) AS r
  JOIN migration_legacy_link l ON l.legacy_id = r.id AND l.address_id IS NOT NULL;

-- name: replace
-- Addresses that are gone: another one with the same text stands for each.
-- params: old and new (uuid[])
UPDATE batch_settled b SET address_id = n.new
  FROM unnest(%(old)s::uuid[], %(new)s::uuid[]) AS n(old, new)
 WHERE b.address_id = n.old;

-- name: add
-- Addresses a row uses and its customer does not have.
INSERT INTO customer_addresses (id, company_id, customer_id, address, is_primary, created_at, last_used_at)
SELECT qp_child_id(b.customer_id, 'address:' || md5(a.address)), a.company_id, b.customer_id, a.address, false,
       min(b.created_at), max(b.created_at)
  FROM batch_settled b
  JOIN customer_addresses a ON a.id = b.address_id AND a.customer_id <> b.customer_id
 GROUP BY a.company_id, b.customer_id, a.address
ON CONFLICT (company_id, customer_id, md5(address)) DO NOTHING;

-- name: shrink
-- Addresses that came while several customers were one, used by rows of more than one of them: each owner's reaches
-- as far as the owner's own rows, and the others have one of their own (add).
-- params: company (uuid), customers (uuid[]), lasting (uuid[])
UPDATE customer_addresses a SET created_at = u.first_at, last_used_at = u.last_at
  FROM (SELECT b.address_id, b.customer_id, min(b.created_at) AS first_at, max(b.created_at) AS last_at
          FROM batch_settled b GROUP BY 1, 2) AS u
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]) AND a.id <> ALL (%(lasting)s::uuid[])
   AND u.address_id = a.id AND u.customer_id = a.customer_id
   AND EXISTS (SELECT FROM batch_settled o WHERE o.address_id = a.id AND o.customer_id <> a.customer_id);

-- name: point
-- Each row's address is its own customer's.
UPDATE batch_settled b SET address_id = o.id
  FROM customer_addresses a
  JOIN customer_addresses o ON o.company_id = a.company_id AND md5(o.address) = md5(a.address)
 WHERE a.id = b.address_id AND a.customer_id <> b.customer_id AND o.customer_id = b.customer_id;

-- name: links
UPDATE migration_legacy_link l SET address_id = b.address_id
  FROM batch_settled b
 WHERE l.legacy_id = b.legacy_id AND l.address_id <> b.address_id;

-- name: stretch
-- Addresses reach from their first to their last use.
UPDATE customer_addresses a
   SET created_at = least(a.created_at, u.first_at), last_used_at = greatest(a.last_used_at, u.last_at)
  FROM (SELECT b.address_id, min(b.created_at) AS first_at, max(b.created_at) AS last_at
          FROM batch_settled b GROUP BY b.address_id) AS u
 WHERE a.id = u.address_id AND (u.first_at < a.created_at OR u.last_at > a.last_used_at)
RETURNING a.customer_id;

-- name: drop
-- Addresses that came since, that no row of their customer uses any more, and that another of the customers has.
-- params: company (uuid), customers (uuid[]), lasting (uuid[])
DELETE FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[])
   AND a.id <> ALL (%(lasting)s::uuid[])
   AND NOT EXISTS (SELECT FROM batch_settled b WHERE b.address_id = a.id)
   AND EXISTS (SELECT FROM customer_addresses o
                WHERE o.company_id = a.company_id AND o.customer_id = ANY (%(customers)s::uuid[]) AND o.id <> a.id
                  AND md5(o.address) = md5(a.address));

-- name: newer
-- Customers with addresses that came since.
-- params: company (uuid), customers (uuid[]), lasting (uuid[])
SELECT DISTINCT a.customer_id FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.customer_id = ANY (%(customers)s::uuid[]) AND a.id <> ALL (%(lasting)s::uuid[]);
