"""Seams that the project fills in settings; each has a default that needs nobody."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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

# Given a deal, what others know of it: (title, [(name, value)]) in the order they are shown.
DealStory = Callable[[UUID], list[tuple[str, list[tuple[str, str]]]]]

# Given a user, the companies whose rows that user may see; None for all of them.
CompanyScope = Callable[[Any], Collection[UUID] | None]

# Given a company, what a service's transaction runs in: refuses a write that must not be, and carries it on before it
# commits.
WriteGuard = Callable[[UUID], AbstractContextManager[None]]


def write_guard(company: UUID) -> AbstractContextManager[None]:
    """What ``CRM_WRITE_GUARD`` names (a dotted path), for this company; without it, nothing stands in the way.

    Every service that writes does so inside ``with transaction.atomic(), write_guard(company_id):``.

    Raises:
        WriteRefused: on entering, another side leads; on leaving, what was written has no place there.
    """
    path = getattr(settings, "CRM_WRITE_GUARD", "")
    guard: WriteGuard | None = import_string(path) if path else None
    return guard(company) if guard else nullcontext()


def admin_links() -> AdminLinks | None:
    """What ``CRM_ADMIN_LINKS`` names (a dotted path); without it, None: a page shows no such links."""
    path = getattr(settings, "CRM_ADMIN_LINKS", "")
    return import_string(path) if path else None


def deal_story() -> DealStory | None:
    """What ``CRM_DEAL_STORY`` names (a dotted path); without it, None: a story tells what the CRM knows."""
    path = getattr(settings, "CRM_DEAL_STORY", "")
    return import_string(path) if path else None


def company_scope() -> CompanyScope:
    """What ``CRM_COMPANY_SCOPE`` names (a dotted path); without it, everybody sees every company."""
    path = getattr(settings, "CRM_COMPANY_SCOPE", "")
    return import_string(path) if path else _every_company


def _every_company(user: Any) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody as recorded: at least one of name, e-mail and phone."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Whose contact it is: ids of customer, contact and address."""

    customer_id: UUID
    contact_id: UUID
    address_id: UUID | None


class DealWrites(Protocol):
    """Told of every write of a deal, inside the service's transaction; what it raises undoes the write.

    A deal is a lead with what follows from it; its id is the lead's, or the quote's where there was no lead.
    """

    def begin(self, company: Company, deal_id: UUID) -> None:
        """Before the deal is read: hold it for this transaction and bring its rows up to date."""

    def place(self, company: Company, contact: Contact, at: datetime) -> Placed | None:
        """Whose contact this is; None leaves the decision to the CRM."""

    def opened(self, company: Company, deal_id: UUID, placed: Placed) -> None:
        """A deal that is new, before its rows are written."""

    def written(self, company: Company, deal_id: UUID) -> None:
        """After the deal's rows were written."""


class NoOtherSide:
    """The default: there is no other side to tell."""

    def begin(self, company: Company, deal_id: UUID) -> None:
        """Nothing."""

    def place(self, company: Company, contact: Contact, at: datetime) -> Placed | None:
        """Nobody else decides."""
        return None

    def opened(self, company: Company, deal_id: UUID, placed: Placed) -> None:
        """Nothing."""

    def written(self, company: Company, deal_id: UUID) -> None:
        """Nothing."""


def deal_writes() -> DealWrites:
    """What ``CRM_DEAL_WRITES`` names (a dotted path of a class); without it, there is no other side."""
    path = getattr(settings, "CRM_DEAL_WRITES", "")
    writes: DealWrites = import_string(path)() if path else NoOtherSide()
    return writes


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

    def recorded(self, company: Company, customer: UUID) -> Mapping[UUID, Placed]:
        """Whose contact each deal of the customer recorded, and at which address, by the id of its lead or quote.

        Such a deal goes where its contact goes; deals it knows nothing about are absent.
        """

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

    def recorded(self, company: Company, customer: UUID) -> Mapping[UUID, Placed]:
        """Nothing."""
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
