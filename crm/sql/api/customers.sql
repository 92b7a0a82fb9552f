-- One line for each customer of a company, with everything recorded of them. Conditions, order and limit are appended.
-- params: company (uuid)
SELECT t.created_at, t.id, row_to_json(s)::text AS body
  FROM customers_new t
  JOIN LATERAL (SELECT t.id, t.name, t.email, t.phone, t.is_placeholder,
                       coalesce((SELECT json_agg(json_build_object('name', c.name, 'email', c.email, 'phone', c.phone)
                                                 ORDER BY c.last_seen_at DESC, c.id)
                                   FROM (SELECT * FROM customer_contacts k
                                          WHERE k.company_id = t.company_id AND k.customer_id = t.id
                                          ORDER BY k.last_seen_at DESC, k.id LIMIT 20) AS c), '[]') AS contacts,
                       coalesce((SELECT json_agg(json_build_object('address', a.address, 'is_primary', a.is_primary)
                                                 ORDER BY a.is_primary DESC, a.last_used_at DESC, a.id)
                                   FROM (SELECT * FROM customer_addresses k
                                          WHERE k.company_id = t.company_id AND k.customer_id = t.id
                                          ORDER BY k.is_primary DESC, k.last_used_at DESC, k.id LIMIT 20) AS a), '[]')
                       AS addresses,
                       t.created_at, t.updated_at) AS s ON true
 WHERE t.company_id = %(company)s
