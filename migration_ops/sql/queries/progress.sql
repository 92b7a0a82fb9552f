-- name: progress
-- Planned and done rows and parts of a run, and the rates of its recent row batches: all together, the slow third
-- and the fast third. A rate is rows by wall clock of the batches' ends, whoever did them.
-- params: run (bigint), kinds (text[]; what the phase does)
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
       (SELECT count(*) FROM migration_batch WHERE run_id = %(run)s AND kind = ANY (%(kinds)s) AND state <> 'split'),
       (SELECT count(*) FROM migration_batch WHERE run_id = %(run)s AND kind = ANY (%(kinds)s) AND state = 'done'),
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
-- Captured changes of the company that wait, counted no further than needed.
-- params: company (uuid), most (int)
SELECT count(*) FROM (SELECT FROM migration_outbox WHERE company_id = %(company)s AND state = 'pending' LIMIT %(most)s) AS o;

-- name: lock_waits
-- Recent batches of the run that met a lock timeout or a deadlock: of those that ended last, and of those being retried.
-- params: run (bigint), most (int)
SELECT count(*)
  FROM ((SELECT b.attempts, b.error FROM migration_batch b
          WHERE b.run_id = %(run)s AND b.state = 'done' AND b.finished_at IS NOT NULL
          ORDER BY b.finished_at DESC LIMIT %(most)s)
        UNION ALL
        SELECT b.attempts, b.error FROM migration_batch b WHERE b.run_id = %(run)s AND b.state = 'pending') AS recent
 WHERE recent.attempts > 0 AND recent.error ~ 'lock timeout|deadlock';

-- name: placed
-- Rows the run has migrated, and rows it has set aside.
SELECT coalesce(sum(migrated), 0), coalesce(sum(quarantined), 0) FROM migration_batch WHERE run_id = %(run)s;

-- name: quarantine_reasons
-- The reasons that occur most among the company's open quarantine entries.
SELECT reason, count(*) FROM migration_quarantined_row WHERE company_id = %(company)s AND resolution = ''
 GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 3;

-- name: ms_per_row
-- Median milliseconds a row of the run's last finished row batches; NULL when there are none.
-- params: run (bigint), most (int)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b.duration_ms::float8 / b.rows)
  FROM (SELECT duration_ms, rows FROM migration_batch
         WHERE run_id = %(run)s AND kind = 'rows' AND state = 'done' AND rows > 0 AND duration_ms IS NOT NULL
         ORDER BY finished_at DESC NULLS LAST LIMIT %(most)s) AS b;
