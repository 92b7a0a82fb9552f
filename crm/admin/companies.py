"""Companies: the only rows of the CRM that staff edit before the move."""

from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from crm.admin.columns import code, links, list_of, minute, text
from crm.admin.lists import ListAdmin
from crm.models import Company, Customer, Invoice, Job, Lead, Payment, Quote

WORK = (Customer, Lead, Quote, Job, Invoice, Payment)


class CompanyForm(forms.ModelForm):
    """A region and a time zone that exist."""

    class Meta:
        model = Company
        fields = ("name", "slug", "phone_region", "timezone")
        widgets = {"name": forms.TextInput}

    def clean_phone_region(self) -> str:
        """Upper case; an ISO country with a numbering plan.

        Raises:
            ValidationError: it is none.
        """
        region = str(self.cleaned_data["phone_region"]).upper()
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError("%(region)s is no country code, such as US or GB.", params={"region": region})
        return region

    def clean_timezone(self) -> str:
        """An IANA name.

        Raises:
            ValidationError: it is none.
        """
        name = str(self.cleaned_data["timezone"])
        if name not in available_timezones():
            raise ValidationError("%(name)s is no time zone, such as America/New_York.", params={"name": name})
        return name


@admin.display(description="rows")
def work_of(company: Company) -> Any:
    """Links to the lists of its customers and their work."""
    return links((str(model._meta.verbose_name_plural), list_of(model, company=company.pk)) for model in WORK)


@admin.register(Company)
class CompanyAdmin(ListAdmin):
    """Name, slug, phone region and time zone can be changed; a company comes and goes with its legacy rows."""

    form = CompanyForm
    company_path = "pk"
    list_display = (text("name", order="name"), "slug", "phone_region", "timezone", work_of)
    list_display_links = (list_display[0], "slug")
    ordering = ("name", "pk")
    search_texts = ("name", "slug")
    search_help_text = "Id, or a part of the name or slug"
    fieldsets = (
        (None, {"fields": ("name", "slug", ("phone_region", "timezone"))}),
        ("Work", {"fields": (work_of, code("id"), minute("created_at"))}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the user's permissions say."""
        return bool(ModelAdmin.has_change_permission(self, request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything but the four columns of the form."""
        editable = CompanyForm.Meta.fields if self.has_change_permission(request, obj) else ()
        return [field for field in flatten_fieldsets(self.get_fieldsets(request, obj)) if field not in editable]
