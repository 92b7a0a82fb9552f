"""Leads: somebody asked for something."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from crm.models import Company, Lead
from crm.moves import next_status
from crm.ports import Contact, Placed, deal_writes
from crm.services.contacts import contact_place, customer_place
from crm.services.deals import deal_write, locked, save


def placed(company: Company, who: Contact | UUID, at: datetime) -> Placed:
    """Whose deal it is: a known customer by id, or a contact as recorded.

    Raises:
        NotFound, BadInput: no such customer, or nothing to go by.
    """
    return customer_place(company, who) if isinstance(who, UUID) else contact_place(company, who, at)


def lead_create(
    company: Company,
    who: Contact | UUID,
    *,
    description: str | None = None,
    notes: str | None = None,
    scheduled_visit_at: datetime | None = None,
) -> UUID:
    """A new lead of a known customer, or of a contact; its id.

    Raises:
        NotFound, BadInput: see `placed`.
    """
    now, id = timezone.now(), uuid.uuid4()
    with deal_write(company, id):
        whose = placed(company, who, now)
        deal_writes().opened(company, id, whose)
        Lead.objects.create(
            id=id, company=company, customer_id=whose.customer_id, status="new", description=description,
            notes=notes, scheduled_visit_at=scheduled_visit_at, created_at=now, updated_at=now,
        )  # fmt: skip
    return id


def lead_edit(company: Company, lead_id: UUID, changes: Mapping[str, Any]) -> UUID:
    """Change description, notes or the time of the visit.

    Raises:
        NotFound, IllegalMove: no such lead, or its status is none of ours.
    """
    with deal_write(company, lead_id):
        lead = locked(Lead, company, lead_id)
        next_status("lead", lead.status, "edited")
        save(lead, **changes)
    return lead_id


def lead_contacted(company: Company, lead_id: UUID) -> UUID:
    """Somebody spoke to them.

    Raises:
        NotFound, IllegalMove: no such lead, or not from this status.
    """
    return _move(company, lead_id, "contacted")


def lead_qualified(company: Company, lead_id: UUID) -> UUID:
    """It is worth a quote.

    Raises:
        NotFound, IllegalMove: no such lead, or not from this status.
    """
    return _move(company, lead_id, "qualified")


def _move(company: Company, lead_id: UUID, verb: str) -> UUID:
    with deal_write(company, lead_id):
        lead = locked(Lead, company, lead_id)
        save(lead, status=next_status("lead", lead.status, verb))
    return lead_id
