-- Customers, contacts and addresses, written from what was staged; parts by a hash of the cluster.

-- name: cluster_of_part
-- params: company (uuid), parts (int), part (int, from 0)
CREATE TEMPORARY TABLE IF NOT EXISTS batch_member (contact_id uuid NOT NULL, customer_id uuid NOT NULL)
    ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS batch_shared_phone (phone_md5 text NOT NULL) ON COMMIT DELETE ROWS;

-- name: members
INSERT INTO batch_member
SELECT s.id, qp_uuid(%(company)s, 'customer:' || coalesce(c.first_contact_id, s.id))
  FROM migration_staged_contact s
  LEFT JOIN migration_staged_cluster c ON c.contact_id = s.id
 WHERE s.company_id = %(company)s
   AND (uuid_hash_extended(coalesce(c.first_contact_id, s.id), 0) & 1073741823) %% %(parts)s = %(part)s;

-- name: shared_phones
-- Phones, as they are shown, of more than one customer of the company.
INSERT INTO batch_shared_phone
SELECT md5(s.display_phone)
  FROM migration_staged_contact s
  LEFT JOIN migration_staged_cluster c ON c.contact_id = s.id
 WHERE s.company_id = %(company)s AND s.display_phone IS NOT NULL
 GROUP BY s.display_phone
HAVING count(*) > 1 AND min(coalesce(c.first_contact_id, s.id)::text) <> max(coalesce(c.first_contact_id, s.id)::text);

-- name: living
-- A customer that was merged since stands for the one it is part of.
-- params: company (uuid)
WITH RECURSIVE up (id, at, into_id) AS (
    SELECT c.id, c.id, c.merged_into FROM customers_new c
     WHERE c.company_id = %(company)s AND c.merged_into IS NOT NULL
    UNION ALL
    SELECT u.id, c.id, c.merged_into FROM up u JOIN customers_new c ON c.company_id = %(company)s AND c.id = u.into_id)
UPDATE batch_member m SET customer_id = u.at FROM up u WHERE u.into_id IS NULL AND u.id = m.customer_id;

-- name: customers
-- The golden record: of each value the one recorded last. A phone that other customers have too is marked.
INSERT INTO customers_new (id, company_id, name, email, phone, is_placeholder, phone_is_shared, created_at, updated_at)
SELECT g.customer_id, %(company)s, coalesce(g.name, ''), g.email, g.phone, false,
       p.phone_md5 IS NOT NULL, g.first_at, g.last_at
  FROM (SELECT m.customer_id, min(s.first_seen_at) AS first_at, max(s.last_seen_at) AS last_at,
               (array_agg(s.display_name ORDER BY s.last_seen_at DESC, s.id) FILTER (WHERE s.display_name IS NOT NULL))[1]
               AS name,
               (array_agg(s.display_email ORDER BY s.last_seen_at DESC, s.id) FILTER (WHERE s.display_email IS NOT NULL))[1]
               AS email,
               (array_agg(s.display_phone ORDER BY s.last_seen_at DESC, s.id) FILTER (WHERE s.display_phone IS NOT NULL))[1]
               AS phone
          FROM batch_member m
          JOIN migration_staged_contact s ON s.id = m.contact_id
         GROUP BY m.customer_id) AS g
  LEFT JOIN batch_shared_phone p ON p.phone_md5 = md5(g.phone)
ON CONFLICT (id, company_id) DO NOTHING;

-- name: contacts
INSERT INTO customer_contacts (id, company_id, customer_id, name, email, phone, name_key, email_key, phone_key,
                               extra_keys, flags, first_seen_at, last_seen_at)
SELECT s.id, %(company)s, m.customer_id, s.name, s.email, s.phone, s.name_key, s.email_key, s.phone_key,
       s.extra_keys, s.flags, s.first_seen_at, s.last_seen_at
  FROM batch_member m
  JOIN migration_staged_contact s ON s.id = m.contact_id
 ORDER BY s.id
ON CONFLICT (id, company_id) DO NOTHING;

-- name: addresses
-- Who has a primary address is read once, before: asked for each address of an empty table, it would be answered by reading
-- again and again what this statement has written so far.
WITH settled AS MATERIALIZED (
    SELECT p.customer_id FROM customer_addresses p WHERE p.company_id = %(company)s AND p.is_primary)
INSERT INTO customer_addresses (id, company_id, customer_id, address, is_primary, created_at, last_used_at)
SELECT qp_child_id(g.customer_id, 'address:' || md5(g.address)), %(company)s, g.customer_id, g.address,
       row_number() OVER (PARTITION BY g.customer_id ORDER BY g.last_at DESC, md5(g.address)) = 1
       AND p.customer_id IS NULL,
       g.first_at, g.last_at
  FROM (SELECT m.customer_id, a.address, min(a.first_seen_at) AS first_at, max(a.last_seen_at) AS last_at
          FROM batch_member m
          JOIN migration_staged_address a ON a.contact_id = m.contact_id
         GROUP BY 1, 2) AS g
  LEFT JOIN settled p ON p.customer_id = g.customer_id
ON CONFLICT DO NOTHING;

-- name: conflicts
INSERT INTO migration_dedup_conflict (company_id, contact_a_id, contact_b_id, reason, score, evidence, state, created_at)
SELECT f.company_id, f.contact_a_id, f.contact_b_id, f.reason, f.score, f.evidence, 'open', now()
  FROM migration_staged_finding f
  JOIN customer_contacts a ON a.id = f.contact_a_id
  JOIN customer_contacts b ON b.id = f.contact_b_id
 WHERE f.company_id = %(company)s AND f.kind = 'conflict' AND a.customer_id <> b.customer_id
ON CONFLICT (contact_a_id, contact_b_id) DO NOTHING;

-- name: relations
INSERT INTO customer_relations (id, company_id, customer_id, other_id, kind)
SELECT DISTINCT ON (1) qp_uuid(a.customer_id, f.kind || ':' || b.customer_id), f.company_id, a.customer_id, b.customer_id, f.kind
  FROM migration_staged_finding f
  JOIN customer_contacts a ON a.id = f.contact_a_id
  JOIN customer_contacts b ON b.id = f.contact_b_id
 WHERE f.company_id = %(company)s AND f.kind <> 'conflict' AND a.customer_id <> b.customer_id
ON CONFLICT DO NOTHING;
