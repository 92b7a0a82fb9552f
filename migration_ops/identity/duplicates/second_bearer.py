"""Whether an initial or a bare surname could be somebody else's who is known at the same place (pure).

Source: docs/decisions/0017-duplicate-engine.md
"""

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates.columns import Columns, Ints
from migration_ops.identity.duplicates.name_pairs import Rows
from migration_ops.identity.duplicates.usage import may_be_one

Bools = npt.NDArray[np.bool_]


def has_second_bearer(columns: Columns, one: Rows, other: Rows) -> Bools:
    """Of each pair, whether a third name at a phone, mailbox or address they share fits one of the two names only.

    "J Smith" and "John Smith" at the address of Mary Smith are hardly two people; at that of James Smith they may be.
    """
    found = np.zeros(len(one), np.bool_)
    texts = columns.names.texts
    for column in (columns.phones, columns.mailboxes, columns.addresses):
        shared = _shared(column, one, other)
        names = _names_at(columns, column, {code for _, code in shared})
        for place, code in shared:
            mine, theirs = columns.name[one[place]], columns.name[other[place]]
            if found[place] or mine < 0 or theirs < 0:
                continue
            found[place] = any(
                may_be_one(texts[third], texts[mine]) != may_be_one(texts[third], texts[theirs])
                for third in names.get(code, ())
            )
    return found


def _shared(column: Ints, one: Rows, other: Rows) -> list[tuple[int, int]]:
    """Place of the pair and code of each value both records have."""
    found: set[tuple[int, int]] = set()
    for x in range(column.shape[1]):
        for y in range(column.shape[1]):
            codes = column[one, x]
            places = np.flatnonzero((codes >= 0) & (codes == column[other, y]))
            found.update(zip(places.tolist(), codes[places].tolist(), strict=True))
    return sorted(found)


def _names_at(columns: Columns, column: Ints, codes: set[int]) -> dict[int, set[int]]:
    """Of each of these codes the names of the records that have it."""
    names: dict[int, set[int]] = {}
    if codes:
        wanted = np.zeros(int(column.max()) + 1, np.bool_)
        wanted[list(codes)] = True
        rows, places = np.nonzero((column >= 0) & wanted[np.maximum(column, 0)])
        for code, name in zip(column[rows, places].tolist(), columns.name[rows].tolist(), strict=True):
            if name >= 0:
                names.setdefault(code, set()).add(name)
    return names
