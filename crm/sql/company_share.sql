-- name: company_share
-- The share of a table's rows that are one company's, as the planner's sample has it; 0 where it has not seen the company.
-- params: table (its name), company (uuid)
SELECT coalesce(max(s.most_common_freqs[array_position(s.most_common_vals::text::uuid[], %(company)s::uuid)]), 0)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
 WHERE c.oid = to_regclass(%(table)s) AND s.attname = 'company_id' AND NOT s.inherited;
