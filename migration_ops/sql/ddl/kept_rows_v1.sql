-- When a row that is kept whole was made, for lists in that order. The copy has the instant with its offset, so that no
-- setting of a session changes what it means: immutable, though reading a text as an instant is not in general.
CREATE FUNCTION qp_kept_created_at(source jsonb) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (source ->> 'created_at')::timestamptz $$;
CREATE INDEX migration_quarantine_newest_idx
    ON migration_quarantined_row (company_id, qp_kept_created_at(source) DESC, legacy_id DESC)
 WHERE resolution IN ('', 'waived');
