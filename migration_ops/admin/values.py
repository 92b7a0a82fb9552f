"""The desk for values that many customers use: the list by use, the effect of a word on one, and the word itself."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from crm.admin.columns import link, minute, short, state
from crm.admin.filters import choice_filter
from crm.admin.scope import companies_seen, company_seen
from crm.admin.splits import MAY_MERGE
from crm.models import Company, Customer
from migration_ops.admin.records import MachineAdmin, render_page
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import used_values, values
from migration_ops.identity.duplicates.rulings import KINDS
from migration_ops.models import ValueRuling

NAME_OF = "migration_ops_valueruling"
SHOWN = 20
BY_USE = {"nothing": "nothing (many unlike names)", "little": "a little (an office)", "much": "much"}
WORDS: tuple[tuple[str, str, str, bool | None], ...] = (
    ("generic", "It says nothing (generic)", "G", True), ("ordinary", "It says who somebody is", "O", False),
    ("use", "Leave it to use", "L", None),
)  # fmt: skip
SAYS = {True: "says nothing", False: "says who somebody is"}


@admin.display(description="word")
def word_of(ruling: ValueRuling) -> str:
    """What was said."""
    return SAYS[ruling.is_generic]


@admin.register(ValueRuling)
class ValueRulingAdmin(MachineAdmin):
    """People's words on values, the latest first; those that ended are kept."""

    list_display = (
        minute("at", words="when"), state("kind", {}, labels=dict(ValueRuling.Kind.choices)), short("value"), word_of,
        short("reason"), short("actor", words="by"), minute("ended_at", words="ended"), short("ended_by", words="by "),
        link("company"),
    )  # fmt: skip
    list_display_links = None
    list_filter = (*MachineAdmin.list_filter, choice_filter("kind", ValueRuling.Kind.choices))
    ordering = ("-id",)
    wide_ordering = ("-id",)
    sortable_by = ()
    search_ids = ()
    search_texts = ("value",)
    search_help_text = "A part of a value, in one company"
    change_form_before_template = ""
    fieldsets = ((None, {"fields": (word_of,)}),)

    def get_urls(self) -> list[URLPattern]:
        """The desk besides the list."""
        view = self.admin_site.admin_view
        return [
            path("desk/", view(self.desk_view), name=f"{NAME_OF}_desk"),
            path("value/", view(self.value_view), name=f"{NAME_OF}_value"),
            path("say/", view(self.say_view), name=f"{NAME_OF}_say"),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """The values of one company, by use."""
        self._check(request)
        companies = list(companies_seen(request).order_by("name")[:200])
        chosen = company_seen(request, request.GET.get("company", ""))
        company = chosen or (companies[0] if companies else None)
        kind = request.GET.get("kind", "")
        found = used_values.values_by_use(company) if company else []
        rows = [
            (each, self._url(company, each.kind, each.value), BY_USE[each.by_use])
            for each in found
            if company and kind in ("", each.kind)
        ]
        return render_page(
            request, "values.html", title="Generic values", companies=companies, company=company, rows=rows,
            kinds=ValueRuling.Kind.choices, kind=kind, is_large=company is not None and used_values.is_large(company),
            counted_at=used_values.counted_at(company) if company else None,
        )  # fmt: skip

    def value_view(self, request: HttpRequest) -> HttpResponse:
        """One value: who uses it, what another word would do, and what was said."""
        self._check(request)
        company, kind, value = self._asked(request, request.GET)
        rulings = ValueRuling.objects.filter(company=company, kind=kind, value=value).order_by("-id")
        standing = next((each for each in rulings if each.ended_at is None), None)
        now = standing.is_generic if standing else None
        offered = [each for each in WORDS if each[3] is not now]
        users = values.users_of(company, kind, value)
        told = values.effects(company, kind, value, [each[3] for each in offered], users=users)
        words = [(name, title, key, effect) for (name, title, key, _), effect in zip(offered, told, strict=True)]
        return render_page(
            request, "value.html", title="A value many customers use", company=company, kind=kind, value=value,
            kind_words=dict(ValueRuling.Kind.choices)[kind],
            rulings=[(each, SAYS[each.is_generic]) for each in rulings],
            standing=standing and SAYS[standing.is_generic], words=words, users=_shown(company, users),
            desk=f"{reverse(f'admin:{NAME_OF}_desk')}?company={company.pk}",
        )  # fmt: skip

    def say_view(self, request: HttpRequest) -> HttpResponse:
        """A person's word."""
        self._check(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        company, kind, value = self._asked(request, request.POST)
        said, actor, reason = request.POST.get("word", ""), request.user.get_username(), request.POST.get("why", "")
        try:
            if said == "use":
                values.withdraw(company, kind, value, actor=actor, reason=reason)
                messages.success(request, "Taken back: use decides again, from the next search on.")
            elif said in ("generic", "ordinary"):
                made = values.rule(
                    company, kind, value, is_generic=said == "generic", actor=actor, reason=reason
                )  # fmt: skip
                messages.success(
                    request, f"Noted: {value} {SAYS[made.is_generic]}. It holds from the next search and import on."
                )
            else:
                raise Http404
        except MigrationOpsError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(self._url(company, kind, value))

    def _asked(self, request: HttpRequest, query: Any) -> tuple[Company, str, str]:
        company = company_seen(request, query.get("company", ""))
        kind, value = query.get("kind", ""), query.get("value", "")
        if company is None or kind not in KINDS or not value or "\x00" in value:
            raise Http404
        return company, kind, value

    def _url(self, company: Company, kind: str, value: str) -> str:
        query = urlencode({"company": company.pk, "kind": kind, "value": value})
        return f"{reverse(f'admin:{NAME_OF}_value')}?{query}"

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied


def _shown(company: Company, users: values.Users) -> list[Customer]:
    """The first customers that use the value."""
    ids = list(dict.fromkeys(customer for _, customer in users))
    return list(Customer.objects.filter(company=company, pk__in=ids[: SHOWN + 1]).order_by("name", "pk"))
