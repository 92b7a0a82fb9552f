"""What API v2 shows; PostgreSQL makes the rows, and a test holds them against these shapes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema

from crm.api.schemas.values import Number


class Lead(Schema):
    """Somebody asked for something."""

    id: UUID
    customer_id: UUID
    status: str
    description: str | None
    notes: str | None
    scheduled_visit_at: datetime | None
    quote_id: UUID | None
    created_at: datetime
    updated_at: datetime


class Item(Schema):
    """One line of a quote."""

    position: int
    name: str | None
    description: str | None
    quantity: Number
    unit_price: Number | None
    total: Number | None
    option_tier: str | None
    is_upsell: bool | None
    is_discount: bool | None


class Quote(Schema):
    """What was offered."""

    id: UUID
    customer_id: UUID
    customer_name: str
    lead_id: UUID | None
    quote_number: str | None
    job_name: str | None
    description: str | None
    notes: str | None
    status: str
    subtotal: Number | None
    discount_amount: Number | None
    tax_rate: Number | None
    tax_amount: Number | None
    total: Number | None
    sent_at: datetime | None
    job_id: UUID | None
    items: list[Item]
    created_at: datetime
    updated_at: datetime


class Source(Schema):
    """A past quote that a draft goes by."""

    id: UUID
    quote_number: str | None
    job_name: str | None
    likeness: Number


class ItemSource(Schema):
    """The past quotes a line was found in."""

    position: int
    sources: list[UUID]


class Draft(Schema):
    """A drafted quote, and where its lines come from."""

    quote: Quote
    sources: list[Source]
    item_sources: list[ItemSource]


class Job(Schema):
    """The work that was agreed."""

    id: UUID
    quote_id: UUID
    customer_id: UUID
    job_number: str
    title: str | None
    description: str | None
    status: str
    scheduled_start: datetime | None
    actual_start: datetime | None
    actual_end: datetime | None
    invoice_id: UUID | None
    created_at: datetime
    updated_at: datetime


class Payment(Schema):
    """Money received."""

    id: UUID
    amount: Number
    method: str
    paid_at: datetime


class Invoice(Schema):
    """What is owed."""

    id: UUID
    job_id: UUID
    customer_id: UUID
    invoice_number: str | None
    amount_due: Number | None
    amount_paid: Number
    status: str
    sent_at: datetime | None
    paid_at: datetime | None
    payment_method: str | None
    payment_link_url: str | None
    payments: list[Payment]
    created_at: datetime
    updated_at: datetime


class ContactOut(Schema):
    """A name, e-mail and phone as they were recorded."""

    name: str | None
    email: str | None
    phone: str | None


class Address(Schema):
    """Where a customer is."""

    address: str
    is_primary: bool


class Customer(Schema):
    """A customer, with up to twenty recorded contacts and addresses, those used last first."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    is_placeholder: bool
    contacts: list[ContactOut]
    addresses: list[Address]
    created_at: datetime
    updated_at: datetime


class Statistics(Schema):
    """A company's figures, as of the last refresh."""

    pending_leads: int
    qualified_leads: int
    total_customers: int
    monthly_revenue: Number
    monthly_quoted: Number
    month_start: datetime
    refreshed_at: datetime
    age_s: int


class PageOf(Schema):
    """Where the next page begins; null on the last one."""

    next_cursor: str | None


class LeadPage(PageOf):
    """Leads, the newest first."""

    items: list[Lead]


class QuotePage(PageOf):
    """Quotes, the newest first."""

    items: list[Quote]


class JobPage(PageOf):
    """Jobs, the newest first."""

    items: list[Job]


class InvoicePage(PageOf):
    """Invoices, the newest first."""

    items: list[Invoice]


class CustomerPage(PageOf):
    """Customers, the newest first."""

    items: list[Customer]


class Problem(Schema):
    """What is wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    code: str | None = None
    errors: list[dict[str, Any]] | None = None
