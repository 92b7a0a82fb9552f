"""What somebody types, made into what the indexes are asked."""

import re
from hashlib import md5
from typing import Any

import phonenumbers

from crm.models import Company

FEWEST_DIGITS = 7
MOST_WORDS = 8
WORD = re.compile(r"\w{1,60}", re.UNICODE)


def customer_filters(company: Company, term: str) -> dict[str, Any]:
    """Filters of the customer list for a term: a mailbox or a phone exactly, else beginnings of words of the name.

    Empty for a term without a word.
    """
    term = term.strip()[:200]
    keys: list[str] = []
    if "@" in term:
        keys = [term.lower()]
    elif sum(sign.isdigit() for sign in term) >= FEWEST_DIGITS:
        keys = list(dict.fromkeys([term, *_e164(term, company.phone_region)]))
    if keys:
        return {"contact_key": [md5(key.encode(), usedforsecurity=False).hexdigest() for key in keys]}
    words = WORD.findall(term.lower())[:MOST_WORDS]
    return {"search": words_query(company, words, is_prefix=True)} if words else {}


def words_query(company: Company, words: list[str], *, is_prefix: bool) -> str:
    """A tsquery text for all of the words, in this company; the words hold letters, digits and _ only."""
    end = ":*" if is_prefix else ""
    return " & ".join([f"'c:{company.pk}'", *(f"'{word}'{end}" for word in words)])


def _e164(term: str, region: str) -> list[str]:
    try:
        number = phonenumbers.parse(term, region)
    except phonenumbers.NumberParseException:
        return []
    return [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)]
