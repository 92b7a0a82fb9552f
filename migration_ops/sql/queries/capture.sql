-- name: holes
-- What is wrong with change capture, on which side; no line when it is whole.
-- 29 = row trigger (1) + insert (4) + delete (8) + update (16), after; 34 = before (2) +
-- truncate (32), statement; 32 = after truncate; 23 = row (1) + before (2) + insert (4) + update (16).
-- params: source (the text of both DDL files)
WITH wanted (relation, name, type, function, has_condition) AS (
    VALUES ('quotes', 'qp_capture_v2', 29, 'qp_capture_v2', false),
           ('quotes', 'qp_refuse_truncate_v2', 34, 'qp_refuse_truncate_v2', false)
    UNION ALL
    SELECT t.relation, k.name, k.type, k.name, k.has_condition
      FROM unnest('{customers_new,customer_contacts,customer_addresses,leads_new,quotes_new,quote_items_new,jobs_new,invoices_new,payments}'::text[])
           AS t(relation)
     CROSS JOIN (VALUES ('qp_capture_new_v1', 29, true), ('qp_truncated_new_v1', 32, false)) AS k(name, type, has_condition)
    UNION ALL
    SELECT t.relation, 'qp_guard_v1', 23, 'qp_guard_v1', true
      FROM unnest('{quotes_new,jobs_new,invoices_new,payments}'::text[]) AS t(relation))
SELECT w.relation, w.name,
       CASE WHEN t.oid IS NULL THEN 'is missing'
            WHEN t.tgtype <> w.type OR (t.tgqual IS NOT NULL) <> w.has_condition OR t.tgattr::text <> ''
            THEN 'does not fire for every change'
            WHEN t.tgenabled <> 'A' THEN 'is not ENABLE ALWAYS'
            WHEN t.tgfoid IS DISTINCT FROM to_regproc('public.' || w.function) THEN 'calls another function'
            ELSE 'has a changed body' END AS hole
  FROM wanted w
  LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass('public.' || w.relation) AND t.tgname = w.name AND NOT t.tgisinternal
  LEFT JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE t.oid IS NULL OR t.tgtype <> w.type OR (t.tgqual IS NOT NULL) <> w.has_condition OR t.tgattr::text <> ''
    OR t.tgenabled <> 'A' OR t.tgfoid IS DISTINCT FROM to_regproc('public.' || w.function)
    OR strpos(%(source)s, p.prosrc) = 0
UNION ALL
SELECT 'new side', f.name, CASE WHEN p.oid IS NULL THEN 'is missing' ELSE 'has a changed body' END
  FROM unnest('{qp_is_mirrored,qp_stage_v1,qp_refuse_legacy_v1,qp_record_new_v1,qp_deal_v1}'::text[]) AS f(name)
  LEFT JOIN pg_proc p ON p.oid = to_regproc('public.' || f.name)
 WHERE p.oid IS NULL OR strpos(%(source)s, p.prosrc) = 0;

-- name: fingerprint
-- What a trigger that was off for a while, a rewritten table or a TRUNCATE leaves behind: the versions of the triggers'
-- and functions' catalogue rows, and the file the table's rows are in.
SELECT coalesce((SELECT c.relfilenode::text FROM pg_class c WHERE c.oid = to_regclass('public.quotes')), '')
       || coalesce((SELECT string_agg('/' || t.tgname || ':' || t.xmin::text, '' ORDER BY t.tgname)
                      FROM pg_trigger t WHERE t.tgrelid = to_regclass('public.quotes') AND NOT t.tgisinternal AND t.tgname LIKE 'qp\_%%'), '')
       || coalesce((SELECT string_agg('/' || p.proname || ':' || p.xmin::text, '' ORDER BY p.proname)
                      FROM pg_proc p WHERE p.proname IN ('qp_capture_v2', 'qp_stage_v1', 'qp_is_mirrored')
                       AND p.pronamespace = 'public'::regnamespace), '');
