"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from crm.models import Company

if TYPE_CHECKING:
    from crm.services.references import Reference

# Given a row, pages elsewhere that belong to it: (words, URL) in the order they are shown.
AdminLinks = Callable[[Any], list[tuple[str, str]]]


def admin_links() -> AdminLinks | None:
    """What ``CRM_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "CRM_ADMIN_LINKS", "")
    return import_string(path) if path else None


@dataclass(frozen=True, kw_only=True)
class Use:
    """On how many quotes a contact stands, and when it was last used."""

    quotes: int
    last_used_at: datetime | None


class MergeCompanion(Protocol):
    """What another app keeps about contacts and addresses, and brings up to date when customers are merged.

    Everything happens in the transaction of the merge or undo; the customers are locked.
    """

    @property
    def references(self) -> "tuple[Reference, ...]":
        """Relations to customers, addresses and relations that are this app's."""

    def uses(self, company: Company, contacts: Sequence[UUID]) -> Mapping[UUID, Use]:
        """How often each contact was used; contacts it knows nothing about are absent."""

    def settle(
        self, company: Company, customers: Sequence[UUID], *, refreshed: Sequence[UUID],
        replaced: Mapping[UUID, UUID], lasting: Collection[UUID],
    ) -> None:  # fmt: skip
        """Bring what follows the contacts and addresses of these customers up to date.

        Args:
            refreshed: those of them whose contacts are others than before; what they show follows the contacts,
                but for the fields a person settled.
            replaced: addresses that are gone, and the one that stands for each now.
            lasting: addresses that stay where they are even if nothing uses them.
        """


class NoCompanion:
    """Nobody else keeps anything."""

    references: "tuple[Reference, ...]" = ()

    def uses(self, company: Company, contacts: Sequence[UUID]) -> Mapping[UUID, Use]:
        """None."""
        return {}

    def settle(
        self, company: Company, customers: Sequence[UUID], *, refreshed: Sequence[UUID],
        replaced: Mapping[UUID, UUID], lasting: Collection[UUID],
    ) -> None:  # fmt: skip
        """Nothing to do."""


def merge_companion() -> MergeCompanion:
    """What ``CRM_MERGE_COMPANION`` names (a dotted path to a class); without it one that does nothing."""
    path = getattr(settings, "CRM_MERGE_COMPANION", "")
    companion: MergeCompanion = import_string(path)() if path else NoCompanion()
    return companion
