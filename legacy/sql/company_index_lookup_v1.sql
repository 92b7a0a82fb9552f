-- The indexes that matter to the move: one on exactly (company_id, id) over all rows, under any name,
-- and whatever carries our own name. is_valid is false for what a broken CREATE INDEX CONCURRENTLY leaves.
SELECT i.indexrelid::regclass::text AS index_name,
       i.indisvalid AS is_valid,
       c.relname = 'quotes_company_id_id_idx' AS is_ours
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam
 WHERE i.indrelid = 'quotes'::regclass
   AND ((m.amname = 'btree'
         AND i.indpred IS NULL
         AND (SELECT array_agg(a.attname::text ORDER BY k.position)
                FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) = ARRAY['company_id', 'id'])
        OR c.relname = 'quotes_company_id_id_idx');
