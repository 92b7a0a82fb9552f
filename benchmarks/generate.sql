-- name: generate
-- Dirty legacy rows from set-based SQL, independent of seed_legacy: another hand, other rules.
-- A customer has about 4 rows; a row has 0 to 7 items. Reproducible: every choice is a hash of (seed, row, what).
-- params: rows (rows), seed (any integer), dirty (share of rows with a defect, 0.0 to 1.0), company (uuid)
INSERT INTO quotes (id, company_id, user_id, customer_name, email, phone, address, lead_status, status,
                    quote_number, job_name, job_number, description, items, subtotal, discount_amount, tax_rate,
                    tax_amount, total, notes, scheduled_at, started_at, completed_at, sent_at, invoice_number,
                    invoice_sent_at, paid_at, payment_method, payment_link_url, created_at, updated_at)
SELECT md5(%(seed)s || '/row/' || n)::uuid,
       %(company)s::uuid,
       md5('user/' || n %% 7)::uuid,
       CASE WHEN odd < 0.02 THEN NULL WHEN odd < 0.05 THEN upper(person) WHEN odd < 0.08 THEN ' ' || person || '  '
            ELSE person END,
       CASE WHEN odd BETWEEN 0.08 AND 0.14 THEN NULL WHEN odd BETWEEN 0.14 AND 0.17 THEN upper(mailbox) ELSE mailbox END,
       CASE WHEN odd BETWEEN 0.17 AND 0.42 THEN NULL WHEN odd BETWEEN 0.42 AND 0.50 THEN '000-000-0000'
            WHEN odd BETWEEN 0.50 AND 0.60 THEN replace(phone, '-', '.') ELSE phone END,
       CASE WHEN pick %% 10 < 9 THEN (100 + customer %% 900) || ' Oak Street, Unit ' || customer %% 60 || ', Springfield' END,
       CASE WHEN kind < 20 THEN (ARRAY['new', 'contacted', 'qualified'])[1 + pick %% 3]
            WHEN kind < 60 THEN 'converted' END,
       deal_status,
       CASE WHEN deal_status IS NOT NULL THEN 'Q-' || n END,
       CASE WHEN odd BETWEEN 0.60 AND 0.72 THEN NULL
            WHEN deal_status IS NOT NULL THEN 'Roof and gutters ' || customer %% 100 END,
       CASE WHEN deal_status IN ('scheduled', 'completed') AND pick %% 5 > 0 THEN 'J-' || n END,
       CASE WHEN pick %% 3 > 0 THEN 'Please call before the visit; the gate is on the left side of house ' || customer %% 90 END,
       CASE WHEN deal_status IS NULL THEN NULL
            WHEN odd BETWEEN 0.72 AND 0.74 THEN '{}'::jsonb
            WHEN odd BETWEEN 0.74 AND 0.76 THEN '[{"name": "Extra", "quantity": "two or three", "unit_price": 5}]'::jsonb
            WHEN odd BETWEEN 0.76 AND 0.80 THEN '[{"name": "Extra", "quantity": "2", "unit_price": "12.50"}]'::jsonb
            ELSE lines END,
       total, CASE WHEN pick %% 20 = 0 THEN round(total / 10, 2) END, 0.19, round(total * 0.19, 2), total,
       CASE WHEN pick %% 7 = 0 THEN 'Dog in the yard. Paid the last one late.' END,
       CASE WHEN deal_status IN ('scheduled', 'completed') THEN made + interval '9 days' END,
       CASE WHEN deal_status = 'completed' THEN made + interval '10 days' END,
       CASE WHEN deal_status = 'completed' THEN made + interval '11 days' END,
       CASE WHEN deal_status <> 'draft' THEN made + interval '1 day' END,
       CASE WHEN deal_status = 'completed' AND odd NOT BETWEEN 0.80 AND 0.86 THEN 'INV-' || n END,
       CASE WHEN deal_status = 'completed' THEN made + interval '12 days' END,
       CASE WHEN deal_status = 'completed' AND pick %% 10 < 8 THEN made + interval '20 days' END,
       CASE WHEN deal_status = 'completed' AND pick %% 3 > 0 THEN (ARRAY['cash', 'card', 'check'])[1 + pick %% 3] END,
       CASE WHEN deal_status = 'completed' AND pick %% 2 > 0 THEN 'https://pay.example.com/i/' || n END,
       made, made + interval '3 days'
  FROM (SELECT n, pick, kind, customer, made, odd,
               (ARRAY['Ana', 'Ben', 'Cora', 'Dev', 'Eli', 'Fay', 'Gus', 'Hana'])[1 + customer %% 8] || ' '
                 || initcap(translate(customer::text, '0123456789', 'aeioubdkln')) AS person,
               'c' || customer || '@mail.example.com' AS mailbox,
               '555-' || lpad((customer / 10000)::text, 3, '2') || '-' || lpad((customer %% 10000)::text, 4, '0') AS phone,
               CASE WHEN kind < 20 THEN NULL WHEN kind < 35 THEN 'draft' WHEN kind < 50 THEN 'sent'
                    WHEN kind < 62 THEN 'accepted' WHEN kind < 72 THEN 'scheduled' ELSE 'completed' END AS deal_status,
               CASE WHEN kind >= 20 THEN (SELECT sum((k * 12.5 + pick %% 100) * (1 + k %% 3)) FROM generate_series(1, size) k)
               END AS total,
               (SELECT jsonb_agg(jsonb_build_object(
                         'name', 'Line item ' || k, 'description', 'Labour and material for part ' || k,
                         'quantity', 1 + k %% 3, 'unit_price', k * 12.5 + pick %% 100,
                         'total', (k * 12.5 + pick %% 100) * (1 + k %% 3),
                         'option_tier', (ARRAY['good', 'better', 'best', NULL])[1 + k %% 4],
                         'is_upsell', k %% 5 = 0, 'is_discount', false, 'sort_order', k))
                  FROM generate_series(1, size) k) AS lines
          FROM (SELECT n, pick, pick / 7 %% 100 AS kind, 1 + pick / 11 %% 6 AS size,
                       ('x' || substr(md5(%(seed)s || '/customer/' || n), 1, 7))::bit(28)::int %% greatest(%(rows)s / 4, 1) AS customer,
                       timestamptz '2021-01-01 08:00+00' + n %% 1500 * interval '1 day' AS made,
                       -- 1.0 and more is a clean row.
                       ('x' || substr(md5(%(seed)s || '/odd/' || n), 1, 7))::bit(28)::int / 268435456.0 / greatest(%(dirty)s::numeric, 1e-9) AS odd
                  FROM (SELECT n, ('x' || substr(md5(%(seed)s || '/pick/' || n), 1, 7))::bit(28)::int AS pick
                          FROM generate_series(1, %(rows)s) AS n) AS a
               ) AS b
       ) AS c;
