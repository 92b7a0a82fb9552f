"""Bodies that API v2 takes."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from crm.api.schemas.values import Amount, Long, Moment, Percent, Price, Quantity, Short
from crm.ports import Contact
from crm.values import Line


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
