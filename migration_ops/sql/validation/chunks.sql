-- The legacy ids of a company in ranges, and what a range must account for.

-- name: plan
-- The last id of every full chunk, with the legacy rows up to it; and the end, with all of them. Ids that only the
-- new side knows count too, so that no chunk is larger than planned.
-- params: company (uuid), chunk_rows (int)
-- index: quotes (company_id, id); migration_legacy_link (company_id, legacy_id)
SELECT CASE WHEN n.place %% %(chunk_rows)s = 0 THEN n.id END, n.rows
  FROM (SELECT i.id, row_number() OVER w AS place, count(*) FILTER (WHERE i.is_legacy) OVER w AS rows,
               lead(i.id) OVER w IS NULL AS is_last
          FROM (SELECT coalesce(q.id, l.legacy_id) AS id, q.id IS NOT NULL AS is_legacy
                  FROM (SELECT id FROM quotes WHERE company_id = %(company)s) AS q
                  FULL JOIN (SELECT legacy_id FROM migration_legacy_link WHERE company_id = %(company)s) AS l
                    ON l.legacy_id = q.id) AS i
        WINDOW w AS (ORDER BY i.id)) AS n
 WHERE n.place %% %(chunk_rows)s = 0 OR n.is_last
 ORDER BY n.id;

-- name: legacy_rows
-- How many legacy rows the chunk has, counted apart from the projection's own reading.
-- params: company (uuid), low and high (uuid), ids (uuid[] or NULL)
SELECT count(*)
  FROM quotes q
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]));

-- name: unidentified
-- Legacy rows the projection could not place, because no contact or address of the company says what they say;
-- with what they say, and what their link says. A row that is set aside needs neither.
-- params: company (uuid), low and high (uuid), ids (uuid[] or NULL)
SELECT q.id, l.legacy_id IS NOT NULL, c.id IS NULL OR (c.name, c.email, c.phone) IS DISTINCT FROM (q.customer_name, q.email, q.phone),
       jsonb_build_array(q.customer_name, q.email, q.phone)::text, q.address,
       jsonb_build_array(c.name, c.email, c.phone)::text, a.address
  FROM quotes q
  LEFT JOIN migration_legacy_link l ON l.legacy_id = q.id AND l.company_id = q.company_id
  LEFT JOIN customer_contacts c ON c.id = l.contact_id AND c.company_id = q.company_id
  LEFT JOIN customer_addresses a ON a.id = l.address_id AND a.company_id = q.company_id
 WHERE q.company_id = %(company)s AND q.id BETWEEN %(low)s AND %(high)s
   AND (%(ids)s::uuid[] IS NULL OR q.id = ANY (%(ids)s::uuid[]))
   AND NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = q.id)
   AND NOT EXISTS (SELECT FROM batch_reject r WHERE r.legacy_id = q.id)
   AND NOT EXISTS (SELECT FROM migration_quarantined_row z
                    WHERE z.legacy_id = q.id AND z.company_id = q.company_id AND z.resolution IN ('', 'waived'));

-- name: set_aside
-- Rows set aside for a reason the projection cannot see have nothing to compare.
-- params: company (uuid)
DELETE FROM batch_deal d USING migration_quarantined_row z
 WHERE z.legacy_id = d.id AND z.company_id = %(company)s AND z.resolution IN ('', 'waived')
   AND z.reason IN ('projection_failed', 'encoding');

-- name: set_aside_items
DELETE FROM batch_item i WHERE NOT EXISTS (SELECT FROM batch_deal d WHERE d.id = i.legacy_id);

-- name: pending
-- Which of these legacy rows have a captured change, of either side, that is not applied yet.
-- params: company (uuid), ids (uuid[])
SELECT o.legacy_id FROM migration_outbox o WHERE o.company_id = %(company)s AND o.legacy_id = ANY (%(ids)s::uuid[])
UNION
SELECT r.deal_id FROM migration_reverse_outbox r WHERE r.company_id = %(company)s AND r.deal_id = ANY (%(ids)s::uuid[]);

-- name: waiting
-- Captured changes of the company that are not applied yet, and those of them that failed; of both sides.
-- params: company (uuid)
SELECT count(*) FILTER (WHERE o.state = 'pending'), count(*) FILTER (WHERE o.state <> 'pending')
  FROM (SELECT state FROM migration_outbox WHERE company_id = %(company)s
        UNION ALL
        SELECT state FROM migration_reverse_outbox WHERE company_id = %(company)s) AS o;
