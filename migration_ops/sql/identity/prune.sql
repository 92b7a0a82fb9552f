-- Contacts that only quarantined rows have: their rows wait whole.

-- name: work_table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_unused (id uuid PRIMARY KEY, customer_id uuid NOT NULL) ON COMMIT DELETE ROWS;

-- name: unused
INSERT INTO batch_unused
SELECT c.id, c.customer_id
  FROM customer_contacts c
 WHERE c.company_id = %(company)s
   AND c.id IN (SELECT qp_contact_id(q.company_id, q.customer_name, q.email, q.phone)
                  FROM migration_quarantined_row z JOIN quotes q ON q.id = z.legacy_id
                 WHERE z.company_id = %(company)s AND z.resolution IN ('', 'waived'))
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.contact_id = c.id)
   AND NOT EXISTS (SELECT FROM migration_dedup_conflict d
                    WHERE (d.contact_a_id = c.id OR d.contact_b_id = c.id) AND d.state <> 'open')
   -- A customer that somebody merged or decided about keeps what it is known by.
   AND NOT EXISTS (SELECT FROM customer_merges m WHERE m.company_id = c.company_id AND m.survivor_id = c.customer_id)
   AND NOT EXISTS (SELECT FROM customer_merge_moves m
                    WHERE m.company_id = c.company_id AND m.customer_id = c.customer_id)
   AND NOT EXISTS (SELECT FROM customer_decisions d
                    WHERE d.company_id = c.company_id AND d.customer_a_id = c.customer_id)
   AND NOT EXISTS (SELECT FROM customer_decisions d
                    WHERE d.company_id = c.company_id AND d.customer_b_id = c.customer_id);

-- name: drop_conflicts
DELETE FROM migration_dedup_conflict d USING batch_unused u WHERE d.contact_a_id = u.id OR d.contact_b_id = u.id;

-- name: drop_contacts
DELETE FROM customer_contacts c USING batch_unused u WHERE c.id = u.id;

-- name: drop_addresses
-- Addresses of the customers concerned that no migrated row uses.
DELETE FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.customer_id IN (SELECT customer_id FROM batch_unused)
   AND NOT EXISTS (SELECT FROM migration_legacy_link l
                     JOIN customer_contacts c ON c.id = l.contact_id
                    WHERE c.company_id = a.company_id AND c.customer_id = a.customer_id AND l.address_id = a.id);

-- name: drop_relations_of
-- Relations of customers that have no contact left.
DELETE FROM customer_relations r
 USING (SELECT DISTINCT u.customer_id FROM batch_unused u
         WHERE NOT EXISTS (SELECT FROM customer_contacts c WHERE c.customer_id = u.customer_id)) AS g
 WHERE r.company_id = %(company)s AND r.customer_id = g.customer_id;

-- name: drop_relations_to
DELETE FROM customer_relations r
 USING (SELECT DISTINCT u.customer_id FROM batch_unused u
         WHERE NOT EXISTS (SELECT FROM customer_contacts c WHERE c.customer_id = u.customer_id)) AS g
 WHERE r.company_id = %(company)s AND r.other_id = g.customer_id;

-- name: drop_customers
DELETE FROM customers_new c
 WHERE c.company_id = %(company)s AND c.id IN (SELECT customer_id FROM batch_unused)
   AND NOT EXISTS (SELECT FROM customer_contacts o WHERE o.company_id = c.company_id AND o.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM quotes_new q WHERE q.company_id = c.company_id AND q.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM leads_new l WHERE l.company_id = c.company_id AND l.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM customers_new m WHERE m.merged_into = c.id);

-- name: concerned
SELECT DISTINCT u.customer_id FROM batch_unused u JOIN customers_new c ON c.id = u.customer_id;
