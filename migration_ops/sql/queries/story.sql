-- What the move knows of one deal, as name and text: some values cannot be read by Python.

-- name: legacy_texts
SELECT e.key, left(e.value, 2000) FROM quotes q CROSS JOIN LATERAL jsonb_each_text(to_jsonb(q)) AS e WHERE q.id = %(id)s
 ORDER BY array_position('{quote_number,status,lead_status,customer_name,email,phone}'::text[], e.key), e.key;

-- name: link_texts
SELECT e.key, left(e.value, 2000)
  FROM migration_legacy_link l CROSS JOIN LATERAL jsonb_each_text(to_jsonb(l) - '{company_id,legacy_id,batch_id}'::text[]) AS e
 WHERE l.legacy_id = %(id)s
 ORDER BY e.key;

-- name: quarantine_texts
SELECT e.key, left(e.value, 2000)
  FROM migration_quarantined_row z
 CROSS JOIN LATERAL jsonb_each_text(to_jsonb(z) - '{source,company_id,legacy_id}'::text[]) AS e
 WHERE z.legacy_id = %(id)s AND z.resolution IN ('', 'waived')
 ORDER BY e.key;
