DROP FUNCTION qp_plain_json(jsonb, integer);
