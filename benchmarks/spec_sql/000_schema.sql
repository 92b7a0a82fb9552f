-- The target tables that the specification's scripts imply, in a schema of their own.
--
-- Columns and types are those of its data mapping and of its INSERT lists. What it does not
-- write down but cannot do without, or would be wrong to leave out:
--   * a primary key on every table;
--   * UNIQUE (company_id, phone) on customers_new, which its ON CONFLICT names;
--   * foreign keys, single-column, as its mapping draws them;
--   * an index on each foreign key column, without which the application could not read.
-- TIMESTAMP is TIMESTAMPTZ here, or the instants would depend on the reader's session.
-- No other NOT NULL, CHECK or index: each would cost the baseline time.
-- The scripts run with search_path = spec, public, so that `quotes` is the legacy table and
-- every other name is a table of this schema: not one statement had to be renamed.

CREATE SCHEMA spec;

CREATE TABLE spec.customers_new (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  name text,
  email text,
  phone text,
  created_at timestamptz,
  UNIQUE (company_id, phone)
);

CREATE TABLE spec.customer_addresses (
  id uuid PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES spec.customers_new (id),
  address text,
  is_primary boolean,
  created_at timestamptz
);
CREATE INDEX ON spec.customer_addresses (customer_id);

CREATE TABLE spec.leads_new (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  customer_id uuid NOT NULL REFERENCES spec.customers_new (id),
  status text,
  description text,
  scheduled_visit_at timestamptz,
  created_at timestamptz,
  updated_at timestamptz
);
CREATE INDEX ON spec.leads_new (customer_id);

CREATE TABLE spec.quotes_new (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  customer_id uuid NOT NULL REFERENCES spec.customers_new (id),
  lead_id uuid REFERENCES spec.leads_new (id),
  quote_number text,
  job_name text,
  description text,
  subtotal decimal,
  discount_amount decimal,
  tax_rate decimal,
  tax_amount decimal,
  total decimal,
  notes text,
  status text,
  sent_at timestamptz,
  created_by uuid,
  created_at timestamptz,
  updated_at timestamptz
);
CREATE INDEX ON spec.quotes_new (customer_id);
CREATE INDEX ON spec.quotes_new (lead_id);

CREATE TABLE spec.quote_items_new (
  id uuid PRIMARY KEY,
  quote_id uuid NOT NULL REFERENCES spec.quotes_new (id),
  name text,
  description text,
  quantity decimal,
  unit_price decimal,
  total decimal,
  option_tier text,
  is_upsell boolean,
  is_discount boolean,
  sort_order integer
);
CREATE INDEX ON spec.quote_items_new (quote_id);

CREATE TABLE spec.jobs_new (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  quote_id uuid NOT NULL REFERENCES spec.quotes_new (id),
  customer_id uuid NOT NULL REFERENCES spec.customers_new (id),
  job_number text,
  title text,
  description text,
  status text,
  scheduled_start timestamptz,
  actual_start timestamptz,
  actual_end timestamptz,
  created_at timestamptz,
  updated_at timestamptz
);
CREATE INDEX ON spec.jobs_new (quote_id);
CREATE INDEX ON spec.jobs_new (customer_id);

CREATE TABLE spec.invoices_new (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  job_id uuid NOT NULL REFERENCES spec.jobs_new (id),
  customer_id uuid NOT NULL REFERENCES spec.customers_new (id),
  invoice_number text,
  amount_due decimal,
  amount_paid decimal,
  status text,
  sent_at timestamptz,
  paid_at timestamptz,
  payment_method text,
  payment_link_url text,
  created_at timestamptz,
  updated_at timestamptz
);
CREATE INDEX ON spec.invoices_new (job_id);
CREATE INDEX ON spec.invoices_new (customer_id);

CREATE TABLE spec.payments (
  id uuid PRIMARY KEY,
  invoice_id uuid NOT NULL REFERENCES spec.invoices_new (id),
  amount decimal,
  method text,
  paid_at timestamptz,
  created_at timestamptz
);
CREATE INDEX ON spec.payments (invoice_id);
