"""The CRM as staff see it; one family a file."""

from crm.admin.companies import CompanyAdmin
from crm.admin.customers import CustomerAdmin
from crm.admin.invoices import InvoiceAdmin, PaymentAdmin
from crm.admin.jobs import JobAdmin
from crm.admin.leads import LeadAdmin
from crm.admin.merges import CustomerDecisionAdmin, CustomerMergeAdmin, CustomerMergeRunAdmin
from crm.admin.quotes import QuoteAdmin

__all__ = [
    "CompanyAdmin",
    "CustomerAdmin",
    "CustomerDecisionAdmin",
    "CustomerMergeAdmin",
    "CustomerMergeRunAdmin",
    "InvoiceAdmin",
    "JobAdmin",
    "LeadAdmin",
    "PaymentAdmin",
    "QuoteAdmin",
]
