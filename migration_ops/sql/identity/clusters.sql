-- Which staged contacts are the same customer: what SQL can decide at once, and what Python must look at.

-- name: work_tables
CREATE TEMPORARY TABLE IF NOT EXISTS batch_key (key text NOT NULL, number integer NOT NULL, is_role boolean NOT NULL)
    ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS batch_number (number integer NOT NULL, id uuid NOT NULL) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS batch_component (number integer NOT NULL, root integer NOT NULL)
    ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS batch_generic (key text PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS batch_simple (root integer PRIMARY KEY) ON COMMIT DELETE ROWS;

-- name: number
-- Dense numbers, so that components fit an array of integers however many contacts there are.
INSERT INTO batch_number
SELECT row_number() OVER (ORDER BY s.id) - 1, s.id FROM migration_staged_contact s WHERE s.company_id = %(company)s;

-- name: keys
-- Keys that more than one contact has. One letter before the key keeps phones and mailboxes apart.
INSERT INTO batch_key
SELECT k.key, k.number, k.is_role
  FROM (SELECT u.key, n.number, u.is_role, count(*) OVER (PARTITION BY u.key) AS uses
          FROM migration_staged_contact s
          JOIN batch_number n ON n.id = s.id
         CROSS JOIN LATERAL (
               SELECT s.phone_key AS key, false AS is_role WHERE s.phone_key IS NOT NULL
               UNION ALL SELECT s.email_key, s.email_is_role WHERE s.email_key IS NOT NULL
               UNION ALL SELECT x, false FROM unnest(s.extra_keys) AS x WHERE s.extra_keys <> '{}') AS u
         WHERE s.company_id = %(company)s) AS k
 WHERE k.uses > 1;

-- name: generic
-- Keys so many contacts share that they are no evidence at all, unless a person said that they are; and those a person
-- said are none.
-- params: company (uuid), key_group_limit (int)
INSERT INTO batch_generic
SELECT k.key FROM batch_key k
 WHERE NOT EXISTS (SELECT FROM migration_value_ruling r
                    WHERE r.company_id = %(company)s AND r.ended_at IS NULL AND r.kind IN ('phone', 'mailbox')
                      AND r.value = k.key AND NOT r.is_generic)
 GROUP BY k.key HAVING count(*) > %(key_group_limit)s
 UNION
SELECT r.value FROM migration_value_ruling r
 WHERE r.company_id = %(company)s AND r.ended_at IS NULL AND r.kind IN ('phone', 'mailbox') AND r.is_generic;

-- name: edges
-- Each contact with the first one that has the same key.
SELECT k.number, min(k.number) OVER (PARTITION BY k.key)
  FROM batch_key k
 WHERE NOT EXISTS (SELECT FROM batch_generic g WHERE g.key = k.key);

-- name: simple
-- Components every contact of which has the same name, joined by keys that are personal by that very fact: one
-- customer each. Role mailboxes, larger components, and names a person said to say nothing are left to the full rules.
-- params: company (uuid)
INSERT INTO batch_simple
SELECT c.root
  FROM batch_component c
  JOIN batch_number n ON n.number = c.number
  JOIN migration_staged_contact s ON s.id = n.id
 GROUP BY c.root
HAVING count(*) BETWEEN 2 AND 25
   AND count(s.name_key) = count(*) AND min(s.name_key COLLATE "C") = max(s.name_key COLLATE "C")
   AND NOT bool_or(s.email_is_role)
   AND NOT bool_or(EXISTS (SELECT FROM migration_value_ruling r
                            WHERE r.company_id = %(company)s AND r.ended_at IS NULL AND r.kind = 'name'
                              AND r.value = s.name_key AND r.is_generic));

-- name: cluster_simple
INSERT INTO migration_staged_cluster (contact_id, company_id, first_contact_id)
SELECT f.id, %(company)s, f.first_id
  FROM (SELECT s.id, first_value(s.id) OVER (PARTITION BY c.root ORDER BY s.first_seen_at, s.id) AS first_id
          FROM batch_component c
          JOIN batch_simple b ON b.root = c.root
          JOIN batch_number n ON n.number = c.number
          JOIN migration_staged_contact s ON s.id = n.id) AS f
 WHERE f.id <> f.first_id;

-- name: doubts
-- Contacts of all other components, generic keys blanked out.
INSERT INTO migration_staged_doubt (contact_id, company_id, component, email_key, phone_key, extra_keys)
SELECT s.id, %(company)s, c.root,
       CASE WHEN e.key IS NULL THEN s.email_key END, CASE WHEN p.key IS NULL THEN s.phone_key END,
       CASE WHEN s.extra_keys = '{}' THEN s.extra_keys
            ELSE ARRAY(SELECT x FROM unnest(s.extra_keys) AS x
                        WHERE NOT EXISTS (SELECT FROM batch_generic g WHERE g.key = x)) END
  FROM batch_component c
  JOIN batch_number n ON n.number = c.number
  JOIN migration_staged_contact s ON s.id = n.id
  LEFT JOIN batch_generic e ON e.key = s.email_key
  LEFT JOIN batch_generic p ON p.key = s.phone_key
 WHERE NOT EXISTS (SELECT FROM batch_simple b WHERE b.root = c.root);

-- name: doubtful
-- One part of the contacts the full rules decide, component by component. Times as seconds: they only give an order.
-- params: company (uuid), parts (int), part (int, from 0)
SELECT d.component, d.contact_id, s.name_key, d.email_key, d.phone_key, d.extra_keys, s.email_is_role,
       coalesce(a.addresses, '{}'), extract(epoch FROM s.first_seen_at)::float8
  FROM migration_staged_doubt d
  JOIN migration_staged_contact s ON s.id = d.contact_id
  LEFT JOIN (SELECT t.contact_id, (array_agg(DISTINCT lower(t.address)))[1:10] AS addresses
               FROM migration_staged_doubt u
               JOIN migration_staged_address t ON t.contact_id = u.contact_id
              WHERE t.company_id = %(company)s AND u.company_id = %(company)s
                AND u.component %% %(parts)s = %(part)s
              GROUP BY t.contact_id) AS a ON a.contact_id = d.contact_id
 WHERE d.company_id = %(company)s AND d.component %% %(parts)s = %(part)s
 ORDER BY d.component, d.contact_id;
