"""Two rows, and what is different between them (V27)."""

import json

import pytest

from migration_ops.models.shadow import Rule
from migration_ops.shadow.differences import FIELD_LIMIT, TEXT_LIMIT, id_of, row_differences

ID = "00000000-0000-0000-0000-000000000001"


def found(legacy: str, new: str) -> list[tuple]:
    return [(each.field, each.rule, each.legacy, each.new) for each in row_differences(ID, legacy, new)]


@pytest.mark.parametrize(
    ("legacy", "new", "expected"),
    [
        ('{"a":1}', '{"a":1}', []),
        ('{"a":1}', '{"a":2}', [("a", Rule.VALUE, "1", "2")]),
        ('{"a":1.50}', '{"a":1.5}', [("a", Rule.FORM, "1.50", "1.5")]),
        (
            '{"a":9007199254740993}',
            '{"a":9007199254740992}',
            [("a", Rule.VALUE, "9007199254740993", "9007199254740992")],
        ),
        ('{"a":0.1000000000000000055}', '{"a":0.1}', [("a", Rule.VALUE, "0.1000000000000000055", "0.1")]),
        ('{"a":null}', '{"a":""}', [("a", Rule.TYPE, None, "")]),
        ('{"a":"1"}', '{"a":1}', [("a", Rule.TYPE, "1", "1")]),
        ('{"a":true}', '{"a":1}', [("a", Rule.TYPE, "true", "1")]),
        ('{"a":"x"}', '{"a":"x "}', [("a", Rule.VALUE, "x", "x ")]),
        ('{"a":1,"b":2}', '{"a":1}', [("b", Rule.MISSING, "2", None)]),
        ('{"a":1}', '{"a":1,"b":null}', [("b", Rule.EXTRA, None, None)]),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', [("", Rule.FORM, '{"a":1,"b":2}', '{"b":2,"a":1}')]),
        ('{"i":[{"p":1},{"p":2},{"p":3}]}', '{"i":[{"p":1},{"p":5},{"p":6}]}', [("i[].p", Rule.VALUE, "2", "5")]),
        ('{"i":[1,2]}', '{"i":[1]}', [("i", Rule.VALUE, "[1, 2]", "[1]")]),
        ('{"i":[1,2]}', '{"i":[2,1]}', [("i[]", Rule.VALUE, "1", "2")]),
        ('{"i":{"x":"y"}}', '{"i":[]}', [("i", Rule.TYPE, '{"x": "y"}', "[]")]),
    ],
)
def test_a_difference_is_named_by_field_and_rule(legacy, new, expected):
    assert found(legacy, new) == expected


def test_what_is_nested_too_deeply_to_be_read_is_a_difference_all_the_same():
    deep = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    ((field, rule, _, _),) = found(deep, '{"a":1}')
    assert (field, rule) == ("", Rule.VALUE)


def test_what_is_kept_is_bounded_and_can_be_stored():
    ((field, _, legacy, new),) = found(json.dumps({"k" * 500: "v" * 9_000}), json.dumps({"k" * 500: "\x00"}))
    assert (len(field), len(legacy), new) == (FIELD_LIMIT, TEXT_LIMIT, "\\u0000")


def test_a_row_is_known_by_its_id():
    assert id_of(f'{{"id":"{ID}","company_id":"x"}}') == ID
    with pytest.raises(ValueError, match="no row of API v1"):
        id_of('{"company_id":"x"}')
