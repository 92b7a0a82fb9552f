"""Joins records into customers, the surest pairs first, and looks at the whole before each join (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from migration_ops.identity.duplicates.policy import Why
from migration_ops.identity.duplicates.usage import may_be_one

# More different records than this are not one customer, whatever agrees.
MAX_RECORDS: Final = 25


@dataclass(slots=True)
class _Group:
    members: list[int]
    names: set[str]
    forms: set[tuple[object, ...]]
    apart: set[int] = field(default_factory=set)


class Groups:
    """Disjoint sets of records; the lowest record stands for its set.

    Args:
        names: of each record its folded name, None if unnamed.
        forms: of each record what makes it different from others; equal ones count once for the size.
    """

    def __init__(self, names: Sequence[str | None], forms: Sequence[tuple[object, ...]]) -> None:
        self._above = list(range(len(names)))
        self._names = names
        self._forms = forms
        self._groups: dict[int, _Group] = {}
        self._apart: dict[int, set[int]] = {}

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
        low, high = sorted((self.find(one), self.find(other)))
        if low == high:
            return None
        if high in self._apart.get(low, ()):
            return Why.DECIDED_APART
        first, second = self._group(low), self._group(high)
        if checked:
            if len(first.forms | second.forms) > MAX_RECORDS:
                return Why.TOO_LARGE
            if not compatible(first.names, second.names):
                return Why.REFUSED_BRIDGE
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

    def names_of(self, record: int) -> set[str]:
        """The different names in the set of a record."""
        return self._group(self.find(record)).names

    def is_apart(self, one: int, other: int) -> bool:
        """Whether a person keeps the sets of these two apart."""
        return self.find(other) in self._apart.get(self.find(one), ())

    def labels(self) -> list[int]:
        """Of each record the lowest of its set."""
        return [self.find(record) for record in range(len(self._above))]

    def _group(self, root: int) -> _Group:
        group = self._groups.get(root)
        if group is None:
            name = self._names[root]
            group = self._groups[root] = _Group([root], {name} if name else set(), {self._forms[root]})
        return group


def compatible(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether every name of one set can be borne by whoever bears those of the other."""
    others = sorted(other)
    return all(name == each or may_be_one(name, each) for name in sorted(one) for each in others)
