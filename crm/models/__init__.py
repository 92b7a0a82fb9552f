"""The normalised schema."""

from crm.models.companies import Company
from crm.models.customers import Customer, CustomerAddress, CustomerContact, CustomerRelation
from crm.models.invoices import Invoice, Payment
from crm.models.jobs import Job
from crm.models.leads import Lead
from crm.models.quotes import Quote, QuoteItem

__all__ = [
    "Company",
    "Customer",
    "CustomerAddress",
    "CustomerContact",
    "CustomerRelation",
    "Invoice",
    "Job",
    "Lead",
    "Payment",
    "Quote",
    "QuoteItem",
]
