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

-- name: users
-- Customers that use a phone, mailbox or name, with what identity compares of each of their contacts.
-- params: company (uuid), value (text)
SELECT c.customer_id, c.id, c.name, c.email, c.phone, c.first_seen_at
  FROM customer_contacts c
 WHERE c.company_id = %(company)s
   AND c.customer_id IN (SELECT k.customer_id FROM customer_contacts k
                          WHERE k.company_id = %(company)s
                            AND (k.phone_key = %(value)s OR k.email_key = %(value)s OR k.name_key = %(value)s
                                 OR k.extra_keys @> ARRAY[%(value)s::text])
                          GROUP BY k.customer_id)
 ORDER BY c.customer_id, c.id
 LIMIT 20000;
