-- Whether a broken CREATE INDEX CONCURRENTLY left an index of our name: it costs every write and serves no read.
SELECT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = to_regclass('quotes_company_newest_idx') AND NOT i.indisvalid);
