-- One contact looked up among the company's, and the index behind it kept current.

-- name: look_up
-- In one statement: contacts that agree in the key of one pass, with how common their values were when they were indexed;
-- how common the asked values are now; and contacts the index does not know yet. What an asked and a found contact share is
-- among the asked values. Keys hold the company, so that another company's never come up.
-- params: company (uuid), keys (bigint[]), values (bigint[]), but (uuid or null: the contact itself), most (int)
-- index: migration_dedup_contact_keys, migration_dedup_value_key, migration_dedup_stale's company
-- The planner takes the contacts that share a key for a twelfth of all: it would walk them in the order of their ids
-- until the limit is reached. So what shares a key is found first, by itself.
WITH sharing AS MATERIALIZED (
    SELECT d.contact_id, d.company_id, d.mailboxes, d.phones, d.addresses, d.counted
      FROM migration_dedup_contact d
     WHERE d.keys && %(keys)s::bigint[]),
found AS MATERIALIZED (
    SELECT * FROM sharing s
     WHERE s.company_id = %(company)s AND s.contact_id IS DISTINCT FROM %(but)s::uuid
     ORDER BY s.contact_id
     LIMIT %(most)s)
SELECT c.id, c.customer_id, c.name_key, f.mailboxes, f.phones, f.addresses, f.counted
  FROM found f
  JOIN customer_contacts c ON c.id = f.contact_id AND c.company_id = %(company)s
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL,
       int8send(v.value) || int4send(v.uses) || int2send(v.people) || int2send(v.companies)
  FROM migration_dedup_value v
 WHERE v.company_id = %(company)s AND v.value = ANY (%(values)s::bigint[])
UNION ALL
SELECT s.contact_id, NULL, NULL, NULL, NULL, NULL, NULL
  FROM (SELECT contact_id FROM migration_dedup_stale WHERE company_id = %(company)s AND NOT is_indexed LIMIT 100) AS s;

-- name: stale
-- Contacts to bring into the index, taken by nobody else meanwhile.
-- params: company (uuid), most (int)
UPDATE migration_dedup_stale s SET is_indexed = true
 WHERE s.contact_id IN (SELECT t.contact_id FROM migration_dedup_stale t
                         WHERE t.company_id = %(company)s AND NOT t.is_indexed
                         ORDER BY t.contact_id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING s.contact_id;

-- name: unknown
-- Contacts the index does not know and nobody noted: they came between the search and its index.
-- params: company (uuid)
INSERT INTO migration_dedup_stale (contact_id, company_id)
SELECT c.id, c.company_id
  FROM customer_contacts c
  JOIN customers_new u ON u.id = c.customer_id AND u.company_id = c.company_id
 WHERE c.company_id = %(company)s AND NOT u.is_placeholder
   AND NOT EXISTS (SELECT FROM migration_dedup_contact d WHERE d.contact_id = c.id)
ON CONFLICT DO NOTHING;

-- name: changed
-- Contacts the last search did not see, with their customers; from now on they are seen.
-- params: company (uuid), most (int)
WITH seen AS (
    DELETE FROM migration_dedup_stale s
     WHERE s.contact_id IN (SELECT t.contact_id FROM migration_dedup_stale t
                             WHERE t.company_id = %(company)s ORDER BY t.contact_id LIMIT %(most)s)
    RETURNING s.contact_id)
SELECT c.id, c.customer_id FROM seen JOIN customer_contacts c ON c.id = seen.contact_id AND c.company_id = %(company)s
 ORDER BY c.id;

-- name: searched
-- The search has seen every contact.
-- params: company (uuid)
DELETE FROM migration_dedup_stale s WHERE s.company_id = %(company)s;

-- name: ask
-- A question between two customers that none is open about yet.
-- params: company (uuid), a, b (uuid, contacts), reason (text), score (float), evidence (json), counterfactual (text),
--         fingerprint (text), engine_version (text), customers (uuid[], both)
INSERT INTO migration_dedup_conflict (company_id, contact_a_id, contact_b_id, reason, score, evidence, counterfactual,
                                      fingerprint, engine_version, state, created_at)
SELECT %(company)s, %(a)s, %(b)s, %(reason)s, %(score)s, %(evidence)s, %(counterfactual)s, %(fingerprint)s,
       %(engine_version)s, 'open', now()
 WHERE NOT EXISTS (SELECT FROM customer_contacts m
                     JOIN migration_dedup_conflict d ON m.id IN (d.contact_a_id, d.contact_b_id)
                     JOIN customer_contacts n ON n.id IN (d.contact_a_id, d.contact_b_id) AND n.customer_id <> m.customer_id
                    WHERE m.company_id = %(company)s AND m.customer_id = (%(customers)s::uuid[])[1]
                      AND n.customer_id = (%(customers)s::uuid[])[2] AND d.state = 'open')
ON CONFLICT (contact_a_id, contact_b_id) DO NOTHING
RETURNING id;

-- name: common
-- How common values are.
-- params: company (uuid), values (bigint[])
-- index: migration_dedup_value_key
SELECT v.value, v.uses, v.people, v.companies FROM migration_dedup_value v
 WHERE v.company_id = %(company)s AND v.value = ANY (%(values)s::bigint[]);

-- name: put
-- A contact as it is now; returns nothing where it was known as it is.
-- params: id (uuid), company (uuid), keys (bigint[]), mailboxes, phones, addresses (text[]), values (bigint[]),
--   counted (bytea: each value with its uses, people and companies)
INSERT INTO migration_dedup_contact AS d (contact_id, company_id, keys, mailboxes, phones, addresses, "values", counted)
VALUES (%(id)s, %(company)s, %(keys)s::bigint[], %(mailboxes)s::text[], %(phones)s::text[], %(addresses)s::text[],
        %(values)s::bigint[], %(counted)s::bytea)
ON CONFLICT (contact_id) DO UPDATE
   SET keys = EXCLUDED.keys, mailboxes = EXCLUDED.mailboxes, phones = EXCLUDED.phones, addresses = EXCLUDED.addresses,
       "values" = EXCLUDED."values", counted = EXCLUDED.counted
 WHERE d."values" IS DISTINCT FROM EXCLUDED."values";

-- name: count
-- Values of contacts the index did not know, counted.
-- params: company (uuid), values (bigint[])
INSERT INTO migration_dedup_value AS v (company_id, value, uses, people, companies)
SELECT %(company)s, n.value, count(*), 0, 0 FROM unnest(%(values)s::bigint[]) AS n(value) GROUP BY n.value ORDER BY n.value
ON CONFLICT (company_id, value) DO UPDATE SET uses = v.uses + EXCLUDED.uses;

-- name: values_of
-- What the index knows of these contacts.
-- params: ids (uuid[])
SELECT d.contact_id, d."values" FROM migration_dedup_contact d WHERE d.contact_id = ANY (%(ids)s::uuid[]);

-- name: forget
-- Contacts that are gone, or stand for nobody.
-- params: ids (uuid[])
DELETE FROM migration_dedup_contact d WHERE d.contact_id = ANY (%(ids)s::uuid[]);
