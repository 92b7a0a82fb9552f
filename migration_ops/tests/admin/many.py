"""Thousands of companies on their way, made in a few statements."""

from django.db import connection, transaction

from crm.services.statistics import stats_refresh

FILL = """
INSERT INTO companies (id, name, slug, phone_region, timezone, created_at)
SELECT gen_random_uuid(), (ARRAY['Grange Heating & Cooling of the Upper Valley', 'Hill Solar', 'Inlet Pools', 'Jersey Drains', 'Kiln Masonry',
              'Lowland Fences', 'Moor Gardens'])[1 + n %% 7] || ' ' || n,
       'many-' || n, 'US', 'UTC', now() FROM generate_series(1, %(count)s) AS n;
CREATE TEMP TABLE many ON COMMIT DROP AS
SELECT id, right(slug, -5)::int AS n FROM companies WHERE slug LIKE 'many-%%';
INSERT INTO migration_company_stage (company_id, stage, since)
SELECT id, (ARRAY['dualwrite', 'dualwrite', 'dualwrite', 'shadow', 'shadow', 'live', 'live', 'rampdown', 'complete'])[1 + n %% 9], now() FROM many;
INSERT INTO migration_stage_change (company_id, before, after, reason, actor, at)
SELECT id, 'off', 'dualwrite', 'its turn', 'ann', now() FROM many;
INSERT INTO migration_run (company_id, status, phase, generation, mapping_version, is_enqueued, rows_planned, batch_rows, pause_ms,
                           target_ms, rest_ms, rest_reason, owner, started_at, heartbeat_at, finished_at, accepts_quarantine,
                           busy_seconds, error)
SELECT id, CASE n %% 40 WHEN 1 THEN 'running' WHEN 2 THEN 'failed' ELSE 'finished' END, 'rows', 1, 1, true, 2000, 1000, 0, 1000, 0, '',
       'celery', now() - interval '1 hour', now() + interval '1 hour', CASE WHEN n %% 40 NOT IN (1, 2) THEN now() END, false, 60,
       CASE n %% 40 WHEN 2 THEN 'more than half of the rows were set aside' ELSE '' END
  FROM many;
INSERT INTO migration_batch (run_id, kind, part, rows, state, attempts, error, migrated, quarantined, worker, finished_at, duration_ms)
SELECT r.id, 'rows', p, 1000, CASE WHEN r.status = 'finished' OR p = 0 THEN 'done' ELSE 'pending' END, 0, '', 990, 10, 'worker',
       now() - many.n %% 20 * interval '1 hour', 900
  FROM migration_run r JOIN many ON many.id = r.company_id CROSS JOIN generate_series(0, 1) AS p;
INSERT INTO migration_verdict (company_id, depth, has_passed, checks, rows_expected, rows_checked, missing, extra, mismatched,
                               mapping_version, seconds, at)
SELECT id, d.depth, n %% 50 > 0, '[]', 10, 10, 0, 0, 0, 1, 1, now() + interval '1 minute'
  FROM many CROSS JOIN unnest(ARRAY['counts', 'checksum', 'fields', 'roundtrip', 'business']) AS d (depth);
INSERT INTO migration_quarantined_row (legacy_id, company_id, reason, field, original, source, mapping_version, first_seen_at,
                                       last_seen_at, resolution, resolved_by, resolved_reason)
SELECT gen_random_uuid(), id, (ARRAY['number_nan', 'number_unreadable', 'items_shape'])[1 + n %% 3], 'total', 'x', '{}', 1, now(), now(),
       '', '', '' FROM many;
INSERT INTO migration_finding (company_id, kind, detail, at) SELECT id, 'repair', 'x', now() FROM many WHERE n %% 10 = 0;
INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at) SELECT gen_random_uuid(), id, 'U', now() FROM many;
INSERT INTO migration_shadow_group (company_id, endpoint, field, rule, seen, not_kept, first_at, last_at)
SELECT id, 'detail', 'total', 'value', 1, 0, now(), now() FROM many;
INSERT INTO migration_merge_sample (id, company_id, day, is_merged, sides, created_at, answer, answered_by)
SELECT gen_random_uuid(), id, current_date, true, '[{"name": "one", "lines": []}, {"name": "other", "lines": []}]', now(), '', ''
  FROM many;
INSERT INTO migration_dedup_case (id, company_id, customers, words, reason, score, questions, records, money, stake, state, claimed_by,
                                  decided_by, decided_words, outcome, pattern, created_at)
SELECT gen_random_uuid(), id, '{}', 'case ' || n, 'probable', 0.9, 1, 1, 1, n, 'open', '', '', '', '{}', 'p', now() FROM many;
INSERT INTO migration_audit_log (actor, action, company_id, detail) SELECT 'ann', 'pause', id, '{}' FROM many WHERE n %% 10 = 0;
"""


def many_companies(count: int) -> None:
    """So many companies more, each with a stage, a run, verdicts, something that waits, and statistics."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in FILL.strip().split(";\n"):
            cursor.execute(statement, {"count": count})
    stats_refresh()
