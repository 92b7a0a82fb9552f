-- Line items that the sources have in common: as most of them write the name, the quantity they use most often and
-- the median price, which is a price somebody really asked. Discounts and lines without a price say nothing.
-- params: sources (uuid[]), at_least (sources that must have the item), most (rows)
SELECT mode() WITHIN GROUP (ORDER BY i.name) AS name,
       mode() WITHIN GROUP (ORDER BY i.description) FILTER (WHERE i.description IS NOT NULL) AS description,
       mode() WITHIN GROUP (ORDER BY i.quantity) AS quantity,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY i.unit_price) AS unit_price,
       array_agg(DISTINCT i.quote_id ORDER BY i.quote_id) AS sources
  FROM quote_items_new i
 WHERE i.quote_id = ANY (%(sources)s::uuid[]) AND coalesce(btrim(i.name), '') <> '' AND length(i.name) <= 500
   AND i.unit_price IS NOT NULL AND i.is_discount IS NOT TRUE AND i.quantity > 0
   AND i.quantity < 1000000 AND scale(i.quantity) <= 6 AND i.unit_price BETWEEN 0 AND 1000000000 AND scale(i.unit_price) <= 6
 GROUP BY lower(btrim(i.name))
HAVING count(DISTINCT i.quote_id) >= %(at_least)s
 ORDER BY count(DISTINCT i.quote_id) DESC, min(i.position), 1
 LIMIT %(most)s
