"""Telephone numbers in a recorded text, in E.164.

A number counts as usable if its length is possible for its country; whether its range is assigned is a flag.
Source: docs/decisions/0003-phones.md
"""

import re
import unicodedata
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from migration_ops.identity import lexicon

# More numbers than this in one field is a pasted document, not a contact.
MAX_NUMBERS: Final = 8
# The library refuses longer texts as well.
MAX_PIECE: Final = 100
MAX_READ: Final = 1_000
# Below this many digits only a number the library calls valid is believed (Andorra has six).
MIN_DIGITS: Final = 7

NANP_REGIONS: Final = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
_TYPES: Final = ("fixed_line", "mobile", "premium_rate", "toll_free", "shared_cost", "voip", "personal_number",
                 "pager", "uan", "voicemail")  # fmt: skip


def _nanp_pattern() -> re.Pattern[str]:
    """Every number the library calls valid in any region of the North American plan, as one expression."""
    patterns: dict[str, None] = {}
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]:
        metadata = PhoneMetadata.metadata_for_region(region)
        for name in _TYPES:
            description = getattr(metadata, name)
            if description is not None and description.national_number_pattern:
                patterns[description.national_number_pattern] = None
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_NANP_VALID: Final = _nanp_pattern()
_NANP_PLAIN: Final = re.compile(r"(\+?1[-. ]?)?\(?([2-9][0-9]{2})\)?[-. ]?([0-9]{3})[-. ]?([0-9]{4})")
_NANP_RUN: Final = re.compile(r"(?<![0-9])(?:\+?1[-. ]?)?\(?[2-9][0-9]{2}\)?[-. ]{0,2}[0-9]{3}[-. ]?[0-9]{4}(?![0-9])")
_FLOAT: Final = re.compile(r"(\+?[0-9]{7,15})[.,]0{1,6}")
_SCIENTIFIC: Final = re.compile(r"([0-9])(?:[.,]([0-9]{1,20}))? ?[eE] ?\+?([0-9]{1,2})")
_EXTENSION: Final = re.compile(r"(?:extension|extn|ext|xtn|durchwahl|poste|x|#)[.: #]{0,3}([0-9]{1,7})[).\]]?$", re.I)
_SPLIT: Final = re.compile(r"[/;,|\n\r\\]|[ ](?:or|and|und|oder|ou|y|o)[ ]|[ ]?&[ ]?", re.I)
_WORD: Final = re.compile(r"[^\W\d_]+")
_TRUNK_ZERO: Final = re.compile(r"\([ ]?0[ ]?\)")
_FILLERS: Final = frozenset(("0000000", "1111111", "5555555", "9999999"))
# Every stretch of three or more of the digits in order, up or down.
_SEQUENCES: Final = frozenset(
    run[start:end]
    for run in ("012345678901", "09876543210")
    for start in range(len(run))
    for end in range(start + 3, len(run) + 1)
)


class ReadPhones(NamedTuple):
    """What one phone column holds: numbers in E.164 in recorded order, display text, flags."""

    keys: tuple[str, ...]
    display: str | None
    flags: tuple[str, ...]


class _Number(NamedTuple):
    key: str
    display: str
    flags: tuple[str, ...]


NO_PHONES: Final = ReadPhones((), None, ())


def is_placeholder(national: str) -> bool:
    """Whether national digits were typed to fill the field: one repeated digit, a run, 555-5555."""
    if national == national[0] * len(national) or national in _SEQUENCES:
        return True
    return national[-7:] in _FILLERS


def read_phones(recorded: str | None, region: str) -> ReadPhones:
    """What a phone column holds.

    Args:
        recorded: the column as it is, of any length.
        region: ISO 3166 alpha-2 code of the company's country; an unknown one leaves only numbers with "+".
    Returns:
        Usable numbers in E.164, the text to show (E.164 where usable, else as recorded, trimmed), and flags.
        Linear in the length of the text.
    """
    if not recorded:
        return NO_PHONES
    plain = _NANP_PLAIN.fullmatch(recorded)
    if plain is not None and (region in NANP_REGIONS or recorded[0] == "+"):
        return _nanp(plain[2] + plain[3] + plain[4], recorded)
    return _read_unusual(recorded, region)


def _nanp(national: str, recorded: str) -> ReadPhones:
    """The ordinary case: ten digits of the North American plan and nothing else."""
    if is_placeholder(national):
        return ReadPhones((), recorded, ("phone_invalid", "phone_placeholder"))
    key = "+1" + national
    return ReadPhones((key,), key, () if _NANP_VALID.fullmatch(national) else ("phone_unassigned",))


def _read_unusual(recorded: str, region: str) -> ReadPhones:
    region = region.strip().upper()
    text = unicodedata.normalize("NFKC", recorded[:MAX_READ])
    # Digits of other scripts become ASCII; marks and invisible signs go.
    text = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in text
        if sign.isascii() or unicodedata.category(sign) not in ("Cf", "Mn")
    ).strip()
    shown = " ".join(recorded.split()) or None
    if not text or shown is None:
        return NO_PHONES
    if not any(sign.isdigit() for sign in text):
        words = " ".join(_WORD.findall(text[:80].lower()))
        if not words or words in lexicon.VALUE_PLACEHOLDERS:
            return ReadPhones((), shown, ("phone_invalid", "phone_placeholder"))
    pieces = _pieces(text)
    whole = _number(text, region)
    if isinstance(whole, _Number) and (len(pieces) < 2 or "phone_extension" not in whole.flags):
        return ReadPhones((whole.key,), whole.display, whole.flags)
    # The library reads what follows ";" or "," as an extension, even if it is a whole number.
    numbers: list[_Number] = []
    for piece in pieces:
        number = _number(piece, region)
        if isinstance(number, _Number):
            numbers.append(number)
        elif len(numbers) == MAX_NUMBERS:
            break
    if not numbers:
        if isinstance(whole, _Number):
            return ReadPhones((whole.key,), whole.display, whole.flags)
        return ReadPhones((), shown, whole)
    flags = {flag for number in numbers for flag in number.flags}
    keys = tuple(dict.fromkeys(number.key for number in numbers))
    if len(keys) > 1:
        flags.add("phone_two")
    return ReadPhones(keys, numbers[0].display, tuple(sorted(flags)))


def _pieces(text: str) -> list[str]:
    """The parts of a field that may each hold a number; at most twice ``MAX_NUMBERS``."""
    parts = [part.strip() for part in _SPLIT.split(text)]
    pieces = [part for part in parts if sum(sign.isdigit() for sign in part) >= MIN_DIGITS - 3]
    found: list[str] = []
    for piece in pieces[: 2 * MAX_NUMBERS]:
        runs = _NANP_RUN.findall(piece) if len(piece) <= MAX_READ else []
        found.extend(runs if len(runs) > 1 else [piece])
    return found[: 2 * MAX_NUMBERS]


def _number(text: str, region: str) -> _Number | tuple[str, ...]:
    """One number, or the flags that say why the text is none."""
    text = text.strip()
    if len(text) > MAX_PIECE:
        return ("phone_invalid",)
    as_float = _FLOAT.fullmatch(text)
    if as_float is not None:
        text = as_float[1]
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is not None:
        digits = scientific[1] + (scientific[2] or "")
        if len(digits) != int(scientific[3]) + 1:
            return ("phone_precision_lost",)
        text = digits
    extension = ""
    match = _EXTENSION.search(text)
    if match is not None and sum(sign.isdigit() for sign in text[: match.start()]) >= MIN_DIGITS:
        extension = match[1]
        text = text[: match.start()].rstrip(" ,;.([")
    if text.startswith(("+", "00", "(+")):
        text = _TRUNK_ZERO.sub("", text)
    digits = "".join(sign for sign in text if sign.isdigit())
    if len(digits) < 3 or len(digits) > 20:
        return ("phone_invalid",)
    letters = _WORD.findall(text)
    if letters:
        number = _vanity(text, letters, region)
        if number is not None:
            return number
        text = " ".join(_WORD.sub(" ", text).split())
    return _parsed(text, digits, region, extension)


def _vanity(text: str, letters: list[str], region: str) -> _Number | None:
    """A number dialled by its letters (1-800-FLOWERS); shown as recorded."""
    if sum(map(len, letters)) < 3 or " " in text.strip() or not text.isascii():
        return None
    parsed = _parse(text, region)
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        return None
    if is_placeholder(phonenumbers.national_significant_number(parsed)):
        return None
    return _Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), text, ())


def _parse(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region if region in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return None


def _parsed(text: str, digits: str, region: str, extension: str) -> _Number | tuple[str, ...]:
    if is_placeholder(digits):
        return ("phone_invalid", "phone_placeholder")
    parsed = _parse(text, region)
    reason = None if parsed is None else phonenumbers.is_possible_number_with_reason(parsed)
    if parsed is not None and reason == phonenumbers.ValidationResult.IS_POSSIBLE and _fits_plan(parsed):
        return _accepted(parsed, digits, extension)
    if digits.startswith("00"):
        # "00" is how most of the world dials abroad, whatever the company's own country dials.
        abroad = _parse("+" + digits[2:], region)
        if abroad is not None and phonenumbers.is_valid_number(abroad):
            return _accepted(abroad, digits, extension)
    if parsed is not None and is_placeholder(phonenumbers.national_significant_number(parsed)):
        return ("phone_invalid", "phone_placeholder")
    if "+" not in text and _is_foreign(digits, region):
        return ("phone_country_unclear",)
    return ("phone_invalid",)


def _fits_plan(parsed: phonenumbers.PhoneNumber) -> bool:
    """No area code of the North American plan begins with 0 or 1."""
    return parsed.country_code != 1 or phonenumbers.national_significant_number(parsed)[0] not in "01"


def _is_foreign(digits: str, region: str) -> bool:
    """Whether digits without "+" only make sense in another country, or the company's country is unknown."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return len(digits) >= MIN_DIGITS
    abroad = _parse("+" + digits, region)
    if abroad is not None and phonenumbers.is_valid_number(abroad):
        return True
    return region in NANP_REGIONS and digits[0] == "0" and 10 <= len(digits) <= 12


def _accepted(parsed: phonenumbers.PhoneNumber, digits: str, extension: str) -> _Number | tuple[str, ...]:
    national = phonenumbers.national_significant_number(parsed)
    if is_placeholder(national):
        return ("phone_invalid", "phone_placeholder")
    is_valid = phonenumbers.is_valid_number(parsed)
    if not is_valid and len(digits) < MIN_DIGITS:
        return ("phone_invalid",)
    key = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    flags = [] if is_valid else ["phone_unassigned"]
    extension = extension or parsed.extension or ""
    if extension:
        flags.insert(0, "phone_extension")
    return _Number(key, f"{key} x{extension}" if extension else key, tuple(flags))
