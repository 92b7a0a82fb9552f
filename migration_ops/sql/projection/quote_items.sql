-- name: quote_items
-- columns: id, company_id, quote_id, position, name, description, quantity, unit_price, total, option_tier,
--   is_upsell, is_discount, sort_order, created_at, updated_at
SELECT qp_child_id(i.legacy_id, 'item:' || i.position), i.company_id, i.legacy_id, i.position, i.name, i.description,
       i.quantity, i.unit_price, i.total, i.option_tier, i.is_upsell, i.is_discount, i.sort_order,
       i.created_at, i.updated_at
  FROM batch_item i;
