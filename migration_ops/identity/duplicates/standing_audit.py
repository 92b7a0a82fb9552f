"""The standing audit: draws automatic merges for people to judge blind; stops a company that falls below the bar."""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from crm.models import (
    Company,
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerMerge,
    CustomerMergeMove,
    CustomerRelation,
)
from crm.selectors.customers import living
from migration_ops import audit
from migration_ops.exceptions import AutomaticMergingStopped, SampleRefused
from migration_ops.identity.duplicates.precision import BAR, TELLING, is_below, wilson
from migration_ops.models import AutomaticMerging, MergeSample

DAILY: Final = 10
SHOWN_LINES: Final = 8
Answer = MergeSample.Answer


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is known of a company's automatic merges. ``low`` and ``high`` bound the precision; None without answers.

    ``waiting``: drawn and not answered. Answers since ``counted_from`` are counted.
    """

    company: Company
    merges: int
    waiting: int
    same: int
    different: int
    unsure: int
    precision: float | None
    low: float
    high: float
    bar: float
    telling: int
    is_stopped: bool
    why: str
    since: datetime | None

    @property
    def is_proven(self) -> bool:
        """Whether the answers show that the machine is as good as it must be: the lower bound reaches the bar."""
        return not self.is_stopped and self.low >= self.bar


def sample_merges(company: Company, *, size: int = DAILY, day: date | None = None) -> int:
    """Draw the day's sample of a company: automatic merges at random that were never drawn, and as many pairs that
    were kept apart, as far as there are any. The number of merges drawn; 0 where the day's sample was drawn already.
    """
    day = day or timezone.localdate()
    # Not to be foreseen: nobody can be careful with the sample alone.
    chance = random.SystemRandom()
    with transaction.atomic():
        Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
        if MergeSample.objects.filter(company=company, day=day).exists():
            return 0
        drawn = MergeSample.objects.filter(company=company, merge__isnull=False).values("merge")
        known = list(
            CustomerMerge.objects.filter(company=company, origin=CustomerMerge.Origin.RULES, undone_at__isnull=True)
            .exclude(pk__in=drawn).order_by("pk").values_list("pk", flat=True)
        )  # fmt: skip
        chosen = chance.sample(known, min(size, len(known)))
        merges = list(CustomerMerge.objects.filter(pk__in=chosen).select_related("company"))
        made = [(_sides_of(merge), merge) for merge in merges]
        rows = [_row(company, day, sides, merge) for sides, merge in made if len(sides) > 1]
        count = len(rows)
        if rows:
            rows += [_row(company, day, sides, None) for sides in _apart(company, count, chance)]
        MergeSample.objects.bulk_create(rows)
    return count


def next_sample(company: Company | None = None, *, seen: Collection[UUID] | None = None) -> MergeSample | None:
    """One that nobody has answered; ids are random, so merges and others come mixed.

    Args:
        seen: the companies it may be of; None for any.
    """
    waiting = MergeSample.objects.filter(answer="").select_related("company").order_by("id")
    if company is not None:
        waiting = waiting.filter(company=company)
    if seen is not None:
        waiting = waiting.filter(company__in=list(seen))
    return waiting.first()


def answer_sample(sample: MergeSample, answer: str, *, actor: str) -> MergeSample:
    """Note a person's answer; where it shows that the machine is worse than the bar, merging without asking stops.

    Raises:
        SampleRefused: somebody answered it already, or that is no answer.
    """
    with transaction.atomic():
        Company.objects.select_for_update(of=("self",), no_key=True).get(pk=sample.company_id)
        sample = MergeSample.objects.select_for_update(of=("self",)).select_related("company").get(pk=sample.pk)
        if sample.answer:
            raise SampleRefused(
                why=f"{sample.answered_by} answered it on {timezone.localtime(sample.answered_at):%Y-%m-%d %H:%M}:"
                f" {sample.get_answer_display().lower()}"
            )
        if answer not in Answer.values:
            raise SampleRefused(why="that is no answer")
        sample.answer, sample.answered_by, sample.answered_at = answer, actor, timezone.now()
        sample.save(update_fields=["answer", "answered_by", "answered_at"])
        now = figures(sample.company)
        if not now.is_stopped and is_below(now.same, now.same + now.different):
            _stop(now, actor)
    return sample


def figures(company: Company) -> Figures:
    """The live precision of a company's automatic merges, with its bounds."""
    return figures_of([company])[0]


def figures_of(companies: Collection[Company]) -> list[Figures]:
    """Those of each of these companies, in a fixed number of statements."""
    states = AutomaticMerging.objects.in_bulk([company.pk for company in companies])
    samples = MergeSample.objects.filter(company__in=companies).order_by()
    since = AutomaticMerging.objects.filter(company=OuterRef("company")).values("counted_from")
    counted = samples.filter(is_merged=True).annotate(since=Subquery(since))
    counted = counted.filter(Q(since__isnull=True) | Q(answered_at__gt=F("since")))
    said = dict(_counts(counted, "company", "answer"))
    waiting = dict(_counts(samples.filter(answer=""), "company"))
    merged = CustomerMerge.objects.filter(
        company__in=companies, origin=CustomerMerge.Origin.RULES, undone_at__isnull=True
    )
    merges = dict(_counts(merged.order_by(), "company"))
    return [
        _figures(
            company, states.get(company.pk), merges=merges.get((company.pk,), 0), waiting=waiting.get((company.pk,), 0),
            said={value: said.get((company.pk, value), 0) for value in Answer.values},
        )
        for company in companies
    ]  # fmt: skip


def _counts(rows: QuerySet[Any], *columns: str) -> Iterator[tuple[tuple[Any, ...], int]]:
    for *values, count in rows.values_list(*columns).annotate(count=Count("pk")):
        yield tuple(values), count


def _figures(
    company: Company, state: AutomaticMerging | None, *, merges: int, waiting: int, said: Mapping[str, int]
) -> Figures:
    same, different = said[Answer.SAME], said[Answer.DIFFERENT]
    low, high = wilson(same, same + different)
    return Figures(
        company=company, merges=merges, waiting=waiting, same=same, different=different,
        unsure=said[Answer.UNSURE], precision=same / (same + different) if same + different else None, low=low,
        high=high, bar=BAR, telling=TELLING, is_stopped=bool(state and state.is_stopped),
        why=state.why if state else "", since=state.since if state else None,
    )  # fmt: skip


def refuse_if_stopped(company: Company) -> None:
    """Whoever merges without asking asks here first.

    Raises:
        AutomaticMergingStopped: with since when and why.
    """
    state = AutomaticMerging.objects.filter(company=company, is_stopped=True).first()
    if state is not None:
        raise AutomaticMergingStopped(
            company=company.name, since=f"{timezone.localtime(state.since):%Y-%m-%d %H:%M}", why=state.why
        )


@transaction.atomic
def resume(company: Company, *, actor: str, reason: str) -> None:
    """Let the company's customers be merged without asking again; the audit begins anew.

    Raises:
        SampleRefused: it is not stopped, or no reason was given.
    """
    if not reason.strip():
        raise SampleRefused(why="say why it is safe again: what was changed, or what was wrong with the answers")
    state = AutomaticMerging.objects.select_for_update(of=("self",)).filter(company=company, is_stopped=True).first()
    if state is None:
        raise SampleRefused(why=f"automatic merging of {company.name} is not stopped")
    stopped_why, now = state.why, timezone.now()
    state.is_stopped, state.why, state.actor, state.since, state.counted_from = False, reason.strip(), actor, now, now
    state.save()
    audit.record(
        actor=actor, action="automatic_merging_resumed", company=company.pk,
        detail={"reason": reason.strip(), "was_stopped_because": stopped_why},
    )  # fmt: skip


def _stop(now: Figures, actor: str) -> None:
    answers = now.same + now.different
    bound = f"lower bound {now.low:.4f}" if answers >= TELLING else f"at best {now.high:.4f}"
    why = f"{now.different} of {answers} audited merges were wrong; {bound}, the bar is {BAR}"
    AutomaticMerging.objects.update_or_create(
        company=now.company, defaults={"is_stopped": True, "why": why, "since": timezone.now(), "actor": actor}
    )
    audit.record(
        actor=actor, action="automatic_merging_stopped", company=now.company.pk,
        detail={"same": now.same, "different": now.different, "low": round(now.low, 6), "high": round(now.high, 6)},
    )  # fmt: skip


def _row(company: Company, day: date, sides: list[dict[str, Any]], merge: CustomerMerge | None) -> MergeSample:
    return MergeSample(
        company=company, day=day, is_merged=merge is not None, merge=merge, sides=sides, created_at=timezone.now()
    )  # fmt: skip


def _sides_of(merge: CustomerMerge) -> list[dict[str, Any]]:
    """Everybody of a merge as they were before it."""
    company, root = merge.company, living(merge.company, [merge.survivor_id]).get(merge.survivor_id)
    moved = CustomerMergeMove.objects.filter(company=company, merge__undone_at__isnull=True)
    contacts = moved.filter(table="customer_contacts")
    owner = dict(contacts.filter(merge=merge).values_list("row_id", "customer_id"))
    later = set(contacts.filter(merge__number__gt=merge.number).values_list("row_id", flat=True))
    recorded: dict[str, list[str]] = {id: [] for id in merge.before}
    addresses: dict[str, list[str]] = {id: [] for id in merge.before}
    for contact in CustomerContact.objects.filter(company=company, customer=root).order_by("first_seen_at", "pk"):
        whose = owner.get(contact.pk) or (None if contact.pk in later else merge.survivor_id)
        if str(whose) in recorded:
            recorded[str(whose)].append(str(contact))
    for whose, before in moved.filter(merge=merge, table="customer_addresses").values_list("customer_id", "before"):
        if before is not None and str(whose) in addresses:
            addresses[str(whose)].append(before["address"])
    # In the order of their ids: the survivor is not to be told from its place.
    return [
        _side(before["row"], recorded[id], addresses[id]) for id, before in sorted(merge.before.items())
    ]  # fmt: skip


def _apart(company: Company, count: int, chance: random.SystemRandom) -> list[list[dict[str, Any]]]:
    pairs = list(CustomerRelation.objects.filter(company=company).values_list("customer_id", "other_id")[:5_000])
    return [
        [_side_now(Customer.objects.get(company=company, pk=id)) for id in sorted(pair)]
        for pair in chance.sample(pairs, min(count, len(pairs)))
    ]


def _side_now(customer: Customer) -> dict[str, Any]:
    contacts = CustomerContact.objects.filter(company=customer.company_id, customer=customer).order_by("first_seen_at")
    addresses = CustomerAddress.objects.filter(company=customer.company_id, customer=customer).order_by("created_at")
    row = {"name": customer.name, "email": customer.email, "phone": customer.phone}
    return _side(row, [str(each) for each in contacts], [each.address for each in addresses])


def _side(row: dict[str, Any], contacts: list[str], addresses: list[str]) -> dict[str, Any]:
    shown = [["name", [row["name"] or ""]], ["e-mail", [row["email"] or ""]], ["phone", [row["phone"] or ""]]]
    shown += [["addresses", addresses[:SHOWN_LINES]], ["also known as", contacts[:SHOWN_LINES]]]
    return {"name": row["name"] or row["email"] or row["phone"] or "Customer without name", "lines": shown}
