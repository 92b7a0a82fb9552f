-- name: jobs
-- columns: id, company_id, quote_id, customer_id, job_number, title, description, status, scheduled_start,
--   actual_start, actual_end, created_at, updated_at
SELECT qp_child_id(d.id, 'job'), d.company_id, d.id, d.customer_id,
       coalesce(qp_text(d.job_number), 'JOB-' || d.id::text), d.job_name, d.description,
       CASE WHEN d.completed_at IS NOT NULL THEN 'completed'
            WHEN d.started_at IS NOT NULL THEN 'in_progress'
            ELSE 'scheduled' END,
       d.scheduled_at, d.started_at, d.completed_at, d.created_at, d.updated_at
  FROM batch_deal d
 WHERE d.has_job;
