"""Groups of one full name that hardly anybody else bears: asked about where nothing known contradicts (pure).

A name alone is one kind of evidence, and never merges. But of two groups that bear it, one with a phone and nothing
else, the other with a mailbox and nothing else, no pair of fields could ever agree: only a person can say more.
Source: docs/decisions/0017-duplicate-engine.md
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates.columns import Columns, Ints
from migration_ops.identity.duplicates.sorting import distinct, distinct_with_places
from migration_ops.identity.duplicates.statistics import Statistics

if TYPE_CHECKING:
    from migration_ops.identity.duplicates.engine import Scored

Bools = npt.NDArray[np.bool_]

# Groups of the company that bear the name, the two included; fewer where one has nothing but the name.
MOST_BEARERS: Final = 4
MOST_BEARERS_OF_NOTHING_ELSE: Final = 3
# Questions of this kind among a thousand records: where two systems were poured together, all would be asked.
MOST_PER_1000: Final = 10


def namesakes(columns: Columns, known: Statistics, scored: "Scored", labels: Sequence[int]) -> Ints:
    """Places in ``scored`` of pairs apart so far whose groups bear one rare name and have no field in common.

    Args:
        labels: of each record the lowest record of its group.
    """
    places = np.flatnonzero(scored.same_name)
    group = np.array(labels, np.int64)
    one, other = group[scored.one[places]], group[scored.other[places]]
    bearers = _bearers(columns, group)[scored.one[places]]
    fits = one != other
    has_any = np.zeros((2, len(places)), np.bool_)
    for column, generic in (
        (columns.phones, known.phones.generic),
        (columns.mailboxes, known.mailboxes.generic),
        (columns.addresses, known.addresses.generic),
    ):
        has = _has(column, generic, group)
        fits &= ~(has[one] & has[other])
        has_any |= np.stack((has[one], has[other]))
    most = np.where(has_any.all(axis=0), MOST_BEARERS, MOST_BEARERS_OF_NOTHING_ELSE)
    fits &= has_any.any(axis=0) & (bearers <= most)
    places = places[fits]
    rarest = np.lexsort((places, -scored.w[places]))[: max(1, columns.size * MOST_PER_1000 // 1000)]
    return np.sort(places[rarest]).astype(np.int32)


def _bearers(columns: Columns, group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of each record how many groups bear its first name and surname, or its company's name."""
    names = columns.names
    result = np.zeros(columns.size, np.int64)
    named = np.flatnonzero(columns.name >= 0)
    if not len(named):
        return result
    of = columns.name[named]
    full = (names.first[of].astype(np.int64) + 1) << 32 | names.last[of]
    _, name = distinct_with_places(full)
    pairs = distinct(name * columns.size + group[named])
    result[named] = np.bincount(pairs // columns.size)[name]
    return result


def _has(column: Ints, generic: Bools, group: npt.NDArray[np.int64]) -> Bools:
    """Of each group, at its lowest record, whether it has a value that says something."""
    has = np.zeros(len(group), np.bool_)
    if len(generic):
        says = ((column >= 0) & ~generic[np.maximum(column, 0)]).any(axis=1)
        has[group[says]] = True
    return has
