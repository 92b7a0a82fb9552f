-- Readers are not blocked; needs the unique index.
REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard_stats
