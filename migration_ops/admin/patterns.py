"""Cases that are like one another: looked at by a sample, decided at once, taken back at once."""

import time
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from crm.admin.columns import anchor, column, link, minute, short, state
from crm.admin.filters import choice_filter, uuid_or_none
from crm.admin.scope import companies_seen, company_seen
from crm.admin.splits import MAY_MERGE
from crm.exceptions import CrmError
from migration_ops.admin.conflicts import reason_in_words
from migration_ops.admin.records import MachineAdmin, render_page
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import bulk as bulks
from migration_ops.models import BulkDecision, DedupCase
from migration_ops.selectors.cases import case_page

# What one request carries out before it answers; the page asks for the rest by itself.
SLICE_S = 5.0
ANSWERS = (("same", "Same customer", "S"), ("different", "Not the same", "D"), ("household", "Same household", "H"))
WORDS = {value: words for value, words, _ in ANSWERS}
COLOURS = {"looking": "info", "running": "warning", "undoing": "warning", "done": "success"}
NAME = "migration_ops_bulkdecision"


def page_of_bulk(pk: UUID) -> str:
    """Where a decision for a pattern is looked at and made."""
    return reverse(f"admin:{NAME}_page", args=[pk])


@admin.display(description="cases")
def bulk_link(bulk: BulkDecision) -> Any:
    """Leads to its page."""
    return anchor(str(bulk), page_of_bulk(bulk.pk))


@admin.display(description="answer")
def answer_of(bulk: BulkDecision) -> str:
    """In words."""
    return WORDS.get(bulk.verdict, "–")


@admin.register(BulkDecision)
class BulkDecisionAdmin(MachineAdmin):
    """Decisions for many cases at once, the latest first."""

    list_display = (
        minute("at", words="when"), bulk_link, column("reason", reason_in_words, words="why a person was asked"),
        answer_of,
        state("state", COLOURS, labels=dict(BulkDecision.State.choices)), short("actor", words="by"), link("company"),
    )  # fmt: skip
    list_display_links = None
    list_filter = (*MachineAdmin.list_filter, choice_filter("state", BulkDecision.State.choices))
    ordering = ("-at", "pk")
    sortable_by = ()
    change_form_before_template = ""
    fieldsets = ((None, {"fields": (bulk_link,)}),)

    def get_urls(self) -> list[URLPattern]:
        """The pages besides the list."""
        view = self.admin_site.admin_view
        return [
            path("patterns/", view(self.patterns_view), name=f"{NAME}_patterns"),
            path("draw/", view(self.draw_view), name=f"{NAME}_draw"),
            path("<uuid:pk>/page/", view(self.page_view), name=f"{NAME}_page"),
            path("<uuid:pk>/sample/<uuid:case>/", view(self.sample_view), name=f"{NAME}_sample"),
            path("<uuid:pk>/do/<slug:what>/", view(self.do_view), name=f"{NAME}_do"),
            *super().get_urls(),
        ]

    def patterns_view(self, request: HttpRequest) -> HttpResponse:
        """Open cases by pattern, of one company."""
        self._check(request)
        chosen = uuid_or_none(request.GET.get("company", ""))
        companies = list(
            companies_seen(request)
            .filter(pk__in=DedupCase.objects.filter(state="open").exclude(pattern="").values("company"))
            .order_by("name")[:200]
        )
        company = next((each for each in companies if each.pk == chosen), companies[0] if companies else None)
        found = bulks.patterns(company) if company else []
        return render_page(
            request, "patterns.html", title="Cases like one another", companies=companies, company=company,
            patterns=[(each, reason_in_words(each.reason)) for each in found], sample=bulks.SAMPLE,
        )  # fmt: skip

    def draw_view(self, request: HttpRequest) -> HttpResponse:
        """Draw the sample of a pattern."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        company = company_seen(request, request.POST.get("company", ""))
        if company is None:
            raise Http404
        try:
            made = bulks.draw(company, request.POST.get("pattern", ""), actor=request.user.get_username())
        except MigrationOpsError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(f"{reverse(f'admin:{NAME}_patterns')}?company={company.pk}")
        return HttpResponseRedirect(page_of_bulk(made.pk))

    def page_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The sample and its answers, or how far it is, or what became of it."""
        self._check(request)
        bulk = self._bulk(request, pk)
        known = {
            str(each.pk): each for each in DedupCase.objects.filter(pk__in=[UUID(id) for id in bulk.sample])
        }  # fmt: skip
        sample = [(id, known.get(id), WORDS.get(bulk.answers.get(id, ""), "")) for id in bulk.sample]
        unseen = next((id for id in bulk.sample if id not in bulk.answers), None)
        verdict = bulks.verdict_of_sample(bulk)
        return render_page(
            request, "bulk.html", title="Cases like one another", bulk=bulk, reason=reason_in_words(bulk.reason),
            sample=sample, unseen=unseen, verdict=WORDS.get(verdict, ""), answer=WORDS.get(bulk.verdict, ""),
            size=len(bulk.cases), looked=len(bulk.answers), done=bulk.decided_cases.count(), left=bulk.left[:200],
            moving=bulk.state in ("running", "undoing"), is_mixed=unseen is None and not verdict,
        )  # fmt: skip

    def sample_view(self, request: HttpRequest, pk: UUID, case: UUID) -> HttpResponse:
        """GET shows a case of the sample, POST notes the answer and goes on to the next."""
        self._check(request)
        bulk = self._bulk(request, pk)
        found = DedupCase.objects.select_related("company").filter(pk=case, company=bulk.company_id).first()
        if found is None or str(case) not in bulk.sample:
            raise Http404
        if request.method == "POST":
            try:
                bulk = bulks.look(bulk, case, request.POST.get("verdict", ""), actor=request.user.get_username())
            except MigrationOpsError as error:
                messages.error(request, str(error))
                return HttpResponseRedirect(page_of_bulk(pk))
            unseen = next((id for id in bulk.sample if id not in bulk.answers), None)
            return HttpResponseRedirect(
                reverse(f"admin:{NAME}_sample", args=[pk, unseen]) if unseen else page_of_bulk(pk)
            )
        return render_page(
            request, "sample.html", title="A case of the sample", bulk=bulk, case=found, page=case_page(found),
            reason=reason_in_words(found.reason), number=bulk.sample.index(str(case)) + 1, answers=ANSWERS,
            said=WORDS.get(bulk.answers.get(str(case), ""), ""), back=page_of_bulk(pk),
        )  # fmt: skip

    def do_view(self, request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
        """Begin, go on, take back, or leave it."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        bulk, actor, started = self._bulk(request, pk), request.user.get_username(), time.monotonic()

        def until() -> bool:
            return time.monotonic() - started > SLICE_S

        try:
            if what == "begin":
                bulk = bulks.begin(bulk, actor=actor, why=request.POST.get("why", "").strip())
                bulks.go_on(bulk, actor=actor, until=until)
            elif what == "go-on" and bulk.state == BulkDecision.State.UNDOING:
                bulks.take_back(bulk, actor=actor, until=until)
            elif what == "go-on":
                bulks.go_on(bulk, actor=actor, until=until)
            elif what == "undo":
                bulks.take_back(bulk, actor=actor, until=until)
            elif what == "drop":
                bulks.drop(bulk)
                return HttpResponseRedirect(f"{reverse(f'admin:{NAME}_patterns')}?company={bulk.company_id}")
            else:
                raise Http404
        except (CrmError, MigrationOpsError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(page_of_bulk(pk))

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied

    def _bulk(self, request: HttpRequest, pk: UUID) -> BulkDecision:
        bulk: BulkDecision | None = self.get_queryset(request).select_related("company", "run").filter(pk=pk).first()
        if bulk is None:
            raise Http404
        return bulk
