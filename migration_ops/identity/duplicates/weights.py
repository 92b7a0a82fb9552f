"""The table of match weights, by version: what each observation is worth, and how it is said (pure).

A weight is log2 of how much likelier an observation is between records of one customer (``m``) than between records
drawn at random (``u``). ``m`` stands here; ``u`` of an exact agreement is how common the value is in the company, and
``u`` of the other levels is measured on random pairs of the company, leaning on the values here while there are few.
Source: docs/decisions/0017-duplicate-engine.md
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

ENGINE_VERSION: Final = "1.3"

# A company of fewer contacts is looked at as if it had so many: too few say nothing about how common a value is.
LEAST_POPULATION: Final = 4_096
# Two records of one customer among so many records of the same population: the prior is their ratio.
PRIOR_MATCHES: Final = 2.0
# Contacts above which the stricter threshold applies.
LARGE: Final = 200_000
AUTO_FROM: Final = 0.99
AUTO_FROM_LARGE: Final = 0.999
# Measured on made-up companies, four in ten of the pairs between 0.4 and 0.5 are one customer: worth a question.
REVIEW_FROM: Final = 0.4
# Random pairs drawn to measure u, and how many pairs the table's own u counts for.
SAMPLES: Final = 60_000
SAMPLES_OF_TABLE: Final = 2_000


class Word(IntEnum):
    """How two words of a name compare."""

    MISSING = 0
    DIFFERENT = 1
    ROUGH = 2
    INITIAL = 3
    CLOSE = 4
    NICKNAME = 5
    EXACT = 6


class Value(IntEnum):
    """How two phones, mailboxes or addresses compare."""

    MISSING = 0
    DIFFERENT = 1
    PARTLY = 2
    FAR = 3
    NEAR = 4
    SHARED = 5
    EXACT = 6


@dataclass(frozen=True, slots=True)
class Level:
    """``m`` and the table's own ``u``; ``words`` say what was seen."""

    m: float
    u: float
    words: str


FIRST: Final = {
    Word.DIFFERENT: Level(0.02, 0.95, "different first names"),
    Word.ROUGH: Level(0.012, 0.012, "first names a little alike"),
    Word.INITIAL: Level(0.04, 0.02, "an initial that fits the first name"),
    Word.CLOSE: Level(0.06, 0.004, "first names that differ by a letter or two"),
    Word.NICKNAME: Level(0.06, 0.004, "a short form of the first name"),
    Word.EXACT: Level(0.82, 0.01, "same first name"),
}
LAST: Final = {
    Word.DIFFERENT: Level(0.03, 0.98, "different surnames"),
    Word.ROUGH: Level(0.02, 0.01, "surnames a little alike"),
    Word.INITIAL: Level(0.01, 0.02, "an initial that fits the surname"),
    Word.CLOSE: Level(0.06, 0.002, "surnames that differ by a letter or two"),
    Word.EXACT: Level(0.88, 0.005, "same surname"),
}
COMPANY: Final = {
    Word.DIFFERENT: Level(0.01, 0.99, "different company names"),
    Word.ROUGH: Level(0.05, 0.01, "company names alike"),
    Word.CLOSE: Level(0.08, 0.001, "company names that differ by a letter or two"),
    Word.EXACT: Level(0.85, 0.001, "same company name"),
}
PHONE: Final = {
    Value.DIFFERENT: Level(0.35, 1.0, "different phones"),
    Value.FAR: Level(0.012, 0.0004, "phones that differ in two digits"),
    Value.NEAR: Level(0.04, 0.00002, "phones that differ in one digit"),
    Value.SHARED: Level(0.8, 0.03, "same phone, which several unlike names use"),
    Value.EXACT: Level(0.8, 0.0002, "same phone"),
}
MAILBOX: Final = {
    Value.DIFFERENT: Level(0.3, 1.0, "different mailboxes"),
    Value.FAR: Level(0.03, 0.0006, "mailboxes of one name at two providers, or much alike"),
    Value.NEAR: Level(0.05, 0.00004, "mailboxes that differ by a letter or two"),
    Value.SHARED: Level(0.8, 0.03, "same mailbox, which several unlike names or an office use"),
    Value.EXACT: Level(0.8, 0.0002, "same mailbox"),
}
ADDRESS: Final = {
    Value.DIFFERENT: Level(0.22, 1.0, "different addresses"),
    Value.PARTLY: Level(0.06, 0.01, "addresses that agree in part"),
    Value.FAR: Level(0.10, 0.004, "addresses that agree for the most part"),
    Value.EXACT: Level(0.75, 0.0004, "same address"),
}
