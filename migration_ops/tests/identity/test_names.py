import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_ops.identity import names
from migration_ops.identity.names import Likeness, likeness


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("john smith", "john smith", Likeness.EQUAL),
        (None, "john smith", Likeness.MISSING),
        (None, None, Likeness.MISSING),
        ("john smith", "smith john", Likeness.VARIANT),
        ("john smith", "john michael smith", Likeness.VARIANT),
        ("john smith", "john m smith", Likeness.VARIANT),
        ("john m smith", "john michael smith", Likeness.VARIANT),
        ("bob smith", "robert smith", Likeness.VARIANT),
        ("kate smith", "katherine smith", Likeness.VARIANT),
        ("maria garcia", "maria garcia lopez", Likeness.VARIANT),
        ("mary ann smith", "maryann smith", Likeness.VARIANT),
        ("john and mary smith", "mary and john smith", Likeness.VARIANT),
        ("j smith", "john smith", Likeness.INITIAL),
        ("j m smith", "john michael smith", Likeness.INITIAL),
        ("smith", "john smith", Likeness.BARE),
        ("john", "john smith", Likeness.BARE),
        ("bob", "robert smith", Likeness.BARE),
        ("john smith", "mary smith", Likeness.HOUSEHOLD),
        ("mark smith", "mary smith", Likeness.HOUSEHOLD),
        ("j smith", "mary smith", Likeness.HOUSEHOLD),
        ("john and mary smith", "john smith", Likeness.HOUSEHOLD),
        ("jhon smith", "john smith", Likeness.TYPO),
        ("john smith", "john smyth", Likeness.TYPO),
        ("john smith jr", "john smith sr", Likeness.SUFFIX_CLASH),
        ("john smith jr", "john smith iii", Likeness.SUFFIX_CLASH),
        ("bob smith jr", "robert smith sr", Likeness.SUFFIX_CLASH),
        ("john smith", "john smith jr", Likeness.SUFFIX_MISSING),
        ("john smith jr", "mary smith", Likeness.HOUSEHOLD),
        ("acme roofing llc", "acme roofing", Likeness.VARIANT),
        ("acme roofing llc", "acme roofing inc", Likeness.VARIANT),
        ("the acme group llc", "acme group", Likeness.COMPANY_PERSON),
        ("acme roofing", "bolt roofing", Likeness.UNLIKE),
        ("acme roofing llc", "john smith", Likeness.COMPANY_PERSON),
        ("smith llc", "john smith", Likeness.COMPANY_PERSON),
        ("john a smith", "john b smith", Likeness.UNLIKE),
        ("john smith", "john jones", Likeness.UNLIKE),
        ("john smith", "mary jones", Likeness.UNLIKE),
        ("smith", "jones", Likeness.UNLIKE),
        ("customer 1001", "customer 1002", Likeness.UNLIKE),
        ("山田太郎", "山田花子", Likeness.UNLIKE),
    ],
)
def test_likeness_of_two_names(first, second, expected):
    assert likeness(first, second) == expected
    assert likeness(second, first) == expected


words = st.sampled_from(
    ["j", "john", "jack", "mary", "smith", "smyth", "jones", "jr", "sr", "llc", "and", "roofing", "m"]
)
keys = st.lists(words, min_size=1, max_size=5).map(" ".join)


@settings(deadline=None)
@given(keys, keys)
def test_likeness_has_no_direction(first, second):
    assert likeness(first, second) == likeness(second, first)
    assert likeness(first, first) == Likeness.EQUAL


def test_a_group_is_compatible_only_pair_by_pair():
    assert names.all_compatible(["john smith", "j smith", "john m smith"])
    assert not names.all_compatible(["john smith", "j smith", "jane smith"])
    assert not names.all_compatible(["john smith", "john smith jr"])
    assert names.all_compatible(["john smith", "john smith jr"], allow_missing_suffix=True)


def test_unlike_names_are_counted_up_to_the_limit():
    assert names.count_unlike(["john smith", "j smith", "mary jones"], 3) == 2
    assert names.count_unlike(["a b", "c d", "e f", "g h", "i j"], 3) == 4
