-- The batch in work. Temporary, emptied by the end of the transaction, created once for each session:
-- no catalogue churn, and nothing left behind behind a transaction pooler.

-- name: deal
-- One legacy row of the batch, kept uncompressed, with everything the target blocks need to know about it. What
-- every block asks for stands first, because a row is taken apart from the left. odd_items: items as they were
-- recorded, where that is not a list with something in it; item_list: the list they are read as.
CREATE TEMPORARY TABLE IF NOT EXISTS batch_deal (
    id uuid NOT NULL, company_id uuid NOT NULL,
    has_lead boolean NOT NULL, has_quote boolean NOT NULL, has_job boolean NOT NULL,
    has_invoice boolean NOT NULL, is_paid boolean NOT NULL, is_placeholder boolean NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, fingerprint bigint NOT NULL, odd_items jsonb,
    contact_id uuid, customer_id uuid, address_id uuid, user_id uuid, contact_flags text[],
    subtotal numeric, discount_amount numeric, tax_rate numeric, tax_amount numeric, total numeric,
    scheduled_at timestamptz, started_at timestamptz, completed_at timestamptz, sent_at timestamptz,
    invoice_sent_at timestamptz, paid_at timestamptz,
    lead_status text, status text, quote_number text, job_name text, job_number text, invoice_number text,
    payment_method text, payment_link_url text, address text, address_text text,
    customer_name text, email text, phone text, description text, notes text, item_list jsonb
) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS;

-- name: item
-- One line item of the batch. element: the recorded JSON, kept where its columns do not rebuild it.
CREATE TEMPORARY TABLE IF NOT EXISTS batch_item (
    legacy_id uuid NOT NULL, company_id uuid NOT NULL, position integer NOT NULL, is_plain boolean NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    name text, description text, quantity numeric, unit_price numeric, total numeric, option_tier text,
    is_upsell boolean, is_discount boolean, sort_order integer,
    element jsonb
) ON COMMIT DELETE ROWS;

-- name: reject
-- Why a row of the batch cannot be represented; the lowest place is the one that is told.
CREATE TEMPORARY TABLE IF NOT EXISTS batch_reject (
    legacy_id uuid NOT NULL, place integer NOT NULL, reason text NOT NULL, field text NOT NULL, original text
) ON COMMIT DELETE ROWS;

-- name: odd_item
-- What the columns of an item that is not plain cannot express, and what is odd about it.
CREATE TEMPORARY TABLE IF NOT EXISTS batch_odd_item (
    legacy_id uuid NOT NULL, position integer NOT NULL, residue jsonb NOT NULL, flags text[] NOT NULL
) ON COMMIT DELETE ROWS;

-- name: known
-- Rows of the batch that were projected before, with the company they belonged to then.
CREATE TEMPORARY TABLE IF NOT EXISTS batch_known (legacy_id uuid NOT NULL, company_id uuid NOT NULL) ON COMMIT DELETE ROWS;
