-- name: progress
-- Planned and done rows and parts of a run, and the rates of its recent row batches: all together, the slow third
-- and the fast third. A rate is rows by wall clock of the batches' ends, whoever did them.
-- params: run (bigint), phase (text)
WITH recent AS (
    SELECT b.rows, b.finished_at, lag(b.finished_at) OVER (ORDER BY b.finished_at, b.id) AS before
      FROM migration_batch b
     WHERE b.run_id = %(run)s AND b.kind = 'rows' AND b.state = 'done' AND b.rows > 0
     ORDER BY b.finished_at DESC, b.id DESC
     LIMIT 60),
windows AS (
    SELECT ntile(6) OVER (ORDER BY finished_at) AS slot, rows, extract(epoch FROM finished_at - before) AS seconds
      FROM recent WHERE before IS NOT NULL AND finished_at - before < interval '5 minutes'),
rates AS (
    SELECT sum(rows) / nullif(sum(seconds), 0) AS rate FROM windows GROUP BY slot)
SELECT (SELECT coalesce(sum(rows), 0) FROM migration_batch WHERE run_id = %(run)s AND kind = 'rows' AND state <> 'split'),
       (SELECT coalesce(sum(rows), 0) FROM migration_batch WHERE run_id = %(run)s AND kind = 'rows' AND state = 'done'),
       (SELECT count(*) FROM migration_batch WHERE run_id = %(run)s AND kind = %(phase)s AND state <> 'split'),
       (SELECT count(*) FROM migration_batch WHERE run_id = %(run)s AND kind = %(phase)s AND state = 'done'),
       (SELECT coalesce(sum(migrated), 0) FROM migration_batch WHERE run_id = %(run)s),
       (SELECT coalesce(sum(quarantined), 0) FROM migration_batch WHERE run_id = %(run)s),
       (SELECT sum(rows) / nullif(sum(seconds), 0) FROM windows)::float8,
       (SELECT percentile_cont(0.2) WITHIN GROUP (ORDER BY rate) FROM rates)::float8,
       (SELECT percentile_cont(0.8) WITHIN GROUP (ORDER BY rate) FROM rates)::float8;

-- name: oldest_transaction
-- Age of the oldest transaction of any session that is not ours, seconds.
SELECT coalesce(max(extract(epoch FROM now() - a.xact_start)), 0)::float8
  FROM pg_stat_activity a
 WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.datname = current_database()
   AND a.application_name NOT LIKE 'quotepro%%';

-- name: unapplied
SELECT count(*) FROM (SELECT FROM migration_outbox WHERE company_id = %(company)s AND state = 'pending' LIMIT 50001) AS o;
