-- What the chunk says beyond the projection's own target blocks.

-- name: recorded_contacts
-- columns: id, company_id, customer_id, name, email, phone
SELECT DISTINCT ON (d.contact_id) d.contact_id AS id, d.company_id, d.customer_id, d.customer_name AS name, d.email,
       d.phone, d.id AS legacy_id
  FROM batch_deal d
 WHERE NOT d.is_placeholder
 ORDER BY d.contact_id, d.id;

-- name: recorded_addresses
-- columns: id, company_id, customer_id, address
SELECT DISTINCT ON (d.address_id) d.address_id AS id, d.company_id, d.customer_id, d.address_text AS address,
       d.id AS legacy_id
  FROM batch_deal d
 WHERE NOT d.is_placeholder AND d.address_id IS NOT NULL
 ORDER BY d.address_id, d.id;

-- name: quarantine
-- columns: id, company_id, reason, field
-- params: company (uuid)
SELECT DISTINCT ON (r.legacy_id) r.legacy_id AS id, %(company)s::uuid AS company_id, r.reason, r.field,
       r.legacy_id
  FROM batch_reject r
 ORDER BY r.legacy_id, r.place, r.field;
