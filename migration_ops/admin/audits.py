"""The standing audit of automatic merges: the question, asked blind, and what the answers add up to."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from crm.admin.columns import link, minute, short
from crm.admin.filters import choice_filter
from crm.admin.scope import allowed_companies, companies_seen, company_seen
from crm.admin.splits import MAY_MERGE
from migration_ops.admin.records import MachineAdmin, render_page
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import precision, standing_audit
from migration_ops.models import AutomaticMerging, MergeSample
from migration_ops.selectors.cases import Cell, Line

NAME = "migration_ops_mergesample"
SHOWN = 200
"""Companies on the page of figures."""
ANSWERS = (("same", "Same customer", "S"), ("different", "Not the same", "D"), ("unsure", "Cannot be told", "T"))


@admin.display(description="answer")
def answer_of(sample: MergeSample) -> str:
    """In words."""
    return sample.get_answer_display() if sample.answer else "–"


@admin.display(description="the machine")
def machine_of(sample: MergeSample) -> str:
    """What it had decided; not said before the answer."""
    if not sample.answer:
        return "said after the answer"
    return "merged them" if sample.is_merged else "kept them apart"


@admin.register(MergeSample)
class MergeSampleAdmin(MachineAdmin):
    """What was asked and answered, the latest first."""

    list_display = (
        minute("created_at", words="drawn"), short("__str__", words="who"), answer_of, machine_of,
        short("answered_by", words="by"), minute("answered_at", words="answered"), link("company"),
    )  # fmt: skip
    list_display_links = None
    list_filter = (*MachineAdmin.list_filter, choice_filter("answer", MergeSample.Answer.choices))
    ordering = ("-created_at", "pk")
    sortable_by = ()
    change_form_before_template = ""
    fieldsets = ((None, {"fields": (answer_of, machine_of)}),)

    def get_urls(self) -> list[URLPattern]:
        """The pages besides the list."""
        view = self.admin_site.admin_view
        return [
            path("audit/", view(self.audit_view), name=f"{NAME}_audit"),
            path("next/", view(self.next_view), name=f"{NAME}_next"),
            path("<uuid:pk>/ask/", view(self.ask_view), name=f"{NAME}_ask"),
            path("resume/", view(self.resume_view), name=f"{NAME}_resume"),
            *super().get_urls(),
        ]

    def audit_view(self, request: HttpRequest) -> HttpResponse:
        """Each audited company's precision with its bounds."""
        self._check(request)
        stopped = Exists(AutomaticMerging.objects.filter(company=OuterRef("pk"), is_stopped=True))
        audited = Exists(MergeSample.objects.filter(company=OuterRef("pk")))
        companies = list(
            companies_seen(request).filter(audited | stopped).order_by(stopped.desc(), "name", "pk")[: SHOWN + 1]
        )
        rows = [
            (now, _percent(now.precision), _percent(now.low), _percent(now.high))
            for now in standing_audit.figures_of(companies[:SHOWN])
        ]
        return render_page(
            request, "audit.html", title="Audit of merges", rows=rows, bar=_percent(precision.BAR),
            telling=precision.TELLING, waiting=self.get_queryset(request).filter(answer="").count(),
            daily=standing_audit.DAILY, most=SHOWN if len(companies) > SHOWN else 0,
        )  # fmt: skip

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """One that nobody has answered."""
        self._check(request)
        chosen = company_seen(request, request.GET.get("company", ""))
        found = standing_audit.next_sample(chosen, seen=allowed_companies(request))
        if found is None:
            messages.info(request, "Everything drawn so far is answered.")
            return HttpResponseRedirect(reverse(f"admin:{NAME}_audit"))
        return HttpResponseRedirect(reverse(f"admin:{NAME}_ask", args=[found.pk]))

    def ask_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET asks; POST notes the answer and only then says what the machine did."""
        self._check(request)
        sample = self.get_queryset(request).select_related("company", "merge").filter(pk=pk).first()
        if sample is None:
            raise Http404
        if request.method == "POST":
            try:
                standing_audit.answer_sample(
                    sample, request.POST.get("answer", ""), actor=request.user.get_username()
                )  # fmt: skip
            except MigrationOpsError as error:
                messages.error(request, str(error))
            return HttpResponseRedirect(request.path)
        undo = None
        if sample.answer == "different" and sample.merge is not None and sample.merge.undone_at is None:
            undo = reverse("admin:crm_customermerge_undo", args=[sample.merge_id])
        return render_page(
            request, "audit_ask.html", title="The same customer?", sample=sample, lines=_lines(sample),
            names=[side["name"] for side in sample.sides], answers=ANSWERS, machine=machine_of(sample), undo=undo,
            figures=standing_audit.figures(sample.company) if sample.answer else None,
        )  # fmt: skip

    def resume_view(self, request: HttpRequest) -> HttpResponse:
        """Let a stopped company merge without asking again."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        company = company_seen(request, request.POST.get("company", ""))
        if company is None:
            raise Http404
        try:
            standing_audit.resume(
                company, actor=request.user.get_username(), reason=request.POST.get("reason", "")
            )  # fmt: skip
        except MigrationOpsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{company} merges without asking again; its audit begins anew.")
        return HttpResponseRedirect(reverse(f"admin:{NAME}_audit"))

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.2f} %"


def _lines(sample: MergeSample) -> list[Line]:
    """The sides as a comparison, what differs first."""
    lines = []
    for place, (words, _) in enumerate(sample.sides[0]["lines"]):
        cells = tuple(
            Cell(customer=sample.pk, lines=tuple(value for value in side["lines"][place][1] if value))
            for side in sample.sides
        )
        lines.append(Line(words=words, field="", differs=len({cell.lines for cell in cells}) > 1, cells=cells))
    return sorted(lines, key=lambda line: not line.differs)
