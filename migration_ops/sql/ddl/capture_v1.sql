-- Change capture on the legacy table: one outbox entry for each changed row and company. It only records, so
-- that it is cheap and cannot fail the writer for a reason of ours; it runs with the owner's rights and a fixed
-- search_path. Entries are drawn under the row's lock: for one row their ids are in order.
CREATE OR REPLACE FUNCTION public.qp_capture_v1() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.company_id <> NEW.company_id OR OLD.id <> NEW.id) THEN
        INSERT INTO public.migration_outbox (legacy_id, company_id, operation, captured_at)
        VALUES (OLD.id, OLD.company_id, 'D', clock_timestamp());
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO public.migration_outbox (legacy_id, company_id, operation, captured_at)
        VALUES (NEW.id, NEW.company_id, left(TG_OP, 1), clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION public.qp_refuse_truncate_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of quotes is refused while companies are being moved: change capture would not see it'
        USING ERRCODE = 'object_in_use', HINT = 'Use DELETE, which is captured.';
END
$$;

DROP TRIGGER IF EXISTS qp_capture_v1 ON public.quotes;
CREATE TRIGGER qp_capture_v1 AFTER INSERT OR UPDATE OR DELETE ON public.quotes
    FOR EACH ROW EXECUTE FUNCTION public.qp_capture_v1();
ALTER TABLE public.quotes ENABLE ALWAYS TRIGGER qp_capture_v1;

DROP TRIGGER IF EXISTS qp_refuse_truncate_v1 ON public.quotes;
CREATE TRIGGER qp_refuse_truncate_v1 BEFORE TRUNCATE ON public.quotes
    FOR EACH STATEMENT EXECUTE FUNCTION public.qp_refuse_truncate_v1();
ALTER TABLE public.quotes ENABLE ALWAYS TRIGGER qp_refuse_truncate_v1;
