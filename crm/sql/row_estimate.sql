-- name: row_estimate
-- The planner's estimate of the rows of one whole table; -1 before the first ANALYZE, or where it is absent.
-- params: table (its name)
SELECT coalesce(max(reltuples), -1)::bigint FROM pg_class WHERE oid = to_regclass(%(table)s);
