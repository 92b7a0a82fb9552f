-- Cases that are like one another: what a person decides at once.

-- name: patterns
-- Open cases by pattern, those with the most cases first; one of each shows what they have in common.
-- params: company (uuid), most (int)
-- index: migration_dedup_case_like_idx
SELECT n.pattern, count(*)::integer, sum(n.money), sum(n.records)::bigint, min(n.id::text)::uuid
  FROM migration_dedup_case n
 WHERE n.company_id = %(company)s AND n.state = 'open' AND n.pattern <> ''
 GROUP BY n.pattern
HAVING count(*) > 1
 ORDER BY count(*) DESC, sum(n.money) DESC, n.pattern
 LIMIT %(most)s;

-- name: digests
-- Open cases of a pattern, or these cases, each with a digest of what a decision about it rests on: the customers
-- it is about, what is shown and recorded of them, what hangs on them, the question.
-- params: company (uuid), pattern (text or NULL), ids (uuid[] or NULL)
SELECT n.id,
       md5(jsonb_build_array(n.customers, n.reason, n.pattern,
           (SELECT jsonb_agg(jsonb_build_array(c.id, c.name, c.email, c.phone, c.merged_into,
                   (SELECT jsonb_agg(jsonb_build_array(k.id, k.last_seen_at) ORDER BY k.id) FROM customer_contacts k
                     WHERE k.company_id = n.company_id AND k.customer_id = c.id),
                   (SELECT jsonb_agg(jsonb_build_array(a.id, a.address) ORDER BY a.id) FROM customer_addresses a
                     WHERE a.company_id = n.company_id AND a.customer_id = c.id),
                   (SELECT jsonb_build_array(count(*), sum(t.total), max(t.updated_at)) FROM quotes_new t
                     WHERE t.company_id = n.company_id AND t.customer_id = c.id)) ORDER BY c.id)
              FROM customers_new c WHERE c.company_id = n.company_id AND c.id = ANY (n.customers)),
           (SELECT jsonb_agg(jsonb_build_array(d.id, d.fingerprint, d.reason) ORDER BY d.id)
              FROM migration_dedup_conflict d
              JOIN customer_contacts a ON a.id = d.contact_a_id
              JOIN customer_contacts b ON b.id = d.contact_b_id
             WHERE d.company_id = n.company_id AND d.state = 'open' AND a.customer_id = ANY (n.customers)
               AND b.customer_id = ANY (n.customers)))::text)
  FROM migration_dedup_case n
 WHERE n.company_id = %(company)s AND n.state = 'open'
   AND (%(pattern)s::text IS NULL OR n.pattern = %(pattern)s) AND (%(ids)s::uuid[] IS NULL OR n.id = ANY (%(ids)s::uuid[]))
 ORDER BY n.id;
