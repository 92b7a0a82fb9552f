-- What is odd about the company's data: kept as it is, and listed. Nothing here fails a validation.

-- name: flags
-- Rows by flag, as their links say.
-- params: company (uuid)
SELECT f.flag, count(*)
  FROM migration_legacy_link l CROSS JOIN LATERAL unnest(l.flags) AS f(flag)
 WHERE l.company_id = %(company)s
 GROUP BY f.flag ORDER BY f.flag;

-- name: rows
-- Legacy rows, and those of them that flags or a quarantine reason say something about.
-- params: company (uuid)
SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM migration_legacy_link l
                                                 WHERE l.legacy_id = q.id AND l.company_id = q.company_id)
                                     OR EXISTS (SELECT FROM migration_quarantined_row z
                                                 WHERE z.legacy_id = q.id AND z.company_id = q.company_id
                                                   AND z.resolution IN ('', 'waived')))
  FROM quotes q
 WHERE q.company_id = %(company)s;

-- name: findings
-- The same questions asked of the new tables themselves.
-- params: company (uuid)
SELECT 'quotes that share a number', coalesce(sum(n.quotes), 0)
  FROM (SELECT count(*) AS quotes FROM quotes_new q WHERE q.company_id = %(company)s AND qp_text(q.quote_number) IS NOT NULL
         GROUP BY q.quote_number HAVING count(*) > 1) AS n
UNION ALL
SELECT 'jobs that share a number', coalesce(sum(n.jobs), 0)
  FROM (SELECT count(*) AS jobs FROM jobs_new j WHERE j.company_id = %(company)s GROUP BY j.job_number HAVING count(*) > 1) AS n
UNION ALL
SELECT 'invoices that share a number', coalesce(sum(n.invoices), 0)
  FROM (SELECT count(*) AS invoices FROM invoices_new v WHERE v.company_id = %(company)s AND v.invoice_number IS NOT NULL
         GROUP BY v.invoice_number HAVING count(*) > 1) AS n
UNION ALL
SELECT 'quotes whose total is not subtotal, discount and tax', count(*)
  FROM quotes_new q
 WHERE q.company_id = %(company)s
   AND q.total <> q.subtotal - coalesce(q.discount_amount, 0) + coalesce(q.tax_amount, 0)
UNION ALL
SELECT 'items whose total is not quantity times price', count(*)
  FROM quote_items_new i WHERE i.company_id = %(company)s AND i.total <> i.quantity * i.unit_price
UNION ALL
SELECT 'quotes with an unknown status', count(*)
  FROM quotes_new q
 WHERE q.company_id = %(company)s AND q.status NOT IN ('draft', 'sent', 'accepted', 'scheduled', 'completed')
UNION ALL
SELECT 'leads with an unknown status', count(*)
  FROM leads_new l
 WHERE l.company_id = %(company)s AND l.status NOT IN ('new', 'contacted', 'qualified', 'converted', 'unclassified')
UNION ALL
SELECT 'jobs that ended before they began', count(*)
  FROM jobs_new j WHERE j.company_id = %(company)s AND j.actual_end < j.actual_start
UNION ALL
SELECT 'invoices paid before they were sent', count(*)
  FROM invoices_new v WHERE v.company_id = %(company)s AND v.paid_at < v.sent_at
UNION ALL
SELECT 'rows set aside: ' || z.reason, count(*)
  FROM migration_quarantined_row z
 WHERE z.company_id = %(company)s AND z.resolution IN ('', 'waived')
 GROUP BY z.reason
UNION ALL
SELECT 'contacts no row mentions any more', count(*)
  FROM customer_contacts c
 WHERE c.company_id = %(company)s AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.contact_id = c.id);
