-- Distinct company ids, ascending: one step down the index (company_id, id) per company,
-- where SELECT DISTINCT would read every row.
WITH RECURSIVE company AS (
    (SELECT company_id FROM quotes ORDER BY company_id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.company_id FROM quotes q WHERE q.company_id > c.company_id ORDER BY q.company_id LIMIT 1)
      FROM company c
     WHERE c.company_id IS NOT NULL
)
SELECT company_id FROM company WHERE company_id IS NOT NULL LIMIT %(most)s;
