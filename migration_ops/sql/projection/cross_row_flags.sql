-- Flags that depend on other rows of the company or on the day, set on the links when a run ends.

-- name: cross_row_flags
-- A twin is identical in every column but its id; rows that share times, names, numbers and total are looked at closely.
-- params: company (uuid)
WITH rows AS MATERIALIZED (
    SELECT q.id, q.quote_number, q.job_number, q.invoice_number, q.created_at, q.updated_at,
           hash_record_extended(ROW(q.created_at, q.updated_at, q.total, q.customer_name, q.phone, q.email, q.address,
                                    q.quote_number, q.description), 0) AS likeness
      FROM quotes q WHERE q.company_id = %(company)s),
numbers AS (
    SELECT n.kind, n.number
      FROM rows d
     CROSS JOIN LATERAL (VALUES (1, d.quote_number), (2, d.job_number), (3, d.invoice_number)) AS n(kind, number)
     WHERE n.number IS NOT NULL
     GROUP BY 1, 2 HAVING count(*) > 1 AND qp_text(n.number) IS NOT NULL),
currencies AS (
    -- A currency stands only in a price recorded as text, and that is in the residue.
    SELECT l.legacy_id AS id, CASE s.sign WHEN '$' THEN 'USD' WHEN '€' THEN 'EUR' WHEN '£' THEN 'GBP' ELSE s.sign END AS currency
      FROM migration_legacy_link l
     CROSS JOIN LATERAL jsonb_each(l.residue -> 'item') AS i
     CROSS JOIN LATERAL jsonb_each_text(i.value -> 'raw') AS r
     CROSS JOIN LATERAL (SELECT upper(substring(r.value FROM '(?i)USD|EUR|GBP|CAD|AUD|CHF|[$€£]')) AS sign) AS s
     WHERE l.company_id = %(company)s AND 'item_number_text' = ANY (l.flags)
       AND r.key IN ('unit_price', 'unitPrice', 'price', 'total') AND s.sign IS NOT NULL),
flagged AS (
    SELECT q.id, 'number_duplicate' AS flag, 1 AS place
      FROM rows q JOIN numbers n ON n.kind = 1 AND n.number = q.quote_number
    UNION ALL
    SELECT q.id, 'job_number_duplicate', 2
      FROM rows q JOIN numbers n ON n.kind = 2 AND n.number = q.job_number
    UNION ALL
    SELECT q.id, 'invoice_duplicate', 3
      FROM rows q JOIN numbers n ON n.kind = 3 AND n.number = q.invoice_number
    UNION ALL
    SELECT t.id, 'twin', 4
      FROM (SELECT d.id, count(*) OVER (PARTITION BY w.whole) AS copies
              FROM rows d
              JOIN (SELECT likeness FROM rows GROUP BY 1 HAVING count(*) > 1) AS near ON near.likeness = d.likeness
             -- OFFSET 0: a look-up for each of the few; the planner, who expects many, would read all of the company again.
             CROSS JOIN LATERAL (SELECT md5((to_jsonb(q) - 'id')::text) AS whole FROM quotes q
                                  WHERE q.id = d.id OFFSET 0) AS w) AS t
     WHERE t.copies > 1
    UNION ALL
    SELECT c.id, 'currency_mixed', 5 FROM currencies c
     WHERE (SELECT count(DISTINCT k.currency) FROM currencies k) > 1 GROUP BY c.id
    UNION ALL
    SELECT q.id, 'date_future', 6 FROM rows q WHERE q.created_at > now()),
wanted AS (
    SELECT f.id, array_agg(f.flag ORDER BY f.place) AS flags FROM flagged f GROUP BY f.id
    UNION ALL
    SELECT l.legacy_id, '{}' FROM migration_legacy_link l
     WHERE l.company_id = %(company)s AND l.flags && '{number_duplicate,job_number_duplicate,invoice_duplicate,twin,currency_mixed,date_future}'
       AND NOT EXISTS (SELECT FROM flagged f WHERE f.id = l.legacy_id))
UPDATE migration_legacy_link l
   SET flags = ARRAY(SELECT f FROM unnest(l.flags) AS f
                      WHERE f NOT IN ('number_duplicate', 'job_number_duplicate', 'invoice_duplicate', 'twin', 'currency_mixed', 'date_future')) || w.flags
  FROM wanted w
 WHERE l.legacy_id = w.id AND l.company_id = %(company)s
   AND l.flags IS DISTINCT FROM
       ARRAY(SELECT f FROM unnest(l.flags) AS f
              WHERE f NOT IN ('number_duplicate', 'job_number_duplicate', 'invoice_duplicate', 'twin', 'currency_mixed', 'date_future')) || w.flags;
