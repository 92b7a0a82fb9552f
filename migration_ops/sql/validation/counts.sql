-- What the legacy rows alone say the new tables must hold, written a second time from the rules and not from
-- the projection's blocks; and what they hold. Blocks come in pairs with the same columns: each column is a check.

-- name: expected_deals
-- params: company (uuid), blanks (text: every character that counts as blank)
-- columns: links, leads, quotes, quote_totals, quote_totals_missing, quote_subtotals, quote_subtotals_missing,
--   discounts, tax_amounts, jobs, invoices, paid_invoices, amounts_due, amounts_due_missing, amounts_paid, payments,
--   payment_amounts, placeholder_customers
WITH deal AS (
    SELECT q.id, q.lead_status, q.status, q.total, q.subtotal, q.discount_amount, q.tax_amount, q.paid_at,
           btrim(q.quote_number, %(blanks)s) <> '' AS has_quote_number,
           CASE jsonb_typeof(q.items) WHEN 'array' THEN q.items <> '[]' WHEN 'object' THEN q.items <> '{}'
                WHEN 'string' THEN coalesce(qp_unwrap(q.items) NOT IN ('[]', '{}'), false) ELSE false END AS has_items,
           btrim(q.invoice_number, %(blanks)s) <> '' OR q.invoice_sent_at IS NOT NULL OR q.paid_at IS NOT NULL
           AS is_invoiced,
           q.status IN ('accepted', 'scheduled', 'completed') OR btrim(q.job_number, %(blanks)s) <> ''
           OR q.started_at IS NOT NULL OR q.completed_at IS NOT NULL AS is_worked_on,
           btrim(concat(q.customer_name, q.email, q.phone), %(blanks)s) = '' AS is_nameless
      FROM quotes q
      JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
     WHERE q.company_id = %(company)s),
kind AS (
    SELECT d.*, coalesce(d.is_invoiced, false) AS is_invoice,
           coalesce(d.is_worked_on, false) OR coalesce(d.is_invoiced, false) AS is_job
      FROM deal d),
fact AS (
    SELECT k.*, k.is_job OR k.status IS NOT NULL OR k.has_items OR coalesce(k.total <> 0, false)
                OR coalesce(k.has_quote_number, false) AS is_quote
      FROM kind k)
SELECT count(*),
       count(*) FILTER (WHERE f.lead_status IS NOT NULL OR NOT f.is_quote),
       count(*) FILTER (WHERE f.is_quote),
       coalesce(sum(f.total) FILTER (WHERE f.is_quote), 0), count(*) FILTER (WHERE f.is_quote AND f.total IS NULL),
       coalesce(sum(f.subtotal) FILTER (WHERE f.is_quote), 0), count(*) FILTER (WHERE f.is_quote AND f.subtotal IS NULL),
       coalesce(sum(f.discount_amount) FILTER (WHERE f.is_quote), 0),
       coalesce(sum(f.tax_amount) FILTER (WHERE f.is_quote), 0),
       count(*) FILTER (WHERE f.is_job),
       count(*) FILTER (WHERE f.is_invoice), count(*) FILTER (WHERE f.paid_at IS NOT NULL),
       coalesce(sum(f.total) FILTER (WHERE f.is_invoice), 0), count(*) FILTER (WHERE f.is_invoice AND f.total IS NULL),
       coalesce(sum(f.total) FILTER (WHERE f.paid_at IS NOT NULL), 0),
       count(*) FILTER (WHERE f.paid_at IS NOT NULL),
       coalesce(sum(f.total) FILTER (WHERE f.paid_at IS NOT NULL), 0),
       count(*) FILTER (WHERE f.is_nameless)
  FROM fact f;

-- name: found_deals
-- params: company (uuid)
SELECT (SELECT count(*) FROM migration_legacy_link l WHERE l.company_id = %(company)s),
       (SELECT count(*) FROM leads_new l WHERE l.company_id = %(company)s),
       q.quotes, q.totals, q.no_totals, q.subtotals, q.no_subtotals, q.discounts, q.taxes,
       (SELECT count(*) FROM jobs_new j WHERE j.company_id = %(company)s),
       v.invoices, v.paid_invoices, v.due, v.no_due, v.paid, p.payments, p.amounts,
       (SELECT count(*) FROM customers_new c WHERE c.company_id = %(company)s AND c.is_placeholder)
  FROM (SELECT count(*) AS quotes, coalesce(sum(total), 0) AS totals, count(*) FILTER (WHERE total IS NULL) AS no_totals,
               coalesce(sum(subtotal), 0) AS subtotals, count(*) FILTER (WHERE subtotal IS NULL) AS no_subtotals,
               coalesce(sum(discount_amount), 0) AS discounts, coalesce(sum(tax_amount), 0) AS taxes
          FROM quotes_new WHERE company_id = %(company)s) AS q
 CROSS JOIN (SELECT count(*) AS invoices, count(*) FILTER (WHERE status = 'paid') AS paid_invoices,
                    coalesce(sum(amount_due), 0) AS due, count(*) FILTER (WHERE amount_due IS NULL) AS no_due,
                    coalesce(sum(amount_paid), 0) AS paid
               FROM invoices_new WHERE company_id = %(company)s) AS v
 CROSS JOIN (SELECT count(*) AS payments, coalesce(sum(amount), 0) AS amounts
               FROM payments WHERE company_id = %(company)s) AS p;

-- name: expected_items
-- Line items of linked rows. A list is told by its shape alone; a number recorded as text is read by its last
-- separator, which is enough for rows that were accepted, and never fails.
-- params: company (uuid), comma_groups (bool)
-- columns: quote_items, quote_item_totals, quote_item_totals_missing
WITH item AS (
    SELECT e.value -> 'total' AS total
      FROM quotes q
      JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
     CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(q.items) WHEN 'string' THEN qp_unwrap(q.items) ELSE q.items END
                         AS recorded OFFSET 0) AS r
     CROSS JOIN LATERAL jsonb_array_elements(
           CASE WHEN jsonb_typeof(r.recorded) = 'array' THEN r.recorded
                WHEN jsonb_typeof(r.recorded) <> 'object' OR r.recorded = '{}' THEN '[]'
                WHEN r.recorded @? 'strict $.* ? (@.type() != "object")' THEN jsonb_build_array(r.recorded)
                ELSE jsonb_path_query_array(r.recorded, 'strict $.*') END) AS e(value)
     WHERE q.company_id = %(company)s AND q.items IS NOT NULL AND q.items <> '[]'),
figure AS (
    SELECT CASE jsonb_typeof(i.total)
           WHEN 'number' THEN i.total::numeric
           WHEN 'string' THEN (
                SELECT CASE WHEN s.plain ~ '^([0-9]+[.]?[0-9]*|[.][0-9]+)$'
                            THEN s.plain::numeric * CASE WHEN i.total #>> '{}' ~ '[(-]' THEN -1 ELSE 1 END END
                  FROM (SELECT CASE WHEN d ~ '[.].*,' THEN replace(replace(d, '.', ''), ',', '.')
                                    WHEN d ~ ',.*[.]' OR d ~ ',.*,' OR (d ~ '^[0-9]{1,3},[0-9]{3}$' AND %(comma_groups)s)
                                    THEN replace(d, ',', '')
                                    WHEN d ~ '[.].*[.]' THEN replace(d, '.', '')
                                    ELSE replace(d, ',', '.') END AS plain
                          FROM regexp_replace(i.total #>> '{}', '[^0-9.,]', '', 'g') AS d) AS s)
           END AS total
      FROM item i)
SELECT count(*), coalesce(sum(f.total), 0), count(*) FILTER (WHERE f.total IS NULL)
  FROM figure f;

-- name: found_items
-- params: company (uuid)
SELECT count(*), coalesce(sum(i.total), 0), count(*) FILTER (WHERE i.total IS NULL)
  FROM quote_items_new i
 WHERE i.company_id = %(company)s;

-- name: expected_people
-- Customers behind the linked rows, found by what the rows record; distinct contacts; distinct addresses of each.
-- Rows are grouped by their texts first, so that few of them are looked up.
-- params: company (uuid), blanks (text)
-- columns: customers, contacts, addresses
WITH recorded AS MATERIALIZED (
    SELECT CASE WHEN g.nameless IS NULL THEN qp_contact_id(%(company)s, g.customer_name, g.email, g.phone)
                ELSE qp_child_id(g.nameless, 'contact') END AS contact_id, g.address
      FROM (SELECT q.customer_name, q.email, q.phone, q.address,
                   CASE WHEN btrim(concat(q.customer_name, q.email, q.phone), %(blanks)s) = '' THEN q.id END AS nameless
              FROM quotes q
              JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
             WHERE q.company_id = %(company)s
             GROUP BY 1, 2, 3, 4, 5) AS g),
contact AS MATERIALIZED (
    SELECT r.contact_id, k.customer_id
      FROM (SELECT contact_id FROM recorded GROUP BY 1) AS r
      LEFT JOIN customer_contacts k ON k.company_id = %(company)s AND k.id = r.contact_id)
SELECT (SELECT count(DISTINCT c.id) FROM contact k
          JOIN customers_new c ON c.company_id = %(company)s AND c.id = k.customer_id AND c.merged_into IS NULL),
       (SELECT count(*) FROM contact),
       (SELECT count(*) FROM (
               SELECT k.customer_id, btrim(regexp_replace(r.address, E'\r\n?', E'\n', 'g'), %(blanks)s) AS address
                 FROM recorded r JOIN contact k ON k.contact_id = r.contact_id
                WHERE r.address IS NOT NULL
                GROUP BY 1, 2) AS a
         WHERE a.address <> '');

-- name: found_people
-- Customers, contacts and addresses that links lead to.
-- params: company (uuid)
SELECT count(DISTINCT k.customer_id), count(DISTINCT k.id), count(DISTINCT a.id)
  FROM migration_legacy_link l
  LEFT JOIN customer_contacts k ON k.company_id = l.company_id AND k.id = l.contact_id
  LEFT JOIN customer_addresses a ON a.company_id = l.company_id AND a.id = l.address_id AND a.customer_id = k.customer_id
 WHERE l.company_id = %(company)s;

-- name: places
-- Where the legacy rows are: all, with a link, set aside, in neither place, in both.
-- params: company (uuid)
-- columns: rows, linked, set_aside, pending, twice
SELECT count(*), count(l.legacy_id), count(z.legacy_id),
       count(*) FILTER (WHERE l.legacy_id IS NULL AND z.legacy_id IS NULL),
       count(*) FILTER (WHERE l.legacy_id IS NOT NULL AND z.legacy_id IS NOT NULL)
  FROM quotes q
  LEFT JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
  LEFT JOIN migration_quarantined_row z
    ON z.legacy_id = q.id AND z.company_id = q.company_id AND z.resolution IN ('', 'waived')
 WHERE q.company_id = %(company)s;

-- name: unplaced_rows
-- Rows in neither place (missing), in both (mismatched), and links to no row (extra).
-- params: company (uuid), most (int)
SELECT CASE WHEN l.legacy_id IS NULL THEN 'missing' WHEN q.id IS NULL THEN 'extra' ELSE 'mismatched' END,
       coalesce(q.id, l.legacy_id)
  FROM (SELECT id FROM quotes WHERE company_id = %(company)s) AS q
  FULL JOIN (SELECT legacy_id FROM migration_legacy_link WHERE company_id = %(company)s) AS l ON l.legacy_id = q.id
  LEFT JOIN migration_quarantined_row z
    ON z.legacy_id = q.id AND z.company_id = %(company)s AND z.resolution IN ('', 'waived')
 WHERE q.id IS NULL OR (l.legacy_id IS NULL) = (z.legacy_id IS NULL)
 ORDER BY 1, 2
 LIMIT %(most)s;
