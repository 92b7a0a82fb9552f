import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_ops.identity import phones
from migration_ops.identity.phones import NANP_REGIONS, read_phones


@pytest.mark.parametrize(
    ("recorded", "key"),
    [
        ("(555) 010-0123", "+15550100123"),
        ("+1 555 010 0123", "+15550100123"),
        ("5550100123", "+15550100123"),
        ("1-555-010-0123", "+15550100123"),
        ("555.010.0123", "+15550100123"),
        ("\u00a05550100123\t", "+15550100123"),
        ("5550100123.0", "+15550100123"),
        ("5.550100123E+09", "+15550100123"),
        ("cell: 555-010-0123", "+15550100123"),
        ("555-010-0123 (Mary)", "+15550100123"),
        ("５５５０１００１２３", "+15550100123"),
        ("٥٥٥٠١٠٠١٢٣", "+15550100123"),
        ("555/010-0123", "+15550100123"),
        ("1-800-FLOWERS", "+18003569377"),
        ("555-ROOF", "+15557663"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("0044 20 7946 0018", "+442079460018"),
        ("011 44 20 7946 0018", "+442079460018"),
        ("+49 30 123456", "+4930123456"),
    ],
)
def test_spellings_of_one_number_share_a_key(recorded, key):
    assert read_phones(recorded, "US").keys == (key,)


@pytest.mark.parametrize(
    ("recorded", "flags"),
    [
        ("0000000000", ("phone_invalid", "phone_placeholder")),
        ("000-000-0000", ("phone_invalid", "phone_placeholder")),
        ("9999999999", ("phone_invalid", "phone_placeholder")),
        ("555-5555", ("phone_invalid", "phone_placeholder")),
        ("555-555-5555", ("phone_invalid", "phone_placeholder")),
        ("123-456-7890", ("phone_invalid", "phone_placeholder")),
        ("+1 (123) 456-7890", ("phone_invalid", "phone_placeholder")),
        ("123", ("phone_invalid", "phone_placeholder")),
        ("n/a", ("phone_invalid", "phone_placeholder")),
        ("-", ("phone_invalid", "phone_placeholder")),
        ("call me", ("phone_invalid",)),
        ("867-5309", ("phone_invalid",)),
        ("55501001234567", ("phone_invalid",)),
        ("5.55E+09", ("phone_precision_lost",)),
        ("5.55e9", ("phone_precision_lost",)),
        ("020 7946 0018", ("phone_country_unclear",)),
        ("44 20 7946 0018", ("phone_country_unclear",)),
        ("+999 123 4567", ("phone_invalid",)),
    ],
)
def test_what_is_no_number_has_no_key_and_stays_as_recorded(recorded, flags):
    read = read_phones(recorded, "US")
    assert read == phones.ReadPhones((), recorded, flags)


def test_an_extension_is_shown_but_not_compared():
    for recorded in ("212-555-1234 x12", "(212) 555-1234 ext. 12", "212 555 1234 #12", "2125551234 extension 12"):
        read = read_phones(recorded, "US")
        assert read == phones.ReadPhones(("+12125551234",), "+12125551234 x12", ("phone_extension",))


def test_a_vanity_number_is_shown_as_recorded():
    assert read_phones("1-800-FLOWERS", "US").display == "1-800-FLOWERS"


@pytest.mark.parametrize("recorded", ["2125551234 / 2125551235", "212-555-1234 or 212-555-1235",
                                      "2125551234 2125551235",
                                      "2125551234;2125551235", "home 2125551234, cell 2125551235"])  # fmt: skip
def test_two_numbers_are_both_read(recorded):
    read = read_phones(recorded, "US")
    assert read.keys == ("+12125551234", "+12125551235")
    assert read.display == "+12125551234"
    assert read.flags == ("phone_two",)


def test_the_country_of_the_company_decides():
    assert read_phones("020 7946 0018", "GB").keys == ("+442079460018",)
    assert read_phones("030 123456", "DE").keys == ("+4930123456",)
    assert read_phones("2125551234", "CA").keys == ("+12125551234",)
    assert read_phones("2125551234", "nowhere").flags == ("phone_country_unclear",)
    assert read_phones("+12125551234", "nowhere").keys == ("+12125551234",)


area = st.integers(200, 999).map(str)
national = st.one_of(
    st.from_regex(r"[2-9][0-9]{9}", fullmatch=True),
    st.builds("{}{}{}".format, area, st.sampled_from(["000", "010", "110", "199", "200", "555", "911", "999"]),
              st.sampled_from(["0000", "0100", "0199", "1212", "9999"])),
    st.builds("52{}{}{}".format, st.integers(1, 9), st.from_regex("[0-9]{3}", fullmatch=True),
              st.from_regex("[0-9]{4}", fullmatch=True)),
)  # fmt: skip
shape = st.sampled_from(
    ["{0}", "({1}) {2}-{3}", "{1}-{2}-{3}", "+1{0}", "1{0}", "+1 {1} {2} {3}", "1-{1}-{2}-{3}", "{1}.{2}.{3}"]
)


@settings(max_examples=1500, deadline=None)
@given(digits=national, shape=shape, region=st.sampled_from(sorted(NANP_REGIONS)))
def test_the_fast_path_equals_the_library(digits, shape, region):
    recorded = shape.format(digits, digits[:3], digits[3:6], digits[6:])
    parsed = phonenumbers.parse(recorded, region)
    assert phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    read = read_phones(recorded, region)
    if phones.is_placeholder(digits):
        assert read.keys == ()
        return
    assert read.keys == (phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),)
    assert ("phone_unassigned" not in read.flags) == phonenumbers.is_valid_number(parsed)


def test_every_area_code_is_judged_as_the_library_judges_it():
    for code in range(200, 1000):
        for line in ("2345678", "0100123", "5550123", "9110000"):
            parsed = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}{line}"))
            assert bool(phones._NANP_VALID.fullmatch(f"{code}{line}")) == phonenumbers.is_valid_number(parsed), (
                code,
                line,
            )


@settings(max_examples=300, deadline=None)
@given(digits=national, shape=shape)
def test_fast_and_slow_path_agree(digits, shape):
    recorded = shape.format(digits, digits[:3], digits[3:6], digits[6:])
    fast = read_phones(recorded, "US")
    slow = phones._read_unusual(recorded, "US")
    assert (fast.keys, fast.flags) == (slow.keys, slow.flags)
