-- The specification's 029_migrate_jobs.sql, statement for statement.

-- step: jobs
-- Migrate completed/scheduled quotes to jobs
INSERT INTO jobs_new (
  id,
  company_id,
  quote_id,
  customer_id,
  job_number,
  title,
  description,
  status,
  scheduled_start,
  actual_start,
  actual_end,
  created_at,
  updated_at
)
SELECT 
  gen_random_uuid() as id,
  q.company_id,
  qn.id as quote_id,
  qn.customer_id,
  COALESCE(q.job_number, 'JOB-' || q.id::text) as job_number,
  q.job_name as title,
  q.description,
  CASE 
    WHEN q.completed_at IS NOT NULL THEN 'completed'
    WHEN q.scheduled_at IS NOT NULL THEN 'scheduled'
    ELSE 'scheduled'
  END as status,
  q.scheduled_at as scheduled_start,
  q.started_at as actual_start,
  q.completed_at as actual_end,
  q.created_at,
  q.updated_at
FROM quotes q
JOIN quotes_new qn ON qn.id = q.id
WHERE q.status IN ('accepted', 'completed', 'scheduled');

-- verification
DO $$
DECLARE
  old_count INTEGER;
  new_count INTEGER;
BEGIN
  SELECT COUNT(*) INTO old_count 
  FROM quotes WHERE status IN ('accepted', 'completed', 'scheduled');
  SELECT COUNT(*) INTO new_count FROM jobs_new;
  
  RAISE NOTICE 'Old jobs: %, New jobs: %', old_count, new_count;
END $$;
