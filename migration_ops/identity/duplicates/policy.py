"""What becomes of a pair: merged without asking, put before a person, or kept apart (pure).

Source: docs/decisions/0017-duplicate-engine.md
"""

from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity import names
from migration_ops.identity.duplicates import weights
from migration_ops.identity.duplicates.columns import Columns
from migration_ops.identity.duplicates.compare import Compared
from migration_ops.identity.duplicates.name_pairs import SUFFIX_ONE, Rows
from migration_ops.identity.duplicates.second_bearer import has_second_bearer
from migration_ops.identity.duplicates.sorting import distinct_pairs
from migration_ops.identity.duplicates.usage import may_be_one
from migration_ops.identity.duplicates.weights import Value, Word
from migration_ops.identity.duplicates.words import Floats
from migration_ops.identity.names import COMPATIBLE, Likeness


class Verdict(IntEnum):
    """Of one pair."""

    SEPARATE = 0
    REVIEW = 1
    AUTO = 2


class Why(StrEnum):
    """Why a pair is not merged without asking, or kept apart although much agrees; a closed list."""

    NONE = ""
    PROBABLE = "probable"
    ONE_KIND = "one_kind"
    NOT_PERSONAL = "not_personal"
    AMBIGUOUS_NAME = "ambiguous_name"
    NAMES_UNLIKE = "names_unlike"
    SUFFIX_MISSING = "suffix_missing"
    SUFFIX_CLASH = "suffix_clash"
    HOUSEHOLD = "household"
    COMPANY_PERSON = "company_person"
    REFUSED_BRIDGE = "refused_bridge"
    TOO_LARGE = "component_too_large"
    DECIDED_APART = "decided_apart"
    SAME_NAME = "same_name"


WHYS: Final = tuple(Why)
# How two customers that stay apart are linked, by the number in ``Scored.relation``.
RELATIONS: Final = ("", "household", "works_for")
VETOES: Final = (Why.COMPANY_PERSON, Why.SUFFIX_CLASH, Why.HOUSEHOLD)
# A veto leaves nothing of a high score but a doubt.
VETOED: Final = 0.45
# What asking about two groups of one rare name and nothing to compare is worth; measured, more than half are one.
NAMESAKES: Final = 0.6


def auto_from(contacts: int, *, is_proven: bool = False) -> float:
    """The probability from which customers are merged without asking: precision at a fixed one falls as runs grow.

    Args:
        is_proven: people judged so many of the company's automatic merges that even the lower bound reaches the bar.
    """
    return weights.AUTO_FROM_LARGE if contacts > weights.LARGE and not is_proven else weights.AUTO_FROM


def relations(compared: Compared) -> npt.NDArray[np.uint8]:
    """Of each pair what links two that are not one: a place in ``RELATIONS``.

    A plain household bears one surname and has full, different first names; an employee shares something of a company.
    """
    shared = (compared.phone >= Value.SHARED) | (compared.mailbox >= Value.SHARED)
    place = shared | (compared.address == Value.EXACT)
    result = np.zeros(len(place), np.uint8)
    result[place & (compared.first == Word.DIFFERENT) & (compared.last == Word.EXACT)] = RELATIONS.index("household")
    result[shared & compared.mixed] = RELATIONS.index("works_for")
    return result


def same_name(compared: Compared) -> npt.NDArray[np.bool_]:
    """Pairs of one full name, or of one company's, that have no phone, mailbox or address both could be known by."""
    person = (compared.first == Word.EXACT) & ~compared.swapped & (compared.suffix == 0)
    blank = (compared.phone == 0) & (compared.mailbox == 0) & (compared.address == 0)
    found: npt.NDArray[np.bool_] = blank & (compared.last == Word.EXACT) & (person | compared.companies)
    found &= compared.middle != Word.DIFFERENT
    return found


def judge(
    columns: Columns, one: Rows, other: Rows, compared: Compared, probability: Floats, threshold: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], Floats]:
    """Verdict, reason (a place in ``WHYS``) and score of each pair; the score is lowered where a veto strikes."""
    verdict = np.zeros(len(one), np.uint8)
    why = np.zeros(len(one), np.uint8)
    score = probability.astype(np.float32).copy()

    def veto(where: npt.NDArray[np.bool_], reason: Why) -> None:
        why[where] = WHYS.index(reason)
        score[where] = np.minimum(score[where], VETOED * probability[where])

    hopeful = probability >= weights.REVIEW_FROM
    like = _likeness(columns, one, other, hopeful)
    struck = {
        Why.COMPANY_PERSON: compared.mixed,
        Why.SUFFIX_CLASH: like == _PLACE[Likeness.SUFFIX_CLASH],
        Why.HOUSEHOLD: (like == _PLACE[Likeness.HOUSEHOLD]) & (compared.first == Word.DIFFERENT),
    }
    for reason in VETOES:
        veto(hopeful & struck[reason], reason)
    open_ = hopeful & (why == 0)
    verdict[open_] = Verdict.REVIEW
    why[open_] = WHYS.index(Why.PROBABLE)
    sure = open_ & (probability >= threshold)
    fits = np.isin(like, [_PLACE[each] for each in COMPATIBLE | {Likeness.TYPO, Likeness.SUFFIX_MISSING}]) | (
        like == _ALIKE
    )
    kinds = (
        ((compared.first >= Word.CLOSE) | (compared.last >= Word.CLOSE)).astype(np.uint8)
        + (compared.phone >= Value.NEAR)
        + (compared.mailbox >= Value.NEAR)
        + (compared.address == Value.EXACT)
    )
    ambiguous = np.isin(like, [_PLACE[Likeness.INITIAL], _PLACE[Likeness.BARE]]) & (compared.people > 1)
    asked = np.flatnonzero(sure & ambiguous)
    ambiguous[asked] = has_second_bearer(columns, one[asked], other[asked])
    own_mailbox = (compared.mailbox >= Value.EXACT) & compared.personal
    # What a house or an office shares is nobody's own, but a full name that nobody else has there is.
    kinds_shared = (
        (compared.phone >= Value.NEAR).astype(np.uint8)
        + (compared.mailbox >= Value.NEAR)
        + (compared.address == Value.EXACT)
    )
    first_same = (compared.first == Word.EXACT) | (compared.first == Word.NICKNAME) & (compared.people <= 1)
    first_near = first_same | (compared.first == Word.CLOSE) | (compared.first == Word.NICKNAME)
    last_same, last_near = compared.last == Word.EXACT, compared.last >= Word.CLOSE
    full_name = (kinds_shared > 0) & last_same & (first_same | compared.companies) | (
        (kinds_shared > 1) & last_near & (first_near | compared.companies)
    )
    full_name &= compared.suffix != SUFFIX_ONE
    half_suffix = (compared.suffix == SUFFIX_ONE) & ~own_mailbox
    auto = sure.copy()
    for wrong, reason in (
        (kinds < 2, Why.ONE_KIND),
        (~(compared.personal | compared.near_personal | full_name), Why.NOT_PERSONAL),
        (half_suffix, Why.SUFFIX_MISSING),
        (ambiguous, Why.AMBIGUOUS_NAME),
        (~fits, Why.NAMES_UNLIKE),
    ):
        why[sure & wrong] = WHYS.index(reason)
        auto &= ~wrong
    verdict[auto] = Verdict.AUTO
    why[auto] = 0
    return verdict, why, score


_PLACE: Final = {likeness: place for place, likeness in enumerate(Likeness, start=1)}
_ALIKE: Final = 100


def _likeness(columns: Columns, one: Rows, other: Rows, which: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """The likeness of names, by the rules every part of identity shares; 0 where it was not asked for."""
    result = np.zeros(len(one), np.uint8)
    lows, highs, where = distinct_pairs(columns.name[one[which]], columns.name[other[which]])
    texts = columns.names.texts
    found = np.zeros(len(lows), np.uint8)
    for place, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
        if low < 0:
            found[place] = _PLACE[Likeness.MISSING]
            continue
        like = names.likeness(texts[low], texts[high])
        unsure = like in (Likeness.UNLIKE, Likeness.HOUSEHOLD)
        found[place] = _ALIKE if unsure and may_be_one(texts[low], texts[high]) else _PLACE[like]
    result[which] = found[where]
    return result
