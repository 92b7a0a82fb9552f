DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['customers_new', 'customer_contacts', 'customer_addresses', 'leads_new', 'quotes_new',
                                    'quote_items_new', 'jobs_new', 'invoices_new', 'payments'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS qp_capture_new_v1 ON %I', of_table);
        EXECUTE format('DROP TRIGGER IF EXISTS qp_truncated_new_v1 ON %I', of_table);
        EXECUTE format('DROP TRIGGER IF EXISTS qp_guard_v1 ON %I', of_table);
    END LOOP;
END
$$;
-- The capture of the legacy side calls functions that go now.
DROP TRIGGER IF EXISTS qp_capture_v2 ON quotes;
DROP FUNCTION IF EXISTS qp_capture_v2();
DROP TRIGGER IF EXISTS qp_refuse_truncate_v2 ON quotes;
DROP FUNCTION IF EXISTS qp_refuse_truncate_v2();
DROP FUNCTION qp_guard_v1(), qp_truncated_new_v1(),
    qp_capture_new_v1(), qp_deal_v1(text, jsonb), qp_record_new_v1(uuid, text, uuid, uuid, text),
    qp_refuse_legacy_v1(uuid, uuid, text), qp_stage_v1(uuid), qp_is_mirrored();
