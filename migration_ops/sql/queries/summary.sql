-- name: figures
-- What a company has on both sides now.
SELECT (SELECT count(*) FROM quotes WHERE company_id = %(company)s) AS rows,
       (SELECT coalesce(sum(removed), 0)::bigint FROM migration_retirement
         WHERE company_id = %(company)s AND state IN ('removing', 'removed')) AS retired,
       (SELECT count(*) FROM migration_legacy_link WHERE company_id = %(company)s) AS migrated,
       (SELECT count(*) FROM migration_quarantined_row WHERE company_id = %(company)s AND resolution IN ('', 'waived'))
       AS quarantined,
       (SELECT count(*) FROM customers_new WHERE company_id = %(company)s AND merged_into IS NULL) AS customers,
       (SELECT count(*) FROM customer_contacts WHERE company_id = %(company)s) AS contacts,
       (SELECT count(*) FROM customer_addresses WHERE company_id = %(company)s) AS addresses,
       (SELECT count(*) FROM leads_new WHERE company_id = %(company)s) AS leads,
       q.quotes,
       (SELECT count(*) FROM quote_items_new WHERE company_id = %(company)s) AS quote_items,
       (SELECT count(*) FROM jobs_new WHERE company_id = %(company)s) AS jobs,
       (SELECT count(*) FROM invoices_new WHERE company_id = %(company)s) AS invoices,
       p.payments, q.quote_total, p.paid_total,
       (SELECT count(*) FROM migration_dedup_conflict WHERE company_id = %(company)s AND state = 'open') AS open_conflicts
  FROM (SELECT count(*) AS quotes, coalesce(sum(total), 0) AS quote_total
          FROM quotes_new WHERE company_id = %(company)s) AS q
 CROSS JOIN (SELECT count(*) AS payments, coalesce(sum(amount), 0) AS paid_total
               FROM payments WHERE company_id = %(company)s) AS p;

-- name: flags
SELECT f.flag, count(*) FROM migration_legacy_link l CROSS JOIN LATERAL unnest(l.flags) AS f(flag)
 WHERE l.company_id = %(company)s GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: quarantine
-- Open and waived quarantine entries by reason, each with one row to look at: the one with the lowest id.
SELECT z.reason, count(*), (array_agg(z.field ORDER BY z.legacy_id))[1],
       (array_agg(left(z.original, 80) ORDER BY z.legacy_id))[1], min(z.legacy_id::text)
  FROM migration_quarantined_row z
 WHERE z.company_id = %(company)s AND z.resolution IN ('', 'waived')
 GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: open_quarantine
SELECT count(*) FROM migration_quarantined_row WHERE company_id = %(company)s AND resolution = '';

-- name: places
-- Legacy rows of the company, those with a link, those set aside.
SELECT (SELECT count(*) FROM quotes WHERE company_id = %(company)s),
       (SELECT count(*) FROM migration_legacy_link WHERE company_id = %(company)s),
       (SELECT count(*) FROM migration_quarantined_row WHERE company_id = %(company)s AND resolution IN ('', 'waived'));
