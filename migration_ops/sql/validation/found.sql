-- What the new tables hold for a chunk of legacy ids: one block for each thing the projection writes, in the
-- columns that are compared, with the legacy row it belongs to.
--
-- owner, via: the legacy row of a projected row b. All blocks: params company (uuid), low and high (uuid, both
-- included), ids (uuid[]; NULL takes the whole range). Rows below a quote are reached from it: the references that
-- hold them there are enforced.

-- name: leads
-- table: leads_new
-- owner: b.id
SELECT t.id, t.company_id, t.customer_id, t.status, t.description, t.scheduled_visit_at, t.notes, t.created_by,
       t.created_at, t.updated_at, t.id AS legacy_id
  FROM leads_new t
 WHERE t.company_id = %(company)s AND t.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR t.id = ANY (%(ids)s::uuid[]));

-- name: quotes
-- table: quotes_new
-- owner: b.id
SELECT t.id, t.company_id, t.customer_id, t.lead_id, t.quote_number, t.job_name, t.description, t.subtotal,
       t.discount_amount, t.tax_rate, t.tax_amount, t.total, t.notes, t.status, t.sent_at, t.created_by,
       t.created_at, t.updated_at, t.id AS legacy_id
  FROM quotes_new t
 WHERE t.company_id = %(company)s AND t.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR t.id = ANY (%(ids)s::uuid[]));

-- name: quote_items
-- table: quote_items_new
-- owner: b.quote_id
SELECT t.id, t.company_id, t.quote_id, t.position, t.name, t.description, t.quantity, t.unit_price, t.total,
       t.option_tier, t.is_upsell, t.is_discount, t.sort_order, t.created_at, t.updated_at, q.id AS legacy_id
  FROM quotes_new q
  JOIN quote_items_new t ON t.quote_id = q.id
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]));

-- name: jobs
-- table: jobs_new
-- owner: b.quote_id
SELECT t.id, t.company_id, t.quote_id, t.customer_id, t.job_number, t.title, t.description, t.status,
       t.scheduled_start, t.actual_start, t.actual_end, t.created_at, t.updated_at, q.id AS legacy_id
  FROM quotes_new q
  JOIN jobs_new t ON t.quote_id = q.id
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]));

-- name: invoices
-- table: invoices_new
-- owner: d.id
-- via: LEFT JOIN batch_deal d ON d.has_invoice AND qp_child_id(d.id, 'invoice') = b.id
SELECT t.id, t.company_id, t.job_id, t.customer_id, t.invoice_number, t.amount_due, t.amount_paid, t.status,
       t.sent_at, t.paid_at, t.payment_method, t.payment_link_url, t.created_at, t.updated_at, q.id AS legacy_id
  FROM quotes_new q
  JOIN jobs_new j ON j.quote_id = q.id
  JOIN invoices_new t ON t.job_id = j.id
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]));

-- name: payments
-- table: payments
-- owner: d.id
-- via: LEFT JOIN batch_deal d ON d.is_paid AND qp_child_id(d.id, 'payment') = b.id
SELECT t.id, t.company_id, t.invoice_id, t.amount, t.method, t.paid_at, t.created_at, t.updated_at, q.id AS legacy_id
  FROM quotes_new q
  JOIN jobs_new j ON j.quote_id = q.id
  JOIN invoices_new v ON v.job_id = j.id
  JOIN payments t ON t.invoice_id = v.id
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]));

-- name: links
-- table: migration_legacy_link
-- owner: b.legacy_id
SELECT t.legacy_id AS id, t.company_id, t.contact_id, t.address_id, t.flags, t.residue, t.fingerprint, t.legacy_id
  FROM migration_legacy_link t
 WHERE t.company_id = %(company)s AND t.legacy_id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR t.legacy_id = ANY (%(ids)s::uuid[]));

-- name: customers
-- Placeholder customers of the chunk.
-- table: customers_new
-- owner: d.id
-- via: LEFT JOIN batch_deal d ON d.is_placeholder AND d.customer_id = b.id
SELECT t.id, t.company_id, t.name, t.email, t.phone, t.is_placeholder, t.created_at, d.id AS legacy_id
  FROM batch_deal d
  JOIN customers_new t ON t.company_id = d.company_id AND t.id = d.customer_id
 WHERE d.is_placeholder;

-- name: contacts
-- Placeholder contacts of the chunk.
-- table: customer_contacts
-- owner: d.id
-- via: LEFT JOIN batch_deal d ON d.is_placeholder AND d.contact_id = b.id
SELECT t.id, t.company_id, t.customer_id, t.name, t.email, t.phone, t.extra_keys, t.flags, t.first_seen_at,
       t.last_seen_at, d.id AS legacy_id
  FROM batch_deal d
  JOIN customer_contacts t ON t.company_id = d.company_id AND t.id = d.contact_id
 WHERE d.is_placeholder;

-- name: addresses
-- Addresses of placeholder customers of the chunk.
-- table: customer_addresses
-- owner: d.id
-- via: LEFT JOIN batch_deal d ON d.is_placeholder AND d.address_id = b.id
SELECT t.id, t.company_id, t.customer_id, t.address, t.is_primary, t.created_at, d.id AS legacy_id
  FROM batch_deal d
  JOIN customer_addresses t ON t.company_id = d.company_id AND t.customer_id = d.customer_id
 WHERE d.is_placeholder;

-- name: recorded_contacts
-- The contact each row is linked to, in the very texts the row recorded.
-- table: customer_contacts
SELECT DISTINCT ON (t.id) t.id, t.company_id, t.customer_id, t.name, t.email, t.phone, d.id AS legacy_id
  FROM batch_deal d
  JOIN customer_contacts t ON t.company_id = d.company_id AND t.id = d.contact_id
 WHERE NOT d.is_placeholder
 ORDER BY t.id, d.id;

-- name: recorded_addresses
-- The address each row is linked to.
-- table: customer_addresses
SELECT DISTINCT ON (t.id) t.id, t.company_id, t.customer_id, t.address, d.id AS legacy_id
  FROM batch_deal d
  JOIN customer_addresses t ON t.company_id = d.company_id AND t.id = d.address_id
 WHERE NOT d.is_placeholder
 ORDER BY t.id, d.id;

-- name: quarantine
-- Rows set aside for a reason the projection can see.
-- table: migration_quarantined_row
SELECT t.legacy_id AS id, t.company_id, t.reason, t.field, t.legacy_id
  FROM migration_quarantined_row t
 WHERE t.company_id = %(company)s AND t.legacy_id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR t.legacy_id = ANY (%(ids)s::uuid[]))
   AND t.resolution IN ('', 'waived') AND t.reason NOT IN ('projection_failed', 'encoding')
   AND (EXISTS (SELECT FROM batch_deal d WHERE d.id = t.legacy_id)
        OR EXISTS (SELECT FROM batch_reject r WHERE r.legacy_id = t.legacy_id));
