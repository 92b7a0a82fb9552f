-- One id that is in quotes already, and how many there are.
SELECT min(l.id::text)::uuid, count(*) FROM legacy_load l JOIN quotes q ON q.id = l.id;
