-- name: mark
-- Marks the writes of this transaction as mirrored; gives the mark that was there before.
SELECT coalesce(current_setting('quotepro.origin', true), ''),
       set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true);

-- name: unmark
SELECT set_config('quotepro.origin', %(source)s, true);

-- name: enter
-- The company's stage, held until the transaction ends: a stage move waits for it, or it waits for the move.
SELECT qp_stage_v1(%(company)s);

-- name: apply
-- Held by whoever applies changes of the company that others wrote, until the transaction ends; before the stage.
SELECT pg_advisory_xact_lock_shared(hashtextextended('qp_apply/' || %(company)s::uuid::text, 0));

-- name: stop_applying
-- Waits for whoever applies changes of the company, while its writers go on: closed first, the fence would hold them up
-- for a whole batch of changes.
SELECT pg_advisory_xact_lock(hashtextextended('qp_apply/' || %(company)s::uuid::text, 0));

-- name: close
-- Waits for every writer of the company in flight, and makes later ones wait; until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('qp_stage/' || %(company)s::uuid::text, 0));

-- name: blockers
-- Who holds the company's lock: pid, user, application, state, age of the transaction in seconds.
SELECT a.pid, a.usename, a.application_name, a.state, extract(epoch FROM now() - a.xact_start)::integer
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
   AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('qp_stage/' || %(company)s::uuid::text, 0)
 ORDER BY 5 DESC;

-- name: bystanders
-- Who has had a transaction open for that long that locks or has written rows of ours: where nobody holds the company's
-- lock, one of them holds a row that the step needs.
-- params: seconds (float)
SELECT DISTINCT a.pid, a.usename, a.application_name, a.state, extract(epoch FROM now() - a.xact_start)::integer
  FROM pg_locks l
  JOIN pg_stat_activity a ON a.pid = l.pid
  JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
 WHERE l.locktype = 'relation' AND l.granted AND l.mode <> 'AccessShareLock' AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
   AND a.xact_start < clock_timestamp() - %(seconds)s * interval '1 second'
 ORDER BY 5 DESC;

-- name: deals
-- Locks these deals, in one order everywhere.
SELECT count(*) FROM (
    SELECT pg_advisory_xact_lock(k.key) FROM (
        SELECT DISTINCT hashtextextended('qp_deal/' || d::text, 0) AS key FROM unnest(%(ids)s::uuid[]) AS d ORDER BY 1) AS k
    OFFSET 0) AS locked;

-- name: refused
-- The counter of refused writes, where there is one.
SELECT coalesce((SELECT s.last_value FROM pg_sequences s
                  WHERE s.schemaname = 'public' AND s.sequencename = 'qp_refused_' || replace(%(company)s::uuid::text, '-', '')), 0);

-- name: cut_over
-- Compare and set: one row, or somebody else moved first.
UPDATE migration_company_stage SET stage = %(after_stage)s, since = clock_timestamp()
 WHERE company_id = %(company)s AND stage = %(before_stage)s;
