-- name: payments
-- columns: id, company_id, invoice_id, amount, method, paid_at, created_at, updated_at
SELECT qp_child_id(d.id, 'payment'), d.company_id, qp_child_id(d.id, 'invoice'), coalesce(d.total, 0),
       coalesce(d.payment_method, 'unknown'), d.paid_at, d.paid_at, d.updated_at
  FROM batch_deal d
 WHERE d.is_paid;
