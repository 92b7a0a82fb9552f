"""The front page: the state of the whole move, as far as the person may see it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.admin.columns import list_of
from crm.admin.scope import allowed_companies
from migration_ops.admin.cases import reason_in_words
from migration_ops.admin.charts import bars, shares
from migration_ops.console.dashboard import CONDITIONS, dashboard
from migration_ops.models import DedupConflict, Finding, QuarantinedRow
from migration_ops.projection.reasons import QuarantineReason
from migration_ops.stages import Stage

PERMISSION = "migration_ops.view_companystage"
MOST_REASONS = 12


def front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the index of the admin shows besides its frame; nothing for who may not see the move."""
    if not request.user.has_perm(PERMISSION):
        return context
    return context | _shown(request) | {"title": "The move"}


@require_safe
def part(request: HttpRequest) -> HttpResponse:
    """The part of the front page that changes by itself."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    return TemplateResponse(request, "admin/migration_ops/_dashboard.html", _shown(request))


def _shown(request: HttpRequest) -> dict[str, Any]:
    words = request.GET.get("words", "").replace("\x00", "")[:80].strip()
    stage, condition = (_one_of(request.GET.get(name, ""), known) for name, known in
                        (("stage", Stage.values), ("condition", CONDITIONS)))  # fmt: skip
    number = request.GET.get("page", "")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    view = dashboard(allowed_companies(request), words=words, stage=stage, condition=condition, page=page)
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "view": view, "words": words, "stage": stage, "condition": condition, "page": page,
        "conditions": CONDITIONS.items(), "bars": bars(view.hours), "hour_rows": sum(h.migrated for h in view.hours),
        "hour_most": max((h.migrated + h.quarantined for h in view.hours), default=0),
        "tiles": [(each, each.label, count) for each, count in view.stages.items()], "now": timezone.now(),
        "found": shares(_found(request, view.found)[:MOST_REASONS]), "query": query.urlencode(),
        "first": page * 50,
    }  # fmt: skip


def _one_of(value: str, known: Any) -> str:
    return value if value in known else ""


def _found(request: HttpRequest, found: Any) -> list[tuple[str, int, str]]:
    """What waits for a person, in words, with the list it is in where the person may open it."""
    words = dict(QuarantineReason.choices) | dict(Finding.Kind.choices)
    lists = {"quarantine": (QuarantinedRow, "state", "open"), "conflict": (DedupConflict, "state", "open")}
    told = []
    for kind, reason, count in found:
        name = words.get(reason, reason_in_words(reason))
        url = ""
        if kind in lists:
            model, filter, value = lists[kind]
            if request.user.has_perm(f"migration_ops.view_{model._meta.model_name}"):
                url = list_of(model, reason=reason, **{filter: value})
        prefix = {"quarantine": "Set aside", "conflict": "Possible duplicate", "finding": "Found"}[kind]
        told.append((f"{prefix} – {name}", count, url))
    return told


def urls_of(site: admin.AdminSite) -> Any:
    """The page's own URLs below the companies."""
    return [path("part/", site.admin_view(part), name="migration_ops_dashboard_part")]
