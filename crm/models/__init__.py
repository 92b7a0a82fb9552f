"""The normalised schema."""

from crm.models.access import StaffAccess
from crm.models.companies import Company
from crm.models.customers import Customer, CustomerAddress, CustomerContact, CustomerRelation
from crm.models.decisions import CustomerDecision
from crm.models.invoices import Invoice, Payment
from crm.models.jobs import Job
from crm.models.leads import Lead
from crm.models.merges import CustomerMerge, CustomerMergeMove, CustomerMergeRun
from crm.models.quotes import Quote, QuoteItem
from crm.models.statistics import DashboardStats
from crm.models.tokens import ApiToken, IdempotentRequest, Scope

__all__ = [
    "ApiToken",
    "Company",
    "Customer",
    "CustomerAddress",
    "CustomerContact",
    "CustomerDecision",
    "CustomerMerge",
    "CustomerMergeMove",
    "CustomerMergeRun",
    "CustomerRelation",
    "DashboardStats",
    "IdempotentRequest",
    "Invoice",
    "Job",
    "Lead",
    "Payment",
    "Quote",
    "QuoteItem",
    "Scope",
    "StaffAccess",
]
