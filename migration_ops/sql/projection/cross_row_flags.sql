-- Flags that depend on other rows of the company, set on the links when a run ends.

-- name: cross_row_flags
-- A twin is identical in every column but its id; rows that share both times and the total are looked at closely.
-- params: company (uuid)
WITH flagged AS (
    SELECT q.id, 'number_duplicate' AS flag, 1 AS place FROM quotes q
     WHERE q.company_id = %(company)s AND q.quote_number IN (
           SELECT d.quote_number FROM quotes d WHERE d.company_id = %(company)s AND qp_text(d.quote_number) IS NOT NULL
            GROUP BY 1 HAVING count(*) > 1)
    UNION ALL
    SELECT q.id, 'job_number_duplicate', 2 FROM quotes q
     WHERE q.company_id = %(company)s AND q.job_number IN (
           SELECT d.job_number FROM quotes d WHERE d.company_id = %(company)s AND qp_text(d.job_number) IS NOT NULL
            GROUP BY 1 HAVING count(*) > 1)
    UNION ALL
    SELECT q.id, 'invoice_duplicate', 3 FROM quotes q
     WHERE q.company_id = %(company)s AND q.invoice_number IN (
           SELECT d.invoice_number FROM quotes d WHERE d.company_id = %(company)s AND qp_text(d.invoice_number) IS NOT NULL
            GROUP BY 1 HAVING count(*) > 1)
    UNION ALL
    SELECT t.id, 'twin', 4
      FROM (SELECT q.id, count(*) OVER (PARTITION BY md5((to_jsonb(q) - 'id')::text)) AS copies
              FROM quotes q
              JOIN (SELECT d.created_at, d.updated_at, coalesce(d.total, 0) AS total FROM quotes d
                     WHERE d.company_id = %(company)s GROUP BY 1, 2, 3 HAVING count(*) > 1) AS near
                ON near.created_at = q.created_at AND near.updated_at = q.updated_at AND near.total = coalesce(q.total, 0)
             WHERE q.company_id = %(company)s) AS t
     WHERE t.copies > 1),
wanted AS (
    SELECT f.id, array_agg(f.flag ORDER BY f.place) AS flags FROM flagged f GROUP BY f.id
    UNION ALL
    SELECT l.legacy_id, '{}' FROM migration_legacy_link l
     WHERE l.company_id = %(company)s AND l.flags && '{number_duplicate,job_number_duplicate,invoice_duplicate,twin}'
       AND NOT EXISTS (SELECT FROM flagged f WHERE f.id = l.legacy_id))
UPDATE migration_legacy_link l
   SET flags = ARRAY(SELECT f FROM unnest(l.flags) AS f
                      WHERE f NOT IN ('number_duplicate', 'job_number_duplicate', 'invoice_duplicate', 'twin')) || w.flags
  FROM wanted w
 WHERE l.legacy_id = w.id AND l.company_id = %(company)s
   AND l.flags IS DISTINCT FROM
       ARRAY(SELECT f FROM unnest(l.flags) AS f
              WHERE f NOT IN ('number_duplicate', 'job_number_duplicate', 'invoice_duplicate', 'twin')) || w.flags;
