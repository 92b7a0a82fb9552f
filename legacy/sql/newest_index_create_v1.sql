-- Pages of one company, the newest first. CONCURRENTLY: the business keeps writing meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS quotes_company_newest_idx ON quotes (company_id, created_at DESC, id DESC);
