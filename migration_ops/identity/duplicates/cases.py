"""The queue of cases, and what happens when a person decides one."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from crm.models import Company, Customer, CustomerDecision, CustomerMerge
from crm.selectors.customers import living
from crm.services import decisions
from crm.services.merge import merge
from crm.services.undo import undo_merge
from migration_ops.exceptions import CaseClaimed, CaseDecided, MigrationOpsError
from migration_ops.models import BulkDecision, DedupCase, DedupConflict
from migration_ops.sql.loader import block

CASES = "duplicates/cases.sql"
LEASE_MINUTES = 10
Verdict = CustomerDecision.Verdict
# Of the first group to the others.
DIRECTED = {Verdict.WORKS_FOR: "works for", Verdict.BRANCH_OF: "is a branch of"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One open question of a case: two customers, why it is asked, and the evidence."""

    id: int
    one: UUID
    other: UUID
    reason: str
    score: float
    evidence: list[dict[str, Any]]
    counterfactual: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person made of a case.

    ``groups``: who is the same; every customer of the case once. ``between``: what the groups are to each other; for
    ``works_for`` and ``branch_of`` the first group works for, or is a branch of, the others. ``choices`` and ``seen``:
    of each group of two or more, by its place: the values chosen, and the parts of the plan as they were shown.
    """

    groups: tuple[tuple[UUID, ...], ...]
    between: CustomerDecision.Verdict = Verdict.DIFFERENT
    choices: Mapping[int, Mapping[str, str | None]] = field(default_factory=dict)
    seen: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    overrules: Sequence[UUID] = ()
    reason: str = ""


@transaction.atomic
def rebuild_cases(company: Company) -> int:
    """Bring the company's queue up to date with its open questions; the number of open cases."""
    with connection.cursor() as cursor:
        for name in ("lock", "answer", "rebuild", "close"):
            cursor.execute(block(CASES, name).sql, {"company": company.pk})
    return DedupCase.objects.filter(company=company, state=DedupCase.State.OPEN).count()


def next_case(
    *,
    actor: str,
    company: UUID | None = None,
    seen: Collection[UUID] | None = None,
    reason: str = "",
    after: UUID | None = None,
) -> DedupCase | None:
    """The most valuable open case that nobody else holds, claimed for this person for some minutes.

    Args:
        seen: companies the person may see; None for all of them.
    """
    params: dict[str, Any] = {
        "company": company, "seen": None if seen is None else list(seen), "reason": reason, "actor": actor,
        "after": after,
        "until": timezone.now() + timedelta(minutes=LEASE_MINUTES),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(block(CASES, "next").sql, params)
        row = cursor.fetchone()
    return DedupCase.objects.select_related("company").get(pk=row[0]) if row else None


def claim(case: DedupCase, *, actor: str) -> None:
    """Hold a case while a person looks at it, for some minutes from now; again and again as long as they do.

    Raises:
        CaseDecided, CaseClaimed, MigrationOpsError: it is not to be had, as ``decide_case`` would say.
    """
    params: dict[str, Any] = {"id": case.pk, "actor": actor, "until": timezone.now() + timedelta(minutes=LEASE_MINUTES)}
    with connection.cursor() as cursor:
        cursor.execute(block(CASES, "claim").sql, params)
        is_held = cursor.fetchone() is not None
    case.refresh_from_db()
    if not is_held:
        _refuse_settled(case, actor)


def questions_of(case: DedupCase) -> list[Question]:
    """The open questions of a case, the surest first."""
    with connection.cursor() as cursor:
        cursor.execute(block(CASES, "questions").sql, {"company": case.company_id, "customers": _customers_now(case)})
        rows = cursor.fetchall()
    return [
        Question(
            id=id, one=one, other=other, reason=reason, score=score, counterfactual=counterfactual,
            evidence=evidence if isinstance(evidence, list) else _json(evidence), fingerprint=fingerprint,
        )
        for id, one, other, reason, score, evidence, counterfactual, fingerprint in rows
    ]  # fmt: skip


def customers_of(case: DedupCase) -> list[UUID]:
    """The living customers of a case, in the order of their ids."""
    return _customers_now(case)


def decide_case(
    case: DedupCase, answer: Answer, *, actor: str, bulk: BulkDecision | None = None
) -> DedupCase:  # fmt: skip
    """Merge what is the same, keep apart what is not, answer the questions; one transaction, all or nothing.

    Args:
        bulk: the decision for a pattern it is part of.
    Raises:
        CaseDecided: somebody else was faster; says who, when and what.
        CaseClaimed: somebody else is looking at it.
        MigrationOpsError: the groups are not the customers of the case.
        CrmError: as ``merge`` refuses.
    """
    with transaction.atomic():
        case = DedupCase.objects.select_for_update(of=("self",)).select_related("company").get(pk=case.pk)
        _refuse_settled(case, actor)
        now = _customers_now(case)
        if sorted(id for group in answer.groups for id in group) != now:
            raise MigrationOpsError("the customers of this case are others by now; look at it again")
        evidence = {
            (min(each.one, each.other), max(each.one, each.other)): (each.evidence, each.fingerprint)
            for each in questions_of(case)
        }
        # Said before: a merge gives both the name that was chosen.
        words = in_words(case.company, answer)
        merges = [
            merge(
                case.company, group, actor=actor, reason=answer.reason, choices=answer.choices.get(place),
                seen=answer.seen.get(place), overrules=answer.overrules, run=bulk.run if bulk else None,
            )
            for place, group in enumerate(answer.groups)
            if len(group) > 1
        ]  # fmt: skip
        apart = decisions.keep_apart(
            case.company, answer.groups, answer.between, actor=actor, reason=answer.reason, evidence=evidence
        )
        params: dict[str, Any] = {
            "company": case.company_id,
            "customers": sorted(set(living(case.company, now).values())),
        }
        with connection.cursor() as cursor:
            cursor.execute(block(CASES, "answer_pairs").sql, params)
            answered = [id for (id,) in cursor.fetchall()]
        case.state, case.decided_by, case.decided_at = DedupCase.State.DECIDED, actor, timezone.now()
        case.decided_words = words
        case.outcome = {
            "merges": [str(each.pk) for each in merges], "decisions": [str(each.pk) for each in apart],
            "questions": answered,
        }  # fmt: skip
        case.claimed_by, case.claimed_until, case.bulk = "", None, bulk
        case.save()
    return case


def undo_case(case: DedupCase, *, actor: str, is_held: bool = True) -> DedupCase:
    """Take a decided case back: merges undone, decisions withdrawn, questions open again.

    Args:
        is_held: the person goes on with it; otherwise it is back in the queue for anybody.

    Raises:
        MigrationOpsError: it is not decided.
        CrmError: as ``undo_merge`` refuses.
    """
    with transaction.atomic():
        case = DedupCase.objects.select_for_update(of=("self",)).select_related("company").get(pk=case.pk)
        if case.state != DedupCase.State.DECIDED:
            raise MigrationOpsError("this case is not decided, so there is nothing to undo")
        done = CustomerMerge.objects.filter(
            company=case.company, pk__in=case.outcome["merges"], undone_at__isnull=True
        ).order_by("-number")
        decisions.withdraw([UUID(id) for id in case.outcome["decisions"]], case.company)
        for each in done:
            undo_merge(each, actor=actor, reason="the case was taken back", remember=False)
        DedupConflict.objects.filter(pk__in=case.outcome["questions"]).update(state=DedupConflict.State.OPEN)
        case.state, case.decided_by, case.decided_at, case.decided_words = DedupCase.State.OPEN, "", None, ""
        case.outcome, case.bulk = {}, None
        case.claimed_by = actor if is_held else ""
        case.claimed_until = timezone.now() + timedelta(minutes=LEASE_MINUTES) if is_held else None
        case.save()
    return case


def in_words(company: Company, answer: Answer) -> str:
    """What was decided, in one sentence."""
    names = {row.pk: str(row) for row in Customer.objects.filter(
        company=company, pk__in=[id for group in answer.groups for id in group])}  # fmt: skip
    groups = [" = ".join(names[id] for id in group) for group in answer.groups]
    if len(groups) == 1:
        return f"{groups[0]}: the same customer"
    if answer.between in DIRECTED:
        return f"{groups[0]} {DIRECTED[answer.between]} {' and '.join(groups[1:])}: not the same"
    return f"{' | '.join(groups)}: {Verdict(answer.between).label.lower()}"


def _refuse_settled(case: DedupCase, actor: str) -> None:
    if case.state == DedupCase.State.DECIDED:
        raise CaseDecided(
            actor="you" if case.decided_by == actor else case.decided_by,
            at=f"on {timezone.localtime(case.decided_at):%Y-%m-%d %H:%M}", words=case.decided_words,
        )  # fmt: skip
    if case.state != DedupCase.State.OPEN:
        raise MigrationOpsError("there is no question about these customers any more")
    if case.holder not in ("", actor):
        raise CaseClaimed(
            actor=case.holder, until=f"{timezone.localtime(case.claimed_until):%H:%M}"
        )  # fmt: skip


def _customers_now(case: DedupCase) -> list[UUID]:
    return sorted(set(living(case.company, case.customers).values()))


def _json(text: str) -> list[dict[str, Any]]:
    return list(json.loads(text))
