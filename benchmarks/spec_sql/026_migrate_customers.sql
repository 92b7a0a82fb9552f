-- The specification's 026_migrate_customers.sql, statement for statement.

-- step: customers
-- Create customers from unique phone/email combinations
INSERT INTO customers_new (id, company_id, name, email, phone, created_at)
SELECT 
  gen_random_uuid() as id,
  company_id,
  customer_name as name,
  email,
  phone,
  MIN(created_at) as created_at
FROM quotes
WHERE customer_name IS NOT NULL
GROUP BY company_id, customer_name, email, phone
ON CONFLICT (company_id, phone) DO NOTHING;

-- step: addresses
-- Create addresses
INSERT INTO customer_addresses (id, customer_id, address, is_primary, created_at)
SELECT 
  gen_random_uuid() as id,
  c.id as customer_id,
  q.address,
  true as is_primary,
  q.created_at
FROM quotes q
JOIN customers_new c ON 
  c.company_id = q.company_id AND
  c.phone = q.phone
WHERE q.address IS NOT NULL
ON CONFLICT DO NOTHING;

-- verification
DO $$
DECLARE
  old_count INTEGER;
  new_count INTEGER;
BEGIN
  SELECT COUNT(DISTINCT phone) INTO old_count FROM quotes WHERE phone IS NOT NULL;
  SELECT COUNT(*) INTO new_count FROM customers_new;
  
  RAISE NOTICE 'Old unique customers: %, New customers: %', old_count, new_count;
  
  IF new_count < old_count THEN
    RAISE EXCEPTION 'Customer migration failed: Missing records';
  END IF;
END $$;
