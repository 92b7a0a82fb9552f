"""Shapes of API v2, in and out. Money is text in both directions, so that nobody rounds it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, WithJsonSchema

from crm.ports import Contact
from crm.values import Line


def _usual_year(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year must be from 1900 to 2200")
    return value


def _decimal(value: Any) -> Any:
    # A float has been rounded already; the reader of bodies makes none.
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a decimal number, as text or as a number")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_usual_year)]
Amount = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=10**9, decimal_places=4),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,4})?$", "examples": ["125.50"]}),
]
Price = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=-(10**9), le=10**9, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,9}(\.[0-9]{1,4})?$", "examples": ["49.90"]}),
]
Quantity = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, lt=10**6, decimal_places=6),
    WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,4}(\.[0-9]{1,6})?$", "examples": ["2.5"]}),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=100, decimal_places=4),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,2}(\.[0-9]{1,4})?$", "examples": ["8.25"]}),
]
Number = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["125.5"])]
Short = Annotated[str, Field(min_length=1, max_length=500)]
Long = Annotated[str, Field(max_length=20_000)]


class Input(Schema):
    """A body; keys it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class ContactIn(Input):
    """Somebody as recorded; at least one of name, email and phone."""

    name: Short | None = Field(None, examples=["Ann Miller"])
    email: Short | None = Field(None, examples=["ann@miller.example"])
    phone: Short | None = Field(None, examples=["+1 202 555 0123"])
    address: Annotated[str, Field(max_length=2000)] | None = None

    def contact(self) -> Contact:
        """As the services take it."""
        return Contact(**self.model_dump())


class WhoIn(Input):
    """Whose it is: a known customer, or a contact as recorded."""

    customer_id: UUID | None = None
    customer: ContactIn | None = None

    def who(self) -> Contact | UUID | None:
        """The one that is given; None where neither is."""
        return self.customer_id or (self.customer.contact() if self.customer else None)


class LeadIn(WhoIn):
    """A new lead."""

    description: Long | None = Field(None, examples=["Replace the kitchen tap"])
    notes: Long | None = None
    scheduled_visit_at: Moment | None = None


class LeadPatch(Input):
    """What of a lead changes."""

    description: Long | None = None
    notes: Long | None = None
    scheduled_visit_at: Moment | None = None


class ItemIn(Input):
    """One line; its total is quantity times unit price, taken away for a discount."""

    name: Short
    quantity: Quantity = Decimal(1)
    unit_price: Price
    description: Long | None = None
    option_tier: Annotated[str, Field(max_length=80)] | None = None
    is_upsell: bool = False
    is_discount: bool = False

    def line(self) -> Line:
        """As the services take it."""
        return Line(**self.model_dump())


Items = Annotated[list[ItemIn], Field(max_length=200)]


class QuoteIn(WhoIn):
    """A new quote: for a lead, or for a customer without one."""

    lead_id: UUID | None = None
    quote_number: Short | None = None
    job_name: Short | None = Field(None, examples=["Kitchen"])
    description: Long | None = None
    notes: Long | None = None
    discount_amount: Amount = Decimal(0)
    tax_rate: Percent = Field(Decimal(0), description="In percent.")
    items: Items = []


class QuotePatch(Input):
    """What of a quote changes; items replace all of them."""

    job_name: Short | None = None
    description: Long | None = None
    notes: Long | None = None
    discount_amount: Amount | None = None
    tax_rate: Percent | None = None
    items: Items | None = None


class GenerateIn(WhoIn):
    """What to draft a quote for."""

    lead_id: UUID | None = None
    description: Annotated[str, Field(min_length=3, max_length=2000)] = Field(
        examples=["Replace the kitchen tap and two shut-off valves"]
    )
    job_name: Short | None = None
    discount_amount: Amount = Decimal(0)
    tax_rate: Percent = Decimal(0)


class JobIn(Input):
    """The schedule of an accepted quote's job."""

    quote_id: UUID
    scheduled_start: Moment | None = None
    job_number: Short | None = None


class InvoiceIn(Input):
    """An invoice of the quote's total for a job."""

    job_id: UUID
    invoice_number: Short | None = None
    payment_link_url: Annotated[str, Field(pattern=r"^https://[^\s<>\"']{1,2000}$")] | None = None


class PayIn(Input):
    """What was received; the whole amount, which may be said to be sure."""

    method: Annotated[str, Field(min_length=1, max_length=80, examples=["card"])]
    amount: Amount | None = None
    paid_at: Moment | None = None


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
