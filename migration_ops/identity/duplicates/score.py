"""From compared fields to a probability (pure).

Two things speak against a match: that the pair is a chance meeting of strangers, and that it is two people of one
household or office, who share phone, address and surname by nature. The first is weighed by every field, the second
only by what tells people of one place apart. P = 1 / (1 + 2^-W + 2^-V), and never less than a share of what W alone
says: how often one customer has two names at one place differs from one business to the next.
"""

from typing import Any, Final

import numpy as np

from migration_ops.identity.duplicates import weights
from migration_ops.identity.duplicates.compare import Bools, Compared
from migration_ops.identity.duplicates.name_pairs import SUFFIX_ONE
from migration_ops.identity.duplicates.usage import OFFICE_ABOVE
from migration_ops.identity.duplicates.weights import Value, Word
from migration_ops.identity.duplicates.words import Floats

# Bits for "one customer" against "two of one place", by how many people are known there: nobody else, two, more.
_PLACE_PRIOR: Final = np.array([5.0, 5.0, 0.5, -0.5, -1.0], np.float32)
_OWN_MAILBOX: Final = 4.0
# Of people of one family and place hardly two bear the same first name, but for the generations.
_NAMESAKE: Final = 10.5
# Where one name says Jr or Sr and the other nothing, only a mailbox of their own settles it.
_ONE_SUFFIX: Final = 2.0
# A name alone, however rare, is one kind of evidence: it leaves a match less likely than not (bits below even).
_NAME_ALONE: Final = 1.7
# And less where the address is another one as well: of such pairs one in eighteen is one customer.
_NAME_ELSEWHERE: Final = 2.7
# Two of one place rank above strangers, and below whatever is worth a question.
_ONE_PLACE: Final = 0.3
# A phone or mailbox that only one person is known to use.
_ALONE_THERE: Final = 2.0
SUFFIX_BITS: Final = np.array([0.0, -1.5, -9.0, 1.0], np.float32)


def prior_bits(population: int) -> float:
    """How unlikely a match is before anything is seen, in bits."""
    return float(np.log2(weights.PRIOR_MATCHES / population))


def shares_place(compared: Compared) -> Bools:
    """Whether the two share a phone, a mailbox or an address."""
    shared: Bools = (
        (compared.phone >= Value.SHARED) | (compared.mailbox >= Value.SHARED) | (compared.address == Value.EXACT)
    )
    return shared


def totals(compared: Compared, population: int) -> tuple[Floats, Floats]:
    """W against strangers, V against people of one place (very large where they share none), each in bits."""
    alone = np.where(compared.address == Value.DIFFERENT, _NAME_ELSEWHERE, _NAME_ALONE)
    most = np.where(compared.companies, np.float32(60), np.float32(np.log2(population)) - alone)
    name = np.minimum(compared.first_bits + compared.last_bits + compared.middle_bits, most)
    suffix = SUFFIX_BITS[compared.suffix]
    w = prior_bits(population) + name + suffix + compared.phone_bits + compared.mailbox_bits + compared.address_bits
    same_last = (compared.last == Word.EXACT) | (compared.last == Word.CLOSE)
    people = np.clip(compared.people, 0, len(_PLACE_PRIOR) - 1)
    # In an office a surname tells people apart, in a family it does not.
    tells = np.where(same_last & (people <= OFFICE_ABOVE), 0, compared.last_bits)
    v = _PLACE_PRIOR[people] + compared.first_bits + tells
    alone_there = (people <= 1) & compared.personal
    v = v + np.where(alone_there, _ALONE_THERE, 0)
    unnamed = (compared.first == 0) & (compared.last == 0)
    near = (compared.phone >= Value.NEAR).astype(np.uint8) + (compared.mailbox >= Value.NEAR)
    two_kinds = near + (compared.address == Value.EXACT) >= 2
    v = v + np.where(unnamed & alone_there & two_kinds, _ALONE_THERE, 0)
    same_first = (compared.first == Word.EXACT) & (compared.last == Word.EXACT)
    v = np.where(same_first, np.maximum(v, _NAMESAKE), v)
    one_suffix = compared.suffix == SUFFIX_ONE
    v = np.where(one_suffix, np.minimum(v, _ONE_SUFFIX), v)
    v = v + compared.middle_bits + suffix
    v = v + np.where((compared.mailbox == Value.EXACT) & compared.personal, np.where(one_suffix, 8.0, _OWN_MAILBOX), 0)
    v = v + np.where(compared.mailbox == Value.NEAR, 3.0, 0) + np.where(compared.mailbox == Value.DIFFERENT, -0.7, 0)
    v = v + np.where(compared.phone == Value.DIFFERENT, -0.5, 0)
    exempt = ~shares_place(compared) | compared.companies
    v = np.where(exempt, np.float32(60), v)
    return w.astype(np.float32), v.astype(np.float32)


def probability(w: Any, v: Any) -> Any:
    """The probability that the two are one customer."""
    strangers = np.exp2(-np.clip(w, -60, 60))
    return np.maximum(1 / (1 + strangers + np.exp2(-np.clip(v, -60, 60))), _ONE_PLACE / (1 + strangers))


def odds(share: float) -> float:
    """A probability in bits: 0 for even."""
    return float(np.log2(share / (1 - share)))
