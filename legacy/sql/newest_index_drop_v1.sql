-- Removes it without blocking writers.
DROP INDEX CONCURRENTLY IF EXISTS quotes_company_newest_idx;
