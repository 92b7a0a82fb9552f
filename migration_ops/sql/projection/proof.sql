-- name: expected
-- What a first pass must have written: figure, target, place in (count, money), value.
WITH deals AS (
    SELECT count(*) AS rows, count(*) FILTER (WHERE has_lead) AS leads,
           count(*) FILTER (WHERE has_quote) AS quotes, sum(total) FILTER (WHERE has_quote) AS total,
           count(*) FILTER (WHERE has_job) AS jobs,
           count(*) FILTER (WHERE has_invoice) AS invoices, sum(total) FILTER (WHERE has_invoice) AS due,
           count(*) FILTER (WHERE is_paid) AS payments, sum(coalesce(total, 0)) FILTER (WHERE is_paid) AS paid
      FROM batch_deal),
items AS (SELECT count(*) AS items, sum(total) AS total FROM batch_item)
SELECT c.what, c.target, c.place, c.expected
  FROM deals d CROSS JOIN items i
 CROSS JOIN LATERAL (VALUES
       ('links', 'links', 0, d.rows::numeric), ('leads', 'leads', 0, d.leads), ('quotes', 'quotes', 0, d.quotes),
       ('quote totals', 'quotes', 1, d.total), ('quote items', 'quote_items', 0, i.items),
       ('quote item totals', 'quote_items', 1, i.total), ('jobs', 'jobs', 0, d.jobs),
       ('invoices', 'invoices', 0, d.invoices), ('amounts due', 'invoices', 1, d.due),
       ('payments', 'payments', 0, d.payments), ('amounts paid', 'payments', 1, d.paid))
       AS c(what, target, place, expected);

-- name: proof
-- What the batch read against what the tables hold now: counts, and money to the last digit.
WITH lines AS (
    SELECT d.id AS legacy_id, d.has_lead, d.has_quote, d.has_job, d.has_invoice, d.is_paid, d.total,
           l.id AS lead_id, q.id AS quote_id, q.total AS quote_total, j.id AS job_id, v.id AS invoice_id,
           v.amount_due, p.id AS payment_id, p.amount, k.legacy_id AS link_id
      FROM batch_deal d
      LEFT JOIN migration_legacy_link k ON k.legacy_id = d.id AND k.company_id = d.company_id
      LEFT JOIN leads_new l ON l.id = d.id AND l.company_id = d.company_id
      LEFT JOIN quotes_new q ON q.id = d.id AND q.company_id = d.company_id
      LEFT JOIN jobs_new j ON j.id = qp_child_id(d.id, 'job') AND j.company_id = d.company_id
      LEFT JOIN invoices_new v ON v.id = qp_child_id(d.id, 'invoice') AND v.company_id = d.company_id
      LEFT JOIN payments p ON p.id = qp_child_id(d.id, 'payment') AND p.company_id = d.company_id),
figures AS (
    SELECT count(*) AS rows, count(link_id) AS links,
           count(*) FILTER (WHERE has_lead) AS leads_read, count(lead_id) AS leads_found,
           count(*) FILTER (WHERE has_quote) AS quotes_read, count(quote_id) AS quotes_found,
           sum(total) FILTER (WHERE has_quote) AS total_read, sum(quote_total) AS total_found,
           count(*) FILTER (WHERE has_job) AS jobs_read, count(job_id) AS jobs_found,
           count(*) FILTER (WHERE has_invoice) AS invoices_read, count(invoice_id) AS invoices_found,
           sum(total) FILTER (WHERE has_invoice) AS due_read, sum(amount_due) AS due_found,
           count(*) FILTER (WHERE is_paid) AS payments_read, count(payment_id) AS payments_found,
           sum(coalesce(total, 0)) FILTER (WHERE is_paid) AS paid_read, sum(amount) AS paid_found
      FROM lines),
items AS (
    SELECT (SELECT count(*) FROM batch_item) AS items_read, (SELECT sum(total) FROM batch_item) AS items_total_read,
           count(i.id) AS items_found, sum(i.total) AS items_total_found
      FROM batch_deal d JOIN quote_items_new i ON i.quote_id = d.id AND i.company_id = d.company_id
     WHERE d.has_quote)
SELECT c.what, c.expected, c.found
  FROM figures f CROSS JOIN items n
 CROSS JOIN LATERAL (VALUES
       ('links', f.rows::numeric, f.links::numeric), ('leads', f.leads_read, f.leads_found),
       ('quotes', f.quotes_read, f.quotes_found), ('quote totals', f.total_read, f.total_found),
       ('quote items', n.items_read, n.items_found), ('quote item totals', n.items_total_read, n.items_total_found),
       ('jobs', f.jobs_read, f.jobs_found), ('invoices', f.invoices_read, f.invoices_found),
       ('amounts due', f.due_read, f.due_found), ('payments', f.payments_read, f.payments_found),
       ('amounts paid', f.paid_read, f.paid_found)) AS c(what, expected, found);
