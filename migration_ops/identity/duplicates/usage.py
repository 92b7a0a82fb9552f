"""Who uses each phone, mailbox and address: one person, a family, an office, or everybody (pure).

A value that many unlike names use says nothing, whether a list knows it or not: the company's own number, a mailbox of
staff typed into an empty field.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from migration_ops.identity import lexicon, names
from migration_ops.identity.duplicates.columns import Columns, Ints
from migration_ops.identity.folding import is_company
from migration_ops.identity.names import COMPATIBLE, Likeness

# Used under more unlike names than this, a phone or mailbox is an office's: weak, and nobody's own.
OFFICE_ABOVE: Final = 3
# Used under more unlike names than this, it is no evidence at all.
GENERIC_ABOVE: Final = 12
# Addresses hold more people: a block of flats.
GENERIC_ADDRESS_ABOVE: Final = 40

_ONE_PERSON: Final = COMPATIBLE | {Likeness.TYPO, Likeness.SUFFIX_MISSING}
_ALIKE_ENOUGH: Final = 85
ALIKE_COMPANY: Final = 88
_ALIKE_GIVEN: Final = 0.88


@dataclass(slots=True)
class Usage:
    """Of each code of a kind: unlike names of people and of companies that use it, and records."""

    people: Ints
    companies: Ints
    records: Ints
    generic: npt.NDArray[np.bool_]


@lru_cache(maxsize=262_144)
def may_be_one(first: str, second: str) -> bool:
    """Whether two names can be one person's or one company's, typing errors allowed."""
    found = names.likeness(first, second)
    if found in _ONE_PERSON:
        return True
    # Two errors in one name are no second person; a different first name of a family is.
    if found is Likeness.UNLIKE:
        return fuzz.token_sort_ratio(first, second) >= _ALIKE_ENOUGH
    if found is Likeness.COMPANY_PERSON:
        return fuzz.ratio(names.company_core(first), names.company_core(second)) >= ALIKE_COMPANY
    if found is Likeness.HOUSEHOLD:
        one, other = first.partition(" ")[0], second.partition(" ")[0]
        are_names = one in lexicon.GIVEN_NAMES and other in lexicon.GIVEN_NAMES
        return not are_names and JaroWinkler.similarity(one, other) >= _ALIKE_GIVEN and min(len(one), len(other)) > 2
    return False


def count_people(keys: Iterable[str], most: int) -> tuple[int, int]:
    """How many unlike people and unlike companies bear these names; stops when ``most`` is exceeded."""
    apart: tuple[list[str], list[str]] = ([], [])
    # Full names first: an initial or a bare surname then finds whom it belongs to.
    for key in sorted(keys, key=lambda name: (-name.count(" "), -len(name), name)):
        known = apart[is_company(key)]
        if not any(may_be_one(key, other) for other in known):
            known.append(key)
            if len(known) > most:
                break
    return len(apart[0]), len(apart[1])


def usage(columns: Columns, column: Ints, codes: int, *, generic_above: int) -> Usage:
    """Who uses each code of a column of the records."""
    rows, places = np.nonzero(column >= 0)
    code, name = column[rows, places], columns.name[rows]
    order = np.lexsort((name, code))
    code, name = code[order], name[order]
    people, companies = np.zeros(codes, np.int32), np.zeros(codes, np.int32)
    records = np.bincount(code, minlength=codes).astype(np.int32)
    named = name >= 0
    code, name = code[named], name[named]
    distinct = np.concatenate(([True], (code[1:] != code[:-1]) | (name[1:] != name[:-1]))) if len(code) else named[:0]
    code, name = code[distinct], name[distinct]
    alone = columns.names.company
    starts = np.flatnonzero(np.concatenate(([True], code[1:] != code[:-1]))) if len(code) else np.zeros(0, np.int64)
    ends = np.concatenate((starts[1:], [len(code)])) if len(starts) else starts
    single = ends - starts == 1
    of = code[starts[single]]
    is_one_company = alone[name[starts[single]]]
    people[of] = ~is_one_company
    companies[of] = is_one_company
    texts = columns.names.texts
    for start, end in zip(starts[~single].tolist(), ends[~single].tolist(), strict=True):
        found = count_people([texts[each] for each in name[start : min(end, start + 400)].tolist()], generic_above)
        people[code[start]], companies[code[start]] = found
    return Usage(people, companies, records, people + companies > generic_above)
