"""What the move keeps about contacts and addresses, brought up to date when the CRM merges customers or undoes it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from crm.models import Company
from crm.ports import Placed, Use
from crm.services.references import Fate, Reference
from migration_ops.identity.golden import make_primary, refresh_customers
from migration_ops.sql.loader import block

COMPANION = "identity/companion.sql"


class LegacyCompanion:
    """Rows follow the contact they recorded, links the address of their row's customer."""

    references = (
        Reference(
            table="migration_legacy_link", column="address_id", to="customer_addresses", fate=Fate.COMPANION
        ),
    )  # fmt: skip

    def uses(self, company: Company, contacts: Sequence[UUID]) -> Mapping[UUID, Use]:
        """On how many migrated quotes each contact stands, and the last of them."""
        with connection.cursor() as cursor:
            cursor.execute(block(COMPANION, "uses").sql, {"company": company.pk, "ids": list(contacts)})
            found = {contact: Use(quotes=quotes, last_used_at=last) for contact, quotes, last in cursor.fetchall()}
        # A contact without a quote is known to have none: a lead, or a row that was edited since.
        return {contact: found.get(contact, Use(quotes=0, last_used_at=None)) for contact in contacts} if found else {}

    def recorded(self, company: Company, customer: UUID) -> Mapping[UUID, Placed]:
        """Whose contact each migrated deal of the customer recorded, and at which address."""
        with connection.cursor() as cursor:
            cursor.execute(block(COMPANION, "recorded").sql, {"company": company.pk, "customer": customer})
            return {
                deal: Placed(customer_id=customer, contact_id=contact, address_id=address)
                for deal, contact, address in cursor.fetchall()
            }

    def settle(
        self, company: Company, customers: Sequence[UUID], *, refreshed: Sequence[UUID],
        replaced: Mapping[UUID, UUID], lasting: Collection[UUID],
    ) -> None:  # fmt: skip
        """Rows to the customer of their contact, links to the addresses of their customer, golden records."""
        params: dict[str, Any] = {
            "company": company.pk, "customers": list(customers), "old": list(replaced), "new": list(replaced.values()),
            "lasting": list(lasting),
        }  # fmt: skip
        with connection.cursor() as cursor:
            for name in (
                "quotes", "leads", "jobs", "invoices", "table", "clear", "rows", "replace", "add", "shrink", "point",
                "links", "drop",
            ):  # fmt: skip
                cursor.execute(block(COMPANION, name).sql, params)
            touched = set()
            for name in ("stretch", "newer"):
                cursor.execute(block(COMPANION, name).sql, params)
                touched |= {customer for (customer,) in cursor.fetchall()}
        make_primary(company, sorted(touched))
        refresh_customers(company, list(refreshed))
