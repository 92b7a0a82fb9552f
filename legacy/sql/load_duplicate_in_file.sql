-- One id that the file has more than once.
SELECT id FROM legacy_load GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1;
