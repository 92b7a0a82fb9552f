-- The legacy table as production has it, for `--only spec --source sql`: a run without the application.
CREATE TABLE quotes (
  id uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  user_id uuid,
  customer_name text, email text, phone text, address text,
  lead_status text, status text,
  quote_number text, job_name text, job_number text, description text,
  items jsonb,
  subtotal numeric, discount_amount numeric, tax_rate numeric, tax_amount numeric, total numeric,
  notes text,
  scheduled_at timestamptz, started_at timestamptz, completed_at timestamptz, sent_at timestamptz,
  invoice_number text, invoice_sent_at timestamptz, paid_at timestamptz, payment_method text, payment_link_url text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
