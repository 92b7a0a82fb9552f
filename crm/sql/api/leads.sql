-- One line for each lead of a company: its place in the list and its JSON. Conditions, order and limit are appended.
-- params: company (uuid)
SELECT t.created_at, t.id, row_to_json(s)::text AS body
  FROM leads_new t
  JOIN LATERAL (SELECT t.id, t.customer_id, t.status, t.description, t.notes, t.scheduled_visit_at,
                       (SELECT q.id FROM quotes_new q WHERE q.lead_id = t.id AND q.company_id = t.company_id LIMIT 1) AS quote_id,
                       t.created_at, t.updated_at) AS s ON true
 WHERE t.company_id = %(company)s
