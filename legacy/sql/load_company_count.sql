-- Companies in the file.
SELECT count(DISTINCT company_id) FROM legacy_load;
