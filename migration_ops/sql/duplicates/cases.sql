-- The queue of cases: open questions that hang together, with what hangs on them.

-- name: lock
-- One rebuild at a time; a decision of a case waits for it a moment.
-- params: company (uuid)
SELECT pg_advisory_xact_lock(hashtextextended('qp_cases/' || %(company)s::text, 0));

-- name: answer
-- Questions about contacts that are one customer's by now are answered.
-- params: company (uuid)
UPDATE migration_dedup_conflict d SET state = 'same'
  FROM customer_contacts a, customer_contacts b
 WHERE d.company_id = %(company)s AND d.state = 'open' AND a.id = d.contact_a_id AND b.id = d.contact_b_id
   AND a.customer_id = b.customer_id;

-- name: rebuild
-- A question that was found alone is a case of its own, named after the lower of its customers.
-- params: company (uuid)
INSERT INTO migration_dedup_case AS o (id, company_id, customers, words, reason, score, questions, records, money, stake,
                                       state, claimed_by, decided_by, decided_words, outcome, pattern, created_at)
SELECT g.id, %(company)s, g.customers,
       (SELECT string_agg(coalesce(nullif(c.name, ''), c.email, c.phone, '?'), ' / ' ORDER BY c.id)
          FROM customers_new c WHERE c.company_id = %(company)s AND c.id = ANY (g.customers)),
       g.reason, g.score, g.questions, w.records, w.money,
       (ln(1 + greatest(w.money, 0)::float8) + ln(1 + w.records)) * (1.05 - abs(2 * g.score - 1)),
       'open', '', '', '', '{}', g.pattern, g.created_at
  FROM (SELECT q.id, array_agg(DISTINCT m.customer_id) AS customers, count(DISTINCT q.question)::integer AS questions,
               (array_agg(q.reason ORDER BY abs(q.score - 0.5), q.question))[1] AS reason,
               (array_agg(q.score ORDER BY abs(q.score - 0.5), q.question))[1] AS score,
               min(q.created_at) AS created_at,
               -- One question about two customers is like another: the same reason, the same observations, their
               -- weights and the size of the company left aside.
               CASE WHEN count(DISTINCT q.question) = 1
                    THEN md5(max(q.reason) || (
                         SELECT coalesce(string_agg(DISTINCT e.item ->> 'text', '|'), '')
                           FROM jsonb_array_elements((array_agg(q.evidence))[1]) AS e (item)
                          WHERE e.item ->> 'kind' NOT IN ('prior', 'place', 'name_limit', 'rule')))
                    ELSE '' END AS pattern
          FROM (SELECT d.id AS question, coalesce(d."case", least(a.customer_id, b.customer_id)) AS id, d.reason, d.score,
                       d.evidence, d.created_at, a.customer_id AS one, b.customer_id AS other
                  FROM migration_dedup_conflict d
                  JOIN customer_contacts a ON a.id = d.contact_a_id
                  JOIN customer_contacts b ON b.id = d.contact_b_id
                 WHERE d.company_id = %(company)s AND d.state = 'open' AND a.customer_id <> b.customer_id) AS q
         CROSS JOIN LATERAL (VALUES (q.one), (q.other)) AS m(customer_id)
         GROUP BY q.id) AS g
 CROSS JOIN LATERAL (
       SELECT (SELECT count(*) FROM quotes_new t WHERE t.company_id = %(company)s AND t.customer_id = ANY (g.customers))
              + (SELECT count(*) FROM leads_new l WHERE l.company_id = %(company)s AND l.customer_id = ANY (g.customers))
              AS records,
              (SELECT coalesce(sum(t.total), 0) FROM quotes_new t
                WHERE t.company_id = %(company)s AND t.customer_id = ANY (g.customers)) AS money) AS w
ON CONFLICT (id) DO UPDATE
   SET customers = EXCLUDED.customers, words = EXCLUDED.words, reason = EXCLUDED.reason, score = EXCLUDED.score,
       questions = EXCLUDED.questions, records = EXCLUDED.records, money = EXCLUDED.money, stake = EXCLUDED.stake,
       state = 'open', claimed_by = CASE WHEN o.state = 'open' THEN o.claimed_by ELSE '' END,
       claimed_until = CASE WHEN o.state = 'open' THEN o.claimed_until END,
       decided_by = '', decided_at = NULL, decided_words = '', outcome = '{}', bulk_id = NULL, pattern = EXCLUDED.pattern
 WHERE o.state <> 'open' OR (o.customers, o.reason, o.score, o.questions, o.records, o.money, o.words, o.pattern)
       IS DISTINCT FROM (EXCLUDED.customers, EXCLUDED.reason, EXCLUDED.score, EXCLUDED.questions, EXCLUDED.records,
                         EXCLUDED.money, EXCLUDED.words, EXCLUDED.pattern);

-- name: close
-- Open cases without an open question. The questions are read once and hashed: the cases were written just now, and a
-- planner that knows of none of them would read all questions for each.
-- params: company (uuid)
UPDATE migration_dedup_case o SET state = 'gone', claimed_by = '', claimed_until = NULL
 WHERE o.company_id = %(company)s AND o.state = 'open'
   AND o.id NOT IN (SELECT coalesce(d."case", least(a.customer_id, b.customer_id))
                      FROM migration_dedup_conflict d
                      JOIN customer_contacts a ON a.id = d.contact_a_id
                      JOIN customer_contacts b ON b.id = d.contact_b_id
                     WHERE d.company_id = %(company)s AND d.state = 'open' AND a.customer_id <> b.customer_id);

-- name: next
-- The most valuable open case that nobody else holds, claimed for this person; the one just left is passed over.
-- params: company (uuid or NULL), seen (uuid[] or NULL: any company), reason (text or ''), actor (text),
-- after (uuid or NULL), until (timestamptz)
UPDATE migration_dedup_case o SET claimed_by = %(actor)s, claimed_until = %(until)s
 WHERE o.id = (SELECT n.id FROM migration_dedup_case n
                WHERE n.state = 'open' AND (%(company)s::uuid IS NULL OR n.company_id = %(company)s)
                  AND (%(seen)s::uuid[] IS NULL OR n.company_id = ANY (%(seen)s))
                  AND (%(reason)s = '' OR n.reason = %(reason)s)
                  AND (%(after)s::uuid IS NULL OR n.id <> %(after)s)
                  AND (n.claimed_until IS NULL OR n.claimed_until < now() OR n.claimed_by = %(actor)s)
                ORDER BY n.stake DESC, n.id
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
RETURNING o.id;

-- name: claim
-- Holds a case for this person, unless somebody else does.
-- params: id (uuid), actor (text), until (timestamptz)
UPDATE migration_dedup_case o SET claimed_by = %(actor)s, claimed_until = %(until)s
 WHERE o.id = %(id)s AND o.state = 'open'
   AND (o.claimed_until IS NULL OR o.claimed_until < now() OR o.claimed_by = %(actor)s)
RETURNING o.id;

-- name: answer_pairs
-- The open questions of a case are answered: the same where both sides are one customer now, different otherwise.
-- params: company (uuid), customers (uuid[]; who took part, as they are now)
UPDATE migration_dedup_conflict d
   SET state = CASE WHEN a.customer_id = b.customer_id THEN 'same' ELSE 'different' END
  FROM customer_contacts a, customer_contacts b
 WHERE d.company_id = %(company)s AND d.state = 'open' AND a.id = d.contact_a_id AND b.id = d.contact_b_id
   AND a.customer_id = ANY (%(customers)s::uuid[]) AND b.customer_id = ANY (%(customers)s::uuid[])
RETURNING d.id;

-- name: reopen
-- params: ids (bigint[])
UPDATE migration_dedup_conflict d SET state = 'open' WHERE d.id = ANY (%(questions)s::bigint[]);

-- name: questions
-- The questions of a case, with the customers both sides belong to now.
-- params: company (uuid), customers (uuid[])
SELECT d.id, a.customer_id, b.customer_id, d.reason, d.score, d.evidence, d.counterfactual, d.fingerprint
  FROM migration_dedup_conflict d
  JOIN customer_contacts a ON a.id = d.contact_a_id
  JOIN customer_contacts b ON b.id = d.contact_b_id
 WHERE d.company_id = %(company)s AND d.state = 'open'
   AND a.customer_id = ANY (%(customers)s::uuid[]) AND b.customer_id = ANY (%(customers)s::uuid[])
   AND a.customer_id <> b.customer_id
 ORDER BY d.score DESC, d.id;
