-- The search for duplicates of one company: what it reads, and what it leaves behind.

-- name: contacts
-- Every contact of a customer that is somebody, in the order of ids, with the addresses recorded with it. A contact
-- no legacy row has (typed into the CRM) has its customer's addresses. What was recorded as phone is read only where no number was found in it.
-- params: company (uuid)
SELECT uuid_send(c.id), uuid_send(c.customer_id), c.name_key, c.email_key, c.phone_key, c.extra_keys,
       CASE WHEN c.phone_key IS NULL THEN c.phone END,
       coalesce(l.addresses, o.addresses, '{}')
  FROM customer_contacts c
  JOIN customers_new u ON u.id = c.customer_id AND u.company_id = c.company_id
  LEFT JOIN (SELECT k.contact_id, (array_agg(DISTINCT a.address ORDER BY a.address))[1:3] AS addresses
               FROM migration_legacy_link k
               JOIN customer_addresses a ON a.id = k.address_id
              WHERE k.company_id = %(company)s
              GROUP BY k.contact_id) AS l ON l.contact_id = c.id
  LEFT JOIN (SELECT a.customer_id, (array_agg(DISTINCT a.address ORDER BY a.address))[1:3] AS addresses
               FROM customer_addresses a
              WHERE a.company_id = %(company)s
                AND NOT EXISTS (SELECT FROM migration_legacy_link k WHERE k.address_id = a.id AND k.company_id = a.company_id)
              GROUP BY a.customer_id) AS o ON o.customer_id = c.customer_id
 WHERE c.company_id = %(company)s AND NOT u.is_placeholder
 ORDER BY c.id;

-- name: some_contacts
-- As "contacts", of a few.
-- params: company (uuid), ids (uuid[])
SELECT c.id, c.name_key, c.email_key, c.phone_key, c.extra_keys, CASE WHEN c.phone_key IS NULL THEN c.phone END,
       coalesce((SELECT (array_agg(DISTINCT a.address ORDER BY a.address))[1:3]
                   FROM migration_legacy_link k JOIN customer_addresses a ON a.id = k.address_id
                  WHERE k.contact_id = c.id AND k.company_id = c.company_id),
                (SELECT (array_agg(DISTINCT a.address ORDER BY a.address))[1:3]
                   FROM customer_addresses a
                  WHERE a.company_id = c.company_id AND a.customer_id = c.customer_id
                    AND NOT EXISTS (SELECT FROM migration_legacy_link k
                                     WHERE k.address_id = a.id AND k.company_id = a.company_id)),
                '{}')
  FROM customer_contacts c
  JOIN customers_new u ON u.id = c.customer_id AND u.company_id = c.company_id
 WHERE c.company_id = %(company)s AND c.id = ANY (%(ids)s::uuid[]) AND NOT u.is_placeholder
 ORDER BY c.id;

-- name: open_questions
SELECT contact_a_id, contact_b_id FROM migration_dedup_conflict WHERE company_id = %(company)s AND state = 'open';

-- name: last_groups
SELECT g.customers FROM migration_dedup_group g WHERE g.run_id = %(company)s;

-- name: lock
-- One search of a company at a time; and no late contact is placed while its outcome is written.
SELECT pg_advisory_xact_lock(hashtextextended('qp_identity/' || %(company)s::text, 0));

-- name: question_table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_question (
    contact_a uuid NOT NULL, contact_b uuid NOT NULL, reason text NOT NULL, score float8 NOT NULL, evidence jsonb NOT NULL,
    counterfactual text NOT NULL, case_id uuid NOT NULL, fingerprint text NOT NULL
) ON COMMIT DELETE ROWS;

-- name: relation_table
CREATE TEMPORARY TABLE IF NOT EXISTS batch_relation (customer_id uuid NOT NULL, other_id uuid NOT NULL, kind text NOT NULL)
    ON COMMIT DELETE ROWS;

-- name: drop_questions
-- Open questions the rules no longer ask.
DELETE FROM migration_dedup_conflict d
 WHERE d.company_id = %(company)s AND d.state = 'open'
   AND NOT EXISTS (SELECT FROM batch_question q WHERE q.contact_a = d.contact_a_id AND q.contact_b = d.contact_b_id);

-- name: reopen_questions
-- Questions a person answered on evidence that is another one now.
-- params: company (uuid)
UPDATE migration_dedup_conflict d SET state = 'open'
  FROM batch_question q
 WHERE d.company_id = %(company)s AND d.contact_a_id = q.contact_a AND d.contact_b_id = q.contact_b
   AND q.reason = 'evidence_changed' AND d.state <> 'open';

-- name: ask_questions
-- New questions, and open ones with other evidence; what a person decided stays as it is.
-- params: company (uuid), engine_version (text)
INSERT INTO migration_dedup_conflict AS d (company_id, contact_a_id, contact_b_id, reason, score, evidence, counterfactual,
                                           "case", fingerprint, engine_version, state, created_at)
SELECT %(company)s, q.contact_a, q.contact_b, q.reason, q.score, q.evidence, q.counterfactual, q.case_id, q.fingerprint,
       %(engine_version)s, 'open', now()
  FROM batch_question q
ON CONFLICT (contact_a_id, contact_b_id) DO UPDATE
   SET reason = EXCLUDED.reason, score = EXCLUDED.score, evidence = EXCLUDED.evidence,
       counterfactual = EXCLUDED.counterfactual, "case" = EXCLUDED."case", fingerprint = EXCLUDED.fingerprint,
       engine_version = EXCLUDED.engine_version
 WHERE d.state = 'open';

-- name: relate
-- Plain households and employees, one relation for two customers; those known already stay.
-- params: company (uuid)
INSERT INTO customer_relations (id, company_id, customer_id, other_id, kind)
SELECT qp_child_id(r.customer_id, r.kind || ':' || r.other_id), %(company)s, r.customer_id, r.other_id, r.kind
  FROM batch_relation r
 WHERE NOT EXISTS (SELECT FROM customer_relations k
                    WHERE k.company_id = %(company)s AND k.customer_id = r.other_id AND k.other_id = r.customer_id)
 ORDER BY r.customer_id, r.other_id, r.kind
ON CONFLICT DO NOTHING;

-- name: drop_index
DELETE FROM migration_dedup_contact WHERE company_id = %(company)s;

-- name: drop_values
DELETE FROM migration_dedup_value WHERE company_id = %(company)s;
