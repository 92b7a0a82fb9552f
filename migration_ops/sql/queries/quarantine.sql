-- name: groups
-- Open rows by company and reason, the most first.
-- params: seen (uuid[] or NULL), id (company or NULL)
SELECT z.company_id, coalesce(c.name, z.company_id::text), z.reason, count(*), min(z.first_seen_at)
  FROM migration_quarantined_row z LEFT JOIN companies c ON c.id = z.company_id
 WHERE z.resolution = '' AND (%(seen)s::uuid[] IS NULL OR z.company_id = ANY (%(seen)s))
   AND (%(id)s::uuid IS NULL OR z.company_id = %(id)s)
 GROUP BY z.company_id, c.name, z.reason
 ORDER BY count(*) DESC, c.name, z.reason
 LIMIT 500;

-- name: legacy_row
-- A legacy row: its digest, and each column as text, for some values cannot be read by Python. Line items are JSON, also
-- where they are one text: its quotation marks belong to it.
-- params: company (uuid), id (uuid)
SELECT hash_record_extended(q, 0)::text, e.key,
       CASE WHEN e.key = 'items' AND jsonb_typeof(e.value) = 'string' THEN e.value::text ELSE e.value #>> '{}' END
  FROM quotes q CROSS JOIN LATERAL jsonb_each(to_jsonb(q)) AS e
 WHERE q.id = %(id)s AND q.company_id = %(company)s;

-- name: names
-- What people call legacy rows: a number, and whose they are.
-- params: company (uuid), ids (uuid[])
SELECT q.id, left(coalesce(nullif(btrim(q.quote_number), ''), nullif(btrim(q.invoice_number), '')), 60),
       left(coalesce(nullif(btrim(q.customer_name), ''), nullif(btrim(q.email), ''), nullif(btrim(q.phone), '')), 60)
  FROM quotes q
 WHERE q.id = ANY (%(ids)s) AND q.company_id = %(company)s;
