-- JSON with its numbers in one form, 1.50 and 1.5 alike: how a number was stored does not show.
CREATE FUNCTION qp_plain_json(value jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE jsonb_typeof(value)
        WHEN 'number' THEN to_jsonb(trim_scale(value::numeric))
        WHEN 'array' THEN (SELECT coalesce(jsonb_agg(public.qp_plain_json(e.value) ORDER BY e.place), '[]')
                             FROM jsonb_array_elements(value) WITH ORDINALITY AS e(value, place))
        WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, public.qp_plain_json(e.value)), '{}')
                              FROM jsonb_each(value) AS e)
        ELSE value END;
END
$$;
