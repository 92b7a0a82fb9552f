-- The specification's 027_migrate_leads.sql, statement for statement.

-- step: leads
-- Migrate quotes with lead_status to leads_new
INSERT INTO leads_new (
  id,
  company_id,
  customer_id,
  status,
  description,
  scheduled_visit_at,
  created_at,
  updated_at
)
SELECT 
  q.id,
  q.company_id,
  c.id as customer_id,
  q.lead_status as status,
  q.description,
  q.scheduled_at as scheduled_visit_at,
  q.created_at,
  q.updated_at
FROM quotes q
JOIN customers_new c ON 
  c.company_id = q.company_id AND
  c.phone = q.phone
WHERE q.lead_status IS NOT NULL
  AND q.lead_status != 'converted';  -- Converted leads became quotes

-- verification
DO $$
DECLARE
  old_count INTEGER;
  new_count INTEGER;
BEGIN
  SELECT COUNT(*) INTO old_count FROM quotes WHERE lead_status IS NOT NULL;
  SELECT COUNT(*) INTO new_count FROM leads_new;
  
  RAISE NOTICE 'Old leads: %, New leads: %', old_count, new_count;
  
  IF new_count != old_count THEN
    RAISE EXCEPTION 'Lead migration failed: Count mismatch';
  END IF;
END $$;
