-- One line for each invoice of a company, with what was received. Conditions, order and limit are appended.
-- params: company (uuid)
SELECT t.created_at, t.id, row_to_json(s)::text AS body
  FROM invoices_new t
  JOIN LATERAL (SELECT t.id, t.job_id, t.customer_id, t.invoice_number, trim_scale(t.amount_due)::text AS amount_due,
                       trim_scale(t.amount_paid)::text AS amount_paid, t.status, t.sent_at, t.paid_at, t.payment_method,
                       t.payment_link_url,
                       coalesce((SELECT json_agg(json_build_object('id', p.id, 'amount', trim_scale(p.amount)::text,
                                                                   'method', p.method, 'paid_at', p.paid_at)
                                                 ORDER BY p.paid_at, p.id)
                                   FROM payments p WHERE p.invoice_id = t.id), '[]') AS payments,
                       t.created_at, t.updated_at) AS s ON true
 WHERE t.company_id = %(company)s
