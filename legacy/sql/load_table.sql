-- Where a file is read into before any of its rows reaches quotes: same types, same NOT NULLs, no keys.
CREATE TEMPORARY TABLE legacy_load (LIKE quotes) ON COMMIT DROP;
