-- The primary key holds the company too: it is what the references point at, and what a table partitioned by
-- company needs. The id comes first, so that a row is found by its id alone.
ALTER TABLE customers_new DROP CONSTRAINT customers_new_pkey, ADD CONSTRAINT customers_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE customer_contacts DROP CONSTRAINT customer_contacts_pkey, ADD CONSTRAINT customer_contacts_pkey PRIMARY KEY (id, company_id);
ALTER TABLE customer_addresses DROP CONSTRAINT customer_addresses_pkey, ADD CONSTRAINT customer_addresses_pkey PRIMARY KEY (id, company_id);
ALTER TABLE customer_relations DROP CONSTRAINT customer_relations_pkey, ADD CONSTRAINT customer_relations_pkey PRIMARY KEY (id, company_id);
ALTER TABLE leads_new DROP CONSTRAINT leads_new_pkey, ADD CONSTRAINT leads_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE quotes_new DROP CONSTRAINT quotes_new_pkey, ADD CONSTRAINT quotes_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE quote_items_new DROP CONSTRAINT quote_items_new_pkey, ADD CONSTRAINT quote_items_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE jobs_new DROP CONSTRAINT jobs_new_pkey, ADD CONSTRAINT jobs_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE invoices_new DROP CONSTRAINT invoices_new_pkey, ADD CONSTRAINT invoices_new_pkey PRIMARY KEY (id, company_id);
ALTER TABLE payments DROP CONSTRAINT payments_pkey, ADD CONSTRAINT payments_pkey PRIMARY KEY (id, company_id);

-- References inside one company: (company_id, id). A link across companies cannot be stored.
-- NO ACTION and not deferrable: a row with something attached to it cannot be deleted.
ALTER TABLE customers_new ADD CONSTRAINT customers_new_company_fk FOREIGN KEY (company_id) REFERENCES companies (id);
ALTER TABLE customers_new ADD CONSTRAINT customers_new_merged_into_fk
    FOREIGN KEY (company_id, merged_into) REFERENCES customers_new (company_id, id);
ALTER TABLE customer_contacts ADD CONSTRAINT customer_contacts_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE customer_addresses ADD CONSTRAINT customer_addresses_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE customer_relations ADD CONSTRAINT customer_relations_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE customer_relations ADD CONSTRAINT customer_relations_other_fk
    FOREIGN KEY (company_id, other_id) REFERENCES customers_new (company_id, id);
ALTER TABLE leads_new ADD CONSTRAINT leads_new_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE quotes_new ADD CONSTRAINT quotes_new_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE quotes_new ADD CONSTRAINT quotes_new_lead_fk
    FOREIGN KEY (company_id, lead_id) REFERENCES leads_new (company_id, id);
ALTER TABLE quote_items_new ADD CONSTRAINT quote_items_new_quote_fk
    FOREIGN KEY (company_id, quote_id) REFERENCES quotes_new (company_id, id);
ALTER TABLE jobs_new ADD CONSTRAINT jobs_new_quote_fk
    FOREIGN KEY (company_id, quote_id) REFERENCES quotes_new (company_id, id);
ALTER TABLE jobs_new ADD CONSTRAINT jobs_new_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE invoices_new ADD CONSTRAINT invoices_new_job_fk
    FOREIGN KEY (company_id, job_id) REFERENCES jobs_new (company_id, id);
ALTER TABLE invoices_new ADD CONSTRAINT invoices_new_customer_fk
    FOREIGN KEY (company_id, customer_id) REFERENCES customers_new (company_id, id);
ALTER TABLE payments ADD CONSTRAINT payments_invoice_fk
    FOREIGN KEY (company_id, invoice_id) REFERENCES invoices_new (company_id, id);
