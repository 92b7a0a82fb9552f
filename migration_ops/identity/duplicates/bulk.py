"""One answer for all open cases of a pattern: draw a sample, look at it, decide, take all of it back."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from crm.exceptions import CrmError
from crm.models import Company, CustomerMergeRun
from crm.services.merge import alone, lock_customers
from migration_ops import audit
from migration_ops.exceptions import BulkRefused, MigrationOpsError
from migration_ops.identity.duplicates.cases import Answer, Verdict, customers_of, decide_case, undo_case
from migration_ops.models import BulkDecision, DedupCase, DedupConflict
from migration_ops.sql.loader import block

PATTERNS: Final = "duplicates/patterns.sql"
SAMPLE: Final = 10
MOST_CASES: Final = 20_000
ANSWERS: Final = (Verdict.SAME, Verdict.DIFFERENT, Verdict.HOUSEHOLD)
_ASIDE: Final = ("prior", "place", "name_limit", "rule")
State = BulkDecision.State
Until = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Open cases that are alike: how many, what hangs on them, and what they have in common, a line each."""

    company: UUID
    key: str
    cases: int
    money: Decimal
    records: int
    reason: str
    words: tuple[str, ...]


def patterns(company: Company, *, most: int = 50) -> list[Pattern]:
    """The company's patterns of two open cases or more, those with the most cases first."""
    with connection.cursor() as cursor:
        cursor.execute(block(PATTERNS, "patterns").sql, {"company": company.pk, "most": most})
        rows = cursor.fetchall()
    shown = _in_common(company, [example for *_, example in rows])
    return [
        Pattern(
            company=company.pk, key=key, cases=cases, money=money, records=records, reason=shown[example][0],
            words=shown[example][1],
        )
        for key, cases, money, records, example in rows
        if example in shown
    ]  # fmt: skip


@transaction.atomic
def draw(company: Company, pattern: str, *, actor: str) -> BulkDecision:
    """Fix the open cases of a pattern as they are now, and draw a random sample of them to look at.

    Raises:
        BulkRefused: there are no two such cases, or too many for one decision.
    """
    with connection.cursor() as cursor:
        cursor.execute(block(PATTERNS, "digests").sql, {"company": company.pk, "pattern": pattern, "ids": None})
        digests = {str(id): digest for id, digest in cursor.fetchall()}
    if not pattern or len(digests) < 2:
        raise BulkRefused(why="no two open cases are of this pattern any more")
    if len(digests) > MOST_CASES:
        raise BulkRefused(why=f"{len(digests):,} cases are too many for one decision (at most {MOST_CASES:,})")
    example = UUID(next(iter(digests)))
    reason, words = _in_common(company, [example]).get(example, ("", ()))
    # Nobody can know beforehand which ones are looked at.
    sample = random.SystemRandom().sample(sorted(digests), min(SAMPLE, len(digests)))
    return BulkDecision.objects.create(
        company=company, pattern=pattern, reason=reason, words=list(words), cases=digests, sample=sample, actor=actor,
        at=timezone.now(),
    )  # fmt: skip


@transaction.atomic
def look(bulk: BulkDecision, case: UUID, verdict: str, *, actor: str) -> BulkDecision:
    """Note what a person would answer to one case of the sample; the case itself stays as it is.

    Raises:
        BulkRefused: it is not of the sample, the answer is none of ``ANSWERS``, or the sample is settled.
    """
    bulk = _locked(bulk)
    if bulk.state != State.LOOKING:
        raise BulkRefused(why=f"{bulk.get_state_display().lower()} already, by {bulk.actor}")
    if str(case) not in bulk.sample or verdict not in ANSWERS:
        raise BulkRefused(why="that is no answer to a case of the sample")
    bulk.answers |= {str(case): verdict}
    bulk.actor = actor
    bulk.save(update_fields=["answers", "actor"])
    return bulk


def verdict_of_sample(bulk: BulkDecision) -> str:
    """The answer every case of the sample got; empty while some have none, or where they differ."""
    said = {bulk.answers.get(case, "") for case in bulk.sample}
    return said.pop() if len(said) == 1 else ""


def begin(bulk: BulkDecision, *, actor: str, why: str = "") -> BulkDecision:
    """Let the sample's answer hold for all; ``go_on`` carries it out.

    Raises:
        BulkRefused: the sample has not been looked at whole, its answers differ, or somebody else was faster.
    """
    with transaction.atomic():
        bulk = _locked(bulk)
        if bulk.state != State.LOOKING:
            raise BulkRefused(why=f"{bulk.get_state_display().lower()} already, by {bulk.actor}")
        verdict = verdict_of_sample(bulk)
        if not verdict:
            missing = len(bulk.sample) - len(bulk.answers)
            raise BulkRefused(
                why=f"{missing} of the {len(bulk.sample)} drawn cases have not been looked at" if missing
                else "the drawn cases got different answers, so one answer cannot hold for all; decide them one by one"
            )  # fmt: skip
        bulk.verdict, bulk.why, bulk.actor, bulk.state, bulk.at = verdict, why, actor, State.RUNNING, timezone.now()
        if verdict == Verdict.SAME:
            bulk.run = CustomerMergeRun.objects.create(
                company=bulk.company, origin=CustomerMergeRun.Origin.PATTERN, words=f"{bulk}, not finished",
                actor=actor, at=bulk.at,
            )  # fmt: skip
        bulk.save()
        audit.record(
            actor=actor, action="bulk_decision", company=bulk.company_id,
            detail={"bulk": str(bulk.pk), "verdict": verdict, "cases": len(bulk.cases), "why": why},
        )  # fmt: skip
    return bulk


def go_on(bulk: BulkDecision, *, actor: str, until: Until = lambda: False) -> BulkDecision:
    """Decide the cases that are left, each in a transaction of its own, until none is left or it is time to stop.

    A case that changed since the sample was drawn, that somebody else decided or looks at, or whose merge is refused,
    is left out with the reason. Killed anywhere, it goes on where it was.

    Raises:
        BulkRefused: it is not being carried out.
    """
    if bulk.state != State.RUNNING:
        raise BulkRefused(why=bulk.get_state_display().lower())
    for id in _todo(bulk):
        why = _decide(bulk, UUID(id), actor)
        if why:
            bulk = _note_left(bulk, id, why)
        if until():
            break
    with transaction.atomic():
        bulk = _locked(bulk)
        bulk.decided = bulk.decided_cases.count()
        if bulk.state == State.RUNNING and not _todo(bulk):
            bulk.state = State.DONE
            _close_run(bulk)
        bulk.save(update_fields=["decided", "state", "run"])
    return bulk


def take_back(bulk: BulkDecision, *, actor: str, until: Until = lambda: False) -> BulkDecision:
    """Undo every case it decided, the latest first, until none is left or it is time to stop.

    A case whose undo is refused (a later merge stands in the way) stays decided and is told; it can be tried again.

    Raises:
        BulkRefused: there is nothing to take back.
    """
    with transaction.atomic():
        bulk = _locked(bulk)
        if bulk.state not in (State.RUNNING, State.DONE, State.UNDOING):
            raise BulkRefused(why=bulk.get_state_display().lower())
        bulk.state, bulk.left = State.UNDOING, [] if bulk.state != State.UNDOING else bulk.left
        bulk.save(update_fields=["state", "left"])
    refused = {each["case"] for each in bulk.left}
    for case in bulk.decided_cases.order_by("-decided_at", "-pk"):
        if str(case.pk) in refused:
            continue
        try:
            undo_case(case, actor=actor, is_held=False)
        except (CrmError, MigrationOpsError) as error:
            bulk = _note_left(bulk, str(case.pk), str(error))
        if until():
            return bulk
    with transaction.atomic():
        bulk = _locked(bulk)
        bulk.decided = bulk.decided_cases.count()
        bulk.state = State.DONE if bulk.decided else State.UNDONE
        if not bulk.decided:
            bulk.undone_by, bulk.undone_at = actor, timezone.now()
            if bulk.run_id is not None:
                CustomerMergeRun.objects.filter(pk=bulk.run_id, undone_at__isnull=True).update(
                    undone_at=bulk.undone_at, undone_by=actor
                )
        bulk.save(update_fields=["decided", "state", "undone_by", "undone_at"])
        audit.record(
            actor=actor, action="bulk_undo", company=bulk.company_id,
            detail={"bulk": str(bulk.pk), "left": len(bulk.left)},
        )  # fmt: skip
    return bulk


def drop(bulk: BulkDecision) -> BulkDecision:
    """Leave a drawn sample without a decision."""
    BulkDecision.objects.filter(pk=bulk.pk, state=State.LOOKING).update(state=State.DROPPED)
    bulk.refresh_from_db()
    return bulk


def _decide(bulk: BulkDecision, id: UUID, actor: str) -> str:
    """Decide one case; why it was left out, or nothing."""
    case = DedupCase.objects.select_related("company").filter(pk=id).first()
    if case is None:
        return "there is no question about these customers any more"
    try:
        # Nobody merges or moves anything here between the look at the digest and the decision.
        with alone(case.company):
            members = customers_of(case)
            lock_customers(case.company, members)
            with connection.cursor() as cursor:
                params: dict[str, Any] = {"company": bulk.company_id, "pattern": None, "ids": [id]}
                cursor.execute(block(PATTERNS, "digests").sql, params)
                now = dict(cursor.fetchall()).get(id)
            if case.state == DedupCase.State.OPEN and now != bulk.cases[str(id)]:
                return "it changed since the sample was drawn"
            groups = (tuple(members),) if bulk.verdict == Verdict.SAME else tuple((each,) for each in members)
            between = Verdict.DIFFERENT if bulk.verdict == Verdict.SAME else Verdict(bulk.verdict)
            decide_case(case, Answer(groups=groups, between=between, reason=bulk.why), actor=actor, bulk=bulk)
    except (CrmError, MigrationOpsError) as error:
        return str(error)
    return ""


def _todo(bulk: BulkDecision) -> list[str]:
    done = {str(id) for id in bulk.decided_cases.values_list("pk", flat=True)}
    left = {each["case"] for each in bulk.left}
    return [id for id in sorted(bulk.cases) if id not in done and id not in left]


def _note_left(bulk: BulkDecision, id: str, why: str) -> BulkDecision:
    words = DedupCase.objects.filter(pk=id).values_list("words", flat=True).first() or ""
    with transaction.atomic():
        bulk = _locked(bulk)
        if id not in {each["case"] for each in bulk.left}:
            bulk.left = [*bulk.left, {"case": id, "words": words, "why": why}]
            bulk.save(update_fields=["left"])
    return bulk


def _close_run(bulk: BulkDecision) -> None:
    if bulk.run is None:
        return
    if not bulk.run.merges.exists():
        empty, bulk.run = bulk.run, None
        bulk.save(update_fields=["run"])
        empty.delete()
        return
    bulk.run.words = f"{bulk.decided:,} cases like one another: the same customer"
    bulk.run.save(update_fields=["words"])


def _locked(bulk: BulkDecision) -> BulkDecision:
    return BulkDecision.objects.select_for_update(of=("self",)).select_related("company", "run").get(pk=bulk.pk)


def _in_common(company: Company, examples: list[UUID]) -> dict[UUID, tuple[str, tuple[str, ...]]]:
    """Of each case its reason, and what was observed in it; two statements however many there are."""
    customers = dict(DedupCase.objects.filter(company=company, pk__in=examples).values_list("pk", "customers"))
    everybody = sorted({id for members in customers.values() for id in members})
    questions = DedupConflict.objects.filter(
        company=company, state=DedupConflict.State.OPEN, contact_a__customer__in=everybody,
        contact_b__customer__in=everybody,
    ).values_list("contact_a__customer_id", "contact_b__customer_id", "reason", "evidence")  # fmt: skip
    found: dict[UUID, tuple[str, tuple[str, ...]]] = {}
    for one, other, reason, evidence in questions:
        words = tuple(item["text"] for item in evidence if item.get("kind") not in _ASIDE and "text" in item)
        for case, members in customers.items():
            if one in members and other in members:
                found[case] = (reason, words)
    return found
