-- Pages of one company in id order. CONCURRENTLY: the business keeps writing meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS quotes_company_id_id_idx ON quotes (company_id, id);
