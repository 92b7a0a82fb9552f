"""The queue of cases and the case on one screen."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Value
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from crm.admin.columns import anchor, badge, column, minute, money, number, words_of
from crm.admin.filters import ChoiceFilter, choice_filter, uuid_or_none
from crm.admin.scope import allowed_companies, companies_seen
from crm.admin.splits import MAY_MERGE
from crm.exceptions import CrmError
from migration_ops.admin.case_form import BETWEEN, against_of, answer_of, said_of, seen_of
from migration_ops.admin.conflicts import WORDS, percent
from migration_ops.admin.evidence import weights_table
from migration_ops.admin.records import MachineAdmin
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import cases
from migration_ops.identity.duplicates.explain import REASON_WORDS
from migration_ops.models import DedupCase
from migration_ops.selectors.cases import case_page, preview_of, unsearched

KEYS = (
    ("S", "all the same"), ("D", "not the same"), ("H", "same household"), ("W", "works for"), ("B", "branch of"),
    ("1–9", "put the marked record into a group"), ("← →", "mark another record"), ("Enter", "decide"),
    ("N", "next case"), ("U", "undo the last"), ("?", "these keys"),
)  # fmt: skip
# Where there is nothing to decide.
SETTLED_KEYS = tuple(each for each in KEYS if each[0] in ("N", "U", "?"))
REASONS = {
    **WORDS,
    "evidence_changed": "A person kept them apart; the evidence is another one since.",
    **{why.value: words for why, words in REASON_WORDS.items() if words},
}
# Evidence that is not about the two records: how common matches are, who lives there, limits and rules.
BACKGROUND = ("prior", "place", "name_limit", "rule")
SEEN_AT_A_GLANCE = 4
FILTERS = ("company", "reason", "age")
AGES = {"day": 1, "week": 7, "month": 30}


class StateFilter(ChoiceFilter):
    """Open cases, unless others are asked for."""

    title = "state"
    parameter_name = "state"
    choices_offered = (("open", "Open"), ("decided", "Decided"), ("gone", "No question any more"))
    is_always_offered = True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The states; "open" stands for none chosen."""
        for value, words in self.choices_offered:
            yield {
                "selected": (self.value() or "open") == value, "display": words,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
            }  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Cases of the state."""
        value = self.value() or "open"
        return queryset.filter(state=value) if value in dict(self.choices_offered) else queryset


def reason_in_words(value: str) -> str:
    """Why a person is asked."""
    return REASONS.get(value, value.replace("_", " ").capitalize())


def _likely(score: float) -> Any:
    """In one line."""
    return format_html('<span class="qp-line">{}</span>', percent(score))


@admin.display(description="case", ordering="words")
def case_link(case: DedupCase) -> Any:
    """Leads to the case."""
    return anchor(
        format_html("<bdi>{}</bdi>", case.words), reverse("admin:migration_ops_dedupcase_decide", args=[case.pk])
    )


@admin.display(description="claimed")
def claimed(case: DedupCase) -> Any:
    """Who looks at it now, or who decided it."""
    if case.state == DedupCase.State.DECIDED:
        return badge(f"decided by {case.decided_by}", "success")
    if case.holder and getattr(case, "asked_by", "") == case.holder:
        return badge("you are looking at it", "warning")
    return badge(f"{case.holder} is looking at it", "warning") if case.holder else None


@admin.register(DedupCase)
class DedupCaseAdmin(MachineAdmin):
    """Likely duplicates, the most valuable first, each decided on one screen."""

    list_display = (
        case_link, words_of("reason", reason_in_words, words="why"), column("score", _likely, words="likely"),
        number("records"), money("money", words="quoted"), claimed, minute("created_at", words="since"),
    )  # fmt: skip
    list_display_links = None
    list_filter = (
        *MachineAdmin.list_filter,
        StateFilter,
        choice_filter(
            "reason", tuple((value, words) for value, words in REASONS.items()),
            is_always_offered=True,
        ),
        choice_filter(
            "age", tuple((name, f"Older than a {name}") for name in AGES), is_always_offered=True,
            conditions={name: Q(pk__isnull=False) for name in AGES},
        ),
    )  # fmt: skip
    ordering = ("-stake", "pk")
    wide_ordering = ("-stake", "pk")
    sortable_by = ()
    search_ids = ("pk",)
    search_texts = ("words",)
    search_help_text = "A part of a name, or the id of a case"
    change_form_before_template = ""
    fieldsets = ((None, {"fields": (case_link,)}),)
    change_list_template = "admin/migration_ops/cases.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Filtered by age where that was asked for; each with who asks."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(asked_by=Value(request.user.get_username()))
        days = AGES.get(request.GET.get("age", ""))
        return rows.filter(created_at__lt=timezone.now() - timedelta(days=days)) if days else rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue; where it is empty, with the companies that were never searched."""
        shown = (extra_context or {}) | {"unsearched": unsearched(companies_seen(request))[:SEEN_AT_A_GLANCE]}
        answer: HttpResponse = super().changelist_view(request, shown)
        return answer

    def get_urls(self) -> list[URLPattern]:
        """The pages besides the list."""
        view, name = self.admin_site.admin_view, "migration_ops_dedupcase"
        return [
            path("next/", view(self.next_view), name=f"{name}_next"),
            path("<uuid:pk>/decide/", view(self.decide_view), name=f"{name}_decide"),
            path("<uuid:pk>/claim/", view(self.claim_view), name=f"{name}_claim"),
            path("<uuid:pk>/preview/", view(self.preview_view), name=f"{name}_preview"),
            path("<uuid:pk>/undo/", view(self.undo_view), name=f"{name}_undo"),
            *super().get_urls(),
        ]

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """POST claims the most valuable case nobody else holds, within the filters of the list, and leads to it."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseRedirect(self._queue(request))
        return self._next(request, after=uuid_or_none(request.GET.get("after", "")))

    def decide_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET shows the case and changes nothing; POST decides it and goes on to the next one."""
        self._check(request)
        case, actor = self._case(request, pk), request.user.get_username()
        if request.method == "POST":
            try:
                decided = cases.decide_case(case, answer_of(request), actor=actor)
            except (CrmError, MigrationOpsError) as error:
                messages.error(request, str(error))
                return HttpResponseRedirect(self._page(request, case.pk))
            undo = reverse("admin:migration_ops_dedupcase_decide", args=[case.pk])
            messages.success(
                request, format_html("{}. {}", decided.decided_words, anchor("Look at it or undo it", undo))
            )
            return self._next(request, after=case.pk, last=case.pk)
        page = case_page(case) if case.state == DedupCase.State.OPEN else None
        context = {
            **self.admin_site.each_context(request), "title": "Case", "opts": self.model._meta, "case": case,
            "page": page, "is_taken": case.holder not in ("", actor), "between": BETWEEN,
            "keys": KEYS if page and page.members else SETTLED_KEYS,
            "reason": reason_in_words(case.reason), "questions": _questions(page) if page else (),
            "previews": page.previews if page else (), "seen": seen_of(page.previews if page else ()),
            "against": against_of(page.previews if page else ()), "query": self._filters(request),
            "last": uuid_or_none(request.GET.get("last", "")),
        }  # fmt: skip
        return TemplateResponse(request, "admin/migration_ops/case.html", context)

    def claim_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """POST holds the case for whoever has it open; the answer says in words why that cannot be."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        case = self._case(request, pk)
        try:
            cases.claim(case, actor=request.user.get_username())
        except MigrationOpsError as error:
            return JsonResponse({"held": False, "words": str(error)})
        return JsonResponse({"held": True, "words": ""})

    def preview_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What the groups as they are chosen now would do: a fragment of the page."""
        self._check(request)
        case, answer = self._case(request, pk), answer_of(request)
        previews = preview_of(case.company, answer.groups, answer.choices)
        context = {
            "previews": previews,
            "seen": seen_of(previews),
            "against": against_of(previews),
            "groups": len(answer.groups),
            "said": said_of(case, answer),
        }
        return TemplateResponse(request, "admin/migration_ops/_preview.html", context)

    def undo_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take back what was decided."""
        self._check(request)
        case = self._case(request, pk)
        if request.method == "POST":
            try:
                cases.undo_case(case, actor=request.user.get_username())
            except (CrmError, MigrationOpsError) as error:
                messages.error(request, str(error))
            else:
                messages.success(request, "Taken back: everything is as it was before.")
        return HttpResponseRedirect(self._page(request, case.pk))

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied

    def _case(self, request: HttpRequest, pk: UUID) -> DedupCase:
        case: DedupCase | None = self.get_queryset(request).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case

    def _next(self, request: HttpRequest, *, after: UUID | None, last: UUID | None = None) -> HttpResponse:
        found = cases.next_case(
            actor=request.user.get_username(), company=uuid_or_none(request.GET.get("company", "")),
            seen=allowed_companies(request), reason=request.GET.get("reason", ""), after=after,
        )  # fmt: skip
        if found is None:
            messages.info(request, "No open case is left here.")
            return HttpResponseRedirect(self._queue(request))
        return HttpResponseRedirect(self._page(request, found.pk, last=last))

    def _page(self, request: HttpRequest, pk: UUID, *, last: UUID | None = None) -> str:
        return self._with(reverse("admin:migration_ops_dedupcase_decide", args=[pk]), self._filters(request), last)

    def _queue(self, request: HttpRequest) -> str:
        return self._with(reverse("admin:migration_ops_dedupcase_changelist"), self._filters(request))

    @staticmethod
    def _with(url: str, query: str, last: UUID | None = None) -> str:
        parts = [part for part in (query, f"last={last}" if last else "") if part]
        return f"{url}?{'&'.join(parts)}" if parts else url

    @staticmethod
    def _filters(request: HttpRequest) -> str:
        """The filters of the list the person came from."""
        return urlencode({name: request.GET[name] for name in FILTERS if request.GET.get(name)})


def _observed(evidence: Iterable[Mapping[str, Any]], *, for_it: bool) -> list[str]:
    """What was seen in the records themselves, the heaviest first."""
    seen = [each for each in evidence if each["kind"] not in BACKGROUND and each["weight"]]
    seen = [each for each in seen if (each["weight"] > 0) is for_it]
    return [str(each["text"]) for each in sorted(seen, key=lambda each: -abs(each["weight"]))[:SEEN_AT_A_GLANCE]]


def _questions(page: Any) -> list[dict[str, Any]]:
    return [
        {
            "one": page.names.get(each.one, ""), "other": page.names.get(each.other, ""),
            "likely": percent(each.score),
            "speaks_for": _observed(each.evidence, for_it=True),
            "speaks_against": _observed(each.evidence, for_it=False),
            "reason": reason_in_words(each.reason), "evidence": weights_table(each.evidence),
            "counterfactual": each.counterfactual,
        }
        for each in page.questions
    ]  # fmt: skip
