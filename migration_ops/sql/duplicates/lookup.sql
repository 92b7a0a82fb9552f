-- One contact looked up among the company's.

-- name: candidates
-- Contacts that agree in the key of one pass; keys hold the company, so that another company's never come up.
-- params: company (uuid), keys (bigint[]), but (uuid or null: the contact itself), most (int)
-- index: migration_dedup_contact_keys
SELECT c.id, c.customer_id, c.name_key, c.email_key, c.phone_key, c.extra_keys,
       CASE WHEN c.phone_key IS NULL THEN c.phone END, d.addresses
  FROM migration_dedup_contact d
  JOIN customer_contacts c ON c.id = d.contact_id AND c.company_id = d.company_id
 WHERE d.keys && %(keys)s::bigint[] AND d.company_id = %(company)s AND d.contact_id IS DISTINCT FROM %(but)s::uuid
 ORDER BY c.id
 LIMIT %(most)s;

-- name: values
-- params: company (uuid), values (bigint[])
-- index: migration_dedup_value_key
SELECT v.value, v.uses, v.people, v.companies
  FROM migration_dedup_value v
 WHERE v.company_id = %(company)s AND v.value = ANY (%(values)s::bigint[]);
