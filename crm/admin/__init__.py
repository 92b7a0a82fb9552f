"""The CRM as staff see it; one family a file."""

from crm.admin.companies import CompanyAdmin
from crm.admin.customers import CustomerAdmin
from crm.admin.invoices import InvoiceAdmin, PaymentAdmin
from crm.admin.jobs import JobAdmin
from crm.admin.leads import LeadAdmin
from crm.admin.merges import CustomerDecisionAdmin, CustomerMergeAdmin, CustomerMergeRunAdmin
from crm.admin.quotes import QuoteAdmin
from crm.admin.statistics import DashboardStatsAdmin
from crm.admin.tokens import ApiTokenAdmin

__all__ = [
    "ApiTokenAdmin",
    "CompanyAdmin",
    "CustomerAdmin",
    "CustomerDecisionAdmin",
    "CustomerMergeAdmin",
    "CustomerMergeRunAdmin",
    "DashboardStatsAdmin",
    "InvoiceAdmin",
    "JobAdmin",
    "LeadAdmin",
    "PaymentAdmin",
    "QuoteAdmin",
]
