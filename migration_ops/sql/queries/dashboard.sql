-- name: overview
-- The whole move in one row: companies, those that run, are stalled, failed or need a person; rows; what waits.
-- params: seen (uuid[] or NULL: any company), stalled_s (int), names (depths of verdicts)
WITH company AS (
    SELECT c.id FROM companies c WHERE %(seen)s::uuid[] IS NULL OR c.id = ANY (%(seen)s)),
run AS (
    SELECT r.* FROM company c
      CROSS JOIN LATERAL (SELECT * FROM migration_run r WHERE r.company_id = c.id ORDER BY r.id DESC LIMIT 1) AS r),
verdict AS (
    -- One look into the index each, however many verdicts there were before.
    SELECT c.id AS company_id, v.has_passed
      FROM company c CROSS JOIN unnest(%(names)s::text[]) AS d (depth)
     CROSS JOIN LATERAL (SELECT v.has_passed FROM migration_verdict v WHERE v.company_id = c.id AND v.depth = d.depth
                          ORDER BY v.id DESC LIMIT 1) AS v),
batch AS (
    SELECT coalesce(sum(b.rows), 0) AS pending
      FROM run r JOIN migration_batch b ON b.run_id = r.id
     WHERE b.kind = 'rows' AND b.state = 'pending' AND r.status NOT IN ('finished', 'cancelled'))
SELECT (SELECT count(*) FROM company),
       (SELECT count(*) FROM run WHERE status IN ('running', 'pausing', 'cancelling')
           AND heartbeat_at >= now() - %(stalled_s)s * interval '1 second'),
       (SELECT count(*) FROM run WHERE status IN ('running', 'pausing', 'cancelling')
           AND heartbeat_at < now() - %(stalled_s)s * interval '1 second'),
       (SELECT count(*) FROM run WHERE status = 'failed'),
       (SELECT count(*) FROM run WHERE status = 'paused'),
       (SELECT coalesce(sum(rows_planned), 0) FROM run WHERE status <> 'cancelled')::bigint,
       greatest(0, (SELECT coalesce(sum(rows_planned), 0) FROM run WHERE status <> 'cancelled')
                   - (SELECT pending FROM batch))::bigint,
       (SELECT count(*) FROM migration_quarantined_row q JOIN company c ON c.id = q.company_id WHERE q.resolution = ''),
       (SELECT count(*) FROM migration_dedup_conflict d JOIN company c ON c.id = d.company_id WHERE d.state = 'open'),
       (SELECT count(DISTINCT company_id) FROM verdict WHERE NOT has_passed),
       (SELECT count(*) FROM migration_outbox o WHERE o.attempts > 0 AND o.state = 'failed'
           AND (%(seen)s::uuid[] IS NULL OR o.company_id = ANY (%(seen)s))),
       (SELECT count(*) FROM migration_step_request s JOIN company c ON c.id = s.company_id WHERE s.state = 'waiting');

-- name: stages
-- Companies in each stage.
-- params: seen (uuid[] or NULL)
SELECT coalesce(s.stage, 'off'), count(*)
  FROM companies c LEFT JOIN migration_company_stage s ON s.company_id = c.id
 WHERE %(seen)s::uuid[] IS NULL OR c.id = ANY (%(seen)s)
 GROUP BY 1;

-- name: companies
-- A page of companies with their last run and what waits: first what is stuck, then what runs, then by name.
-- params: seen (uuid[] or NULL), words (text or ''; a part of a name or slug), stage (text or ''),
-- condition (text or ''; running, stuck, waiting), stalled_s (int), most (int), offset (int)
SELECT found.* FROM (
    SELECT c.id, c.name, c.slug, coalesce(s.stage, 'off') AS stage, r.id AS run, coalesce(r.status, '') AS status,
           coalesce(r.phase, '') AS phase, coalesce(r.rows_planned, 0) AS planned, coalesce(r.error, '') AS error,
           CASE WHEN r.status = 'running' THEN r.rest_reason ELSE '' END AS pace,
           coalesce(r.status IN ('running', 'pausing', 'cancelling')
             AND r.heartbeat_at < now() - %(stalled_s)s * interval '1 second', false) AS is_stalled,
           q.rows AS quarantined, d.rows AS conflicts
      FROM companies c
      LEFT JOIN migration_company_stage s ON s.company_id = c.id
      LEFT JOIN LATERAL (SELECT * FROM migration_run r WHERE r.company_id = c.id ORDER BY r.id DESC LIMIT 1) AS r ON true
      LEFT JOIN (SELECT company_id, count(*) AS rows FROM migration_quarantined_row WHERE resolution = ''
                  GROUP BY company_id) AS q ON q.company_id = c.id
      LEFT JOIN (SELECT company_id, count(*) AS rows FROM migration_dedup_conflict WHERE state = 'open'
                  GROUP BY company_id) AS d ON d.company_id = c.id
     WHERE (%(seen)s::uuid[] IS NULL OR c.id = ANY (%(seen)s))
       AND (%(words)s = '' OR position(lower(%(words)s) IN lower(c.name)) > 0 OR position(lower(%(words)s) IN c.slug) > 0)
       AND (%(stage)s = '' OR coalesce(s.stage, 'off') = %(stage)s)) AS found
 WHERE CASE %(condition)s
         WHEN 'running' THEN found.status IN ('running', 'pausing', 'cancelling') AND NOT found.is_stalled
         WHEN 'stuck' THEN found.is_stalled OR found.status = 'failed'
         WHEN 'waiting' THEN found.quarantined > 0 OR found.conflicts > 0
         ELSE true END
 ORDER BY (found.is_stalled OR found.status = 'failed') DESC,
          (found.status IN ('running', 'pausing', 'cancelling')) DESC, found.name, found.id
 LIMIT %(most)s OFFSET %(offset)s;

-- name: progress
-- Of each run: rows of its batches that are still to be done, and the rates of its recent row batches (all, the slow fifth, the fast fifth), as
-- queries/progress.sql gives them for one.
-- params: runs (bigint[])
WITH recent AS (
    SELECT b.run_id, b.rows, b.finished_at, b.id,
           b.finished_at - lag(b.finished_at) OVER (PARTITION BY b.run_id ORDER BY b.finished_at, b.id) AS took
      FROM unnest(%(runs)s::bigint[]) AS run (id)
      CROSS JOIN LATERAL (
           SELECT b.* FROM migration_batch b
            WHERE b.run_id = run.id AND b.kind = 'rows' AND b.state = 'done' AND b.rows > 0
            ORDER BY b.finished_at DESC, b.id DESC LIMIT 60) AS b),
windows AS (
    SELECT run_id, ntile(6) OVER (PARTITION BY run_id ORDER BY finished_at) AS slot, rows,
           extract(epoch FROM took) AS seconds
      FROM recent WHERE took IS NOT NULL AND took < interval '5 minutes'),
rates AS (
    SELECT run_id, slot, sum(rows) / nullif(sum(seconds), 0) AS rate FROM windows GROUP BY run_id, slot),
pace AS (
    SELECT run_id, percentile_cont(0.2) WITHIN GROUP (ORDER BY rate) AS slow,
           percentile_cont(0.8) WITHIN GROUP (ORDER BY rate) AS fast
      FROM rates GROUP BY run_id),
mean AS (
    SELECT run_id, sum(rows) / nullif(sum(seconds), 0) AS rate FROM windows GROUP BY run_id)
SELECT b.run_id, coalesce(sum(b.rows) FILTER (WHERE b.kind = 'rows' AND b.state = 'pending'), 0)::bigint,
       max(m.rate)::float8, max(p.slow)::float8, max(p.fast)::float8
  FROM migration_batch b LEFT JOIN pace p USING (run_id) LEFT JOIN mean m USING (run_id)
 WHERE b.run_id = ANY (%(runs)s)
 GROUP BY b.run_id;

-- name: verdicts
-- The last verdict of each depth of these companies.
-- params: ids (uuid[])
SELECT c.id, v.depth, v.has_passed AND v.rows_checked = v.rows_expected, v.mapping_version, v.at
  FROM unnest(%(ids)s::uuid[]) AS c (id)
  CROSS JOIN LATERAL (SELECT DISTINCT ON (v.depth) * FROM migration_verdict v WHERE v.company_id = c.id
                       ORDER BY v.depth, v.id DESC) AS v;

-- name: facts
-- What else the gates of these companies rest on: the last finished run, open findings, findings they ever
-- had, whether a run is unfinished, whether capture was off since the finished one began.
-- params: ids (uuid[])
SELECT c.id, r.id, r.mapping_version, r.started_at, r.finished_at,
       (SELECT count(*) FROM migration_finding f WHERE f.company_id = c.id AND f.cleared_at IS NULL),
       (SELECT count(*) FROM migration_finding f WHERE f.company_id = c.id),
       EXISTS (SELECT FROM migration_run a WHERE a.company_id = c.id
                  AND a.status IN ('running', 'pausing', 'cancelling', 'paused', 'failed')),
       EXISTS (SELECT FROM migration_capture_installation i WHERE i.at > r.started_at)
  FROM unnest(%(ids)s::uuid[]) AS c (id)
  LEFT JOIN LATERAL (SELECT * FROM migration_run r WHERE r.company_id = c.id AND r.status = 'finished'
                      ORDER BY r.id DESC LIMIT 1) AS r ON true;

-- name: evidence
-- The newest proof of each gate of these companies: gate, whether it stands, rules, findings it knew of, snapshot and
-- run of a backup.
-- params: ids (uuid[])
SELECT DISTINCT ON (e.company_id, e.gate) e.company_id, e.gate, e.has_passed AND e.voided_at IS NULL,
       e.mapping_version, e.findings, e.detail ->> 'snapshot_at', e.detail ->> 'run'
  FROM migration_gate_evidence e WHERE e.company_id = ANY (%(ids)s)
 ORDER BY e.company_id, e.gate, e.id DESC;

-- name: compared
-- Of those of these companies that compare reads: open differences, the least rows of an endpoint that were equal on the
-- basis of now (see shadow.sql, basis), the oldest newest comparison of an endpoint, legacy rows (no further than most).
-- params: ids (uuid[]), mapping_version, since (date), names (endpoints), most (rows)
SELECT s.company_id,
       (SELECT count(*) FROM migration_shadow_group g WHERE g.company_id = s.company_id AND g.resolved_at IS NULL),
       (SELECT min(coalesce(k.rows, 0)) FROM unnest(%(names)s::text[]) AS e (endpoint) LEFT JOIN LATERAL (
            SELECT sum(k.rows)::bigint AS rows FROM migration_shadow_count k
             WHERE k.company_id = s.company_id AND k.day >= %(since)s AND k.endpoint = e.endpoint
               AND k.stage = s.stage AND k.basis = b.basis) AS k ON true),
       (SELECT CASE WHEN count(k.at) = count(*) THEN min(k.at) END
          FROM unnest(%(names)s::text[]) AS e (endpoint) LEFT JOIN LATERAL (
            SELECT max(k.last_equal_at) AS at FROM migration_shadow_count k
             WHERE k.company_id = s.company_id AND k.day >= %(since)s AND k.endpoint = e.endpoint
               AND k.stage = s.stage AND k.basis = b.basis) AS k ON true),
       (SELECT count(*) FROM (SELECT FROM quotes q WHERE q.company_id = s.company_id LIMIT %(most)s) AS q)
  FROM migration_company_stage s
 CROSS JOIN LATERAL (
       SELECT concat_ws('/', %(mapping_version)s::int,
                        (SELECT count(*) FROM migration_finding f WHERE f.company_id = s.company_id),
                        coalesce((SELECT max(r.id) FROM migration_run r
                                   WHERE r.company_id = s.company_id AND r.status = 'finished'), 0)) AS basis) AS b
 WHERE s.company_id = ANY (%(ids)s) AND s.stage = 'shadow';

-- name: lag
-- Captured changes of these companies in both directions: waiting, failed, age of the oldest in seconds.
-- params: ids (uuid[])
SELECT c.id, coalesce(o.waiting, 0) + coalesce(b.waiting, 0), coalesce(o.failed, 0) + coalesce(b.failed, 0),
       coalesce(extract(epoch FROM clock_timestamp() - least(o.oldest, b.oldest)), 0)::float8
  FROM unnest(%(ids)s::uuid[]) AS c (id)
  LEFT JOIN (SELECT company_id, count(*) FILTER (WHERE state = 'pending') AS waiting,
                    count(*) FILTER (WHERE state = 'failed') AS failed, min(captured_at) AS oldest
               FROM migration_outbox WHERE company_id = ANY (%(ids)s) GROUP BY company_id) AS o ON o.company_id = c.id
  LEFT JOIN (SELECT company_id, count(*) FILTER (WHERE state = 'pending') AS waiting,
                    count(*) FILTER (WHERE state = 'failed') AS failed, min(captured_at) AS oldest
               FROM migration_reverse_outbox WHERE company_id = ANY (%(ids)s) GROUP BY company_id) AS b
         ON b.company_id = c.id;

-- name: rows_by_hour
-- Rows of the batches that ended in each of the last hours, migrated and set aside.
-- params: seen (uuid[] or NULL), hours (int)
SELECT h.hour, coalesce(sum(b.migrated), 0)::bigint, coalesce(sum(b.quarantined), 0)::bigint
  FROM generate_series(date_trunc('hour', now()) - (%(hours)s - 1) * interval '1 hour', date_trunc('hour', now()),
                       interval '1 hour') AS h (hour)
  LEFT JOIN (SELECT date_trunc('hour', b.finished_at) AS hour, b.migrated, b.quarantined
               FROM migration_batch b JOIN migration_run r ON r.id = b.run_id
              WHERE b.state = 'done' AND b.kind IN ('rows', 'sweep')
                AND b.finished_at >= date_trunc('hour', now()) - (%(hours)s - 1) * interval '1 hour'
                AND (%(seen)s::uuid[] IS NULL OR r.company_id = ANY (%(seen)s))) AS b USING (hour)
 GROUP BY h.hour ORDER BY h.hour;

-- name: found
-- What waits for a person, by reason: (what, reason, rows).
-- params: seen (uuid[] or NULL)
SELECT 'quarantine', q.reason, count(*) FROM migration_quarantined_row q
 WHERE q.resolution = '' AND (%(seen)s::uuid[] IS NULL OR q.company_id = ANY (%(seen)s)) GROUP BY q.reason
UNION ALL
SELECT 'conflict', d.reason, count(*) FROM migration_dedup_conflict d
 WHERE d.state = 'open' AND (%(seen)s::uuid[] IS NULL OR d.company_id = ANY (%(seen)s)) GROUP BY d.reason
UNION ALL
SELECT 'finding', f.kind, count(*) FROM migration_finding f
 WHERE f.cleared_at IS NULL AND (%(seen)s::uuid[] IS NULL OR f.company_id = ANY (%(seen)s)) GROUP BY f.kind
 ORDER BY 3 DESC, 2;

-- name: batch_map
-- The row batches of a run in the order of their ids, in at most so many cells: batches, done, tried again, rows, set
-- aside, the last error.
-- params: run (bigint), most (int)
SELECT n.cell, count(*), count(*) FILTER (WHERE n.state = 'done'),
       count(*) FILTER (WHERE n.state = 'pending' AND n.attempts > 0), sum(n.rows)::bigint, sum(n.quarantined)::bigint,
       coalesce(max(n.error), '')
  FROM (SELECT ntile(%(most)s) OVER (ORDER BY b.low NULLS LAST, b.id) AS cell, b.*
          FROM migration_batch b WHERE b.run_id = %(run)s AND b.kind = 'rows' AND b.state <> 'split') AS n
 GROUP BY n.cell ORDER BY n.cell;

-- name: phases
-- Of each kind of batch of a run: batches, done, seconds they took.
-- params: run (bigint)
SELECT b.kind, count(*) FILTER (WHERE b.state <> 'split'), count(*) FILTER (WHERE b.state = 'done'),
       (coalesce(sum(b.duration_ms) FILTER (WHERE b.state = 'done'), 0) / 1000.0)::float8
  FROM migration_batch b WHERE b.run_id = %(run)s GROUP BY b.kind;
