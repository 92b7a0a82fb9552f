"""Distinct values by sorting: several times faster than numpy's own, which hashes, and with half its memory (pure)."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
_FEW = 64


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distinct values, ascending; the given array is sorted in place."""
    values.sort()
    return values[is_first(values)]


def is_first(ordered: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Of ordered values whether each is the first of its kind."""
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def distinct_with_places(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Places]:
    """The distinct values, ascending, and for each given value which of them it is."""
    order = np.argsort(values)
    ordered = values[order]
    first = is_first(ordered)
    places = np.empty(len(values), np.int64)
    places[order] = np.cumsum(first) - 1
    return ordered[first], places


def distinct_pairs(one: Ints, other: Ints) -> tuple[Ints, Ints, Places]:
    """The different pairs of codes, the lower first, and for each given pair which of them it is.

    Codes are -1 or more; of a pair with -1 that is the lower. A few pairs, as in a look-up, are given back each by
    itself: finding equal ones would take longer than comparing them.
    """
    low, high = np.minimum(one, other), np.maximum(one, other)
    if len(low) <= _FEW:
        return low, high, np.arange(len(low))
    low, high = low.astype(np.int64), high.astype(np.int64)
    keys, places = distinct_with_places(low << 32 | (high & 0xFFFFFFFF))
    return (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.uint32).view(np.int32), places
