-- One deal written through the application while its company is being moved: both sides in one transaction.

-- name: hold_row
-- The legacy row, held until the end, with the fingerprint its link would have if it were up to date.
SELECT hash_record_extended(q, 0), q.company_id = %(company)s FROM quotes q WHERE q.id = %(id)s FOR UPDATE OF q;

-- name: align
-- What a legacy row has one place for, and the CRM two: the row written last is right, on both.
WITH d AS (SELECT * FROM leads_new WHERE id = %(id)s AND company_id = %(company)s),
     q AS (SELECT * FROM quotes_new WHERE id = %(id)s AND company_id = %(company)s),
     j AS (SELECT * FROM jobs_new WHERE quote_id = %(id)s AND company_id = %(company)s),
     one AS (
         SELECT CASE WHEN q.id IS NULL OR d.updated_at > q.updated_at THEN d.description ELSE q.description END AS description,
                CASE WHEN q.id IS NULL OR d.updated_at > q.updated_at THEN d.notes ELSE q.notes END AS notes,
                CASE WHEN j.id IS NULL OR d.updated_at > j.updated_at OR j.scheduled_start IS NULL
                     THEN coalesce(d.scheduled_visit_at, j.scheduled_start) ELSE j.scheduled_start END AS scheduled_at,
                coalesce(d.created_at, q.created_at) AS created_at,
                greatest(d.updated_at, q.updated_at, j.updated_at,
                         (SELECT max(v.updated_at) FROM invoices_new v WHERE v.job_id = j.id)) AS updated_at,
                q.job_name
           FROM (SELECT 1) AS always LEFT JOIN d ON true LEFT JOIN q ON true LEFT JOIN j ON true),
     leads AS (UPDATE leads_new t SET description = one.description, notes = one.notes, scheduled_visit_at = one.scheduled_at,
                                      created_at = one.created_at, updated_at = one.updated_at
                 FROM one WHERE t.id = %(id)s AND t.company_id = %(company)s),
     jobs AS (UPDATE jobs_new t SET title = one.job_name, description = one.description, scheduled_start = one.scheduled_at,
                                    created_at = one.created_at, updated_at = one.updated_at
                FROM one WHERE t.quote_id = %(id)s AND t.company_id = %(company)s)
UPDATE quotes_new t SET description = one.description, notes = one.notes, created_at = one.created_at,
                        updated_at = one.updated_at
  FROM one WHERE t.id = %(id)s AND t.company_id = %(company)s;

-- name: held
-- What the CRM holds of the deal; times of writing apart.
SELECT jsonb_build_object(
    'lead', (SELECT to_jsonb(d) - '{created_at,updated_at,created_by}'::text[] FROM leads_new d
              WHERE d.id = %(id)s AND d.company_id = %(company)s),
    'quote', (SELECT to_jsonb(q) - '{created_at,updated_at,created_by}'::text[] FROM quotes_new q
               WHERE q.id = %(id)s AND q.company_id = %(company)s),
    'items', (SELECT jsonb_agg(to_jsonb(i) - '{created_at,updated_at}'::text[] ORDER BY i.position) FROM quote_items_new i
               WHERE i.quote_id = %(id)s AND i.company_id = %(company)s),
    'jobs', (SELECT jsonb_agg(to_jsonb(j) - '{created_at,updated_at}'::text[] ORDER BY j.id) FROM jobs_new j
              WHERE j.quote_id = %(id)s AND j.company_id = %(company)s),
    'invoices', (SELECT jsonb_agg(to_jsonb(v) - '{created_at,updated_at}'::text[] ORDER BY v.id)
                   FROM invoices_new v JOIN jobs_new j ON j.id = v.job_id
                  WHERE j.quote_id = %(id)s AND j.company_id = %(company)s),
    'payments', (SELECT jsonb_agg(to_jsonb(p) - '{created_at,updated_at}'::text[] ORDER BY p.id)
                   FROM payments p JOIN invoices_new v ON v.id = p.invoice_id JOIN jobs_new j ON j.id = v.job_id
                  WHERE j.quote_id = %(id)s AND j.company_id = %(company)s));

-- name: open_link
-- A new deal's link: the contact it is recorded under.
INSERT INTO migration_legacy_link (legacy_id, company_id, contact_id, address_id, flags, residue, fingerprint, mapping_version)
VALUES (%(id)s, %(company)s, %(contact)s, %(address)s, '{}', NULL, 0, %(mapping_version)s);

-- name: forget_captured
-- Captured changes of a deal that was just brought up to date under its row's lock.
DELETE FROM migration_outbox WHERE legacy_id = %(id)s AND company_id = %(company)s AND state = 'pending';

-- name: remove_row
DELETE FROM quotes WHERE id = %(id)s AND company_id = %(company)s;

-- name: place_address
INSERT INTO customer_addresses AS a (id, company_id, customer_id, address, is_primary, created_at, last_used_at)
SELECT qp_child_id(%(customer)s, 'address:' || md5(t.address)), %(company)s, %(customer)s, t.address, false,
       %(first_at)s, %(first_at)s
  FROM (SELECT qp_address(%(message)s) AS address) AS t
 WHERE t.address IS NOT NULL
ON CONFLICT (company_id, customer_id, md5(address)) DO UPDATE SET last_used_at = greatest(a.last_used_at, EXCLUDED.last_used_at)
RETURNING a.id;

-- name: touch_contact
UPDATE customer_contacts SET last_seen_at = greatest(last_seen_at, %(last_at)s) WHERE id = %(contact)s AND company_id = %(company)s;

-- name: customer_of
-- Customer, contact and address of a deal.
SELECT c.customer_id, l.contact_id, l.address_id
  FROM migration_legacy_link l JOIN customer_contacts c ON c.id = l.contact_id
 WHERE l.legacy_id = %(id)s AND l.company_id = %(company)s;

-- name: remove_1_payments
DELETE FROM payments p USING invoices_new v, jobs_new j
 WHERE v.id = p.invoice_id AND j.id = v.job_id AND j.quote_id = %(id)s AND j.company_id = %(company)s;

-- name: remove_2_invoices
DELETE FROM invoices_new v USING jobs_new j WHERE j.id = v.job_id AND j.quote_id = %(id)s AND j.company_id = %(company)s;

-- name: remove_3_jobs
DELETE FROM jobs_new WHERE quote_id = %(id)s AND company_id = %(company)s;

-- name: remove_4_items
DELETE FROM quote_items_new WHERE quote_id = %(id)s AND company_id = %(company)s;

-- name: remove_5_quotes
DELETE FROM quotes_new WHERE id = %(id)s AND company_id = %(company)s;

-- name: remove_6_leads
DELETE FROM leads_new WHERE id = %(id)s AND company_id = %(company)s;

-- name: remove_7_links
DELETE FROM migration_legacy_link WHERE legacy_id = %(id)s AND company_id = %(company)s;

-- name: remove_unused_1_conflicts
DELETE FROM migration_dedup_conflict k
 WHERE (k.contact_a_id = %(contact)s OR k.contact_b_id = %(contact)s) AND k.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = %(company)s AND l.contact_id = %(contact)s);

-- name: remove_unused_2_contacts
DELETE FROM customer_contacts c
 WHERE c.id = %(contact)s AND c.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = %(company)s AND l.contact_id = %(contact)s);

-- name: remove_unused_3_addresses
DELETE FROM customer_addresses a
 WHERE a.customer_id = %(customer)s AND a.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM customer_contacts c WHERE c.company_id = %(company)s AND c.customer_id = %(customer)s);

-- name: remove_unused_4_customers
DELETE FROM customers_new c
 WHERE c.id = %(customer)s AND c.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM customer_contacts o WHERE o.company_id = %(company)s AND o.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM leads_new d WHERE d.company_id = %(company)s AND d.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM quotes_new q WHERE q.company_id = %(company)s AND q.customer_id = c.id);
