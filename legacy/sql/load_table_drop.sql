-- At the end of the load, so that a second one in the same transaction finds the name free.
DROP TABLE pg_temp.legacy_load;
