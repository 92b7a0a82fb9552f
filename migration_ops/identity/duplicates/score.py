"""From compared fields to a probability (pure).

Two things speak against a match: that the pair is a chance meeting of strangers, and that it is two people of one
household or office, who share phone, address and surname by nature. The first is weighed by every field, the second
only by what tells people of one place apart. P = 1 / (1 + 2^-W + 2^-V).
"""

from typing import Any, Final

import numpy as np

from migration_ops.identity.duplicates import weights
from migration_ops.identity.duplicates.compare import Bools, Compared
from migration_ops.identity.duplicates.weights import Value, Word
from migration_ops.identity.duplicates.words import Floats

# Bits for "one customer" against "two of one place", by how many people are known there: nobody else, two, more.
_PLACE_PRIOR: Final = np.array([5.0, 5.0, 0.5, -0.5, -1.0], np.float32)
_OWN_MAILBOX: Final = 4.0
SUFFIX_BITS: Final = np.array([0.0, -1.5, -9.0, 1.0], np.float32)


def prior_bits(population: int) -> float:
    """How unlikely a match is before anything is seen, in bits."""
    return float(np.log2(weights.PRIOR_MATCHES / population))


def shares_place(compared: Compared) -> Bools:
    """Whether the two share a phone, a mailbox or an address."""
    return (compared.phone >= Value.SHARED) | (compared.mailbox >= Value.SHARED) | (compared.address == Value.EXACT)


def totals(compared: Compared, population: int) -> tuple[Floats, Floats]:
    """W against strangers, V against people of one place (very large where they share none), each in bits."""
    name = compared.first_bits + compared.last_bits + compared.middle_bits
    suffix = SUFFIX_BITS[compared.suffix]
    w = prior_bits(population) + name + suffix + compared.phone_bits + compared.mailbox_bits + compared.address_bits
    same_last = (compared.last == Word.EXACT) | (compared.last == Word.CLOSE)
    people = np.clip(compared.people, 0, len(_PLACE_PRIOR) - 1)
    v = _PLACE_PRIOR[people] + compared.first_bits + np.where(same_last, 0, compared.last_bits)
    v = v + compared.middle_bits + suffix
    v = v + np.where((compared.mailbox == Value.EXACT) & compared.personal, _OWN_MAILBOX, 0)
    v = v + np.where(compared.mailbox == Value.NEAR, 3.0, 0) + np.where(compared.mailbox == Value.DIFFERENT, -0.7, 0)
    v = v + np.where(compared.phone == Value.DIFFERENT, -0.5, 0)
    exempt = ~shares_place(compared) | compared.companies
    v = np.where(exempt, np.float32(60), v)
    return w.astype(np.float32), v.astype(np.float32)


def probability(w: Any, v: Any) -> Any:
    """The probability that the two are one customer."""
    return 1 / (1 + np.exp2(-np.clip(w, -60, 60)) + np.exp2(-np.clip(v, -60, 60)))
