"""Who belongs together, who must not, and what a person has to decide (pure).

``decide`` applies the automatic policy to the contacts of one component: all contacts of a company that hang together
by a mailbox, a number or an address. The order in which contacts are given does not matter.
Source: docs/decisions/0004-identity.md
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from migration_ops.identity import names
from migration_ops.identity.evidence import EvidenceItem, Reason, score, waterfall
from migration_ops.identity.names import Likeness
from migration_ops.identity.pairs import Judgement, RelationKind, candidates, judge
from migration_ops.identity.records import Component, Contact, Record, build

__all__ = ["MAX_RECORDS", "Conflict", "Contact", "Decision", "Relation", "decide"]

# More distinct records than this are not one customer, whatever agrees.
MAX_RECORDS: Final = 25
# Of these a crowd of n clusters is asked n - 1 questions, not n²/2: whoever answers one sees the whole case.
_CHAINED: Final = frozenset(
    (Reason.REFUSED_BRIDGE, Reason.COMPONENT_TOO_LARGE, Reason.SAME_NAME_SHARED_KEY, Reason.NAME_MISSING)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A doubtful pair for a person; ``score`` is the probability (0 to 1) that the two are one customer."""

    contact_a: UUID
    contact_b: UUID
    reason: Reason
    score: float
    evidence: list[EvidenceItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Two customers that stay apart and are linked; of ``works_for``, ``contact_a`` is the person."""

    contact_a: UUID
    contact_b: UUID
    kind: RelationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a component.

    ``clusters`` is a partition of all its contacts, each cluster in (first_at, id) order and the clusters in the order
    of their first contacts. At most one conflict or relation joins two clusters.
    """

    clusters: list[list[UUID]]
    conflicts: list[Conflict]
    relations: list[Relation]


class _Sets:
    """Disjoint sets of record numbers; the lowest number stands for its set."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def find(self, number: int) -> int:
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, first: int, second: int) -> bool:
        low, high = sorted((self.find(first), self.find(second)))
        self._above[high] = low
        return low != high

    def groups(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number in range(len(self._above)):
            found.setdefault(self.find(number), []).append(number)
        return found


@dataclass(slots=True)
class _Question:
    first: int
    second: int
    reason: Reason
    verdict: Judgement


def decide(contacts: Sequence[Contact], generic_keys: Collection[str] = ()) -> Decision:
    """The automatic policy, on exact keys.

    Args:
        contacts: all contacts of one component of one company, ids distinct, in any order.
        generic_keys: keys known to say nothing (the company's own phone, staff's mailboxes).
    Returns:
        The same decision for every order of the contacts. Near-linear: no key makes more pairs than those of
        ``MAX_USERS`` contacts.
    """
    component = build(contacts, frozenset(generic_keys))
    records = component.records
    verdicts = {pair: judge(records[pair[0]], records[pair[1]], component) for pair in candidates(component)}
    final, refused = _clusters(records, verdicts)
    questions = [
        _Question(*pair, verdict.reason, verdict) for pair, verdict in verdicts.items() if verdict.reason is not None
    ]
    questions += [_Question(*pair, reason, verdicts[pair]) for pair, reason in refused.items()]
    asked = _asked(questions, final, records)
    return Decision(
        clusters=_ids(final, records),
        conflicts=[_conflict(question, records) for question in asked],
        relations=_relations(verdicts, asked, final, component),
    )


def _clusters(
    records: list[Record], verdicts: dict[tuple[int, int], Judgement]
) -> tuple[_Sets, dict[tuple[int, int], Reason]]:
    """The sets that hold together, and the pairs that agree but were not joined, with the reason."""
    wished = _Sets(len(records))
    same = {pair: verdict for pair, verdict in verdicts.items() if verdict.is_same}
    for first, second in same:
        wished.join(first, second)
    final = _Sets(len(records))
    unfit: dict[int, Reason] = {}
    equal = _Sets(len(records))
    for (first, second), verdict in same.items():
        if verdict.likeness is Likeness.EQUAL:
            equal.join(first, second)
    sizes = {root: len(members) for root, members in equal.groups().items()}
    for root, members in wished.groups().items():
        reason = _unfit([records[number] for number in members])
        if reason is not None:
            unfit[root] = reason
    refused: dict[tuple[int, int], Reason] = {}
    for pair, verdict in same.items():
        reason = unfit.get(wished.find(pair[0]))
        # What is left of a component that contradicts itself: those of exactly one name.
        if reason is None or (verdict.likeness is Likeness.EQUAL and sizes[equal.find(pair[0])] <= MAX_RECORDS):
            final.join(*pair)
        else:
            refused[pair] = reason
    return final, refused


def _unfit(members: list[Record]) -> Reason | None:
    """Why the records cannot be one customer; None if they can."""
    if len(members) > MAX_RECORDS:
        return Reason.COMPONENT_TOO_LARGE
    distinct = sorted({record.name for record in members if record.name is not None})
    # One mailbox in all of them settles which generation a name without suffix is.
    has_one_mailbox = bool(frozenset.intersection(*(record.mailboxes for record in members)))
    if not names.all_compatible(distinct, allow_missing_suffix=has_one_mailbox):
        return Reason.REFUSED_BRIDGE
    return None


def _asked(questions: Iterable[_Question], final: _Sets, records: list[Record]) -> list[_Question]:
    """The questions worth asking: the strongest between two clusters, and of a crowd one for each name or member."""
    ordered = sorted(
        questions,
        key=lambda question: (-score(question.verdict.kinds), question.first, question.second, question.reason),
    )
    seen: set[tuple[int, int]] = set()
    named: set[tuple[str, str, Reason]] = set()
    chains = _Sets(len(records))
    asked: list[_Question] = []
    for question in ordered:
        low, high = sorted((final.find(question.first), final.find(question.second)))
        if low == high or (low, high) in seen:
            continue
        if question.reason in _CHAINED:
            if not chains.join(low, high):
                continue
        else:
            one, other = sorted(records[number].name or "" for number in (question.first, question.second))
            if (one, other, question.reason) in named:
                continue
            named.add((one, other, question.reason))
        seen.add((low, high))
        asked.append(question)
    return asked


def _conflict(question: _Question, records: list[Record]) -> Conflict:
    return Conflict(
        contact_a=records[question.first].contacts[0].id,
        contact_b=records[question.second].contacts[0].id,
        reason=question.reason,
        score=score(question.verdict.kinds),
        evidence=waterfall(question.verdict.kinds),
    )


def _relations(
    verdicts: dict[tuple[int, int], Judgement], asked: list[_Question], final: _Sets, component: Component
) -> list[Relation]:
    """One relation for two clusters; none where a question is open, for its answer decides."""
    open_pairs = {tuple(sorted((final.find(question.first), final.find(question.second)))) for question in asked}
    found: dict[tuple[int, ...], Relation] = {}
    for (first, second), verdict in verdicts.items():
        clusters = tuple(sorted((final.find(first), final.find(second))))
        if verdict.relation is None or clusters in open_pairs or clusters in found or clusters[0] == clusters[1]:
            continue
        one, other = component.records[first], component.records[second]
        if verdict.relation is RelationKind.WORKS_FOR and one.is_company:
            one, other = other, one
        found[clusters] = Relation(contact_a=one.contacts[0].id, contact_b=other.contacts[0].id, kind=verdict.relation)
    return [found[clusters] for clusters in sorted(found)]


def _ids(final: _Sets, records: list[Record]) -> list[list[UUID]]:
    clusters = []
    for members in final.groups().values():
        contacts = [contact for number in members for contact in records[number].contacts]
        contacts.sort(key=lambda contact: (contact.first_at, contact.id))
        clusters.append([contact.id for contact in contacts])
    return clusters
