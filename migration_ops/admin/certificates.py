"""Certificates as people read and print them, and what became of legacy rows."""

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from crm.admin.columns import anchor, badge, code, link, minute, number, short, state, text, when
from crm.admin.filters import choice_filter
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import Certificate, Retirement
from migration_ops.retirement import certificate as certificates
from migration_ops.retirement.view import certificate_page

RETIREMENT_COLOURS = {"removing": "warning", "removed": "success", "restored": "info"}


@admin.display(description="state")
def standing(certificate: Certificate) -> Any:
    """Whether it still holds."""
    return badge("superseded", "warning") if certificate.is_superseded else badge("holds", "success")  # type: ignore[attr-defined]


@admin.display(description="certificate", ordering="pk")
def page(certificate: Certificate) -> Any:
    """Leads to the page that is printed."""
    return anchor(
        format_html("Certificate {}", certificate.pk),
        reverse("admin:migration_ops_certificate_page", args=[certificate.pk]),
    )


@admin.register(Certificate)
class CertificateAdmin(MachineAdmin):
    """Companies that were signed off; each on one page to print, and as the file that `certificate --verify` checks."""

    list_display = (page, link("company"), standing, short("signed_by"), minute("at"), code("sha256"))
    list_display_links = None
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_texts = ("signed_by", "company__name")
    fieldsets = ((None, {"fields": (page, link("company"), standing, text("signed_by"), when("at"), code("sha256"))}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With whether each still holds."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(is_superseded=certificates.superseded())
        return rows

    def get_urls(self) -> list[URLPattern]:
        """The page and the file."""
        return [
            path("<int:pk>/page/", self.admin_site.admin_view(self.page), name="migration_ops_certificate_page"),
            path("<int:pk>/file/", self.admin_site.admin_view(self.file), name="migration_ops_certificate_file"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All of it on one page."""
        found = self._found(request, pk)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "view": certificate_page(found),
            "title": f"Certificate {found.pk}: {found.company.name}",
        }  # fmt: skip
        return TemplateResponse(request, "admin/migration_ops/certificate.html", context)

    def file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The JSON that was signed, with its SHA-256."""
        found = self._found(request, pk)
        name = f"certificate-{found.company.slug}-{found.pk}.json"
        held = certificates.as_file(found)
        json.loads(held)  # whatever the row says, nothing but JSON is handed out
        return HttpResponse(
            held, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    def _found(self, request: HttpRequest, pk: int) -> Certificate:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        certificate: Certificate = found
        return certificate


@admin.register(Retirement)
class RetirementAdmin(MachineAdmin):
    """Legacy rows that were archived and removed, and those that were put back."""

    list_display = (
        minute("at"), link("company"), state("state", RETIREMENT_COLOURS, labels=dict(Retirement.State.choices)),
        number("rows"), number("removed"), short("actor"),
    )  # fmt: skip
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("state", Retirement.State.choices, is_always_offered=True),
    )
    ordering = ("-pk",)
    wide_ordering = ("-pk",)
    search_texts = ("actor", "company__name")
    fieldsets = (
        (None, {"fields": (*list_display[1:], text("reason"), when("at"), when("ended_at"))}),
        ("Archive", {"fields": (text("archive"), code("archive_sha256"))}),
    )
