"""What cannot be taken back needs two people: one asks, another one does it."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, transitions
from migration_ops.cutover.switch import Moved, move_stage, refusals_noted
from migration_ops.exceptions import SecondPersonRefused
from migration_ops.models import StepRequest
from migration_ops.stages import STAGE_MOVES, Stage, is_forward

VALID_H = 24
"""Hours a request waits; evidence grows old, and so does what a person had in mind."""


def needs_two(before: Stage, after: Stage) -> bool:
    """Whether a step has no inverse."""
    move = STAGE_MOVES[before].get(after)
    return move is not None and is_forward(before, after) and move.inverse is None


def waiting_request(company: Company) -> StepRequest | None:
    """The request of the company that waits and is not too old."""
    since = timezone.now() - timedelta(hours=VALID_H)
    requests = StepRequest.objects.filter(company=company, state=StepRequest.State.WAITING, asked_at__gt=since)
    return requests.select_related("asked_by").first()


@transaction.atomic
def ask(company: Company, after: Stage, *, person: Any, reason: str) -> StepRequest:
    """Write down that a person wants the step; nothing else changes.

    Raises:
        SecondPersonRefused: the company cannot take it from where it stands, or somebody has asked already.
    """
    stage = transitions.stage_of(company)
    if not needs_two(stage, after):
        raise _refused(company, f"it cannot go to {after} from there")
    if (found := waiting_request(company)) is not None:
        raise _refused(company, f"{found.asked_by} has asked for it already: a second person may do it now")
    StepRequest.objects.filter(company=company, state=StepRequest.State.WAITING).update(
        state=StepRequest.State.DECLINED, decided_at=timezone.now()
    )
    request = StepRequest.objects.create(
        company=company, after=after, reason=reason, asked_by=person, asked_at=timezone.now()
    )
    _note(request, person, "step_asked", reason)
    return request


def approve(request_id: int, *, person: Any, reason: str) -> Moved:
    """Take the step somebody else has asked for; everything or nothing.

    Raises:
        SecondPersonRefused: it is one's own request, is decided or too old, or who asked has left.
        GateNotPassed, FenceTimedOut, StageRefused, MoveRefused: as move_stage; the request waits on.
        Each of them leaves a line in the audit log.
    """
    asked = StepRequest.objects.filter(pk=request_id).select_related("company").first()
    if asked is None:
        return _approve(request_id, person=person, reason=reason)
    with refusals_noted(asked.company, Stage(asked.after), actor=person.get_username()):
        return _approve(request_id, person=person, reason=reason)


@transaction.atomic
def _approve(request_id: int, *, person: Any, reason: str) -> Moved:
    request = _held(request_id)
    company = request.company
    if request.asked_by_id == person.pk:
        raise _refused(company, "you have asked for it yourself: it takes a second person")
    if not request.asked_by.is_active:
        raise _refused(company, f"{request.asked_by} has asked for it and is not active any more")
    if request.asked_at < timezone.now() - timedelta(hours=VALID_H):
        raise _refused(company, f"it was asked for more than {VALID_H} hours ago")
    words = f"{request.reason} (asked for by {request.asked_by.get_username()})"
    moved = move_stage(company, Stage(request.after), reason=words, actor=person.get_username())
    _decide(request, person, StepRequest.State.DONE)
    _note(request, person, "step_approved", reason)
    return moved


@transaction.atomic
def decline(request_id: int, *, person: Any, reason: str) -> StepRequest:
    """Withdraw one's own request, or decline another's."""
    request = _held(request_id)
    _decide(request, person, StepRequest.State.DECLINED)
    _note(request, person, "step_declined", reason)
    return request


def _held(request_id: int) -> StepRequest:
    request = (
        StepRequest.objects.select_for_update(of=("self",)).select_related("company", "asked_by").get(pk=request_id)
    )
    if request.state != StepRequest.State.WAITING:
        raise _refused(request.company, f"the request is {request.get_state_display().lower()} already")
    return request


def _decide(request: StepRequest, person: Any, state: StepRequest.State) -> None:
    request.state, request.decided_by, request.decided_at = state, person, timezone.now()
    request.save(update_fields=["state", "decided_by", "decided_at"])


def _refused(company: Company, why: str) -> SecondPersonRefused:
    return SecondPersonRefused(company=company.slug, stage=transitions.stage_of(company), why=why)


def _note(request: StepRequest, person: Any, action: str, reason: str) -> None:
    detail = {"request": request.pk, "after": request.after, "asked_by": request.asked_by.get_username()}
    audit.record(
        actor=person.get_username(), action=action, company=request.company_id, detail=detail | {"reason": reason}
    )
