-- Compared reads of API v1: what explains a difference, what is counted and kept, what a replay reads.

-- name: waiting
-- Which of these rows have a captured change that is not applied yet; all of them while a change of the new side waits
-- that belongs to no single deal (a customer's).
-- params: company (uuid), ids (uuid[])
SELECT o.legacy_id FROM migration_outbox o WHERE o.company_id = %(company)s AND o.legacy_id = ANY (%(ids)s::uuid[])
UNION
SELECT r.deal_id FROM migration_reverse_outbox r WHERE r.company_id = %(company)s AND r.deal_id = ANY (%(ids)s::uuid[])
UNION
SELECT i.id FROM unnest(%(ids)s::uuid[]) AS i(id)
 WHERE EXISTS (SELECT FROM migration_reverse_outbox r WHERE r.company_id = %(company)s AND r.deal_id IS NULL);

-- name: anything_waits
-- params: company (uuid)
SELECT EXISTS (SELECT FROM migration_outbox WHERE company_id = %(company)s)
    OR EXISTS (SELECT FROM migration_reverse_outbox WHERE company_id = %(company)s);

-- name: basis
-- What comparisons rest on now: mapping version, findings so far, newest finished run. Findings are counted and not
-- told by the newest: one of a transaction that ends late has a lower id, and an earlier time, than others seen before it.
-- params: company (uuid), mapping_version
SELECT concat_ws('/', %(mapping_version)s::int,
                 (SELECT count(*) FROM migration_finding WHERE company_id = %(company)s),
                 coalesce((SELECT max(id) FROM migration_run WHERE company_id = %(company)s AND status = 'finished'), 0));

-- name: count
-- params: company (uuid), kind (endpoint), source (stage), message (basis), equal, rows, mismatched, noise, late, dropped
INSERT INTO migration_shadow_count AS c
       (company_id, day, endpoint, stage, basis, equal, rows, mismatched, noise, late, dropped, last_equal_at)
VALUES (%(company)s, (clock_timestamp() AT TIME ZONE 'UTC')::date, %(kind)s, %(source)s, %(message)s, %(equal)s, %(rows)s,
        %(mismatched)s, %(noise)s, %(late)s, %(dropped)s, CASE WHEN %(equal)s > 0 THEN clock_timestamp() END)
ON CONFLICT (company_id, day, endpoint, stage, basis) DO UPDATE
   SET equal = c.equal + EXCLUDED.equal, rows = c.rows + EXCLUDED.rows, mismatched = c.mismatched + EXCLUDED.mismatched,
       noise = c.noise + EXCLUDED.noise, late = c.late + EXCLUDED.late, dropped = c.dropped + EXCLUDED.dropped,
       last_equal_at = coalesce(EXCLUDED.last_equal_at, c.last_equal_at);

-- name: group
-- Opens the group of an endpoint, field and rule, or opens it again; gives its id.
-- params: company (uuid), kind (endpoint), name (field), reason (rule), reach (objects seen), part (of these, not kept)
INSERT INTO migration_shadow_group AS g
       (company_id, endpoint, field, rule, seen, not_kept, first_at, last_at)
VALUES (%(company)s, %(kind)s, %(name)s, %(reason)s, %(reach)s, %(part)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (company_id, endpoint, field, rule) DO UPDATE
   SET seen = g.seen + EXCLUDED.seen, not_kept = g.not_kept + EXCLUDED.not_kept, last_at = EXCLUDED.last_at,
       resolved_at = NULL
RETURNING id;

-- name: keep
-- One object of a group with both values; a new one only while the group has room. Gives nothing where it has none.
-- params: entry (group), source (object), before_text and after_text (legacy and new value), kind (stage), message
--   (request id), most (objects a group keeps)
INSERT INTO migration_shadow_mismatch AS m (group_id, object, legacy_value, new_value, stage, request_id, seen, at)
SELECT %(entry)s, %(source)s, %(before_text)s, %(after_text)s, %(kind)s, %(message)s, 1, clock_timestamp()
 WHERE EXISTS (SELECT FROM migration_shadow_mismatch WHERE group_id = %(entry)s AND object = %(source)s)
    OR (SELECT count(*) FROM migration_shadow_mismatch WHERE group_id = %(entry)s) < %(most)s
ON CONFLICT (group_id, object) DO UPDATE
   SET legacy_value = EXCLUDED.legacy_value, new_value = EXCLUDED.new_value, stage = EXCLUDED.stage,
       request_id = EXCLUDED.request_id, seen = m.seen + 1, at = EXCLUDED.at, resolved_at = NULL
RETURNING id;

-- name: ids_after
-- The next ids of the company that either side knows.
-- params: company (uuid), after (uuid), most (rows)
-- index: quotes (company_id, id), migration_legacy_link (company_id, legacy_id)
SELECT i.id FROM (
    (SELECT q.id FROM quotes q WHERE q.company_id = %(company)s AND q.id > %(after)s ORDER BY q.id LIMIT %(most)s)
    UNION
    (SELECT l.legacy_id FROM migration_legacy_link l
      WHERE l.company_id = %(company)s AND l.legacy_id > %(after)s ORDER BY l.legacy_id LIMIT %(most)s)) AS i
 ORDER BY i.id
 LIMIT %(most)s;

-- name: rows_upto
-- How many legacy rows the company has, counted no further than `most`.
-- params: company (uuid), most (rows)
SELECT count(*) FROM (SELECT FROM quotes WHERE company_id = %(company)s LIMIT %(most)s) AS q;

-- name: not_kept
-- params: entry (group), part (objects there was no room for)
UPDATE migration_shadow_group SET not_kept = not_kept + %(part)s WHERE id = %(entry)s;
