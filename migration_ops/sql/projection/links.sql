-- What became of each row: its contact and address, what was implied or is odd (flags), and what the
-- new columns cannot express (residue).
--
-- residue: {"columns": {legacy column: recorded value}, "items": recorded JSON where its shape is not a list of
-- objects, "item": {position: {"raw": {key: recorded value}, "absent": [key]}}}. Each entry has its rule here; a
-- value the columns can express never enters, or a wrong column would hide behind it.

-- name: links
-- columns: legacy_id, company_id, contact_id, address_id, flags, residue, fingerprint, mapping_version, batch_id
-- params: mapping_version (int), batch (bigint or NULL)
SELECT d.id, d.company_id, d.contact_id, d.address_id,
       array_remove(ARRAY[
               CASE WHEN d.lead_status IS NULL AND NOT d.has_quote THEN 'lead_implied'
                    WHEN d.status IS NULL AND d.has_quote THEN 'quote_implied' END,
               CASE WHEN d.has_job AND qp_text(d.job_number) IS NULL THEN 'job_number_implied' END,
               CASE WHEN d.has_invoice AND qp_text(d.invoice_number) IS NULL THEN 'invoice_number_missing'
                    WHEN d.has_invoice AND lower(qp_trim(d.invoice_number)) IN ('none', 'n/a', 'na', '-', 'null', 'keine')
                    THEN 'invoice_number_odd' END,
               CASE WHEN d.is_placeholder AND d.address_text IS NULL AND d.lead_status IS NULL AND NOT d.has_quote
                     AND coalesce(qp_text(d.job_name), qp_text(d.description), qp_text(d.notes), qp_text(d.payment_method),
                                  qp_text(d.payment_link_url)) IS NULL
                     AND coalesce(d.scheduled_at, d.sent_at) IS NULL
                     AND coalesce(nullif(d.subtotal, 0), nullif(d.discount_amount, 0), nullif(d.tax_amount, 0)) IS NULL
                    THEN 'empty' END,
               CASE WHEN d.status NOT IN ('draft', 'sent', 'accepted', 'scheduled', 'completed') THEN 'status_unknown' END,
               CASE WHEN qp_lead_status(d.lead_status) NOT IN ('new', 'contacted', 'qualified', 'converted')
                    THEN 'lead_status_unknown' END,
               CASE WHEN qp_lead_status(d.lead_status) = 'converted' AND d.status IS NULL
                    THEN 'converted_without_quote' END,
               CASE WHEN (qp_lead_status(d.lead_status) IN ('new', 'contacted', 'qualified')
                          AND d.status IN ('accepted', 'scheduled', 'completed'))
                      OR (d.status = 'paid' AND d.paid_at IS NULL)
                      OR (d.status IN ('draft', 'sent') AND (d.has_invoice OR d.completed_at IS NOT NULL))
                    THEN 'contradiction' END,
               CASE WHEN jsonb_typeof(d.odd_items) <> 'array' THEN 'items_odd_shape' END,
               CASE WHEN d.has_quote AND d.total IS NULL THEN 'total_missing' END,
               CASE WHEN d.has_quote AND d.subtotal IS NULL THEN 'subtotal_missing' END,
               CASE WHEN d.total < 0 THEN 'total_negative' END,
               CASE WHEN scale(d.total) > 2 AND min_scale(d.total) > 2 THEN 'total_fraction' END,
               CASE WHEN d.total <> d.subtotal - coalesce(d.discount_amount, 0) + coalesce(d.tax_amount, 0)
                      OR x.item_sum <> coalesce(d.subtotal, d.total + coalesce(d.discount_amount, 0)
                                                            - coalesce(d.tax_amount, 0))
                    THEN 'doc_sum' END,
               CASE WHEN d.tax_rate < 0 OR d.tax_rate > 100 THEN 'tax_rate_odd' END,
               CASE WHEN d.tax_rate > 0 AND d.subtotal > 0
                     AND abs((d.subtotal - coalesce(d.discount_amount, 0)) * d.tax_rate - coalesce(d.tax_amount, 0)) > 0.01
                     AND abs((d.subtotal - coalesce(d.discount_amount, 0)) * d.tax_rate / 100
                             - coalesce(d.tax_amount, 0)) > 0.01
                    THEN 'tax_rate_unit' END,
               CASE WHEN d.discount_amount > d.subtotal OR d.discount_amount < 0 THEN 'discount_odd' END,
               CASE WHEN d.is_paid AND coalesce(d.total, 0) = 0 THEN 'paid_without_total' END,
               CASE WHEN d.created_at < '1971-01-01' OR d.updated_at < '1971-01-01' OR d.scheduled_at < '1971-01-01'
                      OR d.started_at < '1971-01-01' OR d.completed_at < '1971-01-01' OR d.sent_at < '1971-01-01'
                      OR d.invoice_sent_at < '1971-01-01' OR d.paid_at < '1971-01-01' THEN 'placeholder_date' END,
               CASE WHEN d.created_at > d.updated_at OR d.completed_at < d.started_at OR d.completed_at < d.scheduled_at
                      OR d.paid_at < d.sent_at OR d.paid_at < d.created_at OR d.sent_at < d.created_at
                    THEN 'date_order' END,
               CASE WHEN d.description ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]'
                      OR d.notes ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]' THEN 'control_characters' END,
               CASE WHEN d.notes ~ '[0-9][0-9 -]{11,}[0-9]' OR d.notes ~* 'passw|token|secret|api.?key'
                      OR d.payment_link_url ~* '[?&](token|key|secret|sig)=' THEN 'sensitive' END,
               CASE WHEN d.payment_link_url NOT LIKE 'https://_%%' OR d.payment_link_url ~ '[\s@<>"]' THEN 'url_odd' END
           ]::text[], NULL)
           || coalesce(x.flags, '{}') || coalesce(o.flags, '{}') || d.contact_flags
           || CASE WHEN d.is_placeholder THEN '{customer_placeholder}' ELSE '{}' END::text[],
       CASE WHEN h.has_homeless OR o.residue IS NOT NULL OR d.odd_items IS NOT NULL
            THEN nullif(
                CASE WHEN h.has_homeless THEN jsonb_build_object('columns', jsonb_strip_nulls(jsonb_build_object(
                    'address', CASE WHEN d.address IS DISTINCT FROM d.address_text THEN d.address END,
                    'lead_status', CASE WHEN d.lead_status <> qp_lead_status(d.lead_status) THEN d.lead_status END,
                    'quote_number', CASE WHEN NOT d.has_quote THEN d.quote_number END,
                    'job_name', CASE WHEN NOT d.has_quote THEN d.job_name END,
                    'job_number', CASE WHEN qp_text(d.job_number) IS NULL THEN d.job_number END,
                    'subtotal', CASE WHEN NOT d.has_quote THEN d.subtotal END,
                    'discount_amount', CASE WHEN NOT d.has_quote THEN d.discount_amount END,
                    'tax_rate', CASE WHEN NOT d.has_quote THEN d.tax_rate END,
                    'tax_amount', CASE WHEN NOT d.has_quote THEN d.tax_amount END,
                    'total', CASE WHEN NOT d.has_quote THEN d.total END,
                    'scheduled_at', CASE WHEN NOT d.has_lead AND NOT d.has_job THEN d.scheduled_at END,
                    'sent_at', CASE WHEN NOT d.has_quote THEN d.sent_at END,
                    'invoice_number', CASE WHEN qp_text(d.invoice_number) IS NULL THEN d.invoice_number END,
                    'payment_method', CASE WHEN NOT d.has_invoice THEN d.payment_method END,
                    'payment_link_url', CASE WHEN NOT d.has_invoice THEN d.payment_link_url END)))
                ELSE '{}' END
                || CASE WHEN d.odd_items IS NOT NULL THEN jsonb_build_object('items', d.odd_items) ELSE '{}' END
                || coalesce(o.residue, '{}'), '{}') END,
       d.fingerprint, %(mapping_version)s::integer, %(batch)s::bigint
  FROM batch_deal d
  CROSS JOIN LATERAL (
       -- Whether a recorded value has no home in the columns this row gets.
       SELECT d.address IS DISTINCT FROM d.address_text
              OR coalesce(d.lead_status <> qp_lead_status(d.lead_status), false)
              OR (d.job_number IS NOT NULL AND qp_text(d.job_number) IS NULL)
              OR (d.invoice_number IS NOT NULL AND qp_text(d.invoice_number) IS NULL)
              OR (NOT d.has_invoice AND (d.payment_method IS NOT NULL OR d.payment_link_url IS NOT NULL))
              OR (NOT d.has_lead AND NOT d.has_job AND d.scheduled_at IS NOT NULL)
              OR (NOT d.has_quote AND (d.quote_number IS NOT NULL OR d.job_name IS NOT NULL OR d.subtotal IS NOT NULL
                                       OR d.discount_amount IS NOT NULL OR d.tax_rate IS NOT NULL
                                       OR d.tax_amount IS NOT NULL OR d.total IS NOT NULL OR d.sent_at IS NOT NULL))
              AS has_homeless) AS h
  LEFT JOIN (
       SELECT i.legacy_id,
              CASE WHEN count(i.total) = count(*) THEN sum(i.total) END AS item_sum,
              array_remove(ARRAY[
                  CASE WHEN bool_or(i.total <> i.quantity * i.unit_price) THEN 'line_sum' END,
                  CASE WHEN bool_or(i.name IS NULL OR i.name = '') THEN 'item_name_missing' END,
                  CASE WHEN bool_or(i.quantity < 0 AND i.is_discount IS NOT TRUE) THEN 'item_quantity_negative' END,
                  CASE WHEN bool_or(i.option_tier NOT IN ('good', 'better', 'best', 'basic', 'standard', 'premium'))
                       THEN 'item_tier_unknown' END]::text[], NULL) AS flags
         FROM batch_item i
        GROUP BY i.legacy_id) AS x ON x.legacy_id = d.id
  LEFT JOIN (
       SELECT u.legacy_id,
              array_agg(DISTINCT u.flag ORDER BY u.flag) FILTER (WHERE u.flag IS NOT NULL) AS flags,
              jsonb_build_object('item', jsonb_object_agg(u.position, u.residue)) AS residue
         FROM (SELECT b.legacy_id, b.position, b.residue, f.flag
                 FROM batch_odd_item b LEFT JOIN LATERAL unnest(b.flags) AS f(flag) ON true) AS u
        GROUP BY u.legacy_id) AS o ON o.legacy_id = d.id;
