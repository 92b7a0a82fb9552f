-- Placeholder customers: a deal recorded without name, e-mail and phone has a customer, contact and
-- address of its own. All other customers come from the identity blocks, before the rows.

-- name: customers
-- columns: id, company_id, name, email, phone, is_placeholder, phone_is_shared, created_at, updated_at
SELECT d.customer_id, d.company_id, 'Unknown customer', NULL::text, NULL::text, true, false, d.created_at, d.created_at
  FROM batch_deal d
 WHERE d.is_placeholder;

-- name: contacts
-- columns: id, company_id, customer_id, name, email, phone, extra_keys, flags, first_seen_at, last_seen_at
SELECT d.contact_id, d.company_id, d.customer_id, d.customer_name, d.email, d.phone,
       '{}'::text[], '{customer_placeholder}'::text[], d.created_at, d.created_at
  FROM batch_deal d
 WHERE d.is_placeholder;

-- name: addresses
-- columns: id, company_id, customer_id, address, is_primary, created_at, last_used_at
SELECT d.address_id, d.company_id, d.customer_id, d.address_text, true, d.created_at, d.created_at
  FROM batch_deal d
 WHERE d.is_placeholder AND d.address_text IS NOT NULL;
