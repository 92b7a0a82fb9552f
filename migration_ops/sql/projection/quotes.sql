-- name: quotes
-- columns: id, company_id, customer_id, lead_id, quote_number, job_name, description, subtotal, discount_amount,
--   tax_rate, tax_amount, total, notes, status, sent_at, created_by, created_at, updated_at
SELECT d.id, d.company_id, d.customer_id, CASE WHEN d.has_lead THEN d.id END, d.quote_number, d.job_name,
       d.description, d.subtotal, d.discount_amount, d.tax_rate, d.tax_amount, d.total, d.notes,
       coalesce(d.status, 'draft'), d.sent_at, d.user_id, d.created_at, d.updated_at
  FROM batch_deal d
 WHERE d.has_quote;
