-- name: invoices
-- columns: id, company_id, job_id, customer_id, invoice_number, amount_due, amount_paid, status, sent_at, paid_at,
--   payment_method, payment_link_url, created_at, updated_at
SELECT qp_child_id(d.id, 'invoice'), d.company_id, qp_child_id(d.id, 'job'), d.customer_id, qp_text(d.invoice_number), d.total,
       CASE WHEN d.is_paid THEN coalesce(d.total, 0) ELSE 0 END,
       CASE WHEN d.is_paid THEN 'paid' WHEN d.invoice_sent_at IS NOT NULL THEN 'sent' ELSE 'pending' END,
       d.invoice_sent_at, d.paid_at, d.payment_method, d.payment_link_url, d.created_at, d.updated_at
  FROM batch_deal d
 WHERE d.has_invoice;
