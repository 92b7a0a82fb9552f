-- Legacy rows against what the new tables rebuild of them, for one chunk.

-- name: original
-- Legacy rows that must be rebuilt: all but those that wait whole.
-- params: company (uuid), low and high (uuid), ids (uuid[] or NULL)
SELECT q.*
  FROM quotes q
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]))
   AND (NOT EXISTS (SELECT FROM migration_quarantined_row z
                     WHERE z.legacy_id = q.id AND z.company_id = q.company_id AND z.resolution IN ('', 'waived'))
        OR EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = q.id AND l.company_id = q.company_id));

-- name: waiting
-- How many rows wait whole.
-- params: company (uuid), low and high (uuid), ids (uuid[] or NULL)
SELECT count(*)
  FROM migration_quarantined_row z
  JOIN quotes q ON q.id = z.legacy_id AND q.company_id = z.company_id
 WHERE z.company_id = %(company)s AND z.legacy_id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR z.legacy_id = ANY (%(ids)s::uuid[]))
   AND z.resolution IN ('', 'waived')
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = q.id AND l.company_id = q.company_id);

-- name: set_aside
-- Rows that wait whole: the copy that was kept against the row itself. Kind, id, kept copy, row.
-- params: company (uuid), low and high (uuid), ids (uuid[] or NULL)
SELECT z.legacy_id, left(to_jsonb(q)::text, 2000), left(z.source::text, 2000)
  FROM migration_quarantined_row z
  JOIN quotes q ON q.id = z.legacy_id AND q.company_id = z.company_id
 WHERE z.company_id = %(company)s AND z.legacy_id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR z.legacy_id = ANY (%(ids)s::uuid[]))
   AND z.resolution IN ('', 'waived')
   AND z.source IS DISTINCT FROM to_jsonb(q)
 ORDER BY z.legacy_id;
