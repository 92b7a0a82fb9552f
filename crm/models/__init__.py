"""The normalised schema."""

from crm.models.companies import Company
from crm.models.customers import Customer, CustomerAddress, CustomerContact, CustomerRelation
from crm.models.decisions import CustomerDecision
from crm.models.invoices import Invoice, Payment
from crm.models.jobs import Job
from crm.models.leads import Lead
from crm.models.merges import CustomerMerge, CustomerMergeMove, CustomerMergeRun
from crm.models.quotes import Quote, QuoteItem

__all__ = [
    "Company",
    "Customer",
    "CustomerAddress",
    "CustomerContact",
    "CustomerDecision",
    "CustomerMerge",
    "CustomerMergeMove",
    "CustomerMergeRun",
    "CustomerRelation",
    "Invoice",
    "Job",
    "Lead",
    "Payment",
    "Quote",
    "QuoteItem",
]
