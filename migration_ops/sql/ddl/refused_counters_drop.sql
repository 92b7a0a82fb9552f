-- Each company that went live has a counter of refused legacy writes, made by its step: they go with the move.
DO $$
DECLARE
    counter regclass;
BEGIN
    FOR counter IN SELECT c.oid FROM pg_class c
                    WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace AND c.relname LIKE 'qp\_refused\_%' LOOP
        EXECUTE 'DROP SEQUENCE ' || counter;
    END LOOP;
END
$$;
