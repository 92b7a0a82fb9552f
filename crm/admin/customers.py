"""Customers, with everything they are also known as."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from crm.admin.columns import (
    anchor,
    badges,
    code,
    link,
    links,
    list_of,
    minute,
    page_of,
    short,
    state,
    text,
    when,
    yes_no,
)
from crm.admin.customer_parts import deals_of, decisions_part, merges_part
from crm.admin.filters import CompanyFilter, choice_filter, uuid_or_none
from crm.admin.lists import ListInline
from crm.admin.splits import SplitPages, split_link
from crm.models import Customer, CustomerAddress, CustomerContact, CustomerRelation, Invoice, Job, Lead, Quote
from crm.selectors.customers import living

KINDS = {
    "current": Q(merged_into__isnull=True),
    "merged": Q(merged_into__isnull=False),
    "placeholder": Q(is_placeholder=True),
    "shared_phone": Q(phone_is_shared=True),
}


@admin.display(description="kind")
def kinds_of(customer: Customer) -> Any:
    """What is special about the customer, as labels."""
    return badges(
        (words, colour)
        for is_so, words, colour in (
            (customer.merged_into_id is not None, "merged", "primary"),
            (customer.is_placeholder, "placeholder", "warning"),
            (customer.phone_is_shared, "shared phone", "info"),
        )
        if is_so
    )


@admin.display(description="work")
def work_of(customer: Customer) -> Any:
    """Links to the lists of the customer's leads, quotes, jobs and invoices."""
    return links(
        (
            str(model._meta.verbose_name_plural),
            list_of(model, company=customer.company_id, customer__id__exact=customer.pk),
        )
        for model in (Lead, Quote, Job, Invoice)
    )


@admin.display(description="notes")
def contact_flags(contact: CustomerContact) -> Any:
    """What is odd about the recorded texts."""
    return badges((flag.replace("_", " "), "") for flag in contact.flags)


class ContactInline(ListInline):
    """Every name, e-mail and phone as it was recorded."""

    model = CustomerContact
    verbose_name_plural = "Also known as"
    columns = (
        text("name"),
        text("email", words="e-mail"),
        text("phone"),
        contact_flags,
        when("first_seen_at", words="first seen"),
        when("last_seen_at", words="last seen"),
    )


class AddressInline(ListInline):
    """Addresses, the primary one first."""

    model = CustomerAddress
    verbose_name_plural = "Addresses"
    columns = (text("address"), yes_no("is_primary", words="primary"), when("last_used_at", words="last used"))


class RelationInline(ListInline):
    """Customers that look alike and are known to be others."""

    model = CustomerRelation
    fk_name = "customer"
    verbose_name_plural = "Not the same as"
    columns = (
        link("other", words="customer"),
        state("kind", {}, labels=dict(CustomerRelation.Kind.choices), words="relation"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerRelation]:
        """With the names of both sides."""
        rows: QuerySet[CustomerRelation] = super().get_queryset(request)
        return rows.select_related("customer", "other")


class RelatedToInline(RelationInline):
    """The same, recorded from the other side."""

    fk_name = "other"
    verbose_name_plural = "Others that are not the same"
    columns = (link("customer"), *RelationInline.columns[1:])


@admin.register(Customer)
class CustomerAdmin(SplitPages):
    """The golden records."""

    list_display = (
        short("__str__", words="name", order="name"),
        short("email", words="e-mail"),
        short("phone"),
        kinds_of,
        link("company"),
        minute("created_at", order="created_at"),
    )
    list_filter = (
        CompanyFilter,
        choice_filter(
            "kind",
            (
                ("current", "Not merged"),
                ("merged", "Merged into another"),
                ("placeholder", "Placeholder"),
                ("shared_phone", "Shared phone"),
            ),
            conditions=KINDS,
        ),
    )
    list_select_related = ("company",)
    company_ordering = ("-created_at", "-pk")
    search_texts = ("name", "email", "phone")
    search_customer = ("company_id", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (text("name"), kinds_of),
                    (text("email", words="e-mail"), text("phone")),
                    (link("company"), link("merged_into", words="merged into")),
                    (work_of, split_link),
                    deals_of,
                    merges_part,
                    decisions_part,
                    (when("created_at"), when("updated_at")),
                    code("id"),
                )
            },
        ),
    )
    inlines = (ContactInline, AddressInline)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Of a customer that was merged: the page of the one it is part of now, unless its own is asked for."""
        customer = uuid_or_none(object_id) and self.get_queryset(request).filter(pk=object_id).first()
        if customer and customer.merged_into_id and "merged" not in request.GET:
            into = living(customer.company, [customer.pk])[customer.pk]
            messages.info(
                request,
                format_html(
                    "{} was merged into this customer. {}",
                    customer, anchor("Show it as it was", f"{page_of(customer)}?merged=1"),
                ),
            )  # fmt: skip
            return HttpResponseRedirect(reverse("admin:crm_customer_change", args=[into]))
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Relations only where there are any; most customers have none."""
        related = (obj and obj.relations.exists(), obj and obj.related_to.exists())
        shown = (RelationInline, RelatedToInline)
        return (*self.inlines, *(inline for inline, is_there in zip(shown, related, strict=True) if is_there))
