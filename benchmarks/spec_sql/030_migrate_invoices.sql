-- The specification's 030_migrate_invoices.sql, statement for statement.

-- step: invoices
-- Migrate invoices (from quotes that have invoice_number)
INSERT INTO invoices_new (
  id,
  company_id,
  job_id,
  customer_id,
  invoice_number,
  amount_due,
  amount_paid,
  status,
  sent_at,
  paid_at,
  payment_method,
  payment_link_url,
  created_at,
  updated_at
)
SELECT 
  gen_random_uuid() as id,
  q.company_id,
  j.id as job_id,
  c.id as customer_id,
  q.invoice_number,
  q.total as amount_due,
  CASE WHEN q.paid_at IS NOT NULL THEN q.total ELSE 0 END as amount_paid,
  CASE 
    WHEN q.paid_at IS NOT NULL THEN 'paid'
    WHEN q.invoice_sent_at IS NOT NULL THEN 'sent'
    ELSE 'pending'
  END as status,
  q.invoice_sent_at as sent_at,
  q.paid_at,
  q.payment_method,
  q.payment_link_url,
  q.created_at,
  q.updated_at
FROM quotes q
JOIN jobs_new j ON j.quote_id = q.id
JOIN customers_new c ON 
  c.company_id = q.company_id AND
  c.phone = q.phone
WHERE q.invoice_number IS NOT NULL;

-- step: payments
-- Migrate payments (create payment record for paid invoices)
INSERT INTO payments (
  id,
  invoice_id,
  amount,
  method,
  paid_at,
  created_at
)
SELECT 
  gen_random_uuid() as id,
  i.id as invoice_id,
  i.amount_due as amount,
  COALESCE(i.payment_method, 'unknown') as method,
  i.paid_at,
  i.paid_at as created_at
FROM invoices_new i
WHERE i.status = 'paid';

-- verification
DO $$
DECLARE
  old_count INTEGER;
  new_count INTEGER;
BEGIN
  SELECT COUNT(*) INTO old_count FROM quotes WHERE invoice_number IS NOT NULL;
  SELECT COUNT(*) INTO new_count FROM invoices_new;
  
  RAISE NOTICE 'Old invoices: %, New invoices: %', old_count, new_count;
  
  IF new_count != old_count THEN
    RAISE EXCEPTION 'Invoice migration failed: Count mismatch';
  END IF;
END $$;
