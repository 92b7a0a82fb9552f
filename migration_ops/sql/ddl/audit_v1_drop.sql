DROP TABLE migration_audit_log;
DROP FUNCTION qp_audit_chain_v1(), qp_audit_refuse_v1(),
    qp_audit_hash_v1(bigint, timestamptz, text, text, uuid, jsonb, text);
