-- name: record
-- The trigger fills in the rest: number, time, hash.
INSERT INTO migration_audit_log (actor, action, company_id, detail)
VALUES (%(actor)s, %(kind)s, %(company)s, %(evidence)s);

-- name: verify
-- Lines, the hash of the last, the first line that does not follow from the one before (by number, by its hash, or by
-- what it says), and whether both triggers are on.
SELECT count(*), (array_agg(c.hash ORDER BY c.id DESC))[1], min(c.id) FILTER (WHERE c.is_broken),
       (SELECT count(*) = 2 FROM pg_trigger t
         WHERE t.tgrelid = 'migration_audit_log'::regclass AND t.tgenabled = 'A'
           AND t.tgname IN ('qp_audit_chain_v1', 'qp_audit_refuse_v1'))
  FROM (SELECT l.id, l.hash,
               l.id <> row_number() OVER w OR l.prev_hash <> coalesce(lag(l.hash) OVER w, '')
               OR l.hash <> qp_audit_hash_v1(l.id, l.at, l.actor, l.action, l.company_id, l.detail, l.prev_hash) AS is_broken
          FROM migration_audit_log l
        WINDOW w AS (ORDER BY l.id)) AS c;
