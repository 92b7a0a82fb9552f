-- name: customers
-- The customers the batch's deals belong to, held as a check of a reference holds them: nobody deletes one meanwhile.
SELECT c.id, c.company_id
  FROM customers_new c
 WHERE c.company_id = %(company)s AND c.id IN (SELECT d.customer_id FROM batch_deal d)
 ORDER BY c.id
   FOR KEY SHARE OF c;

-- name: hold_tables
LOCK TABLE leads_new, quotes_new, quote_items_new, jobs_new, invoices_new, payments, migration_legacy_link
  IN ROW EXCLUSIVE MODE;

-- name: leave_references
-- A row when the server leaves out its own checks from now on. It does for whoever may say so, and only where they are
-- all that this leaves out: the references are those we check, there is no other trigger but such as are always on, and
-- no other constraint is checked by one.
-- params: tables (text[]), references (text[]: name and definition, in order)
SELECT set_config('session_replication_role', 'replica', true)
 WHERE current_setting('session_replication_role') = 'origin'
   AND has_parameter_privilege('session_replication_role', 'SET')
   AND NOT EXISTS (SELECT FROM pg_trigger t
                    WHERE t.tgrelid = ANY (%(tables)s::regclass[]) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'R'))
   AND NOT EXISTS (SELECT FROM pg_constraint u WHERE u.conrelid = ANY (%(tables)s::regclass[]) AND u.condeferrable)
   AND (SELECT array_agg(f.conname || ' ' || pg_get_constraintdef(f.oid) ORDER BY f.conname)
          FROM pg_constraint f
         WHERE f.contype = 'f' AND f.conrelid = ANY (%(tables)s::regclass[])) = %(references)s::text[];

-- name: take_references
SELECT set_config('session_replication_role', 'origin', true);
