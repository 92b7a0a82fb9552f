"""Joins records into customers, the surest pairs first, and looks at the whole before each join (pure)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from migration_ops.identity import names
from migration_ops.identity.duplicates.blocking import mix
from migration_ops.identity.duplicates.columns import NONE, Columns, Hashes
from migration_ops.identity.duplicates.policy import Why
from migration_ops.identity.duplicates.usage import may_be_one
from migration_ops.identity.names import Likeness

# More different records than this are not one customer, whatever agrees.
MAX_RECORDS: Final = 25
# Two writings of one name, neither saying less than the other.
_WRITINGS: Final = (Likeness.VARIANT, Likeness.TYPO)


@dataclass(slots=True)
class _Group:
    """Records; the codes of their different names; what makes them differ, by number."""

    members: list[int]
    names: set[int]
    forms: set[int]


class Groups:
    """Disjoint sets of records; the lowest record stands for its set."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._texts = columns.names.texts
        self._has_suffix = columns.names.suffix >= 0
        self._names: list[int] = columns.name.tolist()
        self._forms: list[int] = _forms(columns).tolist()
        self._above = list(range(columns.size))
        self._groups: dict[int, _Group] = {}
        self._apart: dict[int, set[int]] = {}
        self._fitting: dict[tuple[int, int], bool] = {}

    def find(self, record: int) -> int:
        """The lowest record of the set."""
        above = self._above
        while above[record] != record:
            above[record] = above[above[record]]
            record = above[record]
        return record

    def keep_apart(self, one: int, other: int) -> None:
        """Never join the sets of these two; says nothing about sets that are joined already."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def join(self, one: int, other: int, *, checked: bool = True) -> Why | None:
        """Join the sets of two records; None if they are one now, else why they are not.

        ``checked`` False joins what is one already (a customer) or what a person decided; a decision to keep apart
        holds all the same.
        """
        low, high = self.find(one), self.find(other)
        if low == high:
            return None
        if low > high:
            low, high = high, low
        if high in self._apart.get(low, ()):
            return Why.DECIDED_APART
        first, second = self._group(low), self._group(high)
        if checked:
            if len(first.forms) + len(second.forms) > MAX_RECORDS and len(first.forms | second.forms) > MAX_RECORDS:
                return Why.TOO_LARGE
            if not self._compatible(first.names, second.names):
                return Why.REFUSED_BRIDGE
            if self._generation_is_open(first, second):
                return Why.SUFFIX_MISSING
        self._above[high] = low
        first.members += second.members
        first.names |= second.names
        first.forms |= second.forms
        del self._groups[high]
        for foe in self._apart.pop(high, ()):
            self._apart[foe].discard(high)
            self._apart[foe].add(low)
            self._apart.setdefault(low, set()).add(foe)
        return None

    def are_compatible(self, one: int, other: int) -> bool:
        """Whether every name in the set of one record can be borne by whoever bears those in the other's.

        The two records' own names are left out: how alike they are is what the question weighs already.
        """
        own = (self._names[one], self._names[other])
        return self._compatible(self._names_of(self.find(one)), self._names_of(self.find(other)), own=own)

    def is_apart(self, one: int, other: int) -> bool:
        """Whether a person keeps the sets of these two apart."""
        return self.find(other) in self._apart.get(self.find(one), ())

    def labels(self) -> list[int]:
        """Of each record the lowest of its set."""
        return [self.find(record) for record in range(len(self._above))]

    def _group(self, root: int) -> _Group:
        group = self._groups.get(root)
        if group is None:
            group = self._groups[root] = _Group([root], self._names_of(root), {self._forms[root]})
        return group

    def _names_of(self, root: int) -> set[int]:
        group = self._groups.get(root)
        if group is not None:
            return group.names
        name = self._names[root]
        return {name} if name >= 0 else set()

    def _compatible(self, one: set[int], other: set[int], *, own: tuple[int, int] = (NONE, NONE)) -> bool:
        return all(
            name == each
            or (name, each) == own
            or self._fits(name, each)
            or self._fits_as_written_elsewhere(name, each, one)
            or self._fits_as_written_elsewhere(each, name, other)
            for name in one
            for each in other
        )

    def _fits_as_written_elsewhere(self, name: int, other: int, side: set[int]) -> bool:
        """Whether another writing of the name, in its own set, fits: "Bob" and "Robert", then "R", are one.

        A writing that says less (no middle name, no suffix, an initial) vouches for nobody.
        """
        text, against = self._texts[name], self._texts[other]
        if _is_short(text) or names.likeness(text, against) is Likeness.SUFFIX_CLASH:
            return False
        words = text.count(" ")
        return any(
            each != name
            and self._texts[each].count(" ") >= words
            and not _is_short(self._texts[each])
            and (each == other or self._fits(each, other))
            and names.likeness(text, self._texts[each]) in _WRITINGS
            for each in side
        )

    def _fits(self, one: int, other: int) -> bool:
        pair = (one, other) if one < other else (other, one)
        found = self._fitting.get(pair)
        if found is None:
            found = self._fitting[pair] = may_be_one(self._texts[pair[0]], self._texts[pair[1]])
        return found

    def _generation_is_open(self, one: _Group, other: _Group) -> bool:
        """Whether only one of the two says Jr or Sr, and each has mailboxes of its own: father and son, or one."""
        if any(self._has_suffix[name] for name in one.names) == any(self._has_suffix[name] for name in other.names):
            return False
        mine, theirs = self._mailboxes(one), self._mailboxes(other)
        return bool(mine and theirs) and mine.isdisjoint(theirs)

    def _mailboxes(self, group: _Group) -> set[int]:
        return set(self._columns.mailboxes[group.members].ravel().tolist()) - {NONE}


def _is_short(name: str) -> bool:
    """Whether a name is an initial with a surname, or one word."""
    return len(name.split(" ", 1)[0]) == 1 or " " not in name


def _forms(columns: Columns) -> Hashes:
    """Of each record a number for its name, phones and mailboxes together."""
    parts = np.column_stack((columns.name, columns.phones, columns.mailboxes))
    return mix(*(parts + 2).astype(np.uint64).T)
