"""The quarantine workbench: what waits by reason; one row raw, its failing place marked; what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import Truncator

from crm.admin.columns import anchor
from crm.admin.filters import uuid_or_none
from crm.admin.scope import allowed_companies, companies_seen, company_seen
from crm.exceptions import CrmError
from crm.models import Company
from migration_ops import audit, tasks
from migration_ops.admin.evidence import as_text, source_lines
from migration_ops.admin.exports import ExportedAdmin
from migration_ops.admin.records import render_page
from migration_ops.exceptions import BadArgument, MigrationOpsError
from migration_ops.models import QuarantinedRow
from migration_ops.projection.reasons import REMEDIES, QuarantineReason
from migration_ops.quarantine import desk
from migration_ops.quarantine.values import ALIASES, CORRECTABLE, Place, hint, place_of, read_items
from migration_ops.selectors import quarantine

MAY_CORRECT = "migration_ops.correct_quarantine"
NAME = "migration_ops_quarantinedrow"
WORDS = {value: str(words) for value, words in QuarantineReason.choices}
MOST_TEXT = 20_000
"""A text longer than this is not offered for correction as a whole."""


@admin.display(description="legacy row")
def row_link(row: QuarantinedRow) -> Any:
    """Leads to the row on the workbench."""
    return anchor(str(row.legacy_id)[:8], _row_url(row.pk))


class WorkbenchPages(ExportedAdmin):
    """The pages besides the list."""

    def get_urls(self) -> list[URLPattern]:
        """With the workbench."""
        view = self.admin_site.admin_view
        return [
            path("desk/", view(self.desk_view), name=f"{NAME}_desk"),
            path("waiting/", view(self.waiting_view), name=f"{NAME}_waiting"),
            path("<uuid:pk>/row/", view(self.row_view), name=f"{NAME}_row"),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, by reason."""
        self._may_look(request)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        company = company_seen(request, request.GET.get("company", ""))
        found = quarantine.groups(allowed_companies(request), company.pk if company else None)
        by_reason: dict[str, list[tuple[quarantine.Group, str]]] = {}
        for group in found:
            by_reason.setdefault(group.reason, []).append((group, _list_url(group.company, group.reason)))
        reasons = sorted(
            ((WORDS.get(reason, reason), REMEDIES.get(reason, ""), sum(each.count for each, _ in groups), groups)
             for reason, groups in by_reason.items()),
            key=lambda line: -line[2],
        )  # fmt: skip
        return render_page(
            request, "workbench.html", title="Quarantine workbench", reasons=reasons, company=company,
            companies=list(companies_seen(request).order_by("name")[:200]), total=sum(each.count for each in found),
        )  # fmt: skip

    def waiting_view(self, request: HttpRequest) -> HttpResponse:
        """GET: rows of one company and reason, a page at a time. POST: retry or waive those that are marked, or all."""
        self._may_look(request)
        company, reason = self._asked(request)
        if request.method == "POST":
            self._may_correct(request)
            try:
                messages.success(request, self._bulk(request, company, reason))
            except (CrmError, MigrationOpsError) as error:
                messages.error(request, str(error))
            return HttpResponseRedirect(_list_url(company.pk, reason))
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        found = quarantine.waiting(company.pk, reason, after=uuid_or_none(request.GET.get("after", "")))
        shown = found[: quarantine.PAGE_ROWS]
        total = sum(each.count for each in quarantine.groups([company.pk]) if each.reason == reason)
        more = f"{_list_url(company.pk, reason)}&after={shown[-1].pk}" if len(found) > len(shown) else ""
        names = quarantine.names(company.pk, [row.pk for row in shown])
        return render_page(
            request, "waiting.html", title=WORDS[reason], company=company, reason=reason, remedy=REMEDIES[reason],
            rows=[(row, names.get(row.pk, ""), _in_words(row.field), _row_url(row.pk)) for row in shown],
            total=total, more=more,
            may_correct=request.user.has_perm(MAY_CORRECT),
        )  # fmt: skip

    def row_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """GET: the row. POST: correct, retry, waive or take the waiver back, and go on to the next one."""
        self._may_look(request)
        if request.method == "POST":
            self._may_correct(request)
        row: QuarantinedRow | None = self.get_queryset(request).select_related("company").filter(pk=pk).first()
        if row is None:
            raise Http404
        if request.method == "POST":
            does = ROW_DOES.get(request.POST.get("do", ""))
            if does is None:
                raise Http404
            name = _name_of(row)
            try:
                done = does(request, row)
            except (CrmError, MigrationOpsError) as error:
                # What was typed stays on the page, to be mended there.
                messages.error(request, str(error))
                return self._row_page(request, row, typed=request.POST)
            if not done.goes_on:
                (messages.warning if done.waits else messages.success)(request, done.words)
                return HttpResponseRedirect(_row_url(pk))
            following = quarantine.following(row)
            # The page that comes up shows another row: the message names the one that is done, and leads back to it.
            ahead = (
                "Below is the next row like it." if following else "No other row of the company waits for this reason."
            )
            told = format_html(
                "<bdi>{}</bdi>: {} {} {}", name, done.words, anchor("Look at it again.", _row_url(pk)), ahead
            )
            messages.success(request, told)
            return HttpResponseRedirect(_row_url(following) if following else reverse(f"admin:{NAME}_desk"))
        return self._row_page(request, row, typed={})

    def _row_page(self, request: HttpRequest, row: QuarantinedRow, *, typed: Mapping[str, str]) -> HttpResponse:
        shown = _shown(row, field=request.GET.get("field", ""))
        if typed.get("do") == "correct" and shown["place"] is not None and typed.get("field") == shown["field"]:
            shown |= {"text": typed.get("text", ""), "why": typed.get("why", "")}
        return render_page(
            request, "quarantined.html", title=f"Quarantined: {_name_of(row)}", row=row, reason=WORDS[row.reason],
            remedy=REMEDIES[row.reason], may_correct=request.user.has_perm(MAY_CORRECT),
            list_url=_list_url(row.company_id, row.reason), **shown,
        )  # fmt: skip

    def _bulk(self, request: HttpRequest, company: Company, reason: str) -> str:
        what, actor = request.POST.get("do", ""), request.user.get_username()
        is_all = request.POST.get("which") == "all"
        ids = None if is_all else [id for each in request.POST.getlist("row") if (id := uuid_or_none(each))]
        if ids is not None and not 0 < len(ids) <= quarantine.PAGE_ROWS:
            raise BadArgument(argument="rows", value=len(ids), remedy="mark some rows, or choose all of them")
        if what == "waive":
            count = desk.waive(company, ids=ids, reason=reason, actor=actor, why=request.POST.get("why", ""))
            return f"{count:,} rows waived: they stay set aside. Each can be taken back on its page."
        if what == "retry" and ids is not None:
            settled = [desk.try_again(company, id, actor=actor) for id in ids]
            waits = sum(each.waits for each in settled)
            return f"{len(settled):,} rows tried again: {len(settled) - waits:,} done, {waits:,} still wait."
        if what == "retry":
            tasks.ensure_broker()
            audit.record(actor=actor, action="quarantine_retry_asked", company=company.pk, detail={"reason": reason})
            tasks.retry_quarantined_rows.delay(str(company.pk), reason, actor)
            return "A Celery worker tries all of them again; load the page again to see what is left."
        raise Http404

    def _asked(self, request: HttpRequest) -> tuple[Company, str]:
        company, reason = company_seen(request, request.GET.get("company", "")), request.GET.get("reason", "")
        if company is None or reason not in WORDS:
            raise Http404
        return company, reason

    def _may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _may_correct(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY_CORRECT):
            raise PermissionDenied


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was done with a row, in words; whether the next one comes up, or it still waits."""

    words: str
    goes_on: bool = True
    waits: bool = False


def _correct(request: HttpRequest, row: QuarantinedRow) -> Done:
    settled = desk.correct(
        row.company, row.pk, field=request.POST.get("field", ""), text=request.POST.get("text", ""),
        seen=request.POST.get("seen", ""), actor=request.user.get_username(),
        why=request.POST.get("why", "").strip()[:500],
    )  # fmt: skip
    return _told("Corrected in legacy", settled)


def _retry(request: HttpRequest, row: QuarantinedRow) -> Done:
    settled = desk.try_again(row.company, row.pk, actor=request.user.get_username())
    return _told("Tried again", settled)


def _waive(request: HttpRequest, row: QuarantinedRow) -> Done:
    desk.waive(row.company, ids=[row.pk], actor=request.user.get_username(), why=request.POST.get("why", "")[:500])
    return Done(words="waived, the row stays set aside. That can be taken back on its page.")


def _take_back(request: HttpRequest, row: QuarantinedRow) -> Done:
    desk.take_back(row.company, ids=[row.pk], actor=request.user.get_username(), why=request.POST.get("why", "")[:500])
    return Done(words="Taken back: the row waits again.", goes_on=False)


ROW_DOES: dict[str, Callable[[HttpRequest, QuarantinedRow], Done]] = {
    "correct": _correct, "retry": _retry, "waive": _waive, "take_back": _take_back,
}  # fmt: skip


def _told(done: str, settled: desk.Settled) -> Done:
    if settled.waits:
        why = WORDS.get(settled.reason, settled.reason)
        words = f"{done}; the row still waits, now for {_in_words(settled.field).lower()}: {why[0].lower()}{why[1:]}."
        return Done(words=words, goes_on=False, waits=True)
    done = done[0].lower() + done[1:]
    if settled.resolution == "gone":
        return Done(words=f"{done}, the legacy row was deleted, nothing waits.")
    return Done(words=f"{done}, the row is migrated.")


def _name_of(row: QuarantinedRow) -> str:
    """What people call the row; its id where legacy says nothing."""
    return quarantine.names(row.company_id, [row.pk]).get(row.pk) or str(row.legacy_id)


def _shown(row: QuarantinedRow, *, field: str) -> dict[str, Any]:
    """The row as it is in legacy now, its failing place, and the field that is offered for correction."""
    failing = place_of(row.field)
    now = quarantine.legacy_row(row.company, row.pk)
    if now is None:
        return {"lines": [], "failing": failing, "place": None, "columns": CORRECTABLE, "is_there": False}
    place = place_of(field) or failing
    items = read_items(now.columns["items"])
    text = None if place is None else _text_at(place, now.columns, items)
    return {
        "lines": source_lines(now.columns, items, failing), "failing": failing, "is_there": True, "seen": now.digest,
        "place": place if text is not None else None, "text": text, "is_long": place is not None and _is_long(place),
        "hint": hint(place) if place is not None else "",
        "odd": odd_lines(items) if place is not None and place.column == "items" and place.item is None else [],
        "columns": [(name, name.replace("_", " ")) for name in CORRECTABLE], "field": str(place or ""),
    }  # fmt: skip


def odd_lines(items: Any) -> list[str]:
    """Of a list of line items, those that are none, as people read them: "line 3 is null"; ten at most."""
    found = items if isinstance(items, list) else []
    odd = [(place, each) for place, each in enumerate(found, start=1) if not isinstance(each, dict)]
    return [f"line {place} is {Truncator(as_text(each)).chars(60)}" for place, each in odd[:10]]


def _is_long(place: Place) -> bool:
    return place.column in ("items", "notes", "description") and not place.key


def _text_at(place: Place, columns: Any, items: Any) -> str | None:
    """What is recorded there, as text; None where it cannot be offered."""
    if place.item is None:
        text = columns[place.column] or ""
        return text if len(text) <= MOST_TEXT else None
    if not isinstance(items, list) or not 1 <= place.item <= len(items):
        return None
    item = items[place.item - 1]
    if not place.key:
        return as_text(item)
    if not isinstance(item, dict):
        return None
    value = next((item[name] for name in ALIASES[place.key] if name in item), "")
    return value if isinstance(value, str) else as_text(value)


def _in_words(field: str) -> str:
    place = place_of(field)
    return place.in_words if place else "The whole row"


def _list_url(company: UUID, reason: str) -> str:
    return f"{reverse(f'admin:{NAME}_waiting')}?{urlencode({'company': str(company), 'reason': reason})}"


def _row_url(pk: UUID) -> str:
    return reverse(f"admin:{NAME}_row", args=[pk])
