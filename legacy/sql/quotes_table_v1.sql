-- The legacy table, for a database that has none (demo, tests). In production it exists: then nothing
-- happens here, whatever it looks like; selectors.column_drift() says where it differs.
-- to_regclass and not IF NOT EXISTS: the table may stand in a later schema of the search path.
DO $$
BEGIN
    IF to_regclass('quotes') IS NULL THEN
        CREATE TABLE quotes (
            id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            company_id        uuid NOT NULL,
            user_id           uuid,
            customer_name     text,
            email             text,
            phone             text,
            address           text,
            lead_status       text,
            status            text,
            quote_number      text,
            job_name          text,
            job_number        text,
            description       text,
            items             jsonb,
            subtotal          numeric,
            discount_amount   numeric,
            tax_rate          numeric,
            tax_amount        numeric,
            total             numeric,
            notes             text,
            scheduled_at      timestamptz,
            started_at        timestamptz,
            completed_at      timestamptz,
            sent_at           timestamptz,
            invoice_number    text,
            invoice_sent_at   timestamptz,
            paid_at           timestamptz,
            payment_method    text,
            payment_link_url  text,
            created_at        timestamptz NOT NULL DEFAULT now(),
            updated_at        timestamptz NOT NULL DEFAULT now()
        );
    END IF;
END
$$;
