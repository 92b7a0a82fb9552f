-- The specification's 028_migrate_quotes.sql, statement for statement, but for the last lines of
-- the item statement, which could not run at all:
--   * items that are no array abort it (22023): only arrays are taken;
--   * a quantity, price, flag or order that does not cast aborts it (22P02, 22003): the rows found
--     in 001_unreadable.sql are left out;
--   * items of rows that became no quote break the foreign key (23503): joined to the quotes.

-- step: quotes
-- Migrate quotes
INSERT INTO quotes_new (
  id,
  company_id,
  customer_id,
  lead_id,
  quote_number,
  job_name,
  description,
  subtotal,
  discount_amount,
  tax_rate,
  tax_amount,
  total,
  notes,
  status,
  sent_at,
  created_by,
  created_at,
  updated_at
)
SELECT 
  q.id,
  q.company_id,
  c.id as customer_id,
  l.id as lead_id,
  q.quote_number,
  q.job_name,
  q.description,
  q.subtotal,
  q.discount_amount,
  q.tax_rate,
  q.tax_amount,
  q.total,
  q.notes,
  q.status,
  q.sent_at,
  q.user_id as created_by,
  q.created_at,
  q.updated_at
FROM quotes q
JOIN customers_new c ON 
  c.company_id = q.company_id AND
  c.phone = q.phone
LEFT JOIN leads_new l ON l.id = q.id  -- Link to lead if exists
WHERE q.status IS NOT NULL  -- Has quote status (not just lead)
  AND q.job_name IS NOT NULL;

-- step: items
-- Migrate quote items (from JSONB array to separate table)
INSERT INTO quote_items_new (
  id,
  quote_id,
  name,
  description,
  quantity,
  unit_price,
  total,
  option_tier,
  is_upsell,
  is_discount,
  sort_order
)
SELECT 
  gen_random_uuid() as id,
  q.id as quote_id,
  item->>'name' as name,
  item->>'description' as description,
  COALESCE((item->>'quantity')::decimal, 1) as quantity,
  (item->>'unit_price')::decimal as unit_price,
  (item->>'total')::decimal as total,
  item->>'option_tier' as option_tier,
  COALESCE((item->>'is_upsell')::boolean, false) as is_upsell,
  COALESCE((item->>'is_discount')::boolean, false) as is_discount,
  (item->>'sort_order')::integer as sort_order
FROM quotes q
JOIN quotes_new qn ON qn.id = q.id                                  -- changed: see above
CROSS JOIN LATERAL jsonb_array_elements(q.items) as item
WHERE q.items IS NOT NULL
  AND jsonb_typeof(q.items) = 'array'                               -- changed: see above
  AND NOT EXISTS (SELECT FROM unreadable u WHERE u.id = q.id);      -- changed: see above

-- verification
DO $$
DECLARE
  old_quotes INTEGER;
  new_quotes INTEGER;
  old_items INTEGER;
  new_items INTEGER;
BEGIN
  SELECT COUNT(*) INTO old_quotes FROM quotes WHERE status IS NOT NULL;
  SELECT COUNT(*) INTO new_quotes FROM quotes_new;
  
  SELECT SUM(jsonb_array_length(items)) INTO old_items 
  FROM quotes WHERE items IS NOT NULL;
  SELECT COUNT(*) INTO new_items FROM quote_items_new;
  
  RAISE NOTICE 'Old quotes: %, New quotes: %', old_quotes, new_quotes;
  RAISE NOTICE 'Old items: %, New items: %', old_items, new_items;
  
  IF new_quotes != old_quotes THEN
    RAISE EXCEPTION 'Quote migration failed: Count mismatch';
  END IF;
  
  IF new_items != old_items THEN
    RAISE EXCEPTION 'Quote items migration failed: Count mismatch';
  END IF;
END $$;
