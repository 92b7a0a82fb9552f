-- name: protected
-- Whether the trigger that protects certificates is on.
SELECT count(*) = 1 FROM pg_trigger
 WHERE tgrelid = 'migration_certificate'::regclass AND tgname = 'qp_certificate_refuse_v1' AND tgenabled = 'A';

-- name: columns
-- The legacy table's columns in their order: name and type.
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
 WHERE a.attrelid = 'public.quotes'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 ORDER BY a.attnum;

-- name: what_goes
-- What would go: rows, the first and the last of them, when they were made, the sum of their totals, and how many of them
-- were set aside by decision.
SELECT count(*), min(q.id::text), max(q.id::text), min(q.created_at), max(q.updated_at), sum(q.total)::text,
       (SELECT count(*) FROM migration_quarantined_row z WHERE z.company_id = %(company)s)
  FROM quotes q WHERE q.company_id = %(company)s;

-- name: statuses
SELECT coalesce(q.status, ''), count(*) FROM quotes q WHERE q.company_id = %(company)s GROUP BY 1 ORDER BY 1;

-- name: work_table
-- Rows of the archive, for the length of a transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS archived (LIKE public.quotes) ON COMMIT DROP;

-- name: claim
-- One process removes or puts back a company's rows; whoever comes second is told so at once.
SELECT pg_try_advisory_xact_lock(hashtextextended('qp_retire/' || %(company)s::uuid::text, 0));

-- name: remove
-- Legacy rows of the company that are, to the letter, what the archive holds.
DELETE FROM quotes q USING archived a
 WHERE q.id = a.id AND q.company_id = %(company)s AND a.company_id = %(company)s AND q::text = a::text;

-- name: left
SELECT count(*) FROM quotes WHERE company_id = %(company)s;

-- name: in_the_way
-- Rows of the archive whose id the legacy table holds with other contents, or of another company.
SELECT a.id::text FROM archived a JOIN quotes q ON q.id = a.id WHERE q::text <> a::text ORDER BY a.id LIMIT 3;

-- name: foreign_rows
SELECT count(*) FROM archived WHERE company_id IS DISTINCT FROM %(company)s;

-- name: put_back
INSERT INTO quotes SELECT a.* FROM archived a WHERE NOT EXISTS (SELECT FROM quotes q WHERE q.id = a.id);
