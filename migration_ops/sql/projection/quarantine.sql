-- name: quarantine
-- Rejected rows, whole, each with the first reason found. A row that was set aside before keeps the day it was
-- first seen; one that a person waived stays waived while its reason is the same.
-- params: mapping_version (int), batch (bigint or NULL)
INSERT INTO migration_quarantined_row AS old
       (legacy_id, company_id, reason, field, original, source, mapping_version, batch_id, first_seen_at, last_seen_at,
        resolution, resolved_by, resolved_reason, resolved_at)
SELECT q.id, q.company_id, r.reason, r.field, coalesce(r.original, ''), to_jsonb(q), %(mapping_version)s::integer,
       %(batch)s::bigint, now(), now(), '', '', '', NULL
  FROM (SELECT DISTINCT ON (legacy_id) legacy_id, reason, field, original
          FROM batch_reject ORDER BY legacy_id, place, field) AS r
  JOIN quotes q ON q.id = r.legacy_id
ON CONFLICT (legacy_id) DO UPDATE
   SET company_id = EXCLUDED.company_id, reason = EXCLUDED.reason, field = EXCLUDED.field, original = EXCLUDED.original,
       source = EXCLUDED.source, mapping_version = EXCLUDED.mapping_version, batch_id = EXCLUDED.batch_id,
       last_seen_at = EXCLUDED.last_seen_at,
       resolution = '', resolved_by = '', resolved_reason = '', resolved_at = NULL
 WHERE (old.company_id, old.reason, old.field, old.original, old.source, old.mapping_version)
       IS DISTINCT FROM
       (EXCLUDED.company_id, EXCLUDED.reason, EXCLUDED.field, EXCLUDED.original, EXCLUDED.source, EXCLUDED.mapping_version)
    OR old.resolution NOT IN ('', 'waived');

-- name: resolve
-- Rows of the batch that were set aside before and are migrated now.
-- params: company (uuid), actor (text)
UPDATE migration_quarantined_row z
   SET resolution = CASE WHEN z.source = (SELECT to_jsonb(q) FROM quotes q WHERE q.id = z.legacy_id)
                         THEN 'retried' ELSE 'corrected' END,
       resolved_at = now(), resolved_by = %(actor)s, last_seen_at = now(), company_id = d.company_id
  FROM batch_deal d
 WHERE z.legacy_id = d.id AND z.resolution IN ('', 'waived');

-- name: gone
-- Rows that were set aside and are no longer rows of this company.
-- params: company (uuid), ids (uuid[]), actor (text)
UPDATE migration_quarantined_row z
   SET resolution = 'gone', resolved_at = now(), resolved_by = %(actor)s, last_seen_at = now()
 WHERE z.legacy_id = ANY (%(ids)s::uuid[]) AND z.company_id = %(company)s AND z.resolution IN ('', 'waived')
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = z.legacy_id AND q.company_id = z.company_id);
