"""The pure SQL functions the projection and its inverse share."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migration_ops.projection.ids import child_id, contact_id, derived_id

pytestmark = pytest.mark.django_db
relaxed = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])

UNREADABLE = None
NUMBERS = [
    # plain
    ("2", "2"), ("12.50", "12.50"), (".5", "0.5"), ("0", "0"), ("-0", "0"), ("007", "7"),
    (" 12 ", "12"), ("\u00a012\t", "12"), ("12345678901234567.89", "12345678901234567.89"), ("0.333333333", "0.333333333"),
    ("0.500", "0.500"), ("1234.567", "1234.567"),
    # signs
    ("-5", "-5"), ("- 5", "-5"), ("+5", "5"), ("(50.00)", "-50.00"), ("( 50 )", "-50"), ("-$5", "-5"), ("$-5", "-5"),
    ("($1,200.00)", "-1200.00"), ("--5", UNREADABLE), ("+-5", UNREADABLE), ("-+5", UNREADABLE), ("(-5)", UNREADABLE),
    ("(+5)", UNREADABLE), ("-(5)", UNREADABLE), ("5-", UNREADABLE), ("(5", UNREADABLE), ("5)", UNREADABLE), ("-$-5", UNREADABLE),
    ("-", UNREADABLE), ("()", UNREADABLE),
    # currencies
    ("$12.50", "12.50"), ("$ 12.50", "12.50"), ("12.50 $", "12.50"), ("€5", "5"), ("5€", "5"), ("5 EUR", "5"), ("usd 5", "5"),
    ("£1,200.00", "1200.00"), ("CHF 5", "5"), ("$", UNREADABLE), ("$$5", UNREADABLE), ("5 dollars", UNREADABLE), ("¥5", UNREADABLE),
    ("5%", UNREADABLE),
    # groups and decimal commas
    ("1,234.50", "1234.50"), ("1,234,567", "1234567"), ("1,234,567.8", "1234567.8"), ("1.200,00", "1200.00"),
    ("1.200,00 €", "1200.00"), ("1.234.567", "1234567"), ("1.234.567,8", "1234567.8"), ("2,5", "2.5"), ("2,50", "2.50"),
    ("0,5", "0.5"), ("1234,5", "1234.5"), ("1,2345", "1.2345"),
    ("0,500", UNREADABLE), ("1,2,3", UNREADABLE), ("1.2.3", UNREADABLE), ("12,34,5", UNREADABLE), ("1,23.4", UNREADABLE),
    ("1,234.", UNREADABLE), ("1234,567.8", UNREADABLE), (",5", UNREADABLE), ("5,", UNREADABLE), ("5.", UNREADABLE),
    ("1,00,000", UNREADABLE), ("1'200", UNREADABLE), ("1 200", UNREADABLE), ("1\u00a0200,00", UNREADABLE), (",", UNREADABLE),
    (".", UNREADABLE), ("1,234,56", UNREADABLE), ("1..2", UNREADABLE),
    # no number, or one that only some programs read
    ("", UNREADABLE), (" ", UNREADABLE), ("two", UNREADABLE), ("2 pcs", UNREADABLE), ("½", UNREADABLE), ("１２", UNREADABLE),
    ("١٢", UNREADABLE), ("1_000", UNREADABLE), ("0x10", UNREADABLE), ("0b1", UNREADABLE), ("1e3", UNREADABLE), ("1E3", UNREADABLE),
    ("1e400", UNREADABLE), ("n/a", UNREADABLE), ("true", UNREADABLE), ("2\n3", UNREADABLE), ("9" * 101, UNREADABLE),
    # named by the caller
    ("NaN", "NaN"), ("nan", "NaN"), ("Infinity", "Infinity"), ("-inf", "Infinity"), ("+Infinity", "Infinity"),
]  # fmt: skip
# What depends on the region: text, where commas group, elsewhere.
BY_REGION = [
    ("1,234", "1234", UNREADABLE), ("$1,200", "1200", UNREADABLE), ("(1,200)", "-1200", UNREADABLE), ("12,345", "12345", UNREADABLE),
    ("1.200", "1.200", UNREADABLE), ("10.005", "10.005", UNREADABLE), ("12.345", "12.345", UNREADABLE), ("-1.200 €", "-1.200", UNREADABLE),
    ("1234,567", UNREADABLE, "1234.567"), ("0.200", "0.200", "0.200"), ("1200", "1200", "1200"),
]  # fmt: skip


def call(expression, *params):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}", params)
        return cursor.fetchone()[0]


def calls(expression, texts):
    """One call for each text."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression} FROM unnest(%s::text[]) AS v", [texts])
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.parametrize("comma_groups", [True, False])
@pytest.mark.parametrize(("text", "read"), NUMBERS)
def test_a_number_recorded_as_text_is_read_only_where_it_means_one_thing(text, read, comma_groups):
    assert call("qp_number(%s, %s)::text", text, comma_groups) == read


@pytest.mark.parametrize(("text", "at_home", "abroad"), BY_REGION)
def test_what_the_region_decides_is_read_by_the_region(text, at_home, abroad):
    assert call("qp_number(%s, true)::text", text) == at_home
    assert call("qp_number(%s, false)::text", text) == abroad


@relaxed
@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**15), max_value=10**15), st.booleans()
)
def test_a_plain_number_is_read_as_what_it_says(number, comma_groups):
    assert call("qp_number(%s, %s)", f"{number:f}", comma_groups) == number


@relaxed
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=50
    )
)
def test_any_text_is_read_or_not_and_never_fails(texts):
    for comma_groups in ("true", "false"):
        for read in calls(f"qp_number(v, {comma_groups})", texts):
            assert read is None or isinstance(read, Decimal)


@pytest.mark.parametrize(
    ("json", "read"),
    [("2", "2"), ("12.50", "12.50"), ('"2"', "2"), ("null", None), ("true", None), ("[]", None), ("{}", None), ('""', None),
     ("1e3", "1000"), ("-0.5", "-0.5")],
)  # fmt: skip
def test_a_number_of_an_item_is_read_whatever_its_type(json, read):
    assert call("qp_item_number(%s::jsonb, true)::text", json) == read


@pytest.mark.parametrize(
    ("items", "elements", "refusal"),
    [
        (None, None, None), ("null", None, None), ("[]", None, None), ("{}", None, None), ('"[]"', None, None), ('"{}"', None, None),
        ('[{"a": 1}]', '[{"a": 1}]', None), ('{"name": "x"}', '[{"name": "x"}]', None), ("[{}]", "[{}]", None),
        ('{"1": {"a": 1}, "10": {"b": 2}, "2": {"c": 3}}', '[{"a": 1}, {"c": 3}, {"b": 2}]', None),
        ('{"1": {"a": 1}, "2": 5}', '[{"1": {"a": 1}, "2": 5}]', None),
        ('"[{\\"a\\": 1}]"', '[{"a": 1}]', None), ('"{\\"a\\": 1}"', '[{"a": 1}]', None),
        ("5", None, "items_shape"), ("true", None, "items_shape"), ('"x"', None, "items_shape"), ('""', None, "items_shape"),
        ('"null"', None, "items_shape"), ('"5"', None, "items_shape"), ('"\\"[]\\""', None, "items_depth"),
        ("[null]", "[null]", "items_shape"), ("[5]", "[5]", "items_shape"), ('[{"a": 1}, "x"]', '[{"a": 1}, "x"]', "items_shape"),
        ("[[]]", "[[]]", "items_shape"), ("[[1]]", "[[1]]", "items_shape"), ("[[[]]]", "[[[]]]", "items_depth"),
        ('"[5]"', "[5]", "items_shape"),
    ],
)  # fmt: skip
def test_line_items_of_any_shape_are_a_list_or_refused_with_a_reason(items, elements, refusal):
    assert call("qp_item_refusal(%s::jsonb)", items) == refusal
    assert call("qp_item_list(%s::jsonb) IS NOT DISTINCT FROM %s::jsonb", items, elements)


def test_text_nested_beyond_the_parser_s_depth_is_refused_and_does_not_fail():
    deep = "[" * 100_000 + "]" * 100_000
    assert call("qp_item_refusal(to_jsonb(%s::text))", deep) == "items_shape"


@pytest.mark.parametrize(
    ("json", "read"),
    [(None, False), ("null", False), ("true", True), ("false", False), ('"yes"', True), ('" Ja "', True), ('"T"', True), ("1", True),
     ('"on"', True), ("0", False), ('"off"', False), ('"Nein"', False), ('"f"', False), ('""', None), ('"maybe"', None), ("2", None),
     ("[]", None), ("{}", None), ('"10"', None)],
)  # fmt: skip
def test_yes_and_no_are_read_by_a_closed_list(json, read):
    assert call("qp_item_boolean(%s::jsonb)", json) is read


@pytest.mark.parametrize(
    ("json", "read"),
    [("1", 1), ("-1", -1), ("0", 0), ("2147483647", 2147483647), ("-2147483647", -2147483647), ("2147483648", None), ("1.5", None),
     ('"1"', None), ("null", None), (None, None), ("true", None)],
)  # fmt: skip
def test_a_sort_order_is_a_whole_number(json, read):
    assert call("qp_item_sort_order(%s::jsonb)", json) == read


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, None),
        ("", None),
        (" \t\r\n\u00a0\u200b\u2060\ufeff\u3000", None),
        ("a", "a"),
        (" a ", " a "),
        ("\u00a0a", "\u00a0a"),
    ],
)
def test_a_text_is_kept_as_it_is_unless_it_is_blank(text, kept):
    assert call("qp_text(%s)", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [(None, None), ("", None), (" \r\n ", None), (" 1 Main ", "1 Main"), ("1\r\n2\r3\n4", "1\n2\n3\n4"), ("1  2", "1  2"),
     ("\u00a01 Main\n", "1 Main")],
)  # fmt: skip
def test_an_address_has_plain_line_ends_and_no_spaces_around(text, kept):
    assert call("qp_address(%s)", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, None),
        ("new", "new"),
        (" NEW\t", "new"),
        ("Converted", "converted"),
        ("hot", "hot"),
        ("Hot ", "Hot "),
        ("", ""),
        ("ne w", "ne w"),
    ],
)
def test_a_known_lead_status_is_kept_plainly_and_any_other_as_recorded(text, kept):
    assert call("qp_lead_status(%s)", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"), [(None, None), ("Good ", "good"), ("BEST", "best"), ("Platinum ", "Platinum "), ("", "")]
)
def test_a_known_tier_is_kept_plainly_and_any_other_as_recorded(text, kept):
    assert call("qp_item_tier(%s)", text) == kept


@pytest.mark.parametrize(
    ("number", "fits"),
    [(None, True), ("0", True), ("999999999999999999.999999999999", True), ("-999999999999999999", True), ("1e18", False), ("-1e18", False),
     ("0.1234567890123", False), ("0.1234567890120", True), ("NaN", False), ("Infinity", False), ("-Infinity", False)],
)  # fmt: skip
def test_a_number_fits_or_not(number, fits):
    assert call("qp_fits(%s::numeric)", number) is fits


text_or_none = st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
                         st.sampled_from(["", "-", "/", "1:a", "🏠", "é", "é", "a/b:c"]))  # fmt: skip
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@relaxed
@given(st.lists(st.tuples(st.uuids(), texts), min_size=1, max_size=50))
def test_ids_are_the_same_in_sql_and_in_python(pairs):
    ids, names = [id for id, _ in pairs], [name for _, name in pairs]
    statement = (
        "SELECT qp_uuid(v.id, v.name), qp_child_id(v.id, v.name) FROM unnest(%s::uuid[], %s::text[]) AS v(id, name)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [ids, names])
        assert cursor.fetchall() == [(derived_id(id, name), child_id(id, name)) for id, name in pairs]


@relaxed
@given(st.uuids(), st.lists(st.tuples(text_or_none, text_or_none, text_or_none), min_size=1, max_size=50))
def test_a_contact_s_id_is_the_same_in_sql_and_in_python_and_tells_contacts_apart(company, contacts):
    statement = "SELECT qp_contact_id(%s, v.name, v.email, v.phone) FROM unnest(%s::text[], %s::text[], %s::text[]) AS v(name, email, phone)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [company, *(list(part) for part in zip(*contacts, strict=True))])
        found = [id for (id,) in cursor.fetchall()]
    assert found == [contact_id(company, *contact) for contact in contacts]
    assert len(set(found)) == len(set(contacts))


@relaxed
@given(st.one_of(st.uuids(), st.sampled_from([UUID(int=1), UUID(int=2**64), UUID(int=2**128 - 1), UUID(int=2**120)])))
def test_the_uuid_before_another_is_one_less(id):
    assert call("qp_uuid_before(%s)", id) == UUID(int=max(id.int - 1, 0))
    assert call("qp_uuid_before(%s)", UUID(int=0)) == UUID(int=0)
