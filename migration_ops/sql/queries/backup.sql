-- name: server
-- The major version, the database's name, which database it is for ever, the moment of this transaction, and the
-- database's bytes.
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'), d.datname, d.oid::bigint,
       (SELECT s.system_identifier::text FROM pg_control_system() s), now(), pg_database_size(d.oid)
  FROM pg_database d WHERE d.datname = current_database();

-- name: tables
-- Every table with rows of its own that a dump holds: schema and name.
SELECT n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%'
   AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
 ORDER BY 1, 2;

-- name: structure
-- Columns, constraints, indexes, triggers, functions and views by the thing they belong to: how many, and one hash of all.
-- A condition is written with other casts between texts after a restore than before, and with brackets around what they were
-- cast from: a lone value, name or list. Such casts and brackets are left out of conditions; all other brackets count, for
-- they say what belongs together, and so does every letter of a function.
-- A view's own text counts, its rows do not: they may depend on the day.
WITH ours AS (
    SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%' AND c.relkind IN ('r', 'p', 'v', 'm')
       AND c.relpersistence <> 't'
       AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
), parts AS (
    SELECT o.name, false AS is_condition, 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull AS said
      FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT o.name, true, 'constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
      FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid AND k.contype <> 'n'
    UNION ALL
    SELECT o.name, true, 'index ' || pg_get_indexdef(i.indexrelid)
      FROM ours o JOIN pg_index i ON i.indrelid = o.oid AND i.indisvalid
    UNION ALL
    SELECT o.name, true, 'trigger ' || t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
      FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT o.name, true, 'view ' || pg_get_viewdef(o.oid) FROM ours o WHERE o.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'functions of ' || n.nspname, false, p.proname || ' ' || pg_get_function_identity_arguments(p.oid) || ' ' || p.prosrc
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%'
       AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'e')
)
SELECT name, count(*), md5(string_agg(said, E'\n' ORDER BY said COLLATE "C"))
  FROM (SELECT p.name, CASE WHEN p.is_condition THEN l.said ELSE p.said END AS said
          FROM parts p
         CROSS JOIN LATERAL (SELECT regexp_replace(p.said, '::(text|character varying)(\[\])?', '', 'g') AS said) AS c
         CROSS JOIN LATERAL (SELECT regexp_replace(c.said, '(^|[^\w"])\((''(?:[^'']|'''')*''|\w+)\)', '\1\2', 'g') AS said) AS a
         CROSS JOIN LATERAL (SELECT regexp_replace(a.said, '\(\((ARRAY\[(?:[^]['']|''(?:[^'']|'''')*'')*\])\)\)', '(\1)', 'g') AS said) AS l) AS alike
 GROUP BY name ORDER BY name;

-- name: sequences
-- How far each has counted.
SELECT schemaname || '.' || sequencename, coalesce(last_value, start_value - increment_by)
  FROM pg_sequences WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\_%%' ORDER BY 1;

-- name: companies
-- Every company with the last run that had finished.
SELECT c.id::text, (SELECT max(r.id) FROM migration_run r WHERE r.company_id = c.id AND r.status = 'finished')
  FROM companies c ORDER BY c.id;

-- name: locale
-- What a database has to be created with to sort and fold as this one does.
SELECT pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')
  FROM pg_database d WHERE datname = current_database();
