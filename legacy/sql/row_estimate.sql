-- The planner's estimate of the rows of the whole table; -1 before the first ANALYZE.
SELECT coalesce(max(reltuples), -1)::bigint FROM pg_class WHERE oid = to_regclass('quotes');
