-- Seconds since the last refresh; NULL while there is no line.
SELECT extract(epoch FROM clock_timestamp() - min(refreshed_at)) FROM dashboard_stats
