"""The sidebar of the admin: what staff need, in the order they need it; each sees what their permissions allow."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def _may_view(model: str) -> Callable[[HttpRequest], bool]:
    app, name = model.split(".")
    return lambda request: request.user.has_perm(f"{app}.view_{name}")


def _page(title: str, model: str, icon: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model.replace('.', '_')}_changelist"),
        "permission": _may_view(model),
    }


NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "Migration",
        "separator": False,
        "items": [
            {
                "title": "The move",
                "icon": "monitoring",
                "link": reverse_lazy("admin:index"),
                "permission": _may_view("migration_ops.companystage"),
            },
            _page("Companies", "migration_ops.companystage", "apartment"),
            _page("Runs", "migration_ops.migrationrun", "play_circle"),
            {
                "title": "Quarantine",
                "icon": "report",
                "link": reverse_lazy("admin:migration_ops_quarantinedrow_desk"),
                "permission": _may_view("migration_ops.quarantinedrow"),
            },
            _page("Cases", "migration_ops.dedupcase", "rule"),
            {
                "title": "Cases like one another",
                "icon": "select_all",
                "link": reverse_lazy("admin:migration_ops_bulkdecision_patterns"),
                "permission": lambda request: request.user.has_perm("crm.merge_customers"),
            },
            {
                "title": "Generic values",
                "icon": "contact_phone",
                "link": reverse_lazy("admin:migration_ops_valueruling_desk"),
                "permission": lambda request: request.user.has_perm("crm.merge_customers"),
            },
            {
                "title": "Audit of merges",
                "icon": "verified",
                "link": reverse_lazy("admin:migration_ops_mergesample_audit"),
                "permission": lambda request: request.user.has_perm("crm.merge_customers"),
            },
            _page("Possible duplicates", "migration_ops.dedupconflict", "group"),
            _page("Verdicts", "migration_ops.verdict", "fact_check"),
            _page("Differences of v1 answers", "migration_ops.shadowgroup", "difference"),
            _page("Compared reads", "migration_ops.shadowcount", "compare"),
            _page("Links", "migration_ops.legacylink", "link"),
            _page("Captured changes", "migration_ops.outboxentry", "sync_alt"),
            _page("Audit log", "migration_ops.auditline", "history_edu"),
            _page("Certificates", "migration_ops.certificate", "verified"),
            _page("Retirements", "migration_ops.retirement", "inventory_2"),
            _page("Use of API v1", "migration_ops.v1use", "history"),
        ],
    },
    {
        "title": "Customers & work",
        "separator": True,
        "items": [
            {
                "title": "Find quotes",
                "icon": "search",
                "link": reverse_lazy("admin:crm_quote_browse"),
                "permission": _may_view("crm.quote"),
            },
            {
                "title": "Statistics",
                "icon": "monitoring",
                "link": reverse_lazy("admin:crm_dashboardstats_figures"),
                "permission": _may_view("crm.dashboardstats"),
            },
            _page("Customers", "crm.customer", "person"),
            _page("Merges", "crm.customermerge", "merge"),
            _page("Runs of merges", "crm.customermergerun", "stacks"),
            _page("Decisions", "crm.customerdecision", "how_to_vote"),
            _page("Leads", "crm.lead", "campaign"),
            _page("Quotes", "crm.quote", "request_quote"),
            _page("Jobs", "crm.job", "handyman"),
            _page("Invoices", "crm.invoice", "receipt_long"),
            _page("Payments", "crm.payment", "payments"),
            _page("Company settings", "crm.company", "tune"),
            _page("API tokens", "crm.apitoken", "key"),
        ],
    },
    {
        "title": "Legacy",
        "separator": True,
        "items": [_page("Legacy quotes", "legacy.legacyquote", "table_rows")],
    },
    {
        "title": "Users",
        "separator": True,
        "items": [_page("Users", "auth.user", "manage_accounts"), _page("Groups", "auth.group", "groups")],
    },
]
