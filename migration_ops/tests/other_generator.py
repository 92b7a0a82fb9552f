"""Dirty legacy rows from another hand than seed_legacy's, and what SQL on the legacy side alone says they must become.

Both are plain SQL and share nothing with the projection: no function, no block, no list of words.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company

COMPANIES = 6

# Every choice is a hash of (row, what). A customer has about four rows; companies are of unequal size.
GENERATE = r"""
INSERT INTO quotes (id, company_id, user_id, customer_name, email, phone, address, lead_status, status, quote_number,
                    job_name, job_number, description, items, subtotal, discount_amount, tax_rate, tax_amount, total,
                    notes, scheduled_at, started_at, completed_at, sent_at, invoice_number, invoice_sent_at, paid_at,
                    payment_method, payment_link_url, created_at, updated_at)
SELECT md5('row' || n)::uuid, md5('company' || firm)::uuid,
       CASE WHEN h1 % 9 > 0 THEN md5('user' || h1 % 5)::uuid END,
       CASE WHEN h2 % 97 = 0 THEN NULL WHEN h2 % 89 = 0 THEN ' ' WHEN h2 % 31 = 0 THEN upper(person)
            WHEN h2 % 29 = 0 THEN '  ' || person WHEN h2 % 37 = 0 THEN split_part(person, ' ', 2) || ', ' || split_part(person, ' ', 1)
            WHEN h2 % 211 = 0 THEN 'test' ELSE person END,
       CASE WHEN h3 % 4 = 0 THEN NULL WHEN h3 % 53 = 0 THEN '' WHEN h3 % 47 = 0 THEN 'info@firm' || buyer % 40 || '.example.org'
            WHEN h3 % 43 = 0 THEN upper(mailbox) WHEN h3 % 101 = 0 THEN 'none' ELSE mailbox END,
       CASE WHEN h4 % 5 = 0 THEN NULL WHEN h4 % 41 = 0 THEN '000-000-0000' WHEN h4 % 37 = 0 THEN '(512) 555-01' || lpad((buyer % 40)::text, 2, '0')
            WHEN h4 % 23 = 0 THEN replace(number, '-', ' ') WHEN h4 % 103 = 0 THEN 'call me' ELSE number END,
       CASE WHEN h5 % 6 = 0 THEN NULL WHEN h5 % 67 = 0 THEN '  ' WHEN h5 % 17 = 0 THEN E'Unit 4\r\n' || place ELSE place END,
       CASE WHEN kind < 25 THEN (ARRAY['new', 'contacted', 'qualified', 'New ', 'hot', 'converted'])[1 + h6 % 6]
            WHEN kind < 60 AND h6 % 3 > 0 THEN 'converted' WHEN kind >= 97 THEN NULL END,
       stage,
       CASE WHEN stage IS NOT NULL AND h7 % 13 > 0 THEN 'A-' || (n - h7 % 2) WHEN h7 % 59 = 0 THEN ' ' END,
       CASE WHEN stage IS NOT NULL AND h7 % 5 > 0 THEN 'Fence ' || buyer % 70 END,
       CASE WHEN stage IN ('scheduled', 'completed') AND h8 % 6 > 0 THEN 'W' || n WHEN h8 % 61 = 0 THEN '' END,
       CASE WHEN h8 % 4 > 0 THEN 'Two gates, left side, house ' || buyer % 90 END,
       CASE WHEN stage IS NULL AND h9 % 17 > 0 THEN NULL
            WHEN h9 % 71 = 0 THEN '{}' WHEN h9 % 73 = 0 THEN 'null' WHEN h9 % 79 = 0 THEN '[]'
            WHEN h9 % 83 = 0 THEN '{"name": "Single", "quantity": 3, "unit_price": 20, "total": 60}'
            WHEN h9 % 89 = 0 THEN '{"1": {"name": "One", "total": 10}, "2": {"name": "Two", "total": "$1,250.50"}}'
            WHEN h9 % 97 = 0 THEN to_jsonb('[{"name": "Wrapped", "quantity": 1, "unit_price": 5.5, "total": 5.5}]'::text)
            WHEN h9 % 101 = 0 THEN '[null]' WHEN h9 % 103 = 0 THEN '"as discussed"' WHEN h9 % 107 = 0 THEN '17'
            WHEN h9 % 109 = 0 THEN '[{"name": "Odd", "quantity": "a few", "unit_price": 5, "total": 5}]'
            WHEN h9 % 113 = 0 THEN '[{"name": "Odd", "quantity": 1, "unit_price": "NaN", "total": 5}]'
            WHEN h9 % 127 = 0 THEN '[{"name": "Odd", "quantity": 1, "unit_price": 5, "total": "1e5"}]'
            ELSE lines END::jsonb,
       CASE WHEN h10 % 139 = 0 THEN 'NaN'::numeric WHEN priced IS NOT NULL AND h10 % 11 > 0 THEN priced END,
       CASE WHEN h10 % 8 = 0 THEN round(priced / 20, 2) END,
       CASE WHEN h10 % 3 = 0 THEN 0.0825 WHEN h10 % 3 = 1 THEN 8.25 END,
       round(priced * 0.0825, 2),
       CASE WHEN h11 % 19 = 0 THEN NULL WHEN h11 % 149 = 0 THEN 'Infinity'::numeric WHEN h11 % 23 = 0 THEN priced + 0.005
            ELSE priced END,
       CASE WHEN h11 % 7 = 0 THEN E'Bring the long ladder.\tDog.' END,
       CASE WHEN kind > 50 AND h12 % 8 > 0 THEN made + interval '6 days' END,
       CASE WHEN stage = 'completed' AND h12 % 9 > 0 THEN made + interval '7 days' END,
       CASE WHEN stage = 'completed' AND h12 % 10 > 0 THEN made + interval '8 days' - h12 % 2 * interval '3 days' END,
       CASE WHEN stage <> 'draft' THEN made + interval '2 days' END,
       CASE WHEN stage = 'completed' AND h13 % 7 > 0 THEN 'R' || (n - h13 % 2) WHEN h13 % 67 = 0 THEN ' ' WHEN h13 % 151 = 0 THEN 'R?' || n END,
       CASE WHEN stage = 'completed' AND h13 % 4 > 0 THEN made + interval '9 days' END,
       CASE WHEN stage = 'completed' AND h13 % 5 > 1 THEN made + interval '12 days' WHEN h13 % 173 = 0 THEN made + interval '3 days'
            WHEN h13 % 997 = 0 THEN 'infinity' END,
       CASE WHEN h14 % 4 > 0 AND stage = 'completed' THEN (ARRAY['cash', 'CARD ', 'check'])[1 + h14 % 3] WHEN h14 % 163 = 0 THEN 'cash' END,
       CASE WHEN h14 % 6 = 0 THEN 'https://pay.example.org/' || n WHEN h14 % 157 = 0 THEN 'javascript:alert(1)' END,
       made, made + h14 % 20 * interval '1 day'
  FROM (SELECT r.*,
               CASE WHEN kind < 25 THEN NULL WHEN kind < 38 THEN 'draft' WHEN kind < 50 THEN 'sent' WHEN kind < 58 THEN 'accepted'
                    WHEN kind < 66 THEN 'scheduled' WHEN kind < 90 THEN 'completed' WHEN kind < 95 THEN 'Lost' END AS stage,
               (ARRAY['Iris', 'Jon', 'Kaya', 'Lev', 'Mona', 'Nils', 'Olga', 'Pete', 'Quin'])[1 + buyer % 9] || ' '
                 || initcap(translate(buyer::text, '0123456789', 'abelomirus')) AS person,
               'b' || buyer || '.' || firm || '@post.example.org' AS mailbox,
               '512-' || 200 + buyer % 700 || '-' || lpad((buyer * 7 % 10000)::text, 4, '0') AS number,
               buyer % 400 || ' Elm Road, Austin' AS place,
               CASE WHEN kind >= 25 AND kind % 10 <> 4 THEN size * 60.25 + h10 % 50 WHEN kind < 25 AND h10 % 13 = 0 THEN 0 END AS priced,
               (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                          CASE WHEN (h9 + k) % 31 = 0 THEN 'qty' ELSE 'quantity' END,
                          CASE WHEN (h9 + k) % 13 = 0 THEN to_jsonb((k % 4)::text) WHEN (h9 + k) % 17 = 0 THEN NULL
                               ELSE to_jsonb(k % 4) END,
                          'name', CASE WHEN (h9 + k) % 37 > 0 THEN 'Panel ' || k END,
                          'description', 'Wood, part ' || k,
                          CASE WHEN (h9 + k) % 29 = 0 THEN 'unitPrice' ELSE 'unit_price' END,
                          CASE WHEN (h9 + k) % 19 = 0 THEN to_jsonb('$' || k * 10 || '.50') ELSE to_jsonb(k * 10.5) END,
                          'total', CASE WHEN (h9 + k) % 23 = 0 THEN to_jsonb('1,0' || lpad(k::text, 2, '0') || '.25')
                                        WHEN (h9 + k) % 41 = 0 THEN NULL ELSE to_jsonb(k % 4 * k * 10.5) END,
                          'option_tier', (ARRAY['good', 'better', 'best', NULL, 'Gold'])[1 + (h9 + k) % 5],
                          'is_upsell', CASE WHEN (h9 + k) % 43 = 0 THEN to_jsonb('yes'::text) ELSE to_jsonb(k % 3 = 0) END,
                          'is_discount', false, 'sort_order', CASE WHEN (h9 + k) % 47 > 0 THEN k END,
                          'sku', CASE WHEN (h9 + k) % 11 = 0 THEN 'S-' || k END)) ORDER BY k)
                  FROM generate_series(1, size) AS k) AS lines
          FROM (SELECT n, firm, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14,
                       h1 / 11 % 100 AS kind, h2 / 7 % 6 AS size, h3 / 13 % greatest(%(rows)s / 4, 1) AS buyer,
                       timestamptz '2022-02-01 06:00+00' + h4 / 17 % 1200 * interval '1 day' + n * interval '1 second' AS made
                  FROM (SELECT n, floor(6 * power(pick(n, 'firm') / 268435456.0, 2))::int AS firm,
                               pick(n, 'h1') AS h1, pick(n, 'h2') AS h2, pick(n, 'h3') AS h3, pick(n, 'h4') AS h4, pick(n, 'h5') AS h5,
                               pick(n, 'h6') AS h6, pick(n, 'h7') AS h7, pick(n, 'h8') AS h8, pick(n, 'h9') AS h9, pick(n, 'h10') AS h10,
                               pick(n, 'h11') AS h11, pick(n, 'h12') AS h12, pick(n, 'h13') AS h13, pick(n, 'h14') AS h14
                          FROM generate_series(1, %(rows)s) AS n OFFSET 0) AS p) AS r) AS d
"""
PICK = """
CREATE FUNCTION pg_temp.pick(n integer, what text) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(md5(what || '/' || n), 1, 7))::bit(28)::integer $$
"""

# What the rules of the design say about these rows, written from the rules alone. A text with a price is readable here
# when it is digits, a point and decimals, or groups of three with decimals, perhaps after a dollar sign.
TRUTH = r"""
WITH listed AS (
    SELECT q.*, CASE jsonb_typeof(q.items) WHEN 'string' THEN CASE WHEN q.items #>> '{}' LIKE '[%%' THEN (q.items #>> '{}')::jsonb
                                                              ELSE q.items END ELSE q.items END AS list
      FROM quotes q),
lines AS MATERIALIZED (
    SELECT l.id, e.value AS line, e.place
      FROM listed l
     CROSS JOIN LATERAL (
           SELECT a.value, a.place FROM jsonb_array_elements(CASE WHEN jsonb_typeof(l.list) = 'array' THEN l.list ELSE '[]' END)
                  WITH ORDINALITY AS a(value, place)
           UNION ALL
           SELECT o.value, 1 FROM jsonb_each(CASE WHEN l.list ? '1' THEN l.list ELSE '{}' END) AS o
           UNION ALL
           SELECT l.list, 1 WHERE jsonb_typeof(l.list) = 'object' AND l.list ? 'name') AS e),
amounts AS MATERIALIZED (
    SELECT n.id, n.line, n.place, v.what, v.amount,
           jsonb_typeof(v.amount) = 'string' AND v.amount #>> '{}' !~ '^\$?([0-9]+(\.[0-9]+)?|[0-9]{1,3}(,[0-9]{3})+\.[0-9]+)$' AS is_unreadable
      FROM lines n
     CROSS JOIN LATERAL (VALUES ('quantity', coalesce(n.line -> 'quantity', n.line -> 'qty')),
                                ('unit_price', coalesce(n.line -> 'unit_price', n.line -> 'unitPrice')),
                                ('total', n.line -> 'total')) AS v(what, amount)
     WHERE jsonb_typeof(n.line) = 'object'),
refused AS MATERIALIZED (
    SELECT id FROM listed WHERE jsonb_typeof(list) IN ('string', 'number', 'boolean')
    UNION SELECT id FROM lines WHERE jsonb_typeof(line) <> 'object'
    UNION SELECT id FROM amounts WHERE is_unreadable
    UNION SELECT id FROM quotes WHERE total IN ('NaN', 'Infinity') OR subtotal IN ('NaN', 'Infinity')
                                   OR paid_at IN ('infinity', '-infinity')),
deals AS (
    SELECT q.id, q.company_id, q.customer_name, q.email, q.phone, q.lead_status, coalesce(q.total, 0) AS total,
           trim(q.customer_name) <> '' OR trim(q.email) <> '' OR trim(q.phone) <> '' AS is_known,
           i.has_invoice, j.has_job, q.paid_at IS NOT NULL AS is_paid,
           j.has_job OR q.status IS NOT NULL OR q.total <> 0 OR trim(q.quote_number) <> ''
           OR s.id IS NOT NULL AS has_quote
      FROM quotes q
     CROSS JOIN LATERAL (SELECT coalesce(trim(q.invoice_number) <> '', false) OR q.invoice_sent_at IS NOT NULL
                                OR q.paid_at IS NOT NULL AS has_invoice) AS i
     CROSS JOIN LATERAL (SELECT i.has_invoice OR coalesce(q.status IN ('accepted', 'scheduled', 'completed'), false)
                                OR coalesce(trim(q.job_number) <> '', false) OR q.started_at IS NOT NULL
                                OR q.completed_at IS NOT NULL AS has_job) AS j
      LEFT JOIN (SELECT id FROM lines GROUP BY id) AS s ON s.id = q.id
      LEFT JOIN refused x ON x.id = q.id
     WHERE x.id IS NULL),
money AS MATERIALIZED (
    SELECT a.id, count(*) FILTER (WHERE a.what = 'total') AS items,
           sum(translate(a.amount #>> '{}', '$,', '')::numeric) FILTER (WHERE a.what = 'total') AS totals,
           sum(CASE WHEN a.what = 'quantity' THEN coalesce(translate(a.amount #>> '{}', '$,', '')::numeric, 1) END) AS quantities,
           sum(translate(a.amount #>> '{}', '$,', '')::numeric) FILTER (WHERE a.what = 'unit_price') AS prices
      FROM amounts a LEFT JOIN refused x ON x.id = a.id WHERE x.id IS NULL GROUP BY a.id)
SELECT d.company_id::text, count(*) AS rows, count(*) FILTER (WHERE d.lead_status IS NOT NULL OR d.has_quote IS NOT TRUE) AS leads,
       count(*) FILTER (WHERE d.has_quote) AS quotes, sum(d.total) FILTER (WHERE d.has_quote) AS quoted,
       coalesce(sum(m.items), 0) AS items, coalesce(sum(m.totals), 0) AS item_totals,
       coalesce(sum(m.quantities), 0) AS quantities, coalesce(sum(m.prices), 0) AS prices,
       count(*) FILTER (WHERE d.has_job) AS jobs, count(*) FILTER (WHERE d.has_invoice) AS invoices,
       coalesce(sum(d.total) FILTER (WHERE d.has_invoice), 0) AS due, count(*) FILTER (WHERE d.is_paid) AS payments,
       coalesce(sum(d.total) FILTER (WHERE d.is_paid), 0) AS paid,
       count(DISTINCT ROW(d.customer_name, d.email, d.phone)) FILTER (WHERE d.is_known)
       + count(*) FILTER (WHERE d.is_known IS NOT TRUE) AS contacts
  FROM deals d LEFT JOIN money m ON m.id = d.id
 GROUP BY d.company_id ORDER BY 1
"""

FOUND = """
SELECT c.id::text, (SELECT count(*) FROM migration_legacy_link t WHERE t.company_id = c.id) AS rows,
       (SELECT count(*) FROM leads_new t WHERE t.company_id = c.id) AS leads,
       q.quotes, q.quoted, i.items, i.item_totals, i.quantities, i.prices,
       (SELECT count(*) FROM jobs_new t WHERE t.company_id = c.id) AS jobs,
       v.invoices, v.due, p.payments, p.paid,
       (SELECT count(*) FROM customer_contacts t WHERE t.company_id = c.id) AS contacts
  FROM companies c
 CROSS JOIN LATERAL (SELECT count(*) AS quotes, coalesce(sum(t.total), 0) AS quoted FROM quotes_new t WHERE t.company_id = c.id) AS q
 CROSS JOIN LATERAL (SELECT count(*) AS items, coalesce(sum(t.total), 0) AS item_totals, coalesce(sum(t.quantity), 0) AS quantities,
                            coalesce(sum(t.unit_price), 0) AS prices
                       FROM quote_items_new t WHERE t.company_id = c.id) AS i
 CROSS JOIN LATERAL (SELECT count(*) AS invoices, coalesce(sum(t.amount_due), 0) AS due FROM invoices_new t WHERE t.company_id = c.id) AS v
 CROSS JOIN LATERAL (SELECT count(*) AS payments, coalesce(sum(t.amount), 0) AS paid FROM payments t WHERE t.company_id = c.id) AS p
 ORDER BY 1
"""


def generate(rows: int) -> None:
    """Fill the legacy table: the same rows for the same number."""
    with connection.cursor() as cursor:
        cursor.execute(PICK)
        # The temporary function is named in full; a doubled sign is the driver's single one.
        cursor.execute(
            GENERATE.replace("%", "%%").replace("%%(rows)s", "%(rows)s").replace("pick(", "pg_temp.pick("),
            {"rows": rows},
        )
        cursor.execute("DROP FUNCTION pg_temp.pick(integer, text)")
    for number in range(COMPANIES):
        with connection.cursor() as cursor:
            cursor.execute("SELECT md5(%s)::uuid", [f"company{number}"])
            id: UUID = cursor.fetchone()[0]
        Company.objects.create(pk=id, name=f"Firm {number}", slug=f"firm-{number}")


def _figures(statement: str) -> dict[str, dict[str, Decimal | int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column.name for column in cursor.description]
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found}


def truth() -> dict[str, dict[str, Decimal | int]]:
    """What must come out, by company, from the legacy table alone."""
    return _figures(TRUTH.replace("%%", "%"))


def outcome() -> dict[str, dict[str, Decimal | int]]:
    """What came out, by company, in the same figures."""
    return _figures(FOUND)
