-- The audit log: written by whoever acts, changed by nobody. Each line holds the hash of the one before.
CREATE TABLE migration_audit_log (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    company_id uuid,
    detail jsonb NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL
);
CREATE INDEX migration_audit_log_company_idx ON migration_audit_log (company_id, id);

CREATE FUNCTION qp_audit_hash_v1(id bigint, at timestamptz, actor text, action text, company_id uuid, detail jsonb, prev_hash text)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(
        jsonb_build_array(id, extract(epoch FROM at), actor, action, company_id::text, detail, prev_hash)::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION qp_audit_chain_v1() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- One line after the other: two at once would both follow the same one.
    PERFORM pg_advisory_xact_lock(hashtextextended('qp_audit', 0));
    SELECT coalesce(max(l.id), 0) + 1, coalesce((array_agg(l.hash))[1], '') INTO NEW.id, NEW.prev_hash
      FROM (SELECT id, hash FROM public.migration_audit_log ORDER BY id DESC LIMIT 1) AS l;
    NEW.at := clock_timestamp();
    NEW.hash := public.qp_audit_hash_v1(NEW.id, NEW.at, NEW.actor, NEW.action, NEW.company_id, NEW.detail, NEW.prev_hash);
    RETURN NEW;
END
$$;

CREATE FUNCTION qp_audit_refuse_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to: % was refused', TG_OP USING ERRCODE = 'QP003';
END
$$;

CREATE TRIGGER qp_audit_chain_v1 BEFORE INSERT ON migration_audit_log
    FOR EACH ROW EXECUTE FUNCTION qp_audit_chain_v1();
CREATE TRIGGER qp_audit_refuse_v1 BEFORE UPDATE OR DELETE OR TRUNCATE ON migration_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION qp_audit_refuse_v1();
ALTER TABLE migration_audit_log ENABLE ALWAYS TRIGGER qp_audit_chain_v1;
ALTER TABLE migration_audit_log ENABLE ALWAYS TRIGGER qp_audit_refuse_v1;
