-- Figures of each company, as of the last refresh. Months are the company's own, in its time zone (UTC where the zone is
-- unknown to the server, so that one misspelt zone does not stop everybody's figures). Revenue is money received;
-- quoted is what was offered, whatever became of it.
CREATE MATERIALIZED VIEW dashboard_stats AS
WITH months AS (
    SELECT c.id AS company_id, date_trunc('month', now() AT TIME ZONE z.zone) AT TIME ZONE z.zone AS month_start,
           (date_trunc('month', now() AT TIME ZONE z.zone) + interval '1 month') AT TIME ZONE z.zone AS month_end
      FROM companies c
      LEFT JOIN pg_timezone_names n ON n.name = c.timezone
     CROSS JOIN LATERAL (SELECT coalesce(n.name, 'UTC') AS zone) AS z),
leads AS (
    SELECT company_id, count(*) FILTER (WHERE status = 'new') AS pending_leads,
           count(*) FILTER (WHERE status = 'qualified') AS qualified_leads
      FROM leads_new GROUP BY company_id),
quotes AS (
    SELECT q.company_id, count(DISTINCT q.customer_id) AS total_customers,
           sum(q.total) FILTER (WHERE q.created_at >= m.month_start AND q.created_at < m.month_end) AS monthly_quoted
      FROM quotes_new q JOIN months m ON m.company_id = q.company_id GROUP BY q.company_id),
revenue AS (
    SELECT p.company_id, sum(p.amount) AS monthly_revenue
      FROM payments p JOIN months m ON m.company_id = p.company_id
     WHERE p.paid_at >= m.month_start AND p.paid_at < m.month_end GROUP BY p.company_id)
SELECT m.company_id, coalesce(l.pending_leads, 0) AS pending_leads, coalesce(l.qualified_leads, 0) AS qualified_leads,
       coalesce(q.total_customers, 0) AS total_customers, coalesce(r.monthly_revenue, 0) AS monthly_revenue,
       coalesce(q.monthly_quoted, 0) AS monthly_quoted, m.month_start, now() AS refreshed_at
  FROM months m
  LEFT JOIN leads l ON l.company_id = m.company_id
  LEFT JOIN quotes q ON q.company_id = m.company_id
  LEFT JOIN revenue r ON r.company_id = m.company_id;
CREATE UNIQUE INDEX dashboard_stats_company_key ON dashboard_stats (company_id);
