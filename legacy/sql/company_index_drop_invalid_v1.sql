-- What a broken CREATE INDEX CONCURRENTLY left: costs every write, serves no read, blocks the name.
DROP INDEX CONCURRENTLY IF EXISTS quotes_company_id_id_idx;
