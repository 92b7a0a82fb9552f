-- Captured changes, claimed by their state and never by a cursor over their ids.

-- name: mirrored_companies
-- Companies whose legacy changes are applied and that have some: backfilled once, and no run at work.
SELECT s.company_id FROM migration_company_stage s
 WHERE s.stage IN ('dualwrite', 'shadow')
   AND EXISTS (SELECT FROM migration_outbox o
                WHERE o.company_id = s.company_id AND o.state = 'pending' AND o.attempts = 0)
   AND EXISTS (SELECT FROM migration_run r WHERE r.company_id = s.company_id AND r.status = 'finished')
   AND NOT EXISTS (SELECT FROM migration_run r WHERE r.company_id = s.company_id
                      AND r.status IN ('running', 'pausing', 'cancelling', 'paused', 'failed'))
 ORDER BY s.company_id;

-- name: claim
-- Changes of the company that were not tried yet, of deals nobody else is at: entry and deal. The deals are locked until
-- the transaction ends; whoever comes second finds other deals.
-- params: company (uuid), most (int: deals), window_rows (int: entries looked at)
-- index: migration_outbox_pending_idx
WITH entries AS MATERIALIZED (
    SELECT o.id, o.legacy_id FROM migration_outbox o
     WHERE o.company_id = %(company)s AND o.state = 'pending' AND o.attempts = 0
     ORDER BY o.id LIMIT %(window_rows)s),
deals AS MATERIALIZED (
    SELECT e.legacy_id FROM entries e GROUP BY 1 ORDER BY min(e.id) LIMIT %(window_rows)s),
mine AS MATERIALIZED (
    SELECT d.legacy_id FROM deals d
     WHERE pg_try_advisory_xact_lock(hashtextextended('qp_deal/' || d.legacy_id::text, 0)) LIMIT %(most)s)
SELECT e.id, e.legacy_id FROM entries e JOIN mine m ON m.legacy_id = e.legacy_id;

-- name: claim_deal
-- All changes of one deal that wait, failed ones included.
SELECT o.id, o.legacy_id FROM migration_outbox o
 WHERE o.company_id = %(company)s AND o.legacy_id = %(id)s;

-- name: due
-- Deals whose changes could not be applied before and may be tried again: company, deal.
-- index: migration_outbox_again_idx
SELECT DISTINCT o.company_id, o.legacy_id FROM migration_outbox o
  JOIN migration_company_stage s ON s.company_id = o.company_id AND s.stage IN ('dualwrite', 'shadow')
 WHERE o.attempts > 0 AND o.not_before <= clock_timestamp()
 LIMIT %(most)s;

-- name: put_off
-- Changes of one deal that could not be applied: each wait is twice the one before.
UPDATE migration_outbox o
   SET attempts = o.attempts + 1, error = left(%(message)s, 2000),
       state = CASE WHEN %(is_counted)s AND o.attempts + 1 >= %(attempts)s THEN 'failed' ELSE o.state END,
       not_before = clock_timestamp() + least(%(backoff)s * 2 ^ least(o.attempts, 20), %(backoff_most)s) * interval '1 second'
 WHERE o.company_id = %(company)s AND o.legacy_id = %(id)s;

-- name: drop
DELETE FROM migration_outbox WHERE id = ANY (%(entries)s::bigint[]);

-- name: drop_unneeded
-- Changes of companies that do not move, of rows that were never projected: whoever projects them reads the row.
DELETE FROM migration_outbox o
 WHERE o.id IN (SELECT w.id FROM migration_outbox w
                  LEFT JOIN migration_company_stage s ON s.company_id = w.company_id
                 WHERE coalesce(s.stage, 'off') = 'off'
                   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = w.legacy_id)
                   AND NOT EXISTS (SELECT FROM migration_quarantined_row z WHERE z.legacy_id = w.legacy_id)
                 ORDER BY w.id LIMIT %(most)s);

-- name: lag
-- Per direction: changes that wait, those that failed, and the age of the oldest in seconds.
SELECT count(*) FILTER (WHERE o.state = 'pending'), count(*) FILTER (WHERE o.state = 'failed'),
       coalesce(extract(epoch FROM clock_timestamp() - min(o.captured_at)), 0)::float
  FROM migration_outbox o WHERE o.company_id = %(company)s;

-- name: reverse_lag
SELECT count(*) FILTER (WHERE o.state = 'pending'), count(*) FILTER (WHERE o.state = 'failed'),
       coalesce(extract(epoch FROM clock_timestamp() - min(o.captured_at)), 0)::float
  FROM migration_reverse_outbox o WHERE o.company_id = %(company)s;

-- name: listen_until
-- Somebody waits to be woken until then.
INSERT INTO migration_apply_listener (id, waiting_until) VALUES (1, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (id) DO UPDATE SET waiting_until = greatest(migration_apply_listener.waiting_until, EXCLUDED.waiting_until);

-- name: reversed_companies
-- Companies whose changes of the new tables are carried back and that have some.
SELECT s.company_id FROM migration_company_stage s
 WHERE s.stage IN ('live', 'rampdown')
   AND EXISTS (SELECT FROM migration_reverse_outbox o
                WHERE o.company_id = s.company_id AND o.state = 'pending' AND o.attempts = 0)
 ORDER BY s.company_id;

-- name: claim_reverse
-- Changes of the new tables that were not tried yet: entry, table, row, deal.
-- index: migration_reverse_outbox_idx
SELECT o.id, o.table_name, o.row_id, o.deal_id FROM migration_reverse_outbox o
 WHERE o.company_id = %(company)s AND o.state = 'pending' AND o.attempts = 0
 ORDER BY o.id LIMIT %(most)s
   FOR UPDATE SKIP LOCKED;

-- name: claim_reverse_own
-- What this very transaction has changed.
SELECT o.id, o.table_name, o.row_id, o.deal_id FROM migration_reverse_outbox o
 WHERE o.company_id = %(company)s AND o.xid = pg_current_xact_id()::text::bigint;

-- name: claim_reverse_again
-- Changes that could not be carried back before and may be tried again.
SELECT o.id, o.table_name, o.row_id, o.deal_id FROM migration_reverse_outbox o
 WHERE o.company_id = %(company)s AND o.attempts > 0 AND o.id = %(entry)s
   FOR UPDATE SKIP LOCKED;

-- name: due_reverse
SELECT o.company_id, o.id FROM migration_reverse_outbox o
  JOIN migration_company_stage s ON s.company_id = o.company_id AND s.stage IN ('live', 'rampdown')
 WHERE o.attempts > 0 AND o.not_before <= clock_timestamp()
 ORDER BY o.id LIMIT %(most)s;

-- name: put_off_reverse
UPDATE migration_reverse_outbox o
   SET attempts = o.attempts + 1, error = left(%(message)s, 2000),
       state = CASE WHEN %(is_counted)s AND o.attempts + 1 >= %(attempts)s THEN 'failed' ELSE o.state END,
       not_before = clock_timestamp() + least(%(backoff)s * 2 ^ least(o.attempts, 20), %(backoff_most)s) * interval '1 second'
 WHERE o.id = ANY (%(entries)s::bigint[]);

-- name: drop_reverse
DELETE FROM migration_reverse_outbox WHERE id = ANY (%(entries)s::bigint[]);

-- name: rest
-- Everything that waits, put-off changes too; inside a stage move, where nobody else is at it.
SELECT o.id, o.legacy_id FROM migration_outbox o WHERE o.company_id = %(company)s ORDER BY o.id LIMIT %(most)s;

-- name: rest_reverse
SELECT o.id, o.table_name, o.row_id, o.deal_id FROM migration_reverse_outbox o
 WHERE o.company_id = %(company)s ORDER BY o.id LIMIT %(most)s;

-- name: failures
SELECT left(f.error, 200), count(*)
  FROM (SELECT error FROM migration_outbox WHERE company_id = %(company)s AND attempts > 0
        UNION ALL
        SELECT error FROM migration_reverse_outbox WHERE company_id = %(company)s AND attempts > 0) AS f
 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;
