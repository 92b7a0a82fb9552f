-- Rows whose items the specification's item statement cannot read: it casts without asking, so one
-- such row aborts the whole script. They are found here, before the clock starts, and left out of
-- that one statement: the baseline is spared the cost of finding them.
--
-- A cast is tried in a function with an exception handler, because PostgreSQL 15 has no
-- pg_input_is_valid(); only rows that a cheap pattern does not clear are tried.

CREATE FUNCTION spec.is_readable(items jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM (item->>'quantity')::decimal, (item->>'unit_price')::decimal, (item->>'total')::decimal,
          (item->>'is_upsell')::boolean, (item->>'is_discount')::boolean, (item->>'sort_order')::integer
     FROM jsonb_array_elements(items) AS item;
  RETURN true;
EXCEPTION WHEN data_exception THEN
  RETURN false;
END $$;

CREATE TABLE spec.unreadable (id uuid PRIMARY KEY);

INSERT INTO spec.unreadable (id)
SELECT q.id
  FROM quotes q
 WHERE jsonb_typeof(q.items) = 'array'
   -- What is no plain number, whole number or boolean may still cast: those are tried, the rest is clear.
   AND q.items @? '$[*] ? (@.quantity.type() != "number" || @.unit_price.type() != "number"
                        || @.total.type() != "number" || @.sort_order.type() != "number"
                        || @.sort_order.ceiling() != @.sort_order || @.sort_order > 2147483647
                        || @.sort_order < -2147483648
                        || @.is_upsell.type() != "boolean" || @.is_discount.type() != "boolean")'
   AND NOT spec.is_readable(q.items);

ANALYZE spec.unreadable;
