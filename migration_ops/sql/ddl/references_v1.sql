-- References into the CRM inside one company, as the CRM's own are.
ALTER TABLE migration_dedup_conflict ADD CONSTRAINT migration_dedup_conflict_a_fk
    FOREIGN KEY (company_id, contact_a_id) REFERENCES customer_contacts (company_id, id);
ALTER TABLE migration_dedup_conflict ADD CONSTRAINT migration_dedup_conflict_b_fk
    FOREIGN KEY (company_id, contact_b_id) REFERENCES customer_contacts (company_id, id);
