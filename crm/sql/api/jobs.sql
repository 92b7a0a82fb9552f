-- One line for each job of a company. Conditions, order and limit are appended.
-- params: company (uuid)
SELECT t.created_at, t.id, row_to_json(s)::text AS body
  FROM jobs_new t
  JOIN LATERAL (SELECT t.id, t.quote_id, t.customer_id, t.job_number, t.title, t.description, t.status,
                       t.scheduled_start, t.actual_start, t.actual_end,
                       (SELECT v.id FROM invoices_new v WHERE v.job_id = t.id ORDER BY v.created_at, v.id LIMIT 1) AS invoice_id,
                       t.created_at, t.updated_at) AS s ON true
 WHERE t.company_id = %(company)s
