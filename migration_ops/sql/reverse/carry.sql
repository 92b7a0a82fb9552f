-- From the new tables back to the legacy row: what is settled before the inverse is asked, and the write itself.
-- All blocks: params company (uuid), ids (uuid[]: deals), unless they say otherwise.

-- name: people_deals
-- Deals whose contact or address was changed itself: these are recorded texts, and their rows say what they say.
-- params: customers (uuid[]: ids of contacts and addresses)
SELECT l.legacy_id FROM migration_legacy_link l
 WHERE l.company_id = %(company)s AND (l.contact_id = ANY (%(customers)s::uuid[]) OR l.address_id = ANY (%(customers)s::uuid[]));

-- name: edited_customers
-- Living customers among these, with what they show, and which of it a person settled.
-- params: customers (uuid[])
SELECT c.id, c.name, c.email, c.phone, c.settled FROM customers_new c
 WHERE c.company_id = %(company)s AND c.id = ANY (%(customers)s::uuid[]) AND c.merged_into IS NULL;

-- name: latest_deal
-- The customer's deal that was recorded last; the one whose legacy row takes up what staff change of the customer.
-- params: customer (uuid)
SELECT d.id FROM (SELECT q.id, q.created_at FROM quotes_new q WHERE q.company_id = %(company)s AND q.customer_id = %(customer)s
                  UNION ALL
                  SELECT d.id, d.created_at FROM leads_new d WHERE d.company_id = %(company)s AND d.customer_id = %(customer)s) AS d
 ORDER BY d.created_at DESC, d.id LIMIT 1;

-- name: note_contact
-- The contact that says what staff wrote, seen after all others of its customer.
-- params: id, customer, name, email, phone, name_key, email_key, phone_key, extra_keys, flags
INSERT INTO customer_contacts AS c (id, company_id, customer_id, name, email, phone, name_key, email_key, phone_key, extra_keys,
                                    flags, first_seen_at, last_seen_at)
SELECT %(id)s, %(company)s, %(customer)s, %(name)s, %(email)s, %(phone)s, %(name_key)s, %(email_key)s, %(phone_key)s,
       %(extra_keys)s, %(flags)s, coalesce(s.last_at, now()), coalesce(s.last_at + interval '1 microsecond', now())
  FROM (SELECT max(k.last_seen_at) AS last_at FROM customer_contacts k
         WHERE k.company_id = %(company)s AND k.customer_id = %(customer)s AND k.id <> %(id)s) AS s
ON CONFLICT (id, company_id) DO UPDATE SET last_seen_at = greatest(c.last_seen_at, EXCLUDED.last_seen_at)
 WHERE c.customer_id = EXCLUDED.customer_id
RETURNING c.id;

-- name: not_placeholder
-- params: customer (uuid)
UPDATE customers_new SET is_placeholder = false WHERE company_id = %(company)s AND id = %(customer)s AND is_placeholder;

-- name: relink_contact
-- params: id (deal), contact (uuid)
UPDATE migration_legacy_link SET contact_id = %(contact)s WHERE company_id = %(company)s AND legacy_id = %(id)s;

-- name: primary_addresses
-- Addresses staff made primary that their customer's last deal does not have: address, customer.
-- params: customers (uuid[]: ids of addresses)
SELECT a.id, a.customer_id FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.id = ANY (%(customers)s::uuid[]) AND a.is_primary
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = a.company_id AND l.address_id = a.id);

-- name: relink_address
-- params: id (deal), contact (uuid: the address)
WITH used AS (
    UPDATE customer_addresses a
       SET last_used_at = greatest(a.last_used_at, (SELECT max(o.last_used_at) + interval '1 microsecond' FROM customer_addresses o
                                                     WHERE o.company_id = a.company_id AND o.customer_id = a.customer_id))
     WHERE a.company_id = %(company)s AND a.id = %(contact)s)
UPDATE migration_legacy_link SET address_id = %(contact)s, residue = residue #- '{columns,address}'
 WHERE company_id = %(company)s AND legacy_id = %(id)s;

-- name: deals
-- Those of the deals that the new tables hold, with their customer (of the quote, else of the lead).
SELECT d.id, coalesce(q.customer_id, l.customer_id)
  FROM unnest(%(ids)s::uuid[]) AS d(id)
  LEFT JOIN quotes_new q ON q.id = d.id AND q.company_id = %(company)s
  LEFT JOIN leads_new l ON l.id = d.id AND l.company_id = %(company)s
 WHERE q.id IS NOT NULL OR l.id IS NOT NULL;

-- name: unlinked
-- Deals born on the new side, and deals given to another customer: deal, customer, the customer's last contact.
SELECT d.id, d.customer_id,
       (SELECT c.id FROM customer_contacts c WHERE c.company_id = %(company)s AND c.customer_id = d.customer_id
         ORDER BY c.last_seen_at DESC, c.id LIMIT 1),
       k.legacy_id IS NULL
  FROM (SELECT x.id, coalesce(q.customer_id, l.customer_id) AS customer_id
          FROM unnest(%(ids)s::uuid[]) AS x(id)
          LEFT JOIN quotes_new q ON q.id = x.id AND q.company_id = %(company)s
          LEFT JOIN leads_new l ON l.id = x.id AND l.company_id = %(company)s
         WHERE q.id IS NOT NULL OR l.id IS NOT NULL) AS d
  LEFT JOIN migration_legacy_link k ON k.legacy_id = d.id AND k.company_id = %(company)s
  LEFT JOIN customer_contacts c ON c.id = k.contact_id AND c.company_id = %(company)s
 WHERE k.legacy_id IS NULL OR c.customer_id IS DISTINCT FROM d.customer_id;

-- name: link_born
-- params: id (deal), contact (uuid), customer (uuid), mapping_version (int)
INSERT INTO migration_legacy_link (legacy_id, company_id, contact_id, address_id, flags, residue, fingerprint, mapping_version)
SELECT %(id)s, %(company)s, %(contact)s,
       (SELECT a.id FROM customer_addresses a WHERE a.company_id = %(company)s AND a.customer_id = %(customer)s AND a.is_primary),
       '{}', NULL, 0, %(mapping_version)s;

-- name: elsewhere
-- Deals whose legacy id another company has: ids are one space in legacy.
SELECT q.id FROM quotes q WHERE q.id = ANY (%(ids)s::uuid[]) AND q.company_id <> %(company)s;

-- name: settle_1_flags
-- An implied lead or quote that staff have worked with since is a real one: it is recorded from now on.
UPDATE migration_legacy_link l SET flags = array_remove(l.flags, 'lead_implied')
 WHERE l.company_id = %(company)s AND l.legacy_id = ANY (%(ids)s::uuid[]) AND 'lead_implied' = ANY (l.flags)
   AND EXISTS (SELECT FROM quotes_new q WHERE q.id = l.legacy_id AND q.company_id = l.company_id);

-- name: settle_2_lead
-- A quote and a lead of the same deal belong together.
UPDATE quotes_new q SET lead_id = q.id
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]) AND q.lead_id IS NULL
   AND EXISTS (SELECT FROM leads_new l WHERE l.id = q.id AND l.company_id = q.company_id);

-- name: settle_3_items_aside
-- Lines are known by their place: first out of the way, because places and ids are unique at every moment.
UPDATE quote_items_new i SET position = -n.place, id = gen_random_uuid()
  FROM (SELECT t.id, row_number() OVER (PARTITION BY t.quote_id ORDER BY t.position) AS place
          FROM quote_items_new t WHERE t.company_id = %(company)s AND t.quote_id = ANY (%(ids)s::uuid[])) AS n
 WHERE i.id = n.id AND i.company_id = %(company)s
   AND (i.position <> n.place OR i.id <> qp_child_id(i.quote_id, 'item:' || n.place));

-- name: settle_4_items
UPDATE quote_items_new i SET position = -i.position, id = qp_child_id(i.quote_id, 'item:' || -i.position)
 WHERE i.company_id = %(company)s AND i.quote_id = ANY (%(ids)s::uuid[]) AND i.position < 0;

-- name: settle_5_touched
-- A legacy row has one time of change for the whole deal: the latest of its parts.
WITH latest AS (
    SELECT d.id, max(d.at) AS at
      FROM (SELECT q.id, q.updated_at AS at FROM quotes_new q WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[])
            UNION ALL
            SELECT l.id, l.updated_at FROM leads_new l WHERE l.company_id = %(company)s AND l.id = ANY (%(ids)s::uuid[])
            UNION ALL
            SELECT j.quote_id, greatest(j.updated_at, v.updated_at, p.updated_at)
              FROM jobs_new j LEFT JOIN invoices_new v ON v.job_id = j.id LEFT JOIN payments p ON p.invoice_id = v.id
             WHERE j.company_id = %(company)s AND j.quote_id = ANY (%(ids)s::uuid[])) AS d
     GROUP BY 1),
of_quotes AS (
    UPDATE quotes_new q SET updated_at = n.at FROM latest n
     WHERE q.id = n.id AND q.company_id = %(company)s AND q.updated_at < n.at)
UPDATE leads_new l SET updated_at = n.at FROM latest n
 WHERE l.id = n.id AND l.company_id = %(company)s AND l.updated_at < n.at;

-- name: remove
-- Legacy rows of deals the new tables hold no more.
DELETE FROM quotes q
 WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[])
   AND EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = q.id AND l.company_id = q.company_id)
   AND NOT EXISTS (SELECT FROM quotes_new n WHERE n.id = q.id AND n.company_id = q.company_id)
   AND NOT EXISTS (SELECT FROM leads_new n WHERE n.id = q.id AND n.company_id = q.company_id);

-- name: recorded
-- Deals that have a legacy row already.
SELECT q.id FROM quotes q WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]);

-- name: edited_contact
-- Whose a contact is.
SELECT c.customer_id FROM customer_contacts c WHERE c.company_id = %(company)s AND c.id = %(id)s;

-- name: probe_quote
UPDATE quotes_new SET notes = %(name)s WHERE company_id = %(company)s AND id = %(id)s;

-- name: probe_lead
UPDATE leads_new SET notes = %(name)s WHERE company_id = %(company)s AND id = %(id)s;

-- name: probe_read
SELECT q.notes FROM quotes q WHERE q.id = %(id)s;

-- name: only_new
-- What legacy has no place for and the new tables keep: customers without a deal, addresses no deal has.
SELECT 'customers without a deal', count(*) FROM customers_new c
 WHERE c.company_id = %(company)s AND c.merged_into IS NULL
   AND NOT EXISTS (SELECT FROM quotes_new q WHERE q.company_id = c.company_id AND q.customer_id = c.id)
   AND NOT EXISTS (SELECT FROM leads_new l WHERE l.company_id = c.company_id AND l.customer_id = c.id)
UNION ALL
SELECT 'addresses without a deal', count(*) FROM customer_addresses a
 WHERE a.company_id = %(company)s AND a.id <> qp_child_id(a.customer_id, 'address:' || md5(a.address))
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.company_id = a.company_id AND l.address_id = a.id);

-- name: probe_deal
SELECT l.legacy_id FROM migration_legacy_link l JOIN quotes q ON q.id = l.legacy_id AND q.company_id = l.company_id
 WHERE l.company_id = %(company)s
 ORDER BY l.legacy_id LIMIT 1
   FOR UPDATE OF q SKIP LOCKED;
