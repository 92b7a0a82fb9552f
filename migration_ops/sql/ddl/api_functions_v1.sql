-- JSON with its numbers in one form, 1.50 and 1.5 alike: how a number was stored does not show. Deeper than `levels` it is
-- left as it is: such rows are kept whole, so that both sides have the same text, and a stack has an end.
CREATE FUNCTION qp_plain_json(value jsonb, levels integer DEFAULT 64) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN jsonb_typeof(value) = 'number' THEN to_jsonb(trim_scale(value::numeric))
        WHEN levels = 0 THEN value
        WHEN jsonb_typeof(value) = 'array'
        THEN (SELECT coalesce(jsonb_agg(public.qp_plain_json(e.value, levels - 1) ORDER BY e.place), '[]')
                FROM jsonb_array_elements(value) WITH ORDINALITY AS e(value, place))
        WHEN jsonb_typeof(value) = 'object'
        THEN (SELECT coalesce(jsonb_object_agg(e.key, public.qp_plain_json(e.value, levels - 1)), '{}')
                FROM jsonb_each(value) AS e)
        ELSE value END;
END
$$;
