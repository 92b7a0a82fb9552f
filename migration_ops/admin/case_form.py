"""The form of a case: what a person sent, and what it sends back of what they saw."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from crm.admin.filters import uuid_or_none
from crm.services.decisions import in_words
from migration_ops.identity.duplicates import cases
from migration_ops.identity.duplicates.cases import Answer, Verdict
from migration_ops.models import DedupCase

BETWEEN = (Verdict.DIFFERENT, Verdict.HOUSEHOLD, Verdict.WORKS_FOR, Verdict.BRANCH_OF)


def answer_of(request: HttpRequest) -> Answer:
    """The groups and choices of a form; the group of a record is a number from 1."""
    numbers = {
        UUID(name.removeprefix("group-")): value for name, value in request.POST.items() if name.startswith("group-")
    }
    used = sorted(set(numbers.values()), key=lambda number: (len(number), number))
    groups = tuple(tuple(sorted(id for id, value in numbers.items() if value == number)) for number in used)
    chosen = {
        field: {uuid_or_none(value) for value in request.POST.getlist(f"use-{field}")}
        for field in ("name", "email", "phone")
    }
    choices: dict[int, dict[str, str | None]] = {}
    for place, group in enumerate(groups):
        for field, ids in chosen.items():
            picked = [id for id in group if id in ids]
            if len(picked) == 1:
                choices.setdefault(place, {})[field] = request.POST.get(f"value-{field}-{picked[0]}") or None
    said = request.POST.get("between", "")
    # The groups say who is the same; this says what the groups are to each other.
    between = next((verdict for verdict in BETWEEN if verdict == said), Verdict.DIFFERENT)
    try:
        seen = {int(place): parts for place, parts in json.loads(request.POST.get("seen") or "{}").items()}
    except (ValueError, AttributeError):
        seen = {}
    return Answer(
        groups=groups, between=between, choices=choices,
        seen=seen, overrules=[UUID(id) for id in request.POST.getlist("overrules") if uuid_or_none(id)],
        reason=request.POST.get("why", "").strip(),
    )  # fmt: skip


def said_of(case: DedupCase, answer: Answer) -> str:
    """What would be written down of groups that stay apart."""
    is_whole = sorted(id for group in answer.groups for id in group) == cases.customers_of(case)
    return cases.in_words(case.company, answer) if is_whole and len(answer.groups) > 1 else ""


def seen_of(previews: Iterable[Any]) -> str:
    """The plans a preview shows, as the form sends them back: what was decided on."""
    return json.dumps({str(each.place): dict(each.plan.parts) for each in previews if each.plan})


def against_of(previews: Iterable[Any]) -> list[tuple[str, str]]:
    """Earlier decisions that the plans would overrule, with their ids."""
    found = {decision.pk: decision for each in previews if each.plan for decision in each.plan.against}
    return [(str(pk), in_words(decision)) for pk, decision in found.items()]
