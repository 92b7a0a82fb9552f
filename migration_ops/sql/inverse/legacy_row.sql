-- The legacy row rebuilt from the new tables alone, written from the meaning of the columns; it does not
-- call the projection. A recorded value of the residue is given back only while the column still holds what
-- it was read as: an edited column wins.

-- name: rebuilt
-- One line for each linked row, in the columns of the legacy table.
-- params: company (uuid), low and high (uuid, both included), ids (uuid[]; NULL takes the whole range),
--   comma_groups (whether the company's region groups thousands by commas)
-- index: migration_legacy_link (company_id, legacy_id); each table by its reference. The joins do not repeat the
--   company, which the references hold anyway: for a company the planner has no figures of, its index would tempt
--   the planner to read all of the company for each row.
SELECT l.legacy_id AS id, l.company_id,
       CASE WHEN q.id IS NOT NULL THEN q.created_by ELSE d.created_by END AS user_id,
       c.name AS customer_name, c.email, c.phone,
       CASE WHEN l.residue #> '{columns,address}' IS NULL THEN a.address
            WHEN qp_address(l.residue #>> '{columns,address}') IS NOT DISTINCT FROM a.address
            THEN l.residue #>> '{columns,address}'
            ELSE a.address END AS address,
       CASE WHEN d.status = 'unclassified' AND 'lead_implied' = ANY (l.flags) THEN NULL
            WHEN qp_lead_status(l.residue #>> '{columns,lead_status}') = d.status THEN l.residue #>> '{columns,lead_status}'
            ELSE d.status END AS lead_status,
       CASE WHEN q.status = 'draft' AND 'quote_implied' = ANY (l.flags) THEN NULL ELSE q.status END AS status,
       CASE WHEN q.id IS NOT NULL THEN q.quote_number ELSE l.residue #>> '{columns,quote_number}' END AS quote_number,
       CASE WHEN q.id IS NOT NULL THEN q.job_name ELSE l.residue #>> '{columns,job_name}' END AS job_name,
       CASE WHEN j.id IS NULL OR (j.job_number = 'JOB-' || l.legacy_id::text AND 'job_number_implied' = ANY (l.flags))
            THEN l.residue #>> '{columns,job_number}'
            ELSE j.job_number END AS job_number,
       CASE WHEN q.id IS NOT NULL THEN q.description ELSE d.description END AS description,
       CASE WHEN l.residue ? 'items' AND qp_item_list(l.residue -> 'items') IS NOT DISTINCT FROM i.items
            THEN l.residue -> 'items' ELSE i.items END AS items,
       CASE WHEN q.id IS NOT NULL THEN q.subtotal ELSE (l.residue #>> '{columns,subtotal}')::numeric END AS subtotal,
       CASE WHEN q.id IS NOT NULL THEN q.discount_amount
            ELSE (l.residue #>> '{columns,discount_amount}')::numeric END AS discount_amount,
       CASE WHEN q.id IS NOT NULL THEN q.tax_rate ELSE (l.residue #>> '{columns,tax_rate}')::numeric END AS tax_rate,
       CASE WHEN q.id IS NOT NULL THEN q.tax_amount ELSE (l.residue #>> '{columns,tax_amount}')::numeric END AS tax_amount,
       CASE WHEN q.id IS NOT NULL THEN q.total ELSE (l.residue #>> '{columns,total}')::numeric END AS total,
       CASE WHEN q.id IS NOT NULL THEN q.notes ELSE d.notes END AS notes,
       CASE WHEN j.id IS NOT NULL THEN j.scheduled_start
            WHEN d.id IS NOT NULL THEN d.scheduled_visit_at
            ELSE (l.residue #>> '{columns,scheduled_at}')::timestamptz END AS scheduled_at,
       j.actual_start AS started_at, j.actual_end AS completed_at,
       CASE WHEN q.id IS NOT NULL THEN q.sent_at ELSE (l.residue #>> '{columns,sent_at}')::timestamptz END AS sent_at,
       CASE WHEN v.invoice_number IS NOT NULL THEN v.invoice_number
            ELSE l.residue #>> '{columns,invoice_number}' END AS invoice_number,
       v.sent_at AS invoice_sent_at, v.paid_at,
       CASE WHEN v.id IS NOT NULL THEN v.payment_method ELSE l.residue #>> '{columns,payment_method}' END AS payment_method,
       CASE WHEN v.id IS NOT NULL THEN v.payment_link_url
            ELSE l.residue #>> '{columns,payment_link_url}' END AS payment_link_url,
       CASE WHEN q.id IS NOT NULL THEN q.created_at ELSE d.created_at END AS created_at,
       CASE WHEN q.id IS NOT NULL THEN q.updated_at ELSE d.updated_at END AS updated_at
  FROM migration_legacy_link l
  LEFT JOIN customer_contacts c ON c.id = l.contact_id
  LEFT JOIN customer_addresses a ON a.id = l.address_id
  LEFT JOIN leads_new d ON d.id = l.legacy_id
  LEFT JOIN quotes_new q ON q.id = l.legacy_id
  LEFT JOIN jobs_new j ON j.quote_id = q.id
  LEFT JOIN invoices_new v ON v.job_id = j.id
  LEFT JOIN LATERAL (
       SELECT jsonb_agg(CASE WHEN o.residue IS NULL THEN n.item ELSE
                  -- absent keys stay absent while their column holds what an absent key means
                  (n.item - ARRAY(SELECT a.key FROM jsonb_array_elements_text(o.residue -> 'absent') AS a(key)
                                   WHERE CASE a.key WHEN 'quantity' THEN t.quantity = CASE
                                                         WHEN o.residue #> '{raw,qty}' IS NULL
                                                           OR coalesce(qp_trim(o.residue #>> '{raw,qty}'), '') = '' THEN 1
                                                         ELSE qp_item_number(o.residue #> '{raw,qty}', %(comma_groups)s) END
                                              WHEN 'unit_price' THEN t.unit_price IS NOT DISTINCT FROM qp_item_number(
                                                         coalesce(o.residue #> '{raw,unitPrice}', o.residue #> '{raw,price}'),
                                                         %(comma_groups)s)
                                              WHEN 'description' THEN t.description IS NOT DISTINCT FROM o.residue #>> '{raw,desc}'
                                              WHEN 'name' THEN t.name IS NULL
                                              WHEN 'total' THEN t.total IS NULL
                                              WHEN 'option_tier' THEN t.option_tier IS NULL
                                              WHEN 'is_upsell' THEN t.is_upsell IS FALSE
                                              WHEN 'is_discount' THEN t.is_discount IS FALSE
                                              WHEN 'sort_order' THEN t.sort_order = t.position END))
                  -- recorded values come back while their column holds what they were read as
                  || coalesce((SELECT jsonb_object_agg(r.key, r.value) FROM jsonb_each(o.residue -> 'raw') AS r
                                WHERE CASE r.key
                                      WHEN 'name' THEN t.name IS NOT DISTINCT FROM r.value #>> '{}'
                                      WHEN 'description' THEN t.description IS NOT DISTINCT FROM r.value #>> '{}'
                                      WHEN 'option_tier' THEN t.option_tier IS NOT DISTINCT FROM qp_item_tier(r.value #>> '{}')
                                      WHEN 'quantity' THEN t.quantity = CASE
                                                WHEN coalesce(qp_trim(r.value #>> '{}'), '') = '' THEN 1
                                                ELSE qp_item_number(r.value, %(comma_groups)s) END
                                      WHEN 'unit_price' THEN t.unit_price IS NOT DISTINCT FROM qp_item_number(r.value, %(comma_groups)s)
                                      WHEN 'total' THEN t.total IS NOT DISTINCT FROM qp_item_number(r.value, %(comma_groups)s)
                                      WHEN 'is_upsell' THEN t.is_upsell IS NOT DISTINCT FROM qp_item_boolean(r.value)
                                      WHEN 'is_discount' THEN t.is_discount IS NOT DISTINCT FROM qp_item_boolean(r.value)
                                      WHEN 'sort_order' THEN t.sort_order = t.position
                                      WHEN 'qty' THEN o.residue -> 'absent' ? 'quantity' IS NOT TRUE OR t.quantity = CASE
                                                WHEN coalesce(qp_trim(r.value #>> '{}'), '') = '' THEN 1
                                                ELSE qp_item_number(r.value, %(comma_groups)s) END
                                      WHEN 'desc' THEN o.residue -> 'absent' ? 'description' IS NOT TRUE
                                                       OR t.description IS NOT DISTINCT FROM r.value #>> '{}'
                                      WHEN 'unitPrice' THEN o.residue -> 'absent' ? 'unit_price' IS NOT TRUE
                                                       OR t.unit_price IS NOT DISTINCT FROM qp_item_number(r.value, %(comma_groups)s)
                                      WHEN 'price' THEN o.residue -> 'absent' ? 'unit_price' IS NOT TRUE
                                                       OR o.residue -> 'raw' ? 'unitPrice'
                                                       OR t.unit_price IS NOT DISTINCT FROM qp_item_number(r.value, %(comma_groups)s)
                                      ELSE true END), '{}')
              END ORDER BY t.position) AS items
         FROM quote_items_new t
        CROSS JOIN LATERAL (SELECT l.residue #> ARRAY['item', t.position::text] AS residue) AS o
        CROSS JOIN LATERAL (SELECT jsonb_build_object(
                    'name', t.name, 'description', t.description, 'quantity', t.quantity, 'unit_price', t.unit_price,
                    'total', t.total, 'option_tier', t.option_tier, 'is_upsell', t.is_upsell,
                    'is_discount', t.is_discount, 'sort_order', t.sort_order) AS item) AS n
        WHERE t.quote_id = q.id) AS i ON true
 WHERE l.company_id = %(company)s
   AND l.legacy_id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR l.legacy_id = ANY (%(ids)s::uuid[]))
