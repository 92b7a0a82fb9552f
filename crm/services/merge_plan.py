"""What a merge would do, worked out before anybody presses the button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm.models import Company

FIELDS = ("name", "email", "phone")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A value a field could show after the merge, and what speaks for it.

    ``customers``: who shows or recorded it. ``quotes``: on how many quotes it stands, of ``all_quotes``.
    """

    value: str
    customers: tuple[UUID, ...]
    quotes: int
    all_quotes: int
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One shown field: its candidates, the best first; what the merge will show; whether members differ."""

    name: str
    candidates: tuple[Candidate, ...]
    suggested: str | None
    chosen: str | None
    differs: bool


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How many rows of a table leave one of the customers, and how many of them the survivor has already."""

    table: str
    words: str
    customer: UUID
    rows: int
    duplicates: int = 0


@dataclass(frozen=True, kw_only=True)
class MergePlan:
    """Everything a merge will do. ``parts``: what it was made from, by name, so that a change can be named."""

    company: UUID
    survivor: UUID
    merged: tuple[UUID, ...]
    fields: tuple[Field, ...]
    moves: tuple[Moves, ...]
    decisions: tuple[UUID, ...]
    parts: Mapping[str, str]
    fingerprint: str


def plan_merge(
    company: Company,
    customers: Sequence[UUID],
    *,
    survivor: UUID | None = None,
    choices: Mapping[str, str | None] | None = None,
) -> MergePlan:
    """Work out what merging these customers would do; writes nothing.

    Args:
        customers: two or more living customers, the survivor among them.
        survivor: who stays; without it the one with the most quotes, then the oldest.
        choices: values for ``name``, ``email``, ``phone``, each one of the field's candidates; the others follow
            the evidence.
    Raises:
        CustomerUnknown, NotTwoCustomers, AlreadyMerged, MergeRefused, RelationUnknown.
    """
    raise NotImplementedError
