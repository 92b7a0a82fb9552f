-- name: columns
SELECT column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %(name)s AND is_generated = 'NEVER' ORDER BY ordinal_position;

-- name: sequences
-- Columns of a table that count by themselves, with their sequence.
SELECT c.column_name, pg_get_serial_sequence(%(name)s, c.column_name)
  FROM information_schema.columns c
 WHERE c.table_schema = 'public' AND c.table_name = %(name)s
   AND pg_get_serial_sequence(%(name)s, c.column_name) IS NOT NULL;

-- name: keep_legacy
-- What every legacy row of the company says before the drill.
CREATE TEMPORARY TABLE IF NOT EXISTS drill_before AS
SELECT q.id, q::text AS said, to_jsonb(q) AS columns FROM quotes q WHERE q.company_id = %(company)s;

-- name: compare_legacy
-- Rows as they were, rows changed in the columns that were written only, rows changed otherwise, rows new, rows gone.
-- params: ids (uuid[]: deals that were written), names (text[]: columns that were written)
SELECT count(*) FILTER (WHERE q.id IS NOT NULL AND b.said = q::text),
       count(*) FILTER (WHERE b.said <> q::text AND q.id = ANY (%(ids)s::uuid[])
                          AND b.columns - %(names)s::text[] = to_jsonb(q) - %(names)s::text[]),
       count(*) FILTER (WHERE b.said <> q::text AND NOT (q.id = ANY (%(ids)s::uuid[])
                          AND b.columns - %(names)s::text[] = to_jsonb(q) - %(names)s::text[])),
       count(*) FILTER (WHERE b.id IS NULL),
       count(*) FILTER (WHERE q.id IS NULL)
  FROM drill_before b FULL JOIN (SELECT * FROM quotes WHERE company_id = %(company)s) AS q ON q.id = b.id;
