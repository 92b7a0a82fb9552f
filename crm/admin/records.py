"""The base of the pages of customers and their work."""

from crm.admin.filters import CompanyFilter
from crm.admin.lists import ListAdmin


class RecordAdmin(ListAdmin):
    """Read-only until the company has moved: legacy is authoritative, and the mirror would overwrite an edit."""

    list_filter: tuple = (CompanyFilter,)
    ordering: tuple[str, ...] = ("-created_at", "pk")
    list_select_related: tuple[str, ...] = ("company", "customer")
    search_customer: tuple[str, str] | None = ("company_id", "customer_id")
    change_form_before_template = "admin/crm/read_only_note.html"
