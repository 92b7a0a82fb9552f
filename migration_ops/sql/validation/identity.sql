-- Customers, contacts and addresses that come from identity and not from the projection of a row.

-- name: contacts
-- Every contact of a living customer with that customer's golden record, the contact recorded last first.
-- Placeholders are compared with the rows they stand for. Fields a person settled show what that person chose.
-- params: company (uuid)
SELECT c.customer_id, c.id, c.name, c.email, c.phone,
       c.name_key, c.email_key, c.phone_key, c.extra_keys, c.flags,
       g.name, g.email, g.phone, g.settled
  FROM customer_contacts c
  JOIN customers_new g ON g.company_id = c.company_id AND g.id = c.customer_id AND g.merged_into IS NULL
 WHERE c.company_id = %(company)s AND NOT g.is_placeholder AND NOT 'customer_placeholder' = ANY (c.flags)
 ORDER BY c.customer_id, c.last_seen_at DESC, c.id;

-- name: contact_count
-- params: company (uuid)
SELECT count(*)
  FROM customer_contacts c
  JOIN customers_new g ON g.company_id = c.company_id AND g.id = c.customer_id AND g.merged_into IS NULL
 WHERE c.company_id = %(company)s AND NOT g.is_placeholder AND NOT 'customer_placeholder' = ANY (c.flags);

-- name: strays
-- People nobody recorded. A contact's and an address's id follow from what they say, so that one a legacy row
-- once recorded is told from one that was made up, even when no row mentions it any more.
-- params: company (uuid)
SELECT 'customer_contacts', c.id, jsonb_build_array(c.name, c.email, c.phone)::text
  FROM customer_contacts c
 WHERE c.company_id = %(company)s
   AND c.id <> qp_contact_id(c.company_id, c.name, c.email, c.phone)
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.contact_id = c.id)
UNION ALL
SELECT 'customers_new', c.id, jsonb_build_array(c.name, c.email, c.phone)::text
  FROM customers_new c
 WHERE c.company_id = %(company)s AND c.merged_into IS NULL
   AND NOT EXISTS (SELECT FROM customer_contacts k WHERE k.company_id = c.company_id AND k.customer_id = c.id)
UNION ALL
SELECT 'customer_addresses', a.id, a.address
  FROM customer_addresses a
 WHERE a.company_id = %(company)s
   AND a.id <> qp_child_id(a.customer_id, 'address:' || md5(a.address))
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = a.company_id AND l.address_id = a.id)
   AND NOT EXISTS (SELECT FROM customers_new m WHERE m.company_id = a.company_id AND m.merged_into IS NOT NULL
                      AND a.id = qp_child_id(m.id, 'address:' || md5(a.address)));
