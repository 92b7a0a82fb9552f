"""A contact's stored keys and recorded texts in the forms the engine compares (pure)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from migration_ops.identity import lexicon, phones
from migration_ops.identity.duplicates.addresses import fold_address
from migration_ops.identity.duplicates.columns import ContactTexts

_NUMBER_INSIDE: Final = re.compile(
    r"(?:\+?1[-. ]?)?(?<![0-9])\(?[2-9][0-9]{2}\)?[-. ]{1,2}[0-9]{3}[-. ][0-9]{4}(?![0-9])"
)
_MAILBOX_INSIDE: Final = re.compile(r"\S+@\S+\.\S+")
_MAX_DIGITS: Final = 20


def known_name(name_key: str | None) -> str | None:
    """The folded name, None where it is none."""
    return name_key if name_key and name_key not in lexicon.NAME_PLACEHOLDERS else None


def read_contact(
    name_key: str | None,
    email_key: str | None,
    phone_key: str | None,
    extra_keys: Sequence[str],
    recorded_phone: str | None,
    addresses: Iterable[str],
    region: str,
) -> ContactTexts:
    """The contact as it is compared.

    A phone that is no number of any plan still says who somebody is, if it has seven digits and is no filler: its
    digits are compared. A number inside an address is a phone, not a part of the address.
    """
    mailboxes = [email_key] if email_key else []
    numbers = [phone_key] if phone_key else []
    for key in extra_keys:
        (mailboxes if "@" in key else numbers).append(key)
    places: list[str] = []
    for address in addresses:
        if "@" in address or "-" in address or "." in address:
            inside = _NUMBER_INSIDE.search(address)
            if inside is not None:
                numbers += phones.read_phones(inside.group(), region).keys
                address = address.replace(inside.group(), " ")
            address = _MAILBOX_INSIDE.sub(" ", address)
        folded = fold_address(address)
        if folded:
            places.append(folded)
    if not numbers and recorded_phone and "@" not in recorded_phone:
        digits = "".join(filter(str.isdigit, recorded_phone))
        if phones.MIN_DIGITS <= len(digits) <= _MAX_DIGITS and digits.isascii() and not phones.is_placeholder(digits):
            numbers.append(digits)
    return ContactTexts(
        known_name(name_key),
        _each_once(mailboxes),
        _each_once(numbers),
        _each_once(places),
    )


def _each_once(texts: list[str]) -> tuple[str, ...]:
    return tuple(texts if len(texts) < 2 else dict.fromkeys(texts))
