-- name: holes
-- What is wrong with change capture on the legacy table; no line when it is whole.
-- 29 = row trigger (1) + insert (4) + delete (8) + update (16), after; 34 = before (2) + truncate (32), statement.
WITH wanted (name, type, function) AS (
    VALUES ('qp_capture_v1', 29, 'public.qp_capture_v1()'::text),
           ('qp_refuse_truncate_v1', 34, 'public.qp_refuse_truncate_v1()'))
SELECT w.name,
       CASE WHEN t.oid IS NULL THEN 'is missing'
            WHEN t.tgtype <> w.type OR t.tgqual IS NOT NULL OR t.tgattr::text <> '' THEN 'does not fire for every change'
            WHEN t.tgenabled <> 'A' THEN 'is not ENABLE ALWAYS'
            WHEN t.tgfoid IS DISTINCT FROM to_regprocedure(w.function) THEN 'calls another function'
            ELSE 'has a changed body' END AS hole
  FROM wanted w
  LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass('public.quotes') AND t.tgname = w.name AND NOT t.tgisinternal
  LEFT JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE t.oid IS NULL OR t.tgtype <> w.type OR t.tgqual IS NOT NULL OR t.tgattr::text <> '' OR t.tgenabled <> 'A'
    OR t.tgfoid IS DISTINCT FROM to_regprocedure(w.function)
    OR strpos(%(source)s, p.prosrc) = 0;
