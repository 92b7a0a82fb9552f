"""What speaks for and against two contacts being one customer: weights, words, score (pure).

Weights are log2 of how much likelier the observation is for one customer than for two. W is their sum with the prior;
the score is 1 / (1 + 2^-W). Source: docs/decisions/0004-identity.md
"""

from enum import StrEnum
from typing import Final, TypedDict

from migration_ops.identity.names import Likeness


class Reason(StrEnum):
    """Why a pair is shown to a person; a closed list."""

    SUFFIX_CLASH = "suffix_clash"
    SUFFIX_MISSING = "suffix_missing"
    COMPANY_SAME_NAME = "company_same_name"
    PHONE_AND_MAILBOX_UNLIKE_NAMES = "phone_and_mailbox_unlike_names"
    PHONE_AND_ADDRESS_UNLIKE_NAMES = "phone_and_address_unlike_names"
    PHONE_UNLIKE_NAMES = "phone_unlike_names"
    MAILBOX_UNLIKE_NAMES = "mailbox_unlike_names"
    NAME_TYPO = "name_typo"
    AMBIGUOUS_NAME = "ambiguous_name"
    SAME_NAME_SHARED_KEY = "same_name_shared_key"
    SAME_NAME_AND_ADDRESS = "same_name_and_address"
    NAME_MISSING = "name_missing"
    REFUSED_BRIDGE = "refused_bridge"
    COMPONENT_TOO_LARGE = "component_too_large"


REASON_WORDS: Final[dict[Reason, str]] = {
    Reason.SUFFIX_CLASH: "Everything agrees, but the names are of two generations (Jr and Sr).",
    Reason.SUFFIX_MISSING: "One name says Jr or Sr, the other does not, and no mailbox settles it.",
    Reason.COMPANY_SAME_NAME: "A company and a person of the same name share a phone or mailbox.",
    Reason.PHONE_AND_MAILBOX_UNLIKE_NAMES: "Same phone and same mailbox under different names.",
    Reason.PHONE_AND_ADDRESS_UNLIKE_NAMES: "Same phone and same address under different names.",
    Reason.PHONE_UNLIKE_NAMES: "Same phone under different names that are not a family.",
    Reason.MAILBOX_UNLIKE_NAMES: "Same mailbox under different names.",
    Reason.NAME_TYPO: "The names differ by one letter.",
    Reason.AMBIGUOUS_NAME: "A short name fits, but a second person of that name is known there.",
    Reason.SAME_NAME_SHARED_KEY: "Same name, but the phone or mailbox they share is used by others too.",
    Reason.SAME_NAME_AND_ADDRESS: "Same name and same address, but neither phone nor mailbox agrees.",
    Reason.NAME_MISSING: "A name is missing, and what agrees does not settle whose it is.",
    Reason.REFUSED_BRIDGE: "The two agree, but joining them would join others that contradict each other.",
    Reason.COMPONENT_TOO_LARGE: "The two agree, but more records hang together here than one customer has.",
}


class Kind(StrEnum):
    """What was observed; a closed list."""

    PHONE_PERSONAL = "phone_personal"
    PHONE_SHARED = "phone_shared"
    PHONE_DIFFERENT = "phone_different"
    MAILBOX_PERSONAL = "mailbox_personal"
    MAILBOX_SHARED = "mailbox_shared"
    MAILBOX_ROLE = "mailbox_role"
    MAILBOX_DIFFERENT = "mailbox_different"
    ADDRESS_SAME = "address_same"
    NAME_EQUAL = "name_equal"
    NAME_VARIANT = "name_variant"
    NAME_INITIAL = "name_initial"
    NAME_BARE = "name_bare"
    NAME_MISSING = "name_missing"
    NAME_TYPO = "name_typo"
    NAME_HOUSEHOLD = "name_household"
    NAME_SUFFIX_CLASH = "name_suffix_clash"
    NAME_SUFFIX_MISSING = "name_suffix_missing"
    NAME_COMPANY_PERSON = "name_company_person"
    NAME_UNLIKE = "name_unlike"


# Two contacts of one company drawn at random are almost never one customer.
PRIOR_BITS: Final = -10.0

WEIGHTS: Final[dict[Kind, tuple[float, str]]] = {
    Kind.PHONE_PERSONAL: (9.0, "same phone, used under one name"),
    Kind.PHONE_SHARED: (5.0, "same phone, also used under other names"),
    Kind.PHONE_DIFFERENT: (-1.0, "different phones"),
    Kind.MAILBOX_PERSONAL: (10.0, "same mailbox, used under one name"),
    Kind.MAILBOX_SHARED: (5.0, "same mailbox, also used under other names"),
    Kind.MAILBOX_ROLE: (2.0, "same mailbox, but one of an office"),
    Kind.MAILBOX_DIFFERENT: (-1.0, "different mailboxes"),
    Kind.ADDRESS_SAME: (5.0, "same address"),
    Kind.NAME_EQUAL: (7.0, "same name"),
    Kind.NAME_VARIANT: (5.0, "same name in another form (short form, middle name, order, legal form)"),
    Kind.NAME_INITIAL: (3.0, "an initial that fits the first name"),
    Kind.NAME_BARE: (2.0, "only a surname or a first name, and it fits"),
    Kind.NAME_MISSING: (0.0, "a name is missing"),
    Kind.NAME_TYPO: (4.0, "names one letter apart"),
    Kind.NAME_HOUSEHOLD: (-8.0, "same surname, different first names"),
    Kind.NAME_SUFFIX_CLASH: (-9.0, "two generations of one name"),
    Kind.NAME_SUFFIX_MISSING: (0.0, "only one name says which generation"),
    Kind.NAME_COMPANY_PERSON: (-8.0, "one is a company, the other a person"),
    Kind.NAME_UNLIKE: (-6.0, "different names"),
}

NAME_KINDS: Final[dict[Likeness, Kind]] = {likeness: Kind(f"name_{likeness.value}") for likeness in Likeness}


class EvidenceItem(TypedDict):
    """One observation as stored and shown: kind, words, weight in bits (negative speaks against)."""

    kind: str
    text: str
    weight: float


def waterfall(kinds: set[Kind]) -> list[EvidenceItem]:
    """The observations as items, the heaviest first."""
    items: list[EvidenceItem] = [
        {"kind": kind.value, "text": WEIGHTS[kind][1], "weight": WEIGHTS[kind][0]} for kind in kinds
    ]
    return sorted(items, key=lambda item: (-abs(item["weight"]), item["kind"]))


def score(kinds: set[Kind]) -> float:
    """The probability (0 to 1) that contacts so observed are one customer, rounded to six places."""
    weight = PRIOR_BITS + sum(WEIGHTS[kind][0] for kind in kinds)
    return round(float(1 / (1 + 2**-weight)), 6)
