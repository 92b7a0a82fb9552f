-- What API v1 shows, from either side, in the columns of the legacy table.

-- name: legacy_page
-- A page of the company's legacy rows, the newest first.
-- params: company (uuid), most and offset (rows)
-- index: quotes_company_newest_idx
SELECT q.* FROM quotes q
 WHERE q.company_id = %(company)s
 ORDER BY q.created_at DESC, q.id DESC
 LIMIT %(most)s OFFSET %(offset)s;

-- name: legacy_one
SELECT q.* FROM quotes q WHERE q.company_id = %(company)s AND q.id = %(id)s;

-- name: legacy_some
-- params: company (uuid), ids (uuid[])
SELECT q.* FROM quotes q WHERE q.company_id = %(company)s AND q.id = ANY (%(ids)s::uuid[]);

-- name: new_page
-- The ids of a page of the new side: quotes, leads without one, and rows that are kept whole because they cannot be
-- represented. Each list is read by its index, no further than the page, and only then compared with the others: whatever
-- is left out there stands as a quote, or as a link's row, at the same time or later, and so fills the page before it.
-- params: company (uuid), reach (offset and page together), most and offset (rows)
SELECT p.id FROM (
    (SELECT q.id, q.created_at FROM quotes_new q
      WHERE q.company_id = %(company)s ORDER BY q.created_at DESC, q.id DESC LIMIT %(reach)s)
    UNION ALL
    SELECT d.id, d.created_at
      FROM (SELECT n.id, n.created_at FROM leads_new n
             WHERE n.company_id = %(company)s ORDER BY n.created_at DESC, n.id DESC LIMIT %(reach)s) AS d
     WHERE NOT EXISTS (SELECT FROM quotes_new q WHERE q.id = d.id)
    UNION ALL
    SELECT z.legacy_id, z.created_at
      FROM (SELECT n.legacy_id, qp_kept_created_at(n.source) AS created_at FROM migration_quarantined_row n
             WHERE n.company_id = %(company)s AND n.resolution IN ('', 'waived')
             ORDER BY qp_kept_created_at(n.source) DESC, n.legacy_id DESC LIMIT %(reach)s) AS z
     WHERE NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = z.legacy_id)) AS p(id, created_at)
 ORDER BY p.created_at DESC, p.id DESC
 LIMIT %(most)s OFFSET %(offset)s;

-- name: kept_rows
-- Rows that are kept whole, from their copy.
-- params: company (uuid), ids (uuid[])
SELECT r.*
  FROM migration_quarantined_row z CROSS JOIN LATERAL jsonb_populate_record(NULL::quotes, z.source) AS r
 WHERE z.company_id = %(company)s AND z.legacy_id = ANY (%(ids)s::uuid[]) AND z.resolution IN ('', 'waived')
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = z.legacy_id);

-- name: count_use
-- params: company (uuid or NULL), name (the client), since (date)
INSERT INTO migration_v1_use AS u (day, client, company_id, requests, refused, last_at)
VALUES (%(since)s::timestamptz::date, %(name)s, %(company)s, 1, %(part)s, clock_timestamp())
ON CONFLICT (day, client) DO UPDATE
   SET requests = u.requests + 1, refused = u.refused + EXCLUDED.refused, last_at = EXCLUDED.last_at;
