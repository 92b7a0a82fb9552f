-- The distinct contacts of a company and their addresses, read once from the legacy table.

-- name: work_table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_contact (
    id uuid NOT NULL, name text, email text, phone text, address text,
    first_seen_at timestamptz NOT NULL, last_seen_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- name: collect
-- One part of the company, chosen by a hash of the contact, so that all rows of a contact meet in one part.
-- Rows without any contact have a placeholder customer of their own and are not read here.
-- params: company (uuid), parts (int), part (int, from 0)
INSERT INTO batch_contact
SELECT qp_contact_id(%(company)s, g.name, g.email, g.phone), g.name, g.email, g.phone, g.address, g.first_at, g.last_at
  FROM (SELECT q.customer_name AS name, q.email, q.phone, qp_address(q.address) AS address,
               min(q.created_at) AS first_at, max(q.created_at) AS last_at
          FROM quotes q
         WHERE q.company_id = %(company)s
           AND (hashtextextended(coalesce(q.phone, q.email, q.customer_name), 0) & 1073741823) %% %(parts)s = %(part)s
           AND (qp_text(q.phone) IS NOT NULL OR qp_text(q.email) IS NOT NULL OR qp_text(q.customer_name) IS NOT NULL)
           AND qp_time_fits(q.created_at)
         GROUP BY 1, 2, 3, 4) AS g;

-- name: stage_addresses
INSERT INTO migration_staged_address (company_id, contact_id, address, first_seen_at, last_seen_at)
SELECT %(company)s, b.id, b.address, b.first_seen_at, b.last_seen_at
  FROM batch_contact b
 WHERE b.address IS NOT NULL;

-- name: distinct_contacts
-- The part's contacts, streamed to be given their match keys; ids and times as text, because they only pass through. The same contact may have been staged before
-- (a part that is done again starts empty: its transaction took all of it).
SELECT b.id::text, b.name, b.email, b.phone, min(b.first_seen_at)::text, max(b.last_seen_at)::text
  FROM batch_contact b
 GROUP BY b.id, 2, 3, 4
 ORDER BY b.name;
