"""A company's page and its buttons: each asks first, checks a permission, calls one service and says what happened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from crm.admin.scope import companies_seen
from crm.models import Company
from legacy.exceptions import LegacyError
from migration_ops import audit, conf, tasks
from migration_ops.backfill import steering
from migration_ops.console.company import CompanyPage, company_page, in_words
from migration_ops.cutover import second_person
from migration_ops.cutover.offered import MOVE, PROVE, STEER, Offer
from migration_ops.cutover.rollback import rollback
from migration_ops.cutover.switch import Moved, move_stage
from migration_ops.exceptions import BadArgument, MigrationOpsError, StaleForm

VIEW = "migration_ops.view_companystage"
SALT = "steer-company"
FORM_MINUTES = 15
APPROVE, DECLINE = "approve", "decline"


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button that was confirmed: on which page, by whom, with what words."""

    page: CompanyPage
    offer: Offer
    request: HttpRequest
    reason: str

    @property
    def actor(self) -> str:
        """The name that history and audit log keep."""
        return str(self.request.user.get_username())


@require_safe
def page_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page."""
    _may(request, VIEW)
    return TemplateResponse(
        request, "admin/migration_ops/company.html", _context(request, company_page(_company(request, pk)))
    )


@require_safe
def part_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that changes by itself."""
    _may(request, VIEW)
    return TemplateResponse(
        request, "admin/migration_ops/_company.html", _context(request, company_page(_company(request, pk)))
    )


@require_http_methods(["GET", "HEAD", "POST"])
def act_view(request: HttpRequest, pk: UUID, verb: str, to: str = "") -> HttpResponse:
    """GET shows what a button would do, POST does it."""
    _may(request, VIEW)
    page = company_page(_company(request, pk))
    offer = _offer(page, verb, to)
    if offer is None:
        # The permission first: what is refused to a role is refused whatever the company's stage.
        _may(request, _permission_of(verb))
        told = f"{page.company.name} is {page.line.stage.label.lower()}: that is not possible now."
        if request.method == "POST":
            _note_refusal(request, page, verb, to, told)
        messages.error(request, told)
        return _back(pk)
    _may(request, offer.permission)
    if request.method != "POST":
        context = admin.site.each_context(request) | {
            "title": f"{offer.label}: {page.company.name}", "page": page, "offer": offer,
            "form_token": _token(request, page, offer), "needs_password": _needs_password(offer),
            "gates_told": [(gate, in_words(gate.evidence)) for gate in page.gates],
            "shows_gates": (verb == "step" and offer.to == page.ahead) or verb == APPROVE,
        }  # fmt: skip
        return TemplateResponse(request, "admin/migration_ops/confirm.html", context)
    try:
        _check_form(request, page, offer)
        told = DOES[verb](
            Pressed(page=page, offer=offer, request=request, reason=request.POST.get("reason", "").strip()[:500])
        )
    except (MigrationOpsError, LegacyError) as error:
        if isinstance(error, StaleForm):  # what a service refused, it has noted itself
            _note_refusal(request, page, verb, to, str(error))
        messages.error(request, str(error))
    else:
        messages.success(request, told)
    return _back(pk)


def _note_refusal(request: HttpRequest, page: CompanyPage, verb: str, to: str, why: str) -> None:
    audit.record(
        actor=request.user.get_username(), action=f"{verb}_refused", company=page.company.pk,
        detail={"wanted": to, "refused": why},
    )  # fmt: skip


def _context(request: HttpRequest, page: CompanyPage) -> dict[str, Any]:
    may = [offer for offer in page.offers if request.user.has_perm(offer.permission)]
    asked = page.request
    return admin.site.each_context(request) | {
        "title": page.company.name, "page": page, "offers": may, "line": page.line,
        "gates_told": [(gate, in_words(gate.evidence)) for gate in page.gates],
        "may_approve": asked is not None and request.user.has_perm(MOVE),
        "is_own_request": asked is not None and asked.asked_by_id == request.user.pk,
        "may_see_legacy": request.user.has_perm("legacy.view_legacyquote"),
    }  # fmt: skip


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _company(request: HttpRequest, pk: UUID) -> Company:
    found = companies_seen(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _back(pk: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:migration_ops_companystage_change", args=[pk]))


def _offer(page: CompanyPage, verb: str, to: str) -> Offer | None:
    if verb in (APPROVE, DECLINE):
        return _answer(page, verb)
    if verb not in DOES:
        raise Http404
    return next((each for each in page.offers if each.verb == verb and (each.to or "") == to), None)


def _answer(page: CompanyPage, verb: str) -> Offer | None:
    asked = page.request
    if asked is None:
        return None
    step = next((each for each in page.offers if each.is_asked and each.to == asked.after), None)
    if step is None:
        return None
    is_done = verb == APPROVE
    return Offer(
        verb=verb, permission=MOVE, to=step.to,
        label=f"Take to {step.to.label.lower()}" if is_done and step.to else "Decline the request",
        consequences=f"{asked.asked_by} has asked for it: {asked.reason}. {step.consequences}"
        if is_done else f"{asked.asked_by} has asked for it: {asked.reason}. Nothing changes.",
        typed=is_done, is_danger=is_done,
    )  # fmt: skip


def _permission_of(verb: str) -> str:
    return {"validate": PROVE, "step": MOVE, "rollback": MOVE, APPROVE: MOVE, DECLINE: MOVE}.get(verb, STEER)


def _needs_password(offer: Offer) -> bool:
    return offer.is_asked or offer.verb == APPROVE


def _facts(request: HttpRequest, page: CompanyPage, offer: Offer) -> dict[str, Any]:
    """What a form is good for: this person, this company, this step, as things stand."""
    steers = page.run is not None and offer.verb in ("pause", "cancel", "pace")
    return {
        "user": request.user.pk, "company": str(page.company.pk), "verb": offer.verb, "to": str(offer.to or ""),
        "stage": str(page.line.stage), "run": page.run.pk if steers and page.run else None,
    }  # fmt: skip


def _token(request: HttpRequest, page: CompanyPage, offer: Offer) -> str:
    return signing.dumps(_facts(request, page, offer), salt=SALT)


def _check_form(request: HttpRequest, page: CompanyPage, offer: Offer) -> None:
    """Raises StaleForm for a form of another company, person or moment, and for what was not typed."""
    try:
        facts = signing.loads(request.POST.get("form", ""), salt=SALT, max_age=FORM_MINUTES * 60)
    except signing.SignatureExpired as error:
        raise StaleForm(why=f"the form is older than {FORM_MINUTES} minutes; open it again") from error
    except signing.BadSignature as error:
        raise StaleForm(why="the form is not ours; open it again") from error
    if facts != _facts(request, page, offer):
        raise StaleForm(why="the form was made for another company, or things have changed since; open it again")
    if offer.typed and request.POST.get("typed", "").strip() != page.company.slug:
        raise StaleForm(why=f"{page.company.slug} was not typed")
    if not request.POST.get("reason", "").strip():
        raise StaleForm(why="a reason is needed; it is kept in the history")
    if _needs_password(offer) and not request.user.check_password(request.POST.get("password", "")):
        raise StaleForm(why="the password is not yours")


def _start(pressed: Pressed) -> str:
    company, last = pressed.page.company, pressed.page.run
    started = tasks.enqueue(company, batch_rows=last.batch_rows if last else conf.BATCH_ROWS)
    run = started.run.pk if started.run else None
    audit.record(
        actor=pressed.actor, action="start", company=company.pk,
        detail={"run": run, "how": started.how, "reason": pressed.reason},
    )  # fmt: skip
    if run is None:
        return f"{company.name}: everything is migrated; there was nothing to do."
    return f"{company.name}: {started.how}; Celery workers drive it."


def _pause(pressed: Pressed) -> str:
    run = steering.pause_run(pressed.page.company, actor=pressed.actor, reason=pressed.reason)
    return f"Run {run.pk} is {run.get_status_display().lower()}."


def _cancel(pressed: Pressed) -> str:
    run = steering.cancel_run(pressed.page.company, actor=pressed.actor, reason=pressed.reason)
    return f"Run {run.pk} is {run.get_status_display().lower()}."


def _pace(pressed: Pressed) -> str:
    numbers = {}
    for name in ("pause_ms", "target_ms"):
        given = pressed.request.POST.get(name, "").strip()
        if not (given.isascii() and given.isdigit() and len(given) < 10):
            raise BadArgument(argument=name, value=given[:40], remedy="give milliseconds, digits only")
        numbers[name] = int(given)
    run = steering.set_pace(pressed.page.company, actor=pressed.actor, reason=pressed.reason, **numbers)
    return f"Run {run.pk}: batches of about {run.target_ms:,} ms, and {run.pause_ms:,} ms of rest after each."


def _validate(pressed: Pressed) -> str:
    tasks.ensure_broker()
    tasks.validate_company.delay(str(pressed.page.company.pk), pressed.actor)
    audit.record(
        actor=pressed.actor, action="validate_asked", company=pressed.page.company.pk, detail={"reason": pressed.reason}
    )
    return f"{pressed.page.company.name} is being validated by a Celery worker; the verdicts appear here."


def _step(pressed: Pressed) -> str:
    company, to = pressed.page.company, pressed.offer.to
    assert to is not None
    if pressed.offer.is_asked:
        second_person.ask(company, to, person=pressed.request.user, reason=pressed.reason)
        return f"Asked for. {company.name} goes to {to.label.lower()} when a second person agrees."
    moved = move_stage(company, to, reason=pressed.reason, actor=pressed.actor)
    if not moved.is_change:
        return f"{company.name} is {to.label.lower()} already."
    return f"{_went(company, moved)}; writers waited {moved.pause_s * 1000:.0f} ms at most."


def _went(company: Company, moved: Moved) -> str:
    return f"{company.name} went from {moved.before.label.lower()} to {moved.after.label.lower()}"


def _rollback(pressed: Pressed) -> str:
    done = rollback(pressed.page.company, reason=pressed.reason, actor=pressed.actor)
    kept = ", ".join(f"{count:,} {what}" for what, count in done.kept.items())
    return f"{pressed.page.company.name} is off, {len(done.steps)} steps back." + (
        f" Kept on the new side alone: {kept}." if kept else ""
    )


def _approve(pressed: Pressed) -> str:
    asked = pressed.page.request
    assert asked is not None
    moved = second_person.approve(asked.pk, person=pressed.request.user, reason=pressed.reason)
    return f"{_went(pressed.page.company, moved)}."


def _decline(pressed: Pressed) -> str:
    asked = pressed.page.request
    assert asked is not None
    second_person.decline(asked.pk, person=pressed.request.user, reason=pressed.reason)
    return "The request is declined; nothing has changed."


DOES: dict[str, Callable[[Pressed], str]] = {
    "start": _start, "pause": _pause, "cancel": _cancel, "pace": _pace, "validate": _validate, "step": _step,
    "rollback": _rollback, APPROVE: _approve, DECLINE: _decline,
}  # fmt: skip
