-- What became of the legacy rows, row by row: the same text for both sides; the search path decides whose tables.
-- "due" is what the legacy row says (a quote is due where the row has a status, items, a total, a
-- number, or any evidence of a job or invoice); "lost" is due, not set aside, and not there.
-- Money is the row's total; what is not a finite number is left out of the sums.
-- Needs the temporary table benchmark_set_aside (id uuid): rows in quarantine; empty for the specification.
WITH legacy AS (
  SELECT q.id, q.lead_status IS NOT NULL AS lead_due,
         CASE WHEN jsonb_typeof(q.items) = 'array' THEN jsonb_array_length(q.items) ELSE 0 END AS items_due,
         CASE WHEN q.total IS NULL OR q.total IN ('NaN', 'Infinity', '-Infinity') THEN 0 ELSE q.total END AS money_due,
         btrim(q.invoice_number) <> '' OR q.invoice_sent_at IS NOT NULL OR q.paid_at IS NOT NULL AS invoice_evidence,
         q.status, q.items, q.total, q.quote_number, q.job_number, q.started_at, q.completed_at, q.paid_at
    FROM public.quotes q
), due AS (
  SELECT id, lead_due, items_due, money_due,
         coalesce(invoice_evidence, false) AS invoice_due,
         paid_at IS NOT NULL AS payment_due,
         coalesce(status IS NOT NULL OR items_due > 0 OR total <> 0 OR quote_number IS NOT NULL
                  OR job_number IS NOT NULL OR started_at IS NOT NULL OR completed_at IS NOT NULL
                  OR invoice_evidence, false) AS quote_due
    FROM legacy
), item AS (
  SELECT quote_id, count(*) AS items FROM quote_items_new GROUP BY quote_id
), deal AS (
  SELECT j.quote_id, true AS has_invoice, bool_or(p.id IS NOT NULL) AS has_payment
    FROM jobs_new j
    JOIN invoices_new i ON i.job_id = j.id
    LEFT JOIN payments p ON p.invoice_id = i.id
   GROUP BY j.quote_id
), side AS (
  SELECT d.*, s.id IS NOT NULL AS set_aside, l.id IS NOT NULL AS has_lead, n.id IS NOT NULL AS has_quote,
         coalesce(item.items, 0) AS items, deal.has_invoice, deal.has_payment
    FROM due d
    LEFT JOIN benchmark_set_aside s ON s.id = d.id
    LEFT JOIN leads_new l ON l.id = d.id
    LEFT JOIN quotes_new n ON n.id = d.id
    LEFT JOIN item ON item.quote_id = d.id
    LEFT JOIN deal ON deal.quote_id = d.id
)
SELECT 'rows' AS what, count(*)::numeric AS due, count(*) FILTER (WHERE set_aside)::numeric AS set_aside,
       count(*) FILTER (WHERE NOT set_aside AND NOT has_lead AND NOT has_quote)::numeric AS lost FROM side
UNION ALL
SELECT 'leads', count(*), count(*) FILTER (WHERE set_aside), count(*) FILTER (WHERE NOT set_aside AND NOT has_lead)
  FROM side WHERE lead_due
UNION ALL
SELECT 'quotes', count(*), count(*) FILTER (WHERE set_aside), count(*) FILTER (WHERE NOT set_aside AND NOT has_quote)
  FROM side WHERE quote_due
UNION ALL
SELECT 'items', coalesce(sum(items_due), 0), coalesce(sum(items_due) FILTER (WHERE set_aside), 0),
       coalesce(sum(greatest(items_due - items, 0)) FILTER (WHERE NOT set_aside), 0) FROM side
UNION ALL
SELECT 'invoices', count(*), count(*) FILTER (WHERE set_aside),
       count(*) FILTER (WHERE NOT set_aside AND has_invoice IS NULL) FROM side WHERE invoice_due
UNION ALL
SELECT 'payments', count(*), count(*) FILTER (WHERE set_aside),
       count(*) FILTER (WHERE NOT set_aside AND has_payment IS NOT TRUE) FROM side WHERE payment_due
UNION ALL
SELECT 'money quoted', coalesce(sum(abs(money_due)), 0), coalesce(sum(abs(money_due)) FILTER (WHERE set_aside), 0),
       coalesce(sum(abs(money_due)) FILTER (WHERE NOT set_aside AND NOT has_quote), 0) FROM side WHERE quote_due
UNION ALL
SELECT 'money paid', coalesce(sum(abs(money_due)), 0), coalesce(sum(abs(money_due)) FILTER (WHERE set_aside), 0),
       coalesce(sum(abs(money_due)) FILTER (WHERE NOT set_aside AND has_payment IS NOT TRUE), 0) FROM side WHERE payment_due
