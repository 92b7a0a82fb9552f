-- The columns of the table that the name quotes resolves to, in table order; no rows where it is absent.
SELECT c.column_name::text, c.data_type::text, c.is_nullable = 'YES' AS is_nullable
  FROM information_schema.columns c
  JOIN pg_namespace n ON n.nspname = c.table_schema
  JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = c.table_name
 WHERE t.oid = to_regclass('quotes')
 ORDER BY c.ordinal_position;
