-- The live move: who may write where, and what changed on the new side. Run again it closes holes.
-- Frozen once shipped: _v2 follows _v1. Errors of ours: QP001 a write to the side that does not lead, QP002 something
-- a legacy row cannot hold, QP003 a change of the audit log.

-- The mark of our own mirrored writes, bound to its transaction: left behind in a pooled session it means nothing.
CREATE OR REPLACE FUNCTION qp_is_mirrored() RETURNS boolean
    LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('quotepro.origin', true) = 'mirror:' || pg_current_xact_id()::text, false)
$$;

-- The company's stage, held until the transaction ends; NULL for a company that never moved. Three things together:
-- the shared lock lets a cutover wait for writers in flight (and makes writers after it wait, so that it gets its turn);
-- under READ COMMITTED the statement after the lock sees what was committed before; a writer with an older
-- snapshot reads the row FOR SHARE, which fails with 40001 where the row changed since. A row that is too new for
-- that snapshot cannot be seen at all: the counter of refused writes, a catalogue entry, tells of it.
-- Called by functions whose search_path is fixed, it inherits theirs: fixing it again would cost every write.
CREATE OR REPLACE FUNCTION qp_stage_v1(company uuid) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    found_stage text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('qp_stage/' || company::text, 0));
    IF current_setting('transaction_isolation') = 'read committed' THEN
        SELECT s.stage INTO found_stage FROM public.migration_company_stage s WHERE s.company_id = company;
    ELSE
        SELECT s.stage INTO found_stage FROM public.migration_company_stage s WHERE s.company_id = company FOR SHARE;
        IF NOT FOUND AND to_regclass('public.qp_refused_' || replace(company::text, '-', '')) IS NOT NULL THEN
            RAISE EXCEPTION 'company % has moved since this transaction began', company USING ERRCODE = '40001';
        END IF;
    END IF;
    RETURN found_stage;
END
$$;

-- Refuses a write to the legacy row of a company that the new tables lead. What a refused transaction wrote is gone with
-- it, so the refusal is counted in a sequence, which no rollback takes back, and told in the server's log.
CREATE OR REPLACE FUNCTION qp_refuse_legacy_v1(company uuid, legacy_id uuid, operation text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stage text := public.qp_stage_v1(company);
BEGIN
    PERFORM nextval(to_regclass('public.qp_refused_' || replace(company::text, '-', '')));
    RAISE LOG 'quotepro: refused % of legacy row % of company % at stage %, user %, application %',
        operation, legacy_id, company, stage, session_user, current_setting('application_name');
    RAISE EXCEPTION 'quotes: company % is %: its rows are written in the new tables, and this % was refused',
        company, stage, lower(operation)
        USING ERRCODE = 'QP001', HINT = 'Write through the new application; legacy rows follow by themselves.';
END
$$;

-- One entry for each changed row of the new side and deal. While legacy leads, such a write is a finding: somebody
-- wrote where only the mirror should.
CREATE OR REPLACE FUNCTION qp_record_new_v1(company uuid, of_table text, of_row uuid, of_deal uuid, operation text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stage text := public.qp_stage_v1(company);
BEGIN
    IF stage IN ('live', 'rampdown') THEN
        INSERT INTO public.migration_reverse_outbox (company_id, table_name, row_id, deal_id, operation, captured_at, xid)
        VALUES (company, of_table, of_row, of_deal, operation, clock_timestamp(), pg_current_xact_id()::text::bigint);
        IF EXISTS (SELECT FROM public.migration_apply_listener l WHERE l.waiting_until > clock_timestamp()) THEN
            PERFORM pg_notify('quotepro_changes', '');
        END IF;
    ELSIF stage <> 'complete' THEN
        INSERT INTO public.migration_finding (company_id, kind, detail, at)
        VALUES (company, 'foreign_write', left(operation, 1) || ' of ' || of_table || ' ' || of_row::text, clock_timestamp());
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION qp_deal_v1(of_table text, of_row jsonb) RETURNS uuid
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE of_table
        WHEN 'leads_new' THEN (of_row ->> 'id')::uuid
        WHEN 'quotes_new' THEN (of_row ->> 'id')::uuid
        WHEN 'quote_items_new' THEN (of_row ->> 'quote_id')::uuid
        WHEN 'jobs_new' THEN (of_row ->> 'quote_id')::uuid
        WHEN 'invoices_new' THEN (SELECT j.quote_id FROM public.jobs_new j WHERE j.id = (of_row ->> 'job_id')::uuid)
        WHEN 'payments' THEN (SELECT j.quote_id FROM public.invoices_new v JOIN public.jobs_new j ON j.id = v.job_id
                               WHERE v.id = (of_row ->> 'invoice_id')::uuid) END
$$;

CREATE OR REPLACE FUNCTION qp_capture_new_v1() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    now_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF was = now_is THEN
        RETURN NULL;
    END IF;
    IF was IS NOT NULL AND (now_is IS NULL OR public.qp_deal_v1(TG_TABLE_NAME, was) IS DISTINCT FROM public.qp_deal_v1(TG_TABLE_NAME, now_is)
                            OR was ->> 'company_id' <> now_is ->> 'company_id' OR was ->> 'id' <> now_is ->> 'id') THEN
        PERFORM public.qp_record_new_v1((was ->> 'company_id')::uuid, TG_TABLE_NAME, (was ->> 'id')::uuid,
                                        public.qp_deal_v1(TG_TABLE_NAME, was), 'D');
    END IF;
    IF now_is IS NOT NULL THEN
        PERFORM public.qp_record_new_v1((now_is ->> 'company_id')::uuid, TG_TABLE_NAME, (now_is ->> 'id')::uuid,
                                        public.qp_deal_v1(TG_TABLE_NAME, now_is), left(TG_OP, 1));
    END IF;
    RETURN NULL;
END
$$;

-- Rows gone without a row trigger: every company on its way is concerned.
CREATE OR REPLACE FUNCTION qp_truncated_new_v1() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.migration_finding (company_id, kind, detail, at)
    SELECT s.company_id, 'foreign_write', 'TRUNCATE of ' || TG_TABLE_NAME, clock_timestamp()
      FROM public.migration_company_stage s WHERE s.stage <> 'complete';
    RETURN NULL;
END
$$;

-- Until a company is complete, a deal must fit into one legacy row: one job, one invoice and one payment of the whole
-- amount, by their derived ids, so that the way back meets the same rows. Said to the writer at once; whatever else a
-- legacy row cannot hold is found when the change is carried back.
CREATE OR REPLACE FUNCTION qp_guard_v1() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deal uuid;
    due numeric;
    what text;
BEGIN
    IF public.qp_stage_v1(NEW.company_id) IN ('live', 'rampdown') THEN
        IF TG_TABLE_NAME = 'quotes_new' THEN
            IF NEW.lead_id <> NEW.id THEN
                what := 'a quote of another deal''s lead: the first quote of a lead has the lead''s id, a second one has no place';
            END IF;
        ELSIF TG_TABLE_NAME = 'jobs_new' THEN
            IF NEW.id <> public.qp_child_id(NEW.quote_id, 'job') THEN
                what := 'a second job of a quote, or one whose id is not derived from its quote''s';
            END IF;
        ELSIF TG_TABLE_NAME = 'invoices_new' THEN
            SELECT j.quote_id INTO deal FROM public.jobs_new j WHERE j.id = NEW.job_id;
            IF NEW.id <> public.qp_child_id(deal, 'invoice') THEN
                what := 'a second invoice of a job, or one whose id is not derived from its quote''s';
            END IF;
        ELSE
            SELECT j.quote_id, v.amount_due INTO deal, due
              FROM public.invoices_new v JOIN public.jobs_new j ON j.id = v.job_id WHERE v.id = NEW.invoice_id;
            IF NEW.id <> public.qp_child_id(deal, 'payment') THEN
                what := 'a second payment of an invoice, or one whose id is not derived from its quote''s';
            ELSIF NEW.amount <> coalesce(due, 0) THEN
                what := 'a payment of ' || NEW.amount || ' where ' || coalesce(due, 0) || ' is due';
            END IF;
        END IF;
        IF what IS NOT NULL THEN
            RAISE EXCEPTION 'a legacy row cannot hold %', what
                USING ERRCODE = 'QP002', HINT = 'Possible once the company''s move is complete.';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

-- Capture on the new side. The mark is looked at before the trigger is queued: the backfill pays next to nothing.
DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['customers_new', 'customer_contacts', 'customer_addresses', 'leads_new', 'quotes_new',
                                    'quote_items_new', 'jobs_new', 'invoices_new', 'payments'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS qp_capture_new_v1 ON %I', of_table);
        EXECUTE format('CREATE TRIGGER qp_capture_new_v1 AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW'
                       ' WHEN (NOT qp_is_mirrored()) EXECUTE FUNCTION qp_capture_new_v1()', of_table);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER qp_capture_new_v1', of_table);
        EXECUTE format('DROP TRIGGER IF EXISTS qp_truncated_new_v1 ON %I', of_table);
        EXECUTE format('CREATE TRIGGER qp_truncated_new_v1 AFTER TRUNCATE ON %I FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION qp_truncated_new_v1()', of_table);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER qp_truncated_new_v1', of_table);
    END LOOP;
    FOREACH of_table IN ARRAY ARRAY['quotes_new', 'jobs_new', 'invoices_new', 'payments'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS qp_guard_v1 ON %I', of_table);
        EXECUTE format('CREATE TRIGGER qp_guard_v1 BEFORE INSERT OR UPDATE ON %I FOR EACH ROW'
                       ' WHEN (NOT qp_is_mirrored()) EXECUTE FUNCTION qp_guard_v1()', of_table);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER qp_guard_v1', of_table);
    END LOOP;
END
$$;
