-- Drift repaired: what is looked at before and after, and what the projection alone does not mend.

-- name: deal_rows
-- Every row of these deals on both sides, as JSON text: table, id, deal, row.
-- params: company (uuid), ids (uuid[])
SELECT 'quotes', t.id, t.id, to_jsonb(t) FROM quotes t WHERE t.company_id = %(company)s AND t.id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'leads_new', t.id, t.id, to_jsonb(t) FROM leads_new t WHERE t.company_id = %(company)s AND t.id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'quotes_new', t.id, t.id, to_jsonb(t) FROM quotes_new t WHERE t.company_id = %(company)s AND t.id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'quote_items_new', t.id, t.quote_id, to_jsonb(t) FROM quote_items_new t
 WHERE t.company_id = %(company)s AND t.quote_id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'jobs_new', t.id, t.quote_id, to_jsonb(t) FROM jobs_new t
 WHERE t.company_id = %(company)s AND t.quote_id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'invoices_new', t.id, j.quote_id, to_jsonb(t) FROM invoices_new t JOIN jobs_new j ON j.id = t.job_id
 WHERE t.company_id = %(company)s AND j.quote_id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'payments', t.id, j.quote_id, to_jsonb(t) FROM payments t JOIN invoices_new v ON v.id = t.invoice_id
  JOIN jobs_new j ON j.id = v.job_id
 WHERE t.company_id = %(company)s AND j.quote_id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'migration_legacy_link', t.legacy_id, t.legacy_id, to_jsonb(t) - '{batch_id,mapping_version}'::text[]
  FROM migration_legacy_link t WHERE t.company_id = %(company)s AND t.legacy_id = ANY (%(ids)s::uuid[])
UNION ALL
SELECT 'migration_quarantined_row', t.legacy_id, t.legacy_id, to_jsonb(t) FROM migration_quarantined_row t
 WHERE t.company_id = %(company)s AND t.legacy_id = ANY (%(ids)s::uuid[]);

-- name: people_rows
-- These customers, contacts and addresses: table, id, no deal, row.
-- params: company (uuid), customers (uuid[])
SELECT 'customers_new', t.id, NULL::uuid, to_jsonb(t) FROM customers_new t
 WHERE t.company_id = %(company)s AND t.id = ANY (%(customers)s::uuid[])
UNION ALL
SELECT 'customer_contacts', t.id, NULL, to_jsonb(t) FROM customer_contacts t
 WHERE t.company_id = %(company)s AND (t.id = ANY (%(customers)s::uuid[]) OR t.customer_id = ANY (%(customers)s::uuid[]))
UNION ALL
SELECT 'customer_addresses', t.id, NULL, to_jsonb(t) FROM customer_addresses t
 WHERE t.company_id = %(company)s AND (t.id = ANY (%(customers)s::uuid[]) OR t.customer_id = ANY (%(customers)s::uuid[]));

-- name: customers_of
-- Customers these deals, and these contacts and addresses, belong to.
-- params: company (uuid), ids (uuid[]: deals), customers (uuid[]: customers, contacts, addresses)
SELECT c.customer_id FROM migration_legacy_link l JOIN customer_contacts c ON c.id = l.contact_id
 WHERE l.company_id = %(company)s AND l.legacy_id = ANY (%(ids)s::uuid[])
UNION
SELECT c.customer_id FROM quotes q
  JOIN customer_contacts c ON c.id = qp_contact_id(q.company_id, q.customer_name, q.email, q.phone)
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[])
UNION
SELECT c.customer_id FROM customer_contacts c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
UNION
SELECT a.customer_id FROM customer_addresses a WHERE a.company_id = %(company)s AND a.id = ANY (%(customers)s::uuid[])
UNION
SELECT c.id FROM customers_new c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[]);

-- name: restore_contacts
-- A contact's id follows from its texts: one whose texts were changed gets back what the rows recorded.
-- params: company (uuid), ids (uuid[])
UPDATE customer_contacts c SET name = q.customer_name, email = q.email, phone = q.phone
  FROM quotes q
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]) AND c.company_id = q.company_id
   AND c.id = CASE WHEN coalesce(qp_text(q.customer_name), qp_text(q.email), qp_text(q.phone)) IS NULL
                   THEN qp_child_id(q.id, 'contact')
                   ELSE qp_contact_id(q.company_id, q.customer_name, q.email, q.phone) END
   AND (c.name, c.email, c.phone) IS DISTINCT FROM (q.customer_name, q.email, q.phone);

-- name: restore_addresses
-- params: company (uuid), ids (uuid[])
UPDATE customer_addresses a SET address = qp_address(q.address)
  FROM quotes q
  JOIN customer_contacts c ON c.id = qp_contact_id(q.company_id, q.customer_name, q.email, q.phone)
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]) AND a.company_id = q.company_id
   AND a.id = qp_child_id(c.customer_id, 'address:' || md5(qp_address(q.address)))
   AND a.address IS DISTINCT FROM qp_address(q.address)
   AND NOT EXISTS (SELECT FROM customer_addresses o WHERE o.company_id = a.company_id AND o.customer_id = a.customer_id
                      AND md5(o.address) = md5(qp_address(q.address)));

-- name: contacts_keys
-- Contacts whose keys are worked out again: id, name, e-mail, phone.
-- params: company (uuid), customers (uuid[])
SELECT c.id, c.name, c.email, c.phone FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[]) AND NOT 'customer_placeholder' = ANY (c.flags);

-- name: set_keys
UPDATE customer_contacts c
   SET name_key = %(name_key)s, email_key = %(email_key)s, phone_key = %(phone_key)s, extra_keys = %(extra_keys)s, flags = %(flags)s
 WHERE c.company_id = %(company)s AND c.id = %(id)s
   AND (c.name_key, c.email_key, c.phone_key, c.extra_keys, c.flags)
       IS DISTINCT FROM (%(name_key)s, %(email_key)s, %(phone_key)s, %(extra_keys)s::text[], %(flags)s::text[]);

-- name: remove_extra_1_payments
-- Rows of the new side that nothing on the legacy side says, from the leaves up.
-- params: company (uuid), row_ids (uuid[]: rows that are too many)
DELETE FROM payments t WHERE t.company_id = %(company)s
   AND (t.id = ANY (%(row_ids)s::uuid[]) OR t.invoice_id = ANY (%(row_ids)s::uuid[])
        OR t.invoice_id IN (SELECT v.id FROM invoices_new v WHERE v.job_id = ANY (%(row_ids)s::uuid[])));

-- name: remove_extra_2_invoices
DELETE FROM invoices_new t WHERE t.company_id = %(company)s
   AND (t.id = ANY (%(row_ids)s::uuid[]) OR t.job_id = ANY (%(row_ids)s::uuid[]));

-- name: remove_extra_3_jobs
DELETE FROM jobs_new t WHERE t.company_id = %(company)s
   AND (t.id = ANY (%(row_ids)s::uuid[]) OR t.quote_id IN (SELECT q.id FROM quotes_new q WHERE q.id = ANY (%(row_ids)s::uuid[])
                                                              AND NOT EXISTS (SELECT FROM quotes s WHERE s.id = q.id AND s.company_id = q.company_id)));

-- name: remove_extra_4_items
DELETE FROM quote_items_new t WHERE t.company_id = %(company)s
   AND (t.id = ANY (%(row_ids)s::uuid[]) OR t.quote_id IN (SELECT q.id FROM quotes_new q WHERE q.id = ANY (%(row_ids)s::uuid[])
                                                              AND NOT EXISTS (SELECT FROM quotes s WHERE s.id = q.id AND s.company_id = q.company_id)));

-- name: remove_extra_5_quotes
-- A deal without a legacy row; one that has a row is the projection's to mend.
DELETE FROM quotes_new t WHERE t.company_id = %(company)s AND t.id = ANY (%(row_ids)s::uuid[])
   AND NOT EXISTS (SELECT FROM quotes s WHERE s.id = t.id AND s.company_id = t.company_id);

-- name: remove_extra_6_leads
DELETE FROM leads_new t WHERE t.company_id = %(company)s AND t.id = ANY (%(row_ids)s::uuid[])
   AND NOT EXISTS (SELECT FROM quotes s WHERE s.id = t.id AND s.company_id = t.company_id)
   AND NOT EXISTS (SELECT FROM quotes_new q WHERE q.company_id = t.company_id AND q.lead_id = t.id);

-- name: remove_stray_1_addresses
-- People nobody recorded: gone where nothing belongs to them.
-- params: company (uuid), customers (uuid[])
DELETE FROM customer_addresses a WHERE a.company_id = %(company)s AND a.id = ANY (%(customers)s::uuid[])
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = a.company_id AND l.address_id = a.id);

-- name: remove_stray_2_contacts
DELETE FROM customer_contacts c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.contact_id = c.id)
   AND NOT EXISTS (SELECT FROM migration_dedup_conflict d WHERE d.contact_a_id = c.id OR d.contact_b_id = c.id);

-- name: remove_stray_3_customers
DELETE FROM customers_new c WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[])
   AND NOT EXISTS (SELECT FROM customer_contacts k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM customer_addresses k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM customer_relations k WHERE k.company_id = c.company_id AND (k.customer_id = c.id OR k.other_id = c.id))
   AND NOT EXISTS (SELECT FROM customers_new k WHERE k.company_id = c.company_id AND k.merged_into = c.id)
   AND NOT EXISTS (SELECT FROM leads_new k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM quotes_new k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM jobs_new k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM invoices_new k WHERE k.company_id = c.company_id AND k.customer_id = c.id);

-- name: journal
INSERT INTO migration_repair (company_id, table_name, row_id, legacy_id, before, after, actor, at)
VALUES (%(company)s, %(name)s, %(id)s, %(a)s, %(before_row)s::jsonb, %(after_row)s::jsonb, %(actor)s, clock_timestamp());
