DROP INDEX migration_quarantine_newest_idx;
DROP FUNCTION qp_kept_created_at(jsonb);
