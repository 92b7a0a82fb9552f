-- Rows behind the console's pages, made set-based: companies on their way, and what waits for people in them.
-- Each block runs in a transaction of its own with the mark of mirrored writes, so that nothing of it is captured.

-- name: companies
-- params: companies (int)
INSERT INTO companies (id, name, slug, phone_region, timezone, created_at)
SELECT ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
       (ARRAY['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Hazel', 'Juniper', 'Larch', 'Maple'])[1 + n %% 10] || ' '
       || (ARRAY['Roofing', 'Plumbing', 'Electric', 'Paint', 'Windows', 'Floors', 'Heating & Cooling of the Valley'])[1 + n %% 7]
       || ' ' || n,
       'company-' || n, 'US', 'UTC', now()
  FROM generate_series(1, %(companies)s) AS n;

-- name: questions
-- Pairs of customers that may be one, spread over these companies, an open question about each.
-- params: owners (uuid[]), questions (int)
WITH made AS (
    SELECT n, owners.id AS company_id
      FROM generate_series(0, %(questions)s * 2 - 1) AS n
      JOIN unnest(%(owners)s::uuid[]) WITH ORDINALITY AS owners (id, place)
        ON owners.place = 1 + (n / 2) %% cardinality(%(owners)s::uuid[])),
customer AS (
    INSERT INTO customers_new (id, company_id, name, email, created_at, updated_at, is_placeholder, phone_is_shared)
    SELECT ('a0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, company_id, 'Customer ' || n / 2,
           'c' || n || '@example.com', now(), now(), false, true
      FROM made),
contact AS (
    INSERT INTO customer_contacts (id, company_id, customer_id, name, email, name_key, email_key, extra_keys, flags,
                                   first_seen_at, last_seen_at)
    SELECT ('b0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, company_id,
           ('a0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n / 2, 'c' || n || '@example.com',
           'customer ' || n / 2, 'c' || n || '@example.com', '{}', '{}', now(), now()
      FROM made)
INSERT INTO migration_dedup_conflict (company_id, contact_a_id, contact_b_id, reason, score, evidence, state, created_at, "case")
SELECT company_id, ('b0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
       ('b0000000-0000-4000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid,
       (ARRAY['probable', 'one_kind', 'not_personal', 'names_unlike'])[1 + n / 2 %% 4], 0.5 + (n / 2 %% 49) / 100.0,
       jsonb_build_array(jsonb_build_object('kind', 'k' || n / 40 %% 12, 'field', 'name', 'level', 'exact', 'text',
                         'observation ' || n / 40 %% 12, 'weight', 4)),
       'open', now() - n / 2 * interval '1 minute', ('a0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
  FROM made WHERE n %% 2 = 0;

-- name: quarantined
-- More rows set aside: copies of those that are, legacy row and all, in the made companies.
-- params: rows (int), companies (int)
WITH known AS (
    SELECT z.*, row_number() OVER (ORDER BY z.legacy_id) - 1 AS place FROM migration_quarantined_row z WHERE z.resolution = ''),
made AS (
    SELECT md5('quarantined ' || n)::uuid AS new_id,
           ('c0000000-0000-4000-8000-' || lpad((1 + n %% %(companies)s)::text, 12, '0'))::uuid AS new_company, k.*
      FROM generate_series(0, %(rows)s - 1) AS n JOIN known k ON k.place = n %% (SELECT count(*) FROM known)),
legacy_row AS (
    INSERT INTO quotes
    SELECT (jsonb_populate_record(q, jsonb_build_object('id', m.new_id, 'company_id', m.new_company))).*
      FROM made m JOIN quotes q ON q.id = m.legacy_id)
INSERT INTO migration_quarantined_row (legacy_id, company_id, reason, field, original, source, mapping_version, first_seen_at,
                                       last_seen_at, resolution, resolved_by, resolved_reason)
SELECT new_id, new_company, reason, field, original,
       source || jsonb_build_object('id', new_id, 'company_id', new_company), mapping_version, first_seen_at, last_seen_at,
       '', '', ''
  FROM made;

-- name: stages
-- Every stage, the later the fewer; the steps that led there, as a person would have taken them.
INSERT INTO migration_company_stage (company_id, stage, since)
SELECT c.id, (ARRAY['dualwrite', 'dualwrite', 'dualwrite', 'dualwrite', 'shadow', 'shadow', 'live', 'live', 'rampdown',
              'complete'])[1 + c.n %% 10], now() - c.n %% 90 * interval '1 day'
  FROM (SELECT id, right(slug, -8)::int AS n FROM companies WHERE id::text LIKE 'c0000000-%%') AS c WHERE c.n %% 4 > 0;
INSERT INTO migration_stage_change (company_id, before, after, reason, actor, at)
SELECT s.company_id, 'off', 'dualwrite', 'the first run', 'ann', s.since - interval '9 days' FROM migration_company_stage s
UNION ALL
SELECT s.company_id, 'dualwrite', s.stage, 'its turn', 'ann', s.since FROM migration_company_stage s WHERE s.stage <> 'dualwrite';

-- name: runs
-- A finished run for most companies; of a hundred companies one runs, one is stalled, one has failed, one is paused.
INSERT INTO migration_run (company_id, status, phase, generation, mapping_version, is_enqueued, rows_planned, batch_rows,
                           pause_ms, target_ms, rest_ms, rest_reason, owner, started_at, heartbeat_at, finished_at,
                           accepts_quarantine, busy_seconds, error)
SELECT c.id, r.status, CASE r.status WHEN 'finished' THEN 'finish' ELSE 'rows' END, 1, 1, true, 200 + 37 * (c.n %% 5000), 1000, 0,
       1000, 0, CASE r.status WHEN 'running' THEN 'resting: oldest transaction 42 s' ELSE '' END, 'celery',
       now() - c.n %% 200 * interval '1 hour',
       -- What runs goes on running while the pages are asked.
       CASE c.n %% 100 WHEN 1 THEN now() + interval '1 day' ELSE now() - interval '1 hour' END,
       CASE r.status WHEN 'finished' THEN now() - c.n %% 200 * interval '1 hour' + interval '9 minutes' END, false, 540,
       CASE r.status WHEN 'failed' THEN 'more than half of the rows were set aside' ELSE '' END
  FROM (SELECT id, right(slug, -8)::int AS n FROM companies WHERE id::text LIKE 'c0000000-%%') AS c
 CROSS JOIN LATERAL (SELECT CASE c.n %% 100 WHEN 1 THEN 'running' WHEN 2 THEN 'running' WHEN 3 THEN 'failed'
                                           WHEN 4 THEN 'paused' ELSE 'finished' END AS status) AS r
 WHERE c.n %% 4 > 0 OR c.n %% 100 = 4;

-- name: batches
INSERT INTO migration_batch (run_id, kind, part, rows, state, attempts, error, migrated, quarantined, worker, finished_at, duration_ms)
SELECT r.id, 'rows', n, 1000, b.state, 0, '', CASE b.state WHEN 'done' THEN 990 ELSE 0 END, CASE b.state WHEN 'done' THEN 10 ELSE 0 END,
       'worker', CASE b.state WHEN 'done' THEN r.started_at + n * interval '4 seconds' END, 900
  FROM migration_run r
 CROSS JOIN LATERAL generate_series(0, least(r.rows_planned / 1000, 150)) AS n
 CROSS JOIN LATERAL (SELECT CASE WHEN r.status = 'finished' OR n < 60 THEN 'done' ELSE 'pending' END AS state) AS b
 WHERE r.company_id::text LIKE 'c0000000-%%';

-- name: verdicts
-- Three of each depth for each company, the last of them failed for one in fifty, and in fields for the largest one;
-- mismatches of those.
-- params: largest (uuid)
INSERT INTO migration_verdict (company_id, depth, has_passed, checks, rows_expected, rows_checked, missing, extra, mismatched,
                               mapping_version, seconds, at)
SELECT c.id, d.depth, f.passed, '[]', 1000, 1000, 0, 0, CASE WHEN f.passed THEN 0 ELSE 40 END, 1, 3,
       now() - (3 - turn) * interval '1 day'
  FROM (SELECT id, right(slug, -8)::int AS n FROM companies WHERE id::text LIKE 'c0000000-%%'
        UNION ALL SELECT %(largest)s, 0) AS c
 CROSS JOIN generate_series(1, 3) AS turn
 CROSS JOIN unnest(ARRAY['counts', 'checksum', 'fields', 'roundtrip', 'business']) AS d (depth)
 CROSS JOIN LATERAL (SELECT NOT (turn = 3 AND d.depth = 'fields' AND c.n %% 50 = 0) AS passed) AS f
 WHERE c.n %% 4 > 0 OR c.n %% 50 = 0;
INSERT INTO migration_mismatch (verdict_id, kind, "table", row_id, legacy_id, "column", expected, found)
SELECT v.id, 'mismatched', 'quotes_new', gen_random_uuid(), gen_random_uuid(), 'total', n::text, (n + 1)::text
  FROM migration_verdict v
 CROSS JOIN LATERAL generate_series(1, CASE WHEN v.company_id = %(largest)s THEN 10000 ELSE 40 END) AS n
 WHERE NOT v.has_passed;

-- name: found
-- Findings, proofs of gates, compared reads and their differences.
INSERT INTO migration_finding (company_id, kind, detail, at, cleared_at)
SELECT s.company_id, (ARRAY['foreign_write', 'capture_hole', 'repair', 'mismatch'])[1 + n], 'I of quotes_new', now() - n * interval '1 day',
       CASE WHEN n > 0 THEN now() END
  FROM migration_company_stage s CROSS JOIN generate_series(0, 3) AS n WHERE hashtextextended(s.company_id::text, 0) %% 10 = 0;
INSERT INTO migration_gate_evidence (company_id, gate, has_passed, detail, mapping_version, findings, at, voided_by)
SELECT s.company_id, g.gate, true, '{}', 1, 0, now() - n * interval '1 day', ''
  FROM migration_company_stage s CROSS JOIN unnest(ARRAY['backup', 'shadow', 'rollback']) AS g (gate) CROSS JOIN generate_series(1, 3) AS n;
INSERT INTO migration_shadow_count (company_id, day, endpoint, stage, basis, equal, rows, mismatched, noise, late, dropped, last_equal_at)
SELECT s.company_id, current_date - n, e.endpoint, s.stage, '1/0/0', 500, 9000, 1, 2, 0, 0, now() - n * interval '1 day'
  FROM migration_company_stage s CROSS JOIN generate_series(0, 13) AS n CROSS JOIN unnest(ARRAY['list', 'detail']) AS e (endpoint)
 WHERE s.stage IN ('shadow', 'live');
WITH of_company AS (
    INSERT INTO migration_shadow_group (company_id, endpoint, field, rule, seen, not_kept, first_at, last_at)
    SELECT s.company_id, 'detail', f.field, 'value', 40, 0, now() - interval '5 days', now()
      FROM migration_company_stage s CROSS JOIN unnest(ARRAY['total', 'tax', 'notes']) AS f (field) WHERE s.stage = 'shadow'
    RETURNING id)
INSERT INTO migration_shadow_mismatch (group_id, object, legacy_value, new_value, stage, request_id, seen, at)
SELECT g.id, gen_random_uuid()::text, n::text, (n + 1)::text, 'shadow', '', 1, now() FROM of_company g CROSS JOIN generate_series(1, 10) AS n;

-- name: changes
-- Captured changes that wait, some of which could not be applied, and as many on the way back.
-- params: changes (int), largest (uuid)
INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at, state, attempts, error)
SELECT gen_random_uuid(), CASE WHEN n %% 2 = 0 THEN %(largest)s ELSE c.ids[1 + n %% cardinality(c.ids)] END, 'U',
       now() - n * interval '10 milliseconds', CASE WHEN n %% 50 = 1 THEN 'failed' ELSE 'pending' END, n %% 50 %% 2,
       CASE WHEN n %% 50 = 1 THEN 'the row is locked' ELSE '' END
  FROM generate_series(1, %(changes)s) AS n
 CROSS JOIN (SELECT array_agg(company_id) AS ids FROM migration_company_stage WHERE stage IN ('dualwrite', 'shadow')) AS c;
INSERT INTO migration_reverse_outbox (company_id, table_name, row_id, operation, captured_at, xid)
SELECT c.ids[1 + n %% cardinality(c.ids)], 'quotes_new', gen_random_uuid(), 'U', now(), 1
  FROM generate_series(1, %(changes)s) AS n
 CROSS JOIN (SELECT array_agg(company_id) AS ids FROM migration_company_stage WHERE stage IN ('live', 'rampdown')) AS c;

-- name: lines
-- The audit log, certificates, use of the old interface, rulings.
-- params: lines (int), largest (uuid)
-- A few first, and the planner told of them: each line looks for the one before.
INSERT INTO migration_audit_log (actor, action, company_id, detail)
SELECT (ARRAY['ann', 'bob', 'cem'])[1 + n %% 3], (ARRAY['pause', 'waive', 'validate_asked', 'export'])[1 + n %% 4],
       CASE WHEN n %% 5 > 0 THEN c.ids[1 + n %% cardinality(c.ids)] ELSE %(largest)s END, jsonb_build_object('reason', 'line ' || n)
  FROM generate_series(1, 100) AS n CROSS JOIN (SELECT array_agg(company_id) AS ids FROM migration_company_stage) AS c;
ANALYZE migration_audit_log;
INSERT INTO migration_audit_log (actor, action, company_id, detail)
SELECT (ARRAY['ann', 'bob', 'cem'])[1 + n %% 3], (ARRAY['pause', 'waive', 'validate_asked', 'export'])[1 + n %% 4],
       CASE WHEN n %% 5 > 0 THEN c.ids[1 + n %% cardinality(c.ids)] ELSE %(largest)s END, jsonb_build_object('reason', 'line ' || n)
  FROM generate_series(101, %(lines)s) AS n CROSS JOIN (SELECT array_agg(company_id) AS ids FROM migration_company_stage) AS c;
INSERT INTO migration_certificate (company_id, document, sha256, signed_by, mapping_version, last_finding, at)
SELECT s.company_id, d.document, encode(sha256(convert_to(d.document, 'UTF8')), 'hex'), 'ann', 1, 0, now()
  FROM migration_company_stage s
 CROSS JOIN (SELECT '{"audit_log":{"last_hash":"x"},"proofs":[],"tables":{}}'::text AS document) AS d
 WHERE s.stage = 'complete';
INSERT INTO migration_v1_use (day, client, company_id, requests, refused, last_at)
SELECT current_date - n, 'client ' || s.company_id, s.company_id, 900, 3, now()
  FROM migration_company_stage s CROSS JOIN generate_series(0, 6) AS n WHERE s.stage = 'live';
INSERT INTO migration_value_ruling (company_id, kind, value, is_generic, reason, actor, at, ended_by, ended_reason)
SELECT s.company_id, 'phone', '+15125550199', true, 'a call centre', 'ann', now(), '', '' FROM migration_company_stage s;
INSERT INTO migration_merge_sample (id, company_id, day, is_merged, sides, created_at, answer, answered_by)
SELECT gen_random_uuid(), s.company_id, current_date - n, n %% 2 = 0,
       '[{"name": "one", "lines": [["Name", "One"]]}, {"name": "other", "lines": [["Name", "Other"]]}]', now(),
       CASE WHEN n > 0 THEN 'same' ELSE '' END, CASE WHEN n > 0 THEN 'ann' ELSE '' END
  FROM migration_company_stage s CROSS JOIN generate_series(0, 3) AS n;
INSERT INTO api_tokens (id, company_id, name, prefix, digest, scopes, created_at, created_by)
SELECT gen_random_uuid(), s.company_id, 'a program', left(md5(s.company_id::text), 12), md5(s.company_id::text), '{leads:read}', now(), 'ann'
  FROM migration_company_stage s;
INSERT INTO migration_retirement (company_id, certificate_id, state, archive, archive_sha256, rows, removed, actor, reason, at)
SELECT c.company_id, c.id, 'restored', 'archive', repeat('0', 64), 1000, 0, 'ann', 'tried', now() FROM migration_certificate c;

-- name: decided
-- Merges by the rules and decisions of people, of made customers.
-- params: owners (uuid[])
WITH run AS (
    INSERT INTO customer_merge_runs (id, company_id, origin, words, rule_version, actor, at, undone_by)
    SELECT gen_random_uuid(), o.id, 'rules', 'made for a measurement', '', 'ann', now(), ''
      FROM (SELECT DISTINCT id FROM unnest(%(owners)s::uuid[]) AS o (id)) AS o
    RETURNING company_id, id),
pair AS (
    SELECT a.company_id, a.customer_id AS one, b.customer_id AS other, d.id AS place,
           row_number() OVER (PARTITION BY a.company_id ORDER BY d.id) AS n
      FROM migration_dedup_conflict d
      JOIN customer_contacts a ON a.id = d.contact_a_id AND a.id::text LIKE 'b0000000-%%'
      JOIN customer_contacts b ON b.id = d.contact_b_id),
merged AS (
    INSERT INTO customer_merges (id, company_id, survivor_id, run_id, origin, actor, reason, at, number, fingerprint, fields, before,
                                 counts, undone_at, undone_by, undone_reason)
    SELECT gen_random_uuid(), p.company_id, p.one, r.id, 'rules', 'ann', '', now(), -p.place, 'f', '{}', '{}', '{}', now(), 'ann', ''
      FROM pair p JOIN run r ON r.company_id = p.company_id WHERE p.n <= 200)
INSERT INTO customer_decisions (id, company_id, customer_a_id, customer_b_id, verdict, evidence, evidence_fingerprint, actor, reason, at)
SELECT gen_random_uuid(), p.company_id, least(p.one, p.other), greatest(p.one, p.other), 'different', '[]', '', 'ann', '', now()
  FROM pair p WHERE p.n BETWEEN 201 AND 400;
