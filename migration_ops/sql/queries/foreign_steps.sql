-- name: foreign
-- Companies whose stage is not the one the audit log's last step led to; without any step that is off.
-- params: seen (uuid[] or NULL for all)
SELECT c.id, c.slug, s.stage, coalesce(a.after, 'off')
  FROM migration_company_stage s
  JOIN companies c ON c.id = s.company_id
  LEFT JOIN LATERAL (SELECT l.detail ->> 'after' AS after FROM migration_audit_log l
                      WHERE l.company_id = s.company_id AND l.action = 'stage' ORDER BY l.id DESC LIMIT 1) AS a ON true
 WHERE (%(seen)s::uuid[] IS NULL OR s.company_id = ANY (%(seen)s)) AND s.stage <> coalesce(a.after, 'off')
 ORDER BY c.slug;
