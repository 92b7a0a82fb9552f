-- Change capture on the legacy table, and the fence of companies that the new tables lead. One outbox entry for each
-- changed row and company; it only records, so that it is cheap and cannot fail the writer for a reason of ours, except
-- the one it is there for: the company, old or new, is live or later. It runs with the owner's rights and a fixed
-- search_path. Entries are drawn under the row's lock: for one row their ids are in order.
DROP TRIGGER IF EXISTS qp_capture_v1 ON public.quotes;
DROP TRIGGER IF EXISTS qp_refuse_truncate_v1 ON public.quotes;

CREATE OR REPLACE FUNCTION public.qp_capture_v2() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    company uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.company_id ELSE NEW.company_id END;
    other uuid := CASE TG_OP WHEN 'UPDATE' THEN OLD.company_id ELSE company END;
    stage text;
    is_waited_for boolean;
BEGIN
    IF public.qp_is_mirrored() THEN
        RETURN NULL;
    END IF;
    IF company <> other THEN
        -- Both companies, in the same order everywhere: two that cross must not wait for each other.
        IF public.qp_stage_v1(least(company, other)) IN ('live', 'rampdown', 'complete') THEN
            PERFORM public.qp_refuse_legacy_v1(least(company, other), OLD.id, TG_OP);
        END IF;
        IF public.qp_stage_v1(greatest(company, other)) IN ('live', 'rampdown', 'complete') THEN
            PERFORM public.qp_refuse_legacy_v1(greatest(company, other), OLD.id, TG_OP);
        END IF;
    ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
        stage := public.qp_stage_v1(company);
    ELSIF pg_advisory_xact_lock_shared(hashtextextended('qp_stage/' || company::text, 0)) IS NULL THEN
        RETURN NULL;    -- never: the lock is what is wanted, and this is the quickest way to ask for it
    END IF;
    -- As qp_stage_v1 does it, after the lock and with a snapshot of its own; and whether a worker waits to be woken. One
    -- that works finds the entry by itself, and a busy writer's commit stays free of the lock that notifications share.
    SELECT coalesce(stage, (SELECT s.stage FROM public.migration_company_stage s WHERE s.company_id = company)),
           EXISTS (SELECT FROM public.migration_apply_listener l WHERE l.waiting_until > clock_timestamp())
      INTO stage, is_waited_for;
    IF stage IN ('live', 'rampdown', 'complete') THEN
        PERFORM public.qp_refuse_legacy_v1(company, CASE TG_OP WHEN 'INSERT' THEN NEW.id ELSE OLD.id END, TG_OP);
    END IF;
    IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR company <> other OR OLD.id <> NEW.id) THEN
        INSERT INTO public.migration_outbox (legacy_id, company_id, operation, captured_at)
        VALUES (OLD.id, OLD.company_id, 'D', clock_timestamp());
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO public.migration_outbox (legacy_id, company_id, operation, captured_at)
        VALUES (NEW.id, NEW.company_id, left(TG_OP, 1), clock_timestamp());
    END IF;
    IF is_waited_for THEN
        PERFORM pg_notify('quotepro_changes', '');
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION public.qp_refuse_truncate_v2() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of quotes is refused while companies are being moved: change capture would not see it'
        USING ERRCODE = 'object_in_use', HINT = 'Use DELETE, which is captured.';
END
$$;

DROP TRIGGER IF EXISTS qp_capture_v2 ON public.quotes;
CREATE TRIGGER qp_capture_v2 AFTER INSERT OR UPDATE OR DELETE ON public.quotes
    FOR EACH ROW EXECUTE FUNCTION public.qp_capture_v2();
ALTER TABLE public.quotes ENABLE ALWAYS TRIGGER qp_capture_v2;

DROP TRIGGER IF EXISTS qp_refuse_truncate_v2 ON public.quotes;
CREATE TRIGGER qp_refuse_truncate_v2 BEFORE TRUNCATE ON public.quotes
    FOR EACH STATEMENT EXECUTE FUNCTION public.qp_refuse_truncate_v2();
ALTER TABLE public.quotes ENABLE ALWAYS TRIGGER qp_refuse_truncate_v2;

DROP FUNCTION IF EXISTS public.qp_capture_v1(), public.qp_refuse_truncate_v1();
