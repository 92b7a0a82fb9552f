-- One line for each quote of a company, with its customer's name and its items in order. Conditions, order and limit
-- are appended. Numbers are texts, so that no reader makes floats of them.
-- params: company (uuid)
SELECT t.created_at, t.id, row_to_json(s)::text AS body
  FROM quotes_new t
  JOIN LATERAL (SELECT t.id, t.customer_id,
                       (SELECT c.name FROM customers_new c WHERE c.id = t.customer_id) AS customer_name,
                       t.lead_id, t.quote_number, t.job_name, t.description, t.notes, t.status,
                       trim_scale(t.subtotal)::text AS subtotal, trim_scale(t.discount_amount)::text AS discount_amount,
                       trim_scale(t.tax_rate)::text AS tax_rate, trim_scale(t.tax_amount)::text AS tax_amount,
                       trim_scale(t.total)::text AS total, t.sent_at,
                       (SELECT j.id FROM jobs_new j WHERE j.quote_id = t.id ORDER BY j.created_at, j.id LIMIT 1) AS job_id,
                       coalesce((SELECT json_agg(json_build_object(
                                            'position', i.position, 'name', i.name, 'description', i.description,
                                            'quantity', trim_scale(i.quantity)::text,
                                            'unit_price', trim_scale(i.unit_price)::text,
                                            'total', trim_scale(i.total)::text, 'option_tier', i.option_tier,
                                            'is_upsell', i.is_upsell, 'is_discount', i.is_discount) ORDER BY i.position)
                                   FROM quote_items_new i WHERE i.quote_id = t.id), '[]') AS items,
                       t.created_at, t.updated_at) AS s ON true
 WHERE t.company_id = %(company)s
