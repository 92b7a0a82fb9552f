-- Reads a batch of legacy rows, each with its contact and address, and decides what the row is.

-- name: read
-- Gives how many rows it read, and how many of them are placeholders, have no contact or address yet, or are suspect:
-- only those can be what `screen` finds.
-- params: company (uuid), low and high (uuid, both included), ids (uuid[]; NULL takes the whole range)
-- locks: FOR SHARE on the legacy rows, so that a change to one of them waits a moment or comes after
-- index: quotes (company_id, id) or its primary key; customer_contacts primary key
WITH deal AS (
INSERT INTO batch_deal
SELECT s.id, s.company_id,
       s.lead_status IS NOT NULL OR NOT s.has_quote, s.has_quote, s.has_job, s.has_invoice, s.paid_at IS NOT NULL,
       s.is_placeholder, s.created_at, s.updated_at, s.fingerprint,
       CASE WHEN jsonb_typeof(s.items) <> 'array' OR s.items = '[]' THEN s.items END,
       CASE WHEN s.is_placeholder THEN qp_child_id(s.id, 'contact') ELSE s.found_contact_id END,
       CASE WHEN s.is_placeholder THEN qp_child_id(s.id, 'customer') ELSE s.found_customer_id END,
       CASE WHEN s.is_placeholder THEN qp_child_id(qp_child_id(s.id, 'customer'), 'address:' || md5(s.address_text))
            ELSE (SELECT a.id FROM customer_addresses a
                   WHERE a.company_id = s.company_id AND a.customer_id = s.found_customer_id
                     AND md5(a.address) = md5(s.address_text)) END,
       s.user_id, coalesce(s.found_flags, '{}'),
       s.subtotal, s.discount_amount, s.tax_rate, s.tax_amount, s.total,
       s.scheduled_at, s.started_at, s.completed_at, s.sent_at, s.invoice_sent_at, s.paid_at,
       s.lead_status, s.status, s.quote_number, s.job_name, s.job_number, s.invoice_number,
       s.payment_method, s.payment_link_url, s.address, s.address_text,
       s.customer_name, s.email, s.phone, s.description, s.notes, s.item_list
  FROM (SELECT f.*,
               f.has_job OR f.status IS NOT NULL OR f.item_list IS NOT NULL OR coalesce(f.total, 0) <> 0
               OR qp_text(f.quote_number) IS NOT NULL AS has_quote
          FROM (SELECT i.*,
                       i.has_invoice OR coalesce(i.status IN ('accepted', 'scheduled', 'completed'), false)
                       OR qp_text(i.job_number) IS NOT NULL
                       OR i.started_at IS NOT NULL OR i.completed_at IS NOT NULL AS has_job
                  FROM (SELECT q.*, hash_record_extended(q, 0) AS fingerprint,
                               qp_text(q.customer_name) IS NULL AND qp_text(q.email) IS NULL
                               AND qp_text(q.phone) IS NULL AS is_placeholder,
                               c.id AS found_contact_id, c.customer_id AS found_customer_id, c.flags AS found_flags,
                               qp_address(q.address) AS address_text,
                               CASE WHEN q.items IS NULL THEN NULL
                                    WHEN jsonb_typeof(q.items) = 'array' THEN nullif(q.items, '[]')
                                    ELSE qp_item_list(q.items) END AS item_list,
                               qp_text(q.invoice_number) IS NOT NULL OR q.invoice_sent_at IS NOT NULL
                               OR q.paid_at IS NOT NULL AS has_invoice
                          FROM quotes q
                          -- OFFSET 0: one look-up a row; a hash of all the company's contacts for each batch is dearer.
                          LEFT JOIN LATERAL (
                               SELECT k.id, k.customer_id, k.flags FROM customer_contacts k
                                WHERE k.id = qp_contact_id(q.company_id, q.customer_name, q.email, q.phone)
                               OFFSET 0) c ON true
                         WHERE q.company_id = %(company)s
                           AND q.id BETWEEN %(low)s AND %(high)s
                           AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]))
                         ORDER BY q.id  -- everybody takes rows in this order, whichever index is read
                           FOR SHARE OF q) i) f) s
RETURNING is_placeholder, contact_id IS NULL OR (address_text IS NOT NULL AND address_id IS NULL) AS is_unidentified,
          odd_items IS NOT NULL
          OR NOT (qp_fits(subtotal) AND qp_fits(discount_amount) AND qp_fits(tax_rate) AND qp_fits(tax_amount)
                  AND qp_fits(total) AND qp_time_fits(scheduled_at) AND qp_time_fits(started_at)
                  AND qp_time_fits(completed_at) AND qp_time_fits(sent_at) AND qp_time_fits(invoice_sent_at)
                  AND qp_time_fits(paid_at) AND qp_time_fits(created_at) AND qp_time_fits(updated_at)) AS is_suspect)
SELECT count(*), count(*) FILTER (WHERE is_placeholder), count(*) FILTER (WHERE is_unidentified),
       count(*) FILTER (WHERE is_suspect)
  FROM deal;

-- name: read_items
-- The line items of the batch, in the order of their array. An element that is no object has no
-- columns; the screen turns its row away. A plain item has the nine known keys, each in its own type.
-- Gives how many are not plain, and how many are suspect as above.
-- params: comma_groups (whether the company's region groups thousands by commas)
WITH item AS (
INSERT INTO batch_item
SELECT d.id, d.company_id, e.position, p.is_plain, d.created_at, d.updated_at,
       v.name #>> '{}', v.description #>> '{}',
       CASE WHEN p.is_plain THEN v.quantity::numeric
            WHEN v.quantity IS NULL OR jsonb_typeof(v.quantity) = 'null' OR qp_trim(v.quantity #>> '{}') = '' THEN 1
            ELSE qp_item_number(v.quantity, %(comma_groups)s) END,
       CASE WHEN jsonb_typeof(v.unit_price) = 'number' THEN v.unit_price::numeric
            WHEN v.unit_price IS NOT NULL THEN qp_item_number(v.unit_price, %(comma_groups)s) END,
       CASE WHEN jsonb_typeof(v.total) = 'number' THEN v.total::numeric
            WHEN v.total IS NOT NULL THEN qp_item_number(v.total, %(comma_groups)s) END,
       CASE WHEN p.is_plain THEN v.option_tier #>> '{}' ELSE qp_item_tier(v.option_tier #>> '{}') END,
       CASE WHEN p.is_plain THEN v.is_upsell::boolean ELSE qp_item_boolean(v.is_upsell) END,
       CASE WHEN p.is_plain THEN v.is_discount::boolean ELSE qp_item_boolean(v.is_discount) END,
       CASE WHEN p.is_plain THEN v.sort_order::integer ELSE coalesce(qp_item_sort_order(v.sort_order), e.position) END,
       CASE WHEN NOT p.is_plain THEN e.element END
  FROM batch_deal d
 CROSS JOIN LATERAL (SELECT l.value AS element, l.position::integer
                       FROM jsonb_array_elements(d.item_list) WITH ORDINALITY AS l(value, position)) AS e
 CROSS JOIN LATERAL (SELECT e.element -> 'name' AS name,
                            coalesce(e.element -> 'description', e.element -> 'desc') AS description,
                            coalesce(e.element -> 'quantity', e.element -> 'qty') AS quantity,
                            coalesce(e.element -> 'unit_price', e.element -> 'unitPrice', e.element -> 'price')
                            AS unit_price,
                            e.element -> 'total' AS total,
                            e.element -> 'option_tier' AS option_tier,
                            e.element -> 'is_upsell' AS is_upsell,
                            e.element -> 'is_discount' AS is_discount,
                            e.element -> 'sort_order' AS sort_order
                     OFFSET 0) AS v
 CROSS JOIN LATERAL (SELECT coalesce(
                                jsonb_typeof(v.quantity) = 'number'
                                AND jsonb_typeof(v.unit_price) IN ('number', 'null')
                                AND jsonb_typeof(v.total) IN ('number', 'null')
                                AND jsonb_typeof(v.name) IN ('string', 'null')
                                AND jsonb_typeof(v.description) IN ('string', 'null')
                                AND (v.option_tier IN ('null', '"good"', '"better"', '"best"')
                                     OR (jsonb_typeof(v.option_tier) = 'string'
                                         AND v.option_tier #>> '{}' = qp_item_tier(v.option_tier #>> '{}')))
                                AND jsonb_typeof(v.is_upsell) = 'boolean' AND jsonb_typeof(v.is_discount) = 'boolean'
                                AND qp_item_sort_order(v.sort_order) IS NOT NULL
                                AND e.element - '{name,description,quantity,unit_price,total,option_tier,is_upsell,is_discount,sort_order}'::text[] = '{}',
                                false) AS is_plain
                     OFFSET 0) AS p
 WHERE d.item_list IS NOT NULL
RETURNING is_plain, NOT (is_plain AND qp_fits(quantity) AND qp_fits(unit_price) AND qp_fits(total)) AS is_suspect)
SELECT count(*) FILTER (WHERE NOT is_plain), count(*) FILTER (WHERE is_suspect) FROM item;

-- name: screen
-- Why rows of the batch cannot be represented: one line for each finding.
INSERT INTO batch_reject
SELECT d.id, 1, qp_item_refusal(d.odd_items), 'items', left(d.odd_items::text, 2000)
  FROM batch_deal d
 WHERE jsonb_typeof(d.odd_items) NOT IN ('array', 'object', 'null') AND qp_item_refusal(d.odd_items) IS NOT NULL
UNION ALL
SELECT d.id, 2, qp_item_refusal(r.items), 'items', left(r.items::text, 2000)
  -- DISTINCT first: few rows, which the planner then looks up instead of sorting the whole batch for them.
  FROM (SELECT DISTINCT i.legacy_id FROM batch_item i
         WHERE NOT i.is_plain AND jsonb_typeof(i.element) <> 'object') AS f
  JOIN batch_deal d ON d.id = f.legacy_id
 CROSS JOIN LATERAL (SELECT coalesce(d.odd_items, d.item_list) AS items) AS r
UNION ALL
SELECT i.legacy_id, 3, 'items_depth', 'items[' || i.position || ']', left(i.element::text, 2000)
  FROM batch_item i
 WHERE NOT i.is_plain AND i.element @? '$.**{32}'
UNION ALL
SELECT i.legacy_id, 10 + i.position,
       CASE WHEN v.number = 'NaN' THEN 'number_nan' WHEN NOT qp_fits(v.number) THEN 'number_range'
            ELSE 'number_unreadable' END,
       'items[' || i.position || '].' || v.field, left(coalesce(v.recorded #>> '{}', v.number::text), 2000)
  FROM batch_item i
 CROSS JOIN LATERAL (VALUES
           ('quantity', i.quantity, coalesce(i.element -> 'quantity', i.element -> 'qty')),
           ('unit_price', i.unit_price,
            coalesce(i.element -> 'unit_price', i.element -> 'unitPrice', i.element -> 'price')),
           ('total', i.total, i.element -> 'total')) AS v(field, number, recorded)
 WHERE (NOT i.is_plain OR NOT (qp_fits(i.quantity) AND qp_fits(i.unit_price) AND qp_fits(i.total)))
   AND (i.is_plain OR jsonb_typeof(i.element) = 'object')
   AND (NOT qp_fits(v.number)
        OR (v.number IS NULL AND (jsonb_typeof(v.recorded) = 'string' AND qp_trim(v.recorded #>> '{}') <> ''
                                  OR v.field = 'quantity')))
UNION ALL
SELECT d.id, 1000000 + v.place, CASE WHEN v.number = 'NaN' THEN 'number_nan' ELSE 'number_range' END,
       v.field, v.number::text
  FROM batch_deal d
 CROSS JOIN LATERAL (VALUES (1, 'subtotal', d.subtotal), (2, 'discount_amount', d.discount_amount),
                            (3, 'tax_rate', d.tax_rate), (4, 'tax_amount', d.tax_amount), (5, 'total', d.total))
            AS v(place, field, number)
 WHERE NOT (qp_fits(d.subtotal) AND qp_fits(d.discount_amount) AND qp_fits(d.tax_rate)
            AND qp_fits(d.tax_amount) AND qp_fits(d.total))
   AND NOT qp_fits(v.number)
UNION ALL
SELECT d.id, 2000000 + v.place, 'timestamp_range', v.field, v.moment::text
  FROM batch_deal d
 CROSS JOIN LATERAL (VALUES (1, 'scheduled_at', d.scheduled_at), (2, 'started_at', d.started_at),
                            (3, 'completed_at', d.completed_at), (4, 'sent_at', d.sent_at),
                            (5, 'invoice_sent_at', d.invoice_sent_at), (6, 'paid_at', d.paid_at),
                            (7, 'created_at', d.created_at), (8, 'updated_at', d.updated_at))
            AS v(place, field, moment)
 WHERE NOT (qp_time_fits(d.scheduled_at) AND qp_time_fits(d.started_at) AND qp_time_fits(d.completed_at)
            AND qp_time_fits(d.sent_at) AND qp_time_fits(d.invoice_sent_at) AND qp_time_fits(d.paid_at)
            AND qp_time_fits(d.created_at) AND qp_time_fits(d.updated_at))
   AND NOT qp_time_fits(v.moment);

-- name: put_off_unidentified
-- Rows that were projected before and whose contact or address is not known now: the sweep must look at them again.
INSERT INTO migration_outbox (legacy_id, company_id, operation, captured_at)
SELECT d.id, d.company_id, 'U', clock_timestamp()
  FROM batch_deal d JOIN migration_legacy_link l ON l.legacy_id = d.id
 WHERE d.contact_id IS NULL OR (d.address_text IS NOT NULL AND d.address_id IS NULL);

-- name: drop_unidentified
-- Rows whose contact or address the plan has not seen: written since. They stay pending, for the sweep.
DELETE FROM batch_deal
 WHERE contact_id IS NULL OR (address_text IS NOT NULL AND address_id IS NULL);

-- name: drop_unidentified_items
DELETE FROM batch_item i WHERE NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = i.legacy_id);

-- name: drop_rejected
DELETE FROM batch_deal d USING batch_reject r WHERE r.legacy_id = d.id;

-- name: drop_rejected_items
DELETE FROM batch_item i USING batch_reject r WHERE r.legacy_id = i.legacy_id;

-- name: read_odd_items
-- raw: recorded values of keys the CRM does not know, and of known keys recorded in another type than theirs.
-- absent: known keys that were not recorded.
INSERT INTO batch_odd_item
SELECT i.legacy_id, i.position,
       jsonb_build_object('raw', coalesce(k.raw, '{}'), 'absent', coalesce(k.absent, '[]')),
       array_remove(ARRAY[
           CASE WHEN (i.element ?| '{qty,price,unitPrice,desc}') THEN 'item_keys_aliased' END,
           CASE WHEN i.element - '{name,description,quantity,unit_price,total,option_tier,is_upsell,is_discount,sort_order,qty,price,unitPrice,desc}'::text[]
                     <> '{}' THEN 'item_keys_unknown' END,
           CASE WHEN jsonb_typeof(coalesce(i.element -> 'quantity', i.element -> 'qty')) = 'string'
                  OR jsonb_typeof(coalesce(i.element -> 'unit_price', i.element -> 'unitPrice', i.element -> 'price')) = 'string'
                  OR jsonb_typeof(i.element -> 'total') = 'string' THEN 'item_number_text' END,
           CASE WHEN coalesce(qp_text(coalesce(i.element -> 'quantity', i.element -> 'qty') #>> '{}')) IS NULL
                THEN 'quantity_implied' END,
           CASE WHEN jsonb_typeof(i.element -> 'name') NOT IN ('string', 'null')
                  OR jsonb_typeof(coalesce(i.element -> 'description', i.element -> 'desc')) NOT IN ('string', 'null')
                  OR jsonb_typeof(i.element -> 'option_tier') NOT IN ('string', 'null') THEN 'item_text_odd' END,
           CASE WHEN jsonb_typeof(coalesce(i.element -> 'unit_price', i.element -> 'unitPrice', i.element -> 'price'))
                     NOT IN ('number', 'string', 'null')
                  OR jsonb_typeof(i.element -> 'total') NOT IN ('number', 'string', 'null') THEN 'item_number_odd' END,
           CASE WHEN i.is_upsell IS NULL OR i.is_discount IS NULL THEN 'item_boolean_unreadable' END,
           CASE WHEN jsonb_typeof(i.element -> 'sort_order') <> 'null'
                 AND qp_item_sort_order(i.element -> 'sort_order') IS NULL THEN 'item_sort_order_odd' END
       ]::text[], NULL)
  FROM batch_item i
 CROSS JOIN LATERAL (
       SELECT (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(i.element) AS e
                WHERE NOT CASE WHEN e.key IN ('name', 'description') THEN jsonb_typeof(e.value) IN ('string', 'null')
                               WHEN e.key = 'option_tier'
                               THEN jsonb_typeof(e.value) = 'null' OR (jsonb_typeof(e.value) = 'string'
                                                                       AND e.value #>> '{}' = qp_item_tier(e.value #>> '{}'))
                               WHEN e.key = 'quantity' THEN jsonb_typeof(e.value) = 'number'
                               WHEN e.key IN ('unit_price', 'total') THEN jsonb_typeof(e.value) IN ('number', 'null')
                               WHEN e.key IN ('is_upsell', 'is_discount') THEN jsonb_typeof(e.value) = 'boolean'
                               WHEN e.key = 'sort_order' THEN qp_item_sort_order(e.value) IS NOT NULL
                               ELSE false END) AS raw,
              (SELECT jsonb_agg(a.key) FROM unnest('{name,description,quantity,unit_price,total,option_tier,is_upsell,is_discount,sort_order}'::text[]) AS a(key)
                WHERE NOT i.element ? a.key) AS absent) AS k
 WHERE NOT i.is_plain AND jsonb_typeof(i.element) = 'object';

-- name: drop_rejected_odd_items
DELETE FROM batch_odd_item i USING batch_reject r WHERE r.legacy_id = i.legacy_id;
