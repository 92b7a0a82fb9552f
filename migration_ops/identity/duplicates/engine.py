"""The search for duplicates over the contacts of one company: blocks, compares, judges, groups (pure).

The order in which contacts are given does not matter: they are put in the order of their ids first.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import blocking, columns, policy, score, statistics
from migration_ops.identity.duplicates.columns import Columns, ContactTexts
from migration_ops.identity.duplicates.compare import Comparer
from migration_ops.identity.duplicates.grouping import Groups, compatible
from migration_ops.identity.duplicates.policy import WHYS, Verdict, Why
from migration_ops.identity.duplicates.rulings import NO_RULINGS, Rulings

# Pairs compared in one go: memory, not speed, sets it.
CHUNK: Final = 400_000
# Pairs below are not kept.
KEPT_FROM: Final = 0.02


@dataclass(slots=True)
class Scored:
    """The pairs worth keeping, ascending by record; parallel columns."""

    one: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    w: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    verdict: npt.NDArray[np.uint8]
    why: npt.NDArray[np.uint8]
    relation: npt.NDArray[np.uint8]


@dataclass(slots=True)
class Found:
    """What a search found.

    ``labels``: of each record the lowest record of its group. ``questions``: places in ``scored`` of the pairs a
    person has to decide, one for two groups. ``cases``: of each question the lowest record its case holds.
    """

    columns: Columns
    comparer: Comparer
    scored: Scored
    compared_pairs: int
    labels: list[int]
    questions: list[int]
    cases: list[int]
    threshold: float


def search(
    records: Sequence[ContactTexts],
    *,
    customers: Sequence[int] | None = None,
    apart: Collection[tuple[int, int]] = (),
    together: Collection[tuple[int, int]] = (),
    threshold: float | None = None,
    rulings: Rulings = NO_RULINGS,
    progress: Callable[[str, float], None] | None = None,
) -> Found:
    """Search the records for duplicates.

    Args:
        records: in the order of their ids.
        customers: of each record a number of the customer it belongs to; records of one customer are one already.
        apart, together: pairs of records whose customers a person decided about.
        threshold: probability for merging without asking, 0 to 1; by the number of records if not given.
        rulings: what people said about values; names that say nothing must be left out of the records already.
        progress: told the step and how much of it is done, 0 to 1.
    """
    tell = progress or (lambda step, share: None)
    tell("reading", 0)
    table = columns.build(records)
    tell("measuring", 0)
    known = statistics.measure(table)
    rulings.apply(table, known)
    known.rates = Comparer(table, known).measured_rates()
    comparer = Comparer(table, known)
    tell("pairing", 0)
    pairs = blocking.candidate_pairs(table, known.address_words)
    limit = policy.auto_from(table.size) if threshold is None else threshold
    parts = []
    for start in range(0, len(pairs), CHUNK):
        tell("comparing", start / len(pairs))
        chunk = pairs[start : start + CHUNK]
        parts.append(
            scored_of(comparer, (chunk // table.size).astype(np.int32), (chunk % table.size).astype(np.int32), limit)
        )
    scored = _joined(parts)
    tell("grouping", 0)
    labels, questions, cases = _grouped(table, scored, records, customers, apart, together)
    return Found(table, comparer, scored, len(pairs), labels, questions, cases, limit)


def scored_of(comparer: Comparer, one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], limit: float) -> Scored:
    """Compare and judge pairs of records; those far from a match are dropped."""
    compared = comparer.compare(one, other)
    w, v = score.totals(compared, comparer.population)
    probability = score.probability(w, v)
    relation = policy.relations(compared)
    kept = np.flatnonzero((probability >= KEPT_FROM) | (relation > 0))
    compared, w, probability, relation = compared.take(kept), w[kept], probability[kept], relation[kept]
    verdict, why, final = policy.judge(comparer.columns, one[kept], other[kept], compared, probability, limit)
    return Scored(one[kept], other[kept], w, final, verdict, why, relation)


def _joined(parts: list[Scored]) -> Scored:
    empty = {
        "one": np.int32, "other": np.int32, "w": np.float32, "score": np.float32, "verdict": np.uint8, "why": np.uint8,
        "relation": np.uint8,
    }  # fmt: skip
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) if parts else np.zeros(0, kind)
        for name, kind in empty.items()
    }
    return Scored(**joined)


def _grouped(
    table: Columns,
    scored: Scored,
    records: Sequence[ContactTexts],
    customers: Sequence[int] | None,
    apart: Collection[tuple[int, int]],
    together: Collection[tuple[int, int]],
) -> tuple[list[int], list[int], list[int]]:
    groups = Groups([record.name for record in records], [(r.name, r.mailboxes, r.phones) for r in records])
    firsts: dict[int, int] = {}
    for record, customer in enumerate(customers or ()):
        groups.join(firsts.setdefault(customer, record), record, checked=False)
    for one, other in apart:
        groups.keep_apart(one, other)
    for one, other in sorted(together):
        groups.join(one, other, checked=False)
    auto = np.flatnonzero(scored.verdict == Verdict.AUTO)
    auto = auto[np.lexsort((scored.other[auto], scored.one[auto], -scored.w[auto]))]
    for place, one, other in zip(auto.tolist(), scored.one[auto].tolist(), scored.other[auto].tolist(), strict=True):
        refused = groups.join(one, other)
        if refused is not None:
            scored.verdict[place] = Verdict.SEPARATE if refused is Why.DECIDED_APART else Verdict.REVIEW
            scored.why[place] = WHYS.index(refused)
            scored.score[place] = min(scored.score[place], policy.VETOED if refused is Why.DECIDED_APART else 0.9)
    questions = _questions(scored, groups)
    return groups.labels(), questions, _cases(scored, groups, questions)


def _questions(scored: Scored, groups: Groups) -> list[int]:
    """The surest open pair of any two groups; the others between them are settled with it."""
    review = np.flatnonzero(scored.verdict == Verdict.REVIEW)
    review = review[np.lexsort((scored.other[review], scored.one[review], -scored.score[review]))]
    seen: set[tuple[int, int]] = set()
    asked = []
    # These ask about the two names themselves, or about the groups: what else is known does not answer them.
    about_names = {WHYS.index(why) for why in (Why.REFUSED_BRIDGE, Why.TOO_LARGE, Why.NAMES_UNLIKE)}
    for place, one, other in zip(
        review.tolist(), scored.one[review].tolist(), scored.other[review].tolist(), strict=True
    ):
        low, high = sorted((groups.find(one), groups.find(other)))
        if low == high:
            scored.verdict[place] = Verdict.AUTO
            continue
        moot = groups.is_apart(one, other) or (
            scored.why[place] not in about_names and not compatible(groups.names_of(low), groups.names_of(high))
        )
        if moot:
            # What is known of the two groups answers it: an initial fits, but the others there are two people.
            scored.verdict[place] = Verdict.SEPARATE
            scored.score[place] = min(scored.score[place], policy.VETOED)
            continue
        if (low, high) not in seen:
            seen.add((low, high))
            asked.append(place)
    return asked


def _cases(scored: Scored, groups: Groups, questions: list[int]) -> list[int]:
    above: dict[int, int] = {}

    def find(group: int) -> int:
        while above.get(group, group) != group:
            group = above[group]
        return group

    ends = [(groups.find(int(scored.one[place])), groups.find(int(scored.other[place]))) for place in questions]
    for one, other in ends:
        low, high = sorted((find(one), find(other)))
        above[high] = low
    return [find(one) for one, _ in ends]
