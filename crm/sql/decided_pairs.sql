-- Pairs of living customers that decisions in force are about; a merged customer counts as the one it is part of.
-- params: company (uuid), verdicts (text[])
-- index: customers_new_merged_into_idx
WITH RECURSIVE root (id, into_id) AS (
    SELECT c.id, c.merged_into FROM customers_new c WHERE c.company_id = %(company)s AND c.merged_into IS NOT NULL
    UNION ALL
    SELECT r.id, c.merged_into
      FROM root r JOIN customers_new c ON c.id = r.into_id AND c.company_id = %(company)s
     WHERE c.merged_into IS NOT NULL),
living AS (
    SELECT r.id, r.into_id FROM root r JOIN customers_new c ON c.id = r.into_id AND c.company_id = %(company)s
     WHERE c.merged_into IS NULL)
SELECT DISTINCT least(p.a, p.b), greatest(p.a, p.b)
  FROM (SELECT coalesce(a.into_id, d.customer_a_id) AS a, coalesce(b.into_id, d.customer_b_id) AS b
          FROM customer_decisions d
          LEFT JOIN living a ON a.id = d.customer_a_id
          LEFT JOIN living b ON b.id = d.customer_b_id
         WHERE d.company_id = %(company)s AND d.superseded_at IS NULL AND d.verdict = ANY (%(verdicts)s::text[])) AS p
 WHERE p.a <> p.b;
