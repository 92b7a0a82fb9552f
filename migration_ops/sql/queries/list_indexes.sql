-- The indexes behind the CRM's lists and searches. A first run into empty tables does without them while it writes.

-- name: are_empty
-- Whether the tables that have such indexes hold no row of any company.
SELECT NOT (EXISTS (SELECT FROM customers_new) OR EXISTS (SELECT FROM leads_new) OR EXISTS (SELECT FROM quotes_new)
            OR EXISTS (SELECT FROM jobs_new) OR EXISTS (SELECT FROM invoices_new));

-- name: lock
-- Nobody reads or writes the tables until the transaction ends.
LOCK TABLE customers_new, leads_new, quotes_new, jobs_new, invoices_new IN ACCESS EXCLUSIVE MODE;

-- name: note
-- Those that are there, with the statement that makes each. Indexes of keys, references and look-ups stay.
INSERT INTO migration_index_aside (name, definition)
SELECT c.relname, pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid IN ('customers_new'::regclass, 'leads_new'::regclass, 'quotes_new'::regclass, 'jobs_new'::regclass,
                      'invoices_new'::regclass)
   AND NOT i.indisunique AND c.relname ~ '_(newest|status|number|words)_idx$'
    ON CONFLICT (name) DO UPDATE SET definition = excluded.definition
RETURNING name;

-- name: claim
-- Those that nobody else is building; words take longest, and come first, so that workers end together.
-- params: most (int; NULL for all)
-- locks: their lines, until the transaction ends
SELECT name, definition FROM migration_index_aside ORDER BY name LIKE '%%words_idx' DESC, name DESC LIMIT %(most)s FOR UPDATE SKIP LOCKED;

-- name: forget
-- params: name (text)
DELETE FROM migration_index_aside WHERE name = %(name)s;
