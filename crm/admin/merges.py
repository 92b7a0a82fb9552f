"""Merges, runs of merges and decisions, with undo."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from crm.admin.columns import anchor, badge, column, link, minute, page_of, short, state, text, when
from crm.admin.filters import choice_filter
from crm.admin.records import RecordAdmin
from crm.admin.splits import MAY_MERGE, seen_parts
from crm.exceptions import CrmError
from crm.models import CustomerDecision, CustomerMerge, CustomerMergeRun
from crm.services.decisions import in_words
from crm.services.redo import of_undo, plan_redo, redo_merge
from crm.services.undo import blocking, names, undo_merge, undo_run

IN_FORCE = {"in_force": Q(undone_at__isnull=True), "undone": Q(undone_at__isnull=False)}
STANDING = choice_filter("state", (("in_force", "In force"), ("undone", "Undone")), conditions=IN_FORCE)


@admin.display(description="who became part")
def names_of(merge: CustomerMerge) -> str:
    """As they were called then."""
    return names(merge)


@admin.display(description="rows moved")
def rows_of(merge: CustomerMerge) -> str:
    """How many."""
    return f"{sum(merge.counts.values()):,}"


@admin.display(description="state")
def standing(row: Any) -> Any:
    """Whether it is undone."""
    return badge("undone", "warning") if row.undone_at else badge("in force", "success")


@admin.display(description="undo")
def undo_link(row: Any) -> Any:
    """Leads to a page that shows what the undo, or doing it again, will do."""
    if row.undone_at is not None:
        if not isinstance(row, CustomerMerge) or row.origin == CustomerMerge.Origin.SPLIT:
            return None
        return anchor("Merge again…", reverse("admin:crm_customermerge_redo", args=[row.pk]))
    return anchor("Undo…", reverse(f"admin:crm_{row._meta.model_name}_undo", args=[row.pk]))


@admin.display(description="which value won, and why")
def fields_of(merge: CustomerMerge) -> Any:
    """A line a field: what is shown since, where it came from, and what it was chosen over."""
    lines = format_html_join(
        "", "<tr><th>{}</th><td><bdi>{}</bdi></td><td>{}</td><td><bdi>{}</bdi></td></tr>",
        (
            (
                {"email": "e-mail"}.get(name, name), field["value"] or "–",
                f"{field['why']}{', settled by a person' if field['settled'] else ''}",
                "; ".join(f"{other['value']} ({other['why']})" for other in field["lost"]) or "–",
            )
            for name, field in merge.fields.items()
        ),
    )  # fmt: skip
    head = format_html("<tr><th></th><th>{}</th><th>{}</th><th>{}</th></tr>", "Shown", "Because", "Instead of")
    return format_html('<table class="qp-table">{}{}</table>', head, lines)


@admin.display(description="moved")
def counts_of(merge: CustomerMerge) -> str:
    """Rows by table, in words."""
    return ", ".join(f"{rows:,} {table.removesuffix('_new').replace('_', ' ')}" for table, rows in merge.counts.items())


class UndoAdmin(RecordAdmin):
    """A list of what can be undone, each with a page that asks first."""

    change_form_before_template = ""
    list_select_related: tuple[str, ...] = ("company", "survivor")
    ordering = ("-at", "pk")

    def get_urls(self) -> list[URLPattern]:
        """The undo page besides the usual ones."""
        name = f"crm_{self.model._meta.model_name}_undo"
        page = path("<uuid:pk>/undo/", self.admin_site.admin_view(self.undo_view), name=name)
        return [page, *super().get_urls()]

    def undo_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET shows what will happen, POST does it."""
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        if request.method == "POST":
            return self._undo(request, row)
        context = {
            **self.admin_site.each_context(request), "title": f"Undo: {row}", "row": row, "opts": self.model._meta,
            **self.undo_context(row), "back": page_of(row),
        }  # fmt: skip
        return TemplateResponse(request, "admin/crm/undo.html", context)

    def undo_context(self, row: Any) -> dict[str, Any]:
        """What the page tells: the merges that will be undone."""
        raise NotImplementedError

    def _undo(self, request: HttpRequest, row: Any) -> HttpResponse:
        options: dict[str, Any] = {
            "actor": request.user.get_username(),
            "reason": request.POST.get("reason", "").strip(),
        }
        try:
            undone = self.carry_out(request, row, options)
        except CrmError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)
        messages.success(request, "Undone: " + "; ".join(_again(each) for each in undone) + ".")
        return HttpResponseRedirect(page_of(row))

    def carry_out(self, request: HttpRequest, row: Any, options: dict[str, Any]) -> list[CustomerMerge]:
        """Call the service."""
        raise NotImplementedError


def _again(undone: CustomerMerge) -> str:
    if undone.origin == CustomerMerge.Origin.SPLIT:
        return f"{names(undone)} is part of {undone.survivor} again"
    who = names(undone)
    return (
        f"{who} {'are customers' if ', ' in who else 'is a customer'} of {'their' if ', ' in who else 'its'} own again"
    )


@admin.register(CustomerMerge)
class CustomerMergeAdmin(UndoAdmin):
    """Who was merged into whom, by whom and why."""

    list_display = (
        minute("at", words="when"), names_of, link("survivor"), short("actor", words="by"),
        state("origin", {"rules": "info"}, labels=dict(CustomerMerge.Origin.choices)), rows_of, standing, undo_link,
        link("company"),
    )  # fmt: skip
    list_filter = (
        *RecordAdmin.list_filter, STANDING, choice_filter("origin", CustomerMerge.Origin.choices),
    )  # fmt: skip
    search_ids = ("pk", "survivor_id")
    search_customer = ("company_id", "survivor_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (names_of, link("survivor", words="became part of")),
                    (text("actor", words="by"), when("at", words="when")),
                    (text("reason"), state("origin", {}, labels=dict(CustomerMerge.Origin.choices))),
                    (counts_of, link("run", words="together with others")),
                    fields_of,
                    (standing, undo_link),
                    (when("undone_at", words="undone"), text("undone_by"), text("undone_reason")),
                )
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """The page that does an undone merge again, besides."""
        page = path("<uuid:pk>/redo/", self.admin_site.admin_view(self.redo_view), name="crm_customermerge_redo")
        return [page, *super().get_urls()]

    def redo_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET shows what merging again will do, POST does it."""
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        context: dict[str, Any] = {
            **self.admin_site.each_context(request), "title": f"Merge again: {row}", "opts": self.model._meta,
            "back": page_of(row),
        }  # fmt: skip
        try:
            if request.method == "POST":
                into = str(row.survivor)  # as it is called while it is apart
                done = redo_merge(
                    row, actor=request.user.get_username(), reason=request.POST.get("reason", "").strip(),
                    seen=seen_parts(request),
                )  # fmt: skip
                messages.success(request, f"Merged again: {names(done)} became part of {into}.")
                return HttpResponseRedirect(page_of(done))
            plan = plan_redo(row)
        except CrmError as error:
            return TemplateResponse(request, "admin/crm/redo.html", context | {"refusal": str(error)})
        own = {each.pk for each in of_undo(row)}
        words = {each.table: each.words for each in plan.moves}
        context |= {
            "plan": plan, "seen": json.dumps(dict(plan.parts)),
            "counts": [(words[table], rows) for table, rows in plan.counts().items()],
            "taken_back": [in_words(each) for each in plan.against if each.pk in own],
            "against": [in_words(each) for each in plan.against if each.pk not in own],
        }  # fmt: skip
        return TemplateResponse(request, "admin/crm/redo.html", context)

    def undo_context(self, row: CustomerMerge) -> dict[str, Any]:
        """The merge and those that stand in its way."""
        later = blocking(row) if row.undone_at is None else []
        return {
            "later": [(names(each), each) for each in later],
            "merges": [(names(row), row)],
            "has_later": bool(later),
            "is_split": row.origin == CustomerMerge.Origin.SPLIT,
        }

    def carry_out(self, request: HttpRequest, row: CustomerMerge, options: dict[str, Any]) -> list[CustomerMerge]:
        """Undo it, with the later ones where that was asked for."""
        return undo_merge(row, with_later=request.POST.get("with_later") == "yes", **options)


@admin.register(CustomerMergeRun)
class CustomerMergeRunAdmin(UndoAdmin):
    """Merges that were done together."""

    list_display = (
        minute("at", words="when"), short("words", words="what"), short("actor", words="by"),
        state("origin", {}, labels=dict(CustomerMergeRun.Origin.choices)), standing, undo_link, link("company"),
    )  # fmt: skip
    list_filter = (*RecordAdmin.list_filter, STANDING)
    list_select_related = ("company",)
    search_ids = ("pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    text("words", words="what"),
                    (text("actor", words="by"), when("at", words="when")),
                    (
                        text("rule_version", words="rules"),
                        state("origin", {}, labels=dict(CustomerMergeRun.Origin.choices)),
                    ),
                    (standing, undo_link),
                    (when("undone_at", words="undone"), text("undone_by")),
                )
            },
        ),
    )

    def undo_context(self, row: CustomerMergeRun) -> dict[str, Any]:
        """The merges of the run, the first of them."""
        merges = row.merges.filter(undone_at__isnull=True).select_related("survivor")
        return {"merges": [(names(each), each) for each in merges[:20]], "count": merges.count(), "later": []}

    def carry_out(self, request: HttpRequest, row: CustomerMergeRun, options: dict[str, Any]) -> list[CustomerMerge]:
        """Undo all of it."""
        return undo_run(row, **options)


@admin.register(CustomerDecision)
class CustomerDecisionAdmin(RecordAdmin):
    """What people decided about two customers."""

    change_form_before_template = ""
    list_display = (
        minute("at", words="when"), link("customer_a", words="one"),
        state("verdict", {"same": "success"}, labels=dict(CustomerDecision.Verdict.choices)),
        link("customer_b", words="other"), short("actor", words="by"), link("company"),
    )  # fmt: skip
    list_filter = (
        *RecordAdmin.list_filter,
        choice_filter("verdict", CustomerDecision.Verdict.choices),
        choice_filter(
            "force", (("yes", "In force"), ("no", "Superseded")),
            conditions={"yes": Q(superseded_at__isnull=True), "no": Q(superseded_at__isnull=False)},
        ),
    )  # fmt: skip
    list_select_related = ("company", "customer_a", "customer_b")
    ordering = ("-at", "pk")
    search_ids = ("pk", "customer_a_id", "customer_b_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    column("__str__", str, words="decision"),
                    (link("customer_a", words="one"), link("customer_b", words="other"), link("subject")),
                    (text("actor", words="by"), when("at", words="when")),
                    (text("reason"), when("superseded_at", words="superseded")),
                    (link("merge"), link("superseded_by")),
                )
            },
        ),
    )
