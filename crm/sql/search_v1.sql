-- The words a quote and a customer are found by. The company is one of them: the index intersects it with the others,
-- so that a word which is common everywhere costs a company only its own rows.
CREATE FUNCTION crm_quote_words(company uuid, job_name text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(ARRAY['c:' || company::text])
           || to_tsvector('pg_catalog.english', left(coalesce(job_name, '') || ' ' || coalesce(description, ''), 10000))
$$;
CREATE FUNCTION crm_customer_words(company uuid, name text, email text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(ARRAY['c:' || company::text])
           || to_tsvector('pg_catalog.simple', left(coalesce(name, '') || ' ' || coalesce(email, ''), 1000))
$$;
CREATE INDEX quotes_new_words_idx ON quotes_new USING gin (crm_quote_words(company_id, job_name, description));
CREATE INDEX customers_new_words_idx ON customers_new USING gin (crm_customer_words(company_id, name, email));
