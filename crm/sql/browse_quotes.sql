-- Quotes of one company for staff, the newest first. Conditions, order and limit are appended.
-- params: company (uuid)
SELECT t.id, t.created_at, t.quote_number, t.job_name, t.status, t.total, c.name AS customer_name, c.email, c.phone
  FROM quotes_new t
  JOIN customers_new c ON c.id = t.customer_id
 WHERE t.company_id = %(company)s
