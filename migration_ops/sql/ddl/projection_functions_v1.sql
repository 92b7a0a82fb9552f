-- The few pure functions the projection and its inverse share. Frozen once shipped: _v2 follows _v1.
-- A function with a CASE in it is not declared STRICT: the planner could not inline it, and each call would cost
-- a hundred times as much.

-- A name-based UUID (RFC 9562, version 8: md5 of the namespace's text, a slash, the name).
-- The hash stands once in it, so that the planner can inline the function everywhere.
CREATE FUNCTION qp_uuid(namespace uuid, name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT overlay(overlay(md5(namespace::text || '/' || name) PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid
$$;

-- The id of a row derived from another one: the parent's first 48 bits, then the hash of parent and name. Rows
-- written in the order of their parents land side by side in every index, instead of all over it.
CREATE FUNCTION qp_child_id(parent uuid, name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (left(parent::text, 13) || '-8'
            || overlay(right(md5(parent::text || '/' || name), 19) PLACING '8' FROM 4))::uuid
$$;

-- Blank: absent, empty, or nothing but spaces of any kind. The characters are listed, because
-- what \s covers depends on the server's locale.
CREATE FUNCTION qp_trim(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(value, U&' \0009\000A\000B\000C\000D\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\200B\200C\200D\2028\2029\202F\205F\2060\3000\FEFF')
$$;

-- The text, or NULL where it is blank. Most texts begin with a visible ASCII character, which is cheap to see.
CREATE FUNCTION qp_text(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ascii(value) BETWEEN 33 AND 126 OR qp_trim(value) <> '' THEN value END
$$;

-- The id of a contact: the same three texts of one company are the same contact, absent and empty apart.
CREATE FUNCTION qp_contact_id(company uuid, name text, email text, phone text) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT qp_uuid(company, 'contact:'
        || coalesce(octet_length(name)::text || ':' || name, '-') || '/'
        || coalesce(octet_length(email)::text || ':' || email, '-') || '/'
        || coalesce(octet_length(phone)::text || ':' || phone, '-'))
$$;

-- An address as it is kept: line ends unified, spaces at the ends dropped; NULL where blank.
CREATE FUNCTION qp_address(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ascii(value) BETWEEN 33 AND 126 AND ascii(right(value, 1)) BETWEEN 33 AND 126
                 AND strpos(value, E'\r') = 0 THEN value
                ELSE nullif(qp_trim(replace(replace(value, E'\r\n', E'\n'), E'\r', E'\n')), '') END
$$;

-- A lead status as it is kept: a known one in its plain form, any other as recorded.
CREATE FUNCTION qp_lead_status(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value IN ('new', 'contacted', 'qualified', 'converted') THEN value
                WHEN lower(qp_trim(value)) IN ('new', 'contacted', 'qualified', 'converted')
                THEN lower(qp_trim(value))
                ELSE value END
$$;

-- Whether a number can be stored exactly: at most 18 digits before the point and 12 after it, no NaN.
CREATE FUNCTION qp_fits(value numeric) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value IS NULL OR (value > -1000000000000000000 AND value < 1000000000000000000
                             AND (scale(value) <= 12 OR min_scale(value) <= 12))
$$;

-- Whether every program can read the time: finite, years 1 to 9999 in any time zone.
CREATE FUNCTION qp_time_fits(value timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT value IS NULL OR (value >= '0001-01-02 00:00:00+00' AND value < '9999-12-31 00:00:00+00')
$$;

-- A number recorded as text, read only where it can mean one thing; NULL otherwise.
-- comma_groups: a comma before exactly three digits groups thousands in the company's region. Where it does not, a point
-- may, so that 1.200 is a guess there.
-- NaN and infinity are returned as such, so that the caller can name them.
CREATE FUNCTION qp_number(value text, comma_groups boolean) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := qp_trim(value);
    sign integer := 1;
    is_signed boolean := false;
BEGIN
    IF plain IS NULL OR plain = '' OR length(plain) > 100 THEN
        RETURN NULL;
    END IF;
    IF lower(plain) = 'nan' THEN
        RETURN 'NaN';
    ELSIF plain ~* '^[+-]?inf(inity)?$' THEN
        RETURN 'Infinity';
    END IF;
    IF plain ~ '^\(.*\)$' THEN
        sign := -1;
        is_signed := true;
        plain := qp_trim(substr(plain, 2, length(plain) - 2));
    ELSIF plain ~ '^[+-]' THEN
        sign := CASE WHEN left(plain, 1) = '-' THEN -1 ELSE 1 END;
        is_signed := true;
        plain := qp_trim(substr(plain, 2));
    END IF;
    plain := regexp_replace(plain, '^(USD|EUR|GBP|CAD|AUD|CHF|[$€£])[ \u00a0]?', '', 'i');
    plain := regexp_replace(plain, '[ \u00a0]?(USD|EUR|GBP|CAD|AUD|CHF|[$€£])$', '', 'i');
    IF plain ~ '^-' AND NOT is_signed THEN
        sign := -1;
        plain := substr(plain, 2);
    END IF;
    IF plain ~ '^[1-9][0-9]{0,2}\.[0-9]{3}$' AND NOT comma_groups OR plain ~ '^[0-9]{4,},[0-9]{3}$' AND comma_groups THEN
        RETURN NULL;                                                   -- 1.200 abroad  1234,500 at home
    ELSIF plain ~ '^[0-9]+$' OR plain ~ '^[0-9]*\.[0-9]+$' THEN
        NULL;                                                          -- 12  12.50  .5
    ELSIF plain ~ '^[0-9]{1,3}(,[0-9]{3})+\.[0-9]+$' OR plain ~ '^[0-9]{1,3}(,[0-9]{3}){2,}$' THEN
        plain := replace(plain, ',', '');                              -- 1,200.00  1,200,000
    ELSIF plain ~ '^[0-9]{1,3}(\.[0-9]{3})+,[0-9]+$' OR plain ~ '^[0-9]{1,3}(\.[0-9]{3}){2,}$' THEN
        plain := replace(replace(plain, '.', ''), ',', '.');           -- 1.200,00  1.200.000
    ELSIF plain ~ '^[0-9]+,[0-9]+$' AND plain !~ '^[0-9]{1,3},[0-9]{3}$' THEN
        plain := replace(plain, ',', '.');                             -- 2,5
    ELSIF plain ~ '^[1-9][0-9]{0,2},[0-9]{3}$' AND comma_groups THEN
        plain := replace(plain, ',', '');                              -- 1,200 where the region says so
    ELSE
        RETURN NULL;
    END IF;
    RETURN sign * plain::numeric;
END
$$;

-- A number of a line item, whatever JSON type it was recorded in.
CREATE FUNCTION qp_item_number(value jsonb, comma_groups boolean) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric
                                    WHEN 'string' THEN qp_number(value #>> '{}', comma_groups) END
$$;

-- An option tier as it is kept: a known one in its plain form, any other as recorded.
CREATE FUNCTION qp_item_tier(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN lower(qp_trim(value)) IN ('good', 'better', 'best') THEN lower(qp_trim(value)) ELSE value END
$$;

-- Yes or no of a line item by a closed list; absent and null are no, anything else is NULL.
CREATE FUNCTION qp_item_boolean(value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value IS NULL OR jsonb_typeof(value) = 'null' THEN false
                WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean
                WHEN lower(qp_trim(value #>> '{}')) IN ('true', 't', 'yes', 'y', 'ja', 'on', '1') THEN true
                WHEN lower(qp_trim(value #>> '{}')) IN ('false', 'f', 'no', 'n', 'nein', 'off', '0') THEN false
           END
$$;

-- A sort order that is a whole number recorded as a number; NULL otherwise.
CREATE FUNCTION qp_item_sort_order(value jsonb) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(value) = 'number' AND scale(value::numeric) = 0
                 AND abs(value::numeric) <= 2147483647 THEN value::numeric::integer END
$$;

-- JSON text inside a JSON string, unwrapped once; NULL where the text is no JSON.
CREATE FUNCTION qp_unwrap(value jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED AS $$
BEGIN
    RETURN (value #>> '{}')::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;                       -- any text may stand here; whoever asks quarantines the row
END
$$;

-- The elements of an array or object of line items; NULL where there are none. An object of objects gives
-- its values in key order, any other object is one item.
CREATE FUNCTION qp_item_elements(items jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(items)
        WHEN 'array' THEN nullif(items, '[]')
        WHEN 'object' THEN CASE
            WHEN items = '{}' THEN NULL
            WHEN NOT EXISTS (SELECT FROM jsonb_each(items) AS e WHERE jsonb_typeof(e.value) <> 'object')
            THEN (SELECT jsonb_agg(e.value ORDER BY e.place)
                    FROM jsonb_each(items) WITH ORDINALITY AS e(key, value, place))
            ELSE jsonb_build_array(items) END
    END
$$;

-- The line items as an array, whatever shape they were recorded in, JSON text in a JSON string unwrapped once;
-- NULL where there are none or where the shape cannot be read (qp_item_refusal tells which).
CREATE FUNCTION qp_item_list(items jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL RESTRICTED AS $$
    SELECT qp_item_elements(CASE WHEN jsonb_typeof(items) = 'string' THEN qp_unwrap(items) ELSE items END)
$$;

-- Why the recorded line items cannot be read: NULL, or a quarantine reason.
CREATE FUNCTION qp_item_refusal(items jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL RESTRICTED AS $$
    SELECT CASE
        WHEN items IS NULL OR jsonb_typeof(items) IN ('null', 'object') THEN NULL
        WHEN u.found IS NULL THEN 'items_shape'
        WHEN jsonb_typeof(u.found) = 'object' THEN NULL
        WHEN jsonb_typeof(u.found) = 'string' THEN 'items_depth'
        WHEN jsonb_typeof(u.found) <> 'array' THEN 'items_shape'
        WHEN NOT EXISTS (SELECT FROM jsonb_array_elements(u.found) AS e WHERE jsonb_typeof(e) <> 'object') THEN NULL
        WHEN jsonb_typeof(u.found #> '{0,0}') = 'array' THEN 'items_depth'
        ELSE 'items_shape' END
      FROM (SELECT CASE WHEN jsonb_typeof(items) = 'string' THEN qp_unwrap(items) ELSE items END AS found) AS u
$$;

-- The uuid just below another one; the lowest has none below it and stays.
CREATE FUNCTION qp_uuid_before(value uuid) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bytes bytea := uuid_send(value);
BEGIN
    FOR place IN REVERSE 15..0 LOOP
        IF get_byte(bytes, place) > 0 THEN
            RETURN encode(set_byte(bytes, place, get_byte(bytes, place) - 1), 'hex')::uuid;
        END IF;
        bytes := set_byte(bytes, place, 255);
    END LOOP;
    RETURN value;
END
$$;
