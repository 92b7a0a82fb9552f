"""What somebody types, made into what the indexes are asked."""

import re
from hashlib import md5
from typing import Any

import phonenumbers
from django.db.models import Model

from crm.models import Company, Customer
from crm.selectors.estimates import company_share

FEWEST_DIGITS = 7
MOST_WORDS = 8
MOST_OF_ALL = 0.5
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
    return {"search": words_query(company, words)} if words else {}


def words_query(company: Company, words: list[str]) -> str:
    """A tsquery text for customers with words that begin so; the words hold letters, digits and _ only."""
    return of_company(Customer, company, " & ".join(f"'{word}':*" for word in words))


def of_company(model: type[Model], company: Company, query: str) -> str:
    """The tsquery text asked of the company's rows."""
    return " & ".join([*company_word(model, company), f"({query})"])


def company_word(model: type[Model], company: Company) -> list[str]:
    """The word by which the index knows the company's rows; none for a company with most of them.

    With it, a word that is common everywhere costs a company only its own rows. Where nearly all are the company's, it
    would go through half the index to leave nothing out; the statement's own condition leaves the others out.
    """
    return [] if company_share(model, company.pk) > MOST_OF_ALL else [f"'c:{company.pk}'"]


def _e164(term: str, region: str) -> list[str]:
    try:
        number = phonenumbers.parse(term, region)
    except phonenumbers.NumberParseException:
        return []
    return [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)]
