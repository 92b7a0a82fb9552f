-- Rows that were projected before: what they no longer project to is removed, of the company they belonged to then.
-- A row that changed its company may be written for the new one at the same moment, by somebody else: only the company
-- a batch has found it in is the batch's business.

-- name: mark_known
-- Rows of the batch that already have a link (for a first pass there are none), and rows that were asked for
-- by id and are gone from this company.
-- params: company (uuid), ids (uuid[] or NULL)
INSERT INTO batch_known
SELECT l.legacy_id, l.company_id FROM migration_legacy_link l
 WHERE l.legacy_id IN (SELECT d.id FROM batch_deal d UNION ALL SELECT r.legacy_id FROM batch_reject r)
UNION
SELECT l.legacy_id, l.company_id FROM migration_legacy_link l
 WHERE l.legacy_id = ANY (%(ids)s::uuid[]) AND l.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = l.legacy_id AND q.company_id = l.company_id);

-- name: remove_stale_1_payments
DELETE FROM payments p USING batch_known k
 WHERE p.id = qp_child_id(k.legacy_id, 'payment') AND p.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.is_paid);

-- name: remove_stale_2_invoices
DELETE FROM invoices_new v USING batch_known k
 WHERE v.id = qp_child_id(k.legacy_id, 'invoice') AND v.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.has_invoice);

-- name: remove_stale_3_jobs
DELETE FROM jobs_new j USING batch_known k
 WHERE j.id = qp_child_id(k.legacy_id, 'job') AND j.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.has_job);

-- name: remove_stale_4_items
DELETE FROM quote_items_new i USING batch_known k
 WHERE i.quote_id = k.legacy_id AND i.company_id = k.company_id
   AND (NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id)
        OR i.position > (SELECT count(*) FROM batch_item n WHERE n.legacy_id = k.legacy_id));

-- name: remove_stale_5_quotes
DELETE FROM quotes_new q USING batch_known k
 WHERE q.id = k.legacy_id AND q.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.has_quote);

-- name: remove_stale_6_lead_references
-- A quote whose lead goes away lets go of it first; its own block would say the same a moment later.
UPDATE quotes_new q SET lead_id = NULL FROM batch_known k
 WHERE q.id = k.legacy_id AND q.company_id = k.company_id AND q.lead_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.has_lead);

-- name: remove_stale_7_leads
DELETE FROM leads_new l USING batch_known k
 WHERE l.id = k.legacy_id AND l.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id AND d.has_lead);

-- name: remove_stale_8_links
DELETE FROM migration_legacy_link l USING batch_known k
 WHERE l.legacy_id = k.legacy_id AND l.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id);

-- name: remove_stale_9_placeholder_addresses
-- A placeholder customer has the address of its row and no other; before the new one comes, because only one
-- can be primary.
DELETE FROM customer_addresses a USING batch_known k
 WHERE a.customer_id = qp_child_id(k.legacy_id, 'customer') AND a.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = k.company_id
                      AND d.is_placeholder AND d.address_id = a.id);

-- name: remove_placeholder_1_contacts
-- A row that has a contact now, or is gone, needs no placeholder customer any more.
DELETE FROM customer_contacts c USING batch_known k
 WHERE c.id = qp_child_id(k.legacy_id, 'contact') AND c.company_id = k.company_id
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = c.company_id AND d.is_placeholder);

-- name: remove_placeholder_2_customers
DELETE FROM customers_new c USING batch_known k
 WHERE c.id = qp_child_id(k.legacy_id, 'customer') AND c.company_id = k.company_id AND c.is_placeholder
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = k.legacy_id AND d.company_id = c.company_id AND d.is_placeholder)
   AND NOT EXISTS (SELECT FROM customer_contacts o WHERE o.company_id = c.company_id AND o.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM quotes_new q WHERE q.company_id = c.company_id AND q.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM leads_new l WHERE l.company_id = c.company_id AND l.customer_id = c.id);
