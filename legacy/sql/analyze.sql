-- Fresh statistics after many rows: the planner would guess until autovacuum comes round.
ANALYZE quotes;
