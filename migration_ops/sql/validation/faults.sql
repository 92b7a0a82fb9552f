-- Things there must be none of. Each block counts one; its `check` is the name people see.

-- name: ghost_links
-- check: links without a legacy row
SELECT count(*) FROM migration_legacy_link l
 WHERE l.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = l.legacy_id AND q.company_id = l.company_id);

-- name: ghost_quarantine
-- check: quarantine entries without a legacy row
SELECT count(*) FROM migration_quarantined_row z
 WHERE z.company_id = %(company)s AND z.resolution IN ('', 'waived')
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = z.legacy_id AND q.company_id = z.company_id);

-- name: unexplained_quarantine
-- check: quarantine entries not explained
SELECT count(*) FROM migration_quarantined_row z
 WHERE z.company_id = %(company)s
   AND (z.reason <> ALL (%(reasons)s::text[]) OR z.source IS NULL OR z.source = '{}' OR z.field = ''
        OR (z.resolution = 'waived' AND (qp_text(z.resolved_by) IS NULL OR qp_text(z.resolved_reason) IS NULL)));

-- name: links_without_contact
-- check: links without a contact
SELECT count(*) FROM migration_legacy_link l
 WHERE l.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM customer_contacts c WHERE c.company_id = l.company_id AND c.id = l.contact_id);

-- name: leads_without_customer
-- check: orphans: leads without customers
SELECT count(*) FROM leads_new l
  LEFT JOIN customers_new c ON c.id = l.customer_id AND c.company_id = l.company_id AND c.merged_into IS NULL
 WHERE l.company_id = %(company)s AND c.id IS NULL;

-- name: quotes_without_customer
-- check: orphans: quotes without customers
SELECT count(*) FROM quotes_new q
  LEFT JOIN customers_new c ON c.id = q.customer_id AND c.company_id = q.company_id AND c.merged_into IS NULL
 WHERE q.company_id = %(company)s AND c.id IS NULL;

-- name: items_without_quote
-- check: orphans: quote items without quotes
SELECT count(*) FROM quote_items_new i
  LEFT JOIN quotes_new q ON q.id = i.quote_id AND q.company_id = i.company_id
 WHERE i.company_id = %(company)s AND q.id IS NULL;

-- name: jobs_without_quote
-- check: orphans: jobs without quotes
SELECT count(*) FROM jobs_new j
  LEFT JOIN quotes_new q ON q.id = j.quote_id AND q.company_id = j.company_id
 WHERE j.company_id = %(company)s AND q.id IS NULL;

-- name: jobs_without_customer
-- check: orphans: jobs without customers
SELECT count(*) FROM jobs_new j
  LEFT JOIN customers_new c ON c.id = j.customer_id AND c.company_id = j.company_id AND c.merged_into IS NULL
 WHERE j.company_id = %(company)s AND c.id IS NULL;

-- name: invoices_without_job
-- check: orphans: invoices without jobs
SELECT count(*) FROM invoices_new v
  LEFT JOIN jobs_new j ON j.id = v.job_id AND j.company_id = v.company_id
 WHERE v.company_id = %(company)s AND j.id IS NULL;

-- name: invoices_without_customer
-- check: orphans: invoices without customers
SELECT count(*) FROM invoices_new v
  LEFT JOIN customers_new c ON c.id = v.customer_id AND c.company_id = v.company_id AND c.merged_into IS NULL
 WHERE v.company_id = %(company)s AND c.id IS NULL;

-- name: payments_without_invoice
-- check: orphans: payments without invoices
SELECT count(*) FROM payments p
  LEFT JOIN invoices_new v ON v.id = p.invoice_id AND v.company_id = p.company_id
 WHERE p.company_id = %(company)s AND v.id IS NULL;

-- name: contacts_without_customer
-- check: orphans: contacts without customers
SELECT count(*) FROM customer_contacts k
  LEFT JOIN customers_new c ON c.id = k.customer_id AND c.company_id = k.company_id AND c.merged_into IS NULL
 WHERE k.company_id = %(company)s AND c.id IS NULL;

-- name: addresses_without_customer
-- check: orphans: addresses without customers
SELECT count(*) FROM customer_addresses a
  LEFT JOIN customers_new c ON c.id = a.customer_id AND c.company_id = a.company_id AND c.merged_into IS NULL
 WHERE a.company_id = %(company)s AND c.id IS NULL;

-- name: unpaid
-- check: paid invoices without payments
SELECT count(*) FROM invoices_new v
 WHERE v.company_id = %(company)s AND v.status = 'paid'
   AND NOT EXISTS (SELECT FROM payments p WHERE p.invoice_id = v.id AND p.company_id = v.company_id);

-- name: paid_otherwise
-- check: invoices whose payments are not the amount paid
SELECT count(*) FROM invoices_new v
  LEFT JOIN (SELECT p.invoice_id, sum(p.amount) AS paid FROM payments p WHERE p.company_id = %(company)s GROUP BY 1) AS s
    ON s.invoice_id = v.id
 WHERE v.company_id = %(company)s AND v.amount_paid <> coalesce(s.paid, 0);

-- name: item_places
-- check: quotes whose items are not numbered 1 to n
SELECT count(*) FROM (
    SELECT i.quote_id FROM quote_items_new i WHERE i.company_id = %(company)s
     GROUP BY i.quote_id HAVING min(i.position) <> 1 OR max(i.position) <> count(*)) AS q;

-- name: primary_address
-- check: customers with addresses but not exactly one primary
SELECT count(*) FROM (
    SELECT a.customer_id FROM customer_addresses a WHERE a.company_id = %(company)s
     GROUP BY a.customer_id HAVING count(*) FILTER (WHERE a.is_primary) <> 1) AS c;

-- name: customers_without_contact
-- check: customers without a contact
SELECT count(*) FROM customers_new c
 WHERE c.company_id = %(company)s AND c.merged_into IS NULL
   AND NOT EXISTS (SELECT FROM customer_contacts k WHERE k.company_id = c.company_id AND k.customer_id = c.id);

-- name: foreign_links
-- check: links across companies
SELECT count(*) FROM migration_legacy_link l JOIN quotes q ON q.id = l.legacy_id
 WHERE l.company_id = %(company)s AND q.company_id <> l.company_id;

-- name: merged_in_circles
-- check: merges that lead to no living customer
WITH RECURSIVE up (id, at, path) AS (
    SELECT c.id, c.merged_into, ARRAY[c.id] FROM customers_new c
     WHERE c.company_id = %(company)s AND c.merged_into IS NOT NULL
    UNION ALL
    SELECT u.id, c.merged_into, u.path || c.id FROM up u JOIN customers_new c ON c.id = u.at
     WHERE c.merged_into IS NOT NULL AND c.id <> ALL (u.path) AND cardinality(u.path) < 100)
SELECT count(DISTINCT u.id) FROM up u JOIN customers_new c ON c.id = u.at
 WHERE c.merged_into IS NOT NULL AND (c.id = ANY (u.path) OR cardinality(u.path) >= 100);
