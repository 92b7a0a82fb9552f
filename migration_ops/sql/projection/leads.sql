-- name: leads
-- columns: id, company_id, customer_id, status, description, scheduled_visit_at, notes, created_by, created_at, updated_at
SELECT d.id, d.company_id, d.customer_id, coalesce(qp_lead_status(d.lead_status), 'unclassified'), d.description,
       d.scheduled_at, d.notes, d.user_id, d.created_at, d.updated_at
  FROM batch_deal d
 WHERE d.has_lead;
