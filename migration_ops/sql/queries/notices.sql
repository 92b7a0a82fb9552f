-- name: over_budget
-- Runs that were driven lately and have set aside more than this share of what they did: run, company, rows migrated,
-- rows set aside.
-- params: since (time of the last heartbeat), least (rows done), score (share)
SELECT r.id, r.company_id, sum(b.migrated)::bigint, sum(b.quarantined)::bigint
  FROM migration_run r JOIN migration_batch b ON b.run_id = r.id
 WHERE r.heartbeat_at > %(since)s
 GROUP BY r.id
HAVING sum(b.migrated) + sum(b.quarantined) >= %(least)s
   AND sum(b.quarantined) > %(score)s * (sum(b.migrated) + sum(b.quarantined));
