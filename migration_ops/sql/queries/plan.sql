-- name: watermark
-- Rows of the company and its highest id, from one snapshot.
SELECT count(*), (SELECT q.id FROM quotes q WHERE q.company_id = %(company)s ORDER BY q.id DESC LIMIT 1)
  FROM quotes WHERE company_id = %(company)s;

-- name: row_batches
-- The company's ids cut into ranges that tile it: each begins after the end of the one before, the first at the
-- lowest id there is, the last at the highest, so that rows written meanwhile fall into one of them. Gives the rows of each.
-- params: company (uuid), run (bigint), batch_rows (int)
-- index: quotes (company_id, id)
INSERT INTO migration_batch (run_id, kind, part, low, high, rows, state, attempts, error, migrated, quarantined, worker)
SELECT %(run)s, 'rows', c.place / %(batch_rows)s,
       CASE WHEN c.place = 0 THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE c.id END,
       -- one less than the next range's lowest id
       coalesce(qp_uuid_before(lead(c.id) OVER (ORDER BY c.place)), 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid),
       least((SELECT count(*) FROM quotes WHERE company_id = %(company)s) - c.place, %(batch_rows)s), 'pending', 0, '', 0, 0, ''
  FROM (SELECT q.id, row_number() OVER (ORDER BY q.id) - 1 AS place
          FROM quotes q WHERE q.company_id = %(company)s) AS c
 WHERE c.place %% %(batch_rows)s = 0
RETURNING rows;

-- name: unsettled
-- Legacy rows of the company with neither a link nor an open or waived quarantine entry, after a cursor.
-- params: company (uuid), after (uuid; NULL to begin, for the lowest id is a row's like any other), most (int)
-- index: quotes (company_id, id), migration_legacy_link primary key
SELECT q.id FROM quotes q
 WHERE q.company_id = %(company)s AND (%(after)s::uuid IS NULL OR q.id > %(after)s)
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = q.id AND l.company_id = q.company_id)
   AND NOT EXISTS (SELECT FROM migration_quarantined_row z
                    WHERE z.legacy_id = q.id AND z.company_id = q.company_id AND z.resolution IN ('', 'waived'))
 ORDER BY q.id
 LIMIT %(most)s;

-- name: orphaned_links
-- Links and open quarantine entries whose legacy row is gone from the company.
SELECT l.legacy_id FROM migration_legacy_link l
 WHERE l.company_id = %(company)s
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = l.legacy_id AND q.company_id = l.company_id)
UNION ALL
SELECT z.legacy_id FROM migration_quarantined_row z
 WHERE z.company_id = %(company)s AND z.resolution IN ('', 'waived')
   AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = z.legacy_id AND q.company_id = z.company_id)
 LIMIT %(most)s;

-- name: changes
-- Captured changes of the company waiting to be applied, locked; those another worker has are skipped.
-- params: company (uuid), most (int)
-- index: migration_outbox_pending_idx
SELECT o.id, o.legacy_id FROM migration_outbox o
 WHERE o.company_id = %(company)s AND o.state = 'pending'
 ORDER BY o.id
 LIMIT %(most)s
   FOR UPDATE SKIP LOCKED;

-- name: drop_early_changes
-- Captured changes of rows that were never projected: whoever projects them reads the current state.
DELETE FROM migration_outbox o
 WHERE o.company_id = %(company)s AND o.state = 'pending' AND o.operation <> 'D'
   AND NOT EXISTS (SELECT FROM migration_legacy_link l WHERE l.legacy_id = o.legacy_id)
   AND NOT EXISTS (SELECT FROM migration_quarantined_row z WHERE z.legacy_id = o.legacy_id);

-- name: claim
-- The next batch of the run's phase; batches other workers hold are skipped. Indexes are built beside the first part of
-- the finish, which writes to none of their tables; the others begin when the last is built.
-- params: run (bigint), kinds (text[]; what the phase does)
-- locks: the batch, until its transaction ends
SELECT b.id FROM migration_batch b
 WHERE b.run_id = %(run)s AND b.state = 'pending' AND b.kind = ANY (%(kinds)s)
   AND NOT (b.kind = 'finish' AND b.part %% 3 > 0
            AND EXISTS (SELECT FROM migration_batch i WHERE i.run_id = b.run_id AND i.kind = 'indexes' AND i.state = 'pending'))
 ORDER BY b.part, b.id
 LIMIT 1
   FOR UPDATE SKIP LOCKED;

-- name: is_driven
-- Whether a batch that was just claimed may be begun. Holds nothing: a heartbeat must not wait as long as a batch.
SELECT 1 FROM migration_run r
 WHERE r.id = %(run)s AND r.generation = %(generation)s AND r.status IN ('running', 'pausing', 'cancelling');

-- name: is_known
-- Whether any row of a range has a link or a quarantine entry, which keep the sweep from looking for it.
-- params: company (uuid), low and high (uuid, both included)
SELECT EXISTS (SELECT FROM migration_legacy_link l
                WHERE l.company_id = %(company)s AND l.legacy_id BETWEEN %(low)s AND %(high)s)
    OR EXISTS (SELECT FROM migration_quarantined_row z
                WHERE z.company_id = %(company)s AND z.legacy_id BETWEEN %(low)s AND %(high)s);

-- name: piece_ends
-- The highest id of each of so many nearly equal pieces of a range.
-- params: company (uuid), low and high (uuid, both included), parts (int)
SELECT (array_agg(n.id ORDER BY n.id DESC))[1]
  FROM (SELECT q.id, ntile(%(parts)s) OVER (ORDER BY q.id) AS piece FROM quotes q
         WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s) AS n
 GROUP BY n.piece ORDER BY n.piece;

-- name: free_batches
-- How many batches of the run are pending, and how many of those nobody has in work; the latter are locked.
-- locks: the run's pending batches that are free, until the transaction ends
WITH free AS (
    SELECT b.id FROM migration_batch b WHERE b.run_id = %(run)s AND b.state = 'pending' FOR UPDATE SKIP LOCKED)
SELECT (SELECT count(*) FROM migration_batch b WHERE b.run_id = %(run)s AND b.state = 'pending'),
       (SELECT count(*) FROM free);

-- name: fence
-- Whether the run is still this generation's; held until the transaction ends, which is a moment later. A worker that
-- is frozen in this moment loses its session, because whoever takes the run over waits for it.
-- params: run (int), generation (int), standstill (text)
SELECT set_config('idle_in_transaction_session_timeout', %(standstill)s, true) FROM migration_run r
 WHERE r.id = %(run)s AND r.generation = %(generation)s AND r.status IN ('running', 'pausing', 'cancelling')
   FOR SHARE;

-- name: middle
-- How many rows a range holds, and the id that ends its first half.
SELECT count(*), (SELECT h.id FROM quotes h WHERE h.company_id = %(company)s AND h.id BETWEEN %(low)s AND %(high)s
                   ORDER BY h.id
                  OFFSET greatest((SELECT count(*) FROM quotes c WHERE c.company_id = %(company)s
                                      AND c.id BETWEEN %(low)s AND %(high)s) / 2 - 1, 0) LIMIT 1)
  FROM quotes q WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s;

-- name: reject_one
-- A single row the database refused, for a reason no column alone explains: its message is told.
INSERT INTO batch_reject (legacy_id, place, reason, field, original)
VALUES (%(id)s, 0, 'projection_failed', 'row', left(%(message)s, 2000));

-- name: ranges
-- The company's ids cut into ranges, for work that is not stored as batches.
SELECT (array_agg(n.id ORDER BY n.id))[1], (array_agg(n.id ORDER BY n.id DESC))[1]
  FROM (SELECT q.id, (row_number() OVER (ORDER BY q.id) - 1) / %(batch_rows)s AS part
          FROM quotes q WHERE q.company_id = %(company)s) AS n
 GROUP BY n.part ORDER BY n.part;

-- name: quick_figures
-- A small sample: it need only tell the planner what is large. Autovacuum takes a better one later.
SELECT set_config('default_statistics_target', '10', true);

-- name: analyze_customers
ANALYZE customers_new, customer_contacts, customer_addresses;

-- name: analyze_findings
ANALYZE migration_dedup_conflict, customer_relations;

-- name: analyze_deals
ANALYZE leads_new, quotes_new, quote_items_new, jobs_new,
        invoices_new, payments, migration_legacy_link, migration_quarantined_row;
