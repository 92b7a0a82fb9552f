-- name: clear_contacts
DELETE FROM migration_staged_contact WHERE company_id = %(company)s;

-- name: clear_addresses
DELETE FROM migration_staged_address WHERE company_id = %(company)s;

-- name: clear_clusters
DELETE FROM migration_staged_cluster WHERE company_id = %(company)s;

-- name: clear_findings
DELETE FROM migration_staged_finding WHERE company_id = %(company)s;

-- name: clear_doubts
DELETE FROM migration_staged_doubt WHERE company_id = %(company)s;
