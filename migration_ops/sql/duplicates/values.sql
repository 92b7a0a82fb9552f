-- The desk for values: phones, mailboxes, addresses and names that many customers use.

-- name: contact_values
-- Phones, mailboxes and names by use, those of the most customers first, with the names they are used under.
-- params: company (uuid), least (int; customers), most (int)
SELECT v.kind, v.value, v.customers, v.contacts, v.names FROM (
(SELECT 'phone' AS kind, c.phone_key AS value, count(DISTINCT c.customer_id)::integer AS customers, count(*)::integer AS contacts,
        (array_agg(DISTINCT c.name_key) FILTER (WHERE c.name_key IS NOT NULL))[1:400] AS names
   FROM customer_contacts c
  WHERE c.company_id = %(company)s AND c.phone_key IS NOT NULL
  GROUP BY c.phone_key HAVING count(DISTINCT c.customer_id) >= %(least)s
  ORDER BY count(DISTINCT c.customer_id) DESC, c.phone_key LIMIT %(most)s)
UNION ALL
(SELECT 'mailbox', c.email_key, count(DISTINCT c.customer_id)::integer, count(*)::integer,
        (array_agg(DISTINCT c.name_key) FILTER (WHERE c.name_key IS NOT NULL))[1:400]
   FROM customer_contacts c
  WHERE c.company_id = %(company)s AND c.email_key IS NOT NULL
  GROUP BY c.email_key HAVING count(DISTINCT c.customer_id) >= %(least)s
  ORDER BY count(DISTINCT c.customer_id) DESC, c.email_key LIMIT %(most)s)
UNION ALL
(SELECT 'name', c.name_key, count(DISTINCT c.customer_id)::integer, count(*)::integer, ARRAY[c.name_key]
   FROM customer_contacts c
  WHERE c.company_id = %(company)s AND c.name_key IS NOT NULL
  GROUP BY c.name_key HAVING count(DISTINCT c.customer_id) >= %(least)s
  ORDER BY count(DISTINCT c.customer_id) DESC, c.name_key LIMIT %(most)s)
UNION ALL
(SELECT 'address', min(a.address), count(DISTINCT a.customer_id)::integer, count(*)::integer,
        (array_agg(DISTINCT lower(u.name)) FILTER (WHERE u.name <> ''))[1:400]
   FROM customer_addresses a
   JOIN customers_new u ON u.company_id = a.company_id AND u.id = a.customer_id
  WHERE a.company_id = %(company)s
  GROUP BY lower(a.address) HAVING count(DISTINCT a.customer_id) >= %(least)s
  ORDER BY count(DISTINCT a.customer_id) DESC, lower(min(a.address)) LIMIT %(most)s)) AS v;

-- name: contacts_of_value
-- Contacts that use a phone, mailbox or name, with their customers. Names have no index: for one the company is read.
-- params: company (uuid), kind (text), value (text), most (int)
(SELECT c.id, c.customer_id FROM customer_contacts c
  WHERE %(kind)s = 'phone' AND c.company_id = %(company)s AND md5(c.phone_key) = md5(%(value)s) AND c.phone_key = %(value)s
  LIMIT %(most)s)
UNION
(SELECT c.id, c.customer_id FROM customer_contacts c
  WHERE %(kind)s = 'mailbox' AND c.company_id = %(company)s AND md5(c.email_key) = md5(%(value)s) AND c.email_key = %(value)s
  LIMIT %(most)s)
UNION
(SELECT c.id, c.customer_id FROM customer_contacts c
  WHERE %(kind)s IN ('phone', 'mailbox') AND c.company_id = %(company)s AND NOT c.extra_keys = '{}'
    AND c.extra_keys @> ARRAY[%(value)s::text]
  LIMIT %(most)s)
UNION
(SELECT c.id, c.customer_id FROM customer_contacts c
  WHERE %(kind)s = 'name' AND c.company_id = %(company)s AND c.name_key = %(value)s
  LIMIT %(most)s)
 ORDER BY 2, 1
 LIMIT %(most)s;

-- name: contacts_of_customers
-- params: company (uuid), customers (uuid[]), most (int)
SELECT c.id, c.customer_id FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
 ORDER BY 2, 1
 LIMIT %(most)s;

-- name: near
-- These contacts and those that share a phone, a mailbox or the customer with one of them, as "contacts" of search.sql
-- has them, but with all addresses of the customer: which a contact was recorded with would take reading the company.
-- params: company (uuid), ids (uuid[]), most (int)
WITH used AS MATERIALIZED (
    SELECT c.id, c.customer_id, c.email_key, c.phone_key FROM customer_contacts c
     WHERE c.company_id = %(company)s AND c.id = ANY (%(ids)s::uuid[])),
chosen AS (
    (SELECT id FROM used)
    UNION
    (SELECT c.id FROM (SELECT DISTINCT phone_key FROM used WHERE phone_key IS NOT NULL) AS k
       JOIN customer_contacts c ON c.company_id = %(company)s AND md5(c.phone_key) = md5(k.phone_key) AND c.phone_key = k.phone_key
      LIMIT %(most)s)
    UNION
    (SELECT c.id FROM (SELECT DISTINCT email_key FROM used WHERE email_key IS NOT NULL) AS k
       JOIN customer_contacts c ON c.company_id = %(company)s AND md5(c.email_key) = md5(k.email_key) AND c.email_key = k.email_key
      LIMIT %(most)s)
    UNION
    (SELECT c.id FROM (SELECT DISTINCT customer_id FROM used) AS k
       JOIN customer_contacts c ON c.company_id = %(company)s AND c.customer_id = k.customer_id
      LIMIT %(most)s))
SELECT c.id, c.customer_id, c.name_key, c.email_key, c.phone_key, c.extra_keys, CASE WHEN c.phone_key IS NULL THEN c.phone END,
       coalesce((SELECT (array_agg(DISTINCT a.address ORDER BY a.address))[1:3] FROM customer_addresses a
                  WHERE a.company_id = c.company_id AND a.customer_id = c.customer_id), '{}')
  FROM (SELECT id FROM chosen ORDER BY id LIMIT %(most)s) AS n
  JOIN customer_contacts c ON c.id = n.id AND c.company_id = %(company)s
  JOIN customers_new u ON u.id = c.customer_id AND u.company_id = c.company_id
 WHERE NOT u.is_placeholder
 ORDER BY c.id;

-- name: users
-- What identity compares of each contact of these customers.
-- params: company (uuid), customers (uuid[])
SELECT c.customer_id, c.id, c.name, c.email, c.phone, c.first_seen_at
  FROM customer_contacts c
 WHERE c.company_id = %(company)s AND c.customer_id = ANY (%(customers)s::uuid[])
 ORDER BY c.customer_id, c.id
 LIMIT 20000;
