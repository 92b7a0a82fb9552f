"""The search for duplicates over the contacts of one company: blocks, compares, judges, groups (pure).

The order in which contacts are given does not matter: they are put in the order of their ids first.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import blocking, columns, parallel, policy, score, statistics
from migration_ops.identity.duplicates.columns import Columns, ContactTexts
from migration_ops.identity.duplicates.compare import Comparer
from migration_ops.identity.duplicates.grouping import Groups
from migration_ops.identity.duplicates.namesakes import namesakes
from migration_ops.identity.duplicates.policy import WHYS, Verdict, Why
from migration_ops.identity.duplicates.rulings import NO_RULINGS, Rulings

# Pairs compared in one go: memory, not speed, sets it.
CHUNK: Final = 250_000
# Records from which a second process pays.
SEVERAL_FROM: Final = 30_000
# Pairs below are not kept.
KEPT_FROM: Final = 0.02


@dataclass(slots=True)
class Scored:
    """The pairs worth keeping, ascending by record; parallel columns.

    ``same_name``: one full name, and no field that both have to go by; what ``namesakes`` looks at.
    """

    one: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    w: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    verdict: npt.NDArray[np.uint8]
    why: npt.NDArray[np.uint8]
    relation: npt.NDArray[np.uint8]
    same_name: npt.NDArray[np.bool_]


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
    records: Columns | Iterable[ContactTexts],
    *,
    customers: Sequence[int] | None = None,
    apart: Collection[tuple[int, int]] = (),
    together: Collection[tuple[int, int]] = (),
    threshold: float | None = None,
    rulings: Rulings = NO_RULINGS,
    processes: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Found:
    """Search the records for duplicates.

    Args:
        records: in the order of their ids.
        customers: of each record a number of the customer it belongs to; records of one customer are one already.
        apart, together: pairs of records whose customers a person decided about.
        threshold: probability for merging without asking, 0 to 1; by the number of records if not given.
        rulings: what people said about values; names that say nothing must be left out of the records already.
        processes: by the number of records and the machine if not given; says nothing about what is found.
        progress: told the step and how much of it is done, 0 to 1.
    """
    tell = progress or (lambda step, share: None)
    tell("reading", 0)
    table = records if isinstance(records, Columns) else columns.build(records)
    if processes is None:
        processes = parallel.processes() if table.size >= SEVERAL_FROM else 1
    tell("measuring", 0)
    known = statistics.measure(table, processes=processes)
    rulings.apply(table, known)
    comparer = Comparer(table, known)
    known.rates = comparer.measured_rates()
    tell("pairing", 0)
    pairs = blocking.candidate_pairs(table, known.address_words, processes=processes)
    compared_pairs = len(pairs)
    limit = policy.auto_from(table.size) if threshold is None else threshold
    scored = _compared(comparer, pairs, limit, processes, tell)
    # What is not needed for grouping makes room for it.
    del pairs
    tell("grouping", 0)
    labels, questions, cases = _grouped(comparer, scored, customers, apart, together)
    return Found(table, comparer, scored, compared_pairs, labels, questions, cases, limit)


def _compared(
    comparer: Comparer,
    pairs: blocking.Pairs,
    limit: float,
    processes: int,
    tell: Callable[[str, float], None],
) -> Scored:
    size, chunks = comparer.columns.size, -(-len(pairs) // CHUNK)

    def of_chunk(number: int) -> Scored:
        chunk = pairs[number * CHUNK : (number + 1) * CHUNK]
        one = chunk // size
        return scored_of(comparer, one.astype(np.int32), (chunk - one * size).astype(np.int32), limit)

    parts: list[Scored] = []
    for part in parallel.results(of_chunk, chunks, processes):
        tell("comparing", len(parts) / chunks)
        parts.append(part)
    return _joined(parts)


def scored_of(comparer: Comparer, one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], limit: float) -> Scored:
    """Compare and judge pairs of records; those far from a match are dropped."""
    compared = comparer.compare(one, other)
    w, v = score.totals(compared, comparer.population)
    probability = score.probability(w, v)
    relation = policy.relations(compared)
    same_name = policy.same_name(compared)
    kept = np.flatnonzero((probability >= KEPT_FROM) | (relation > 0) | same_name)
    compared, w, probability, relation = compared.take(kept), w[kept], probability[kept], relation[kept]
    verdict, why, final = policy.judge(comparer.columns, one[kept], other[kept], compared, probability, limit)
    same_name = same_name[kept] & (verdict == Verdict.SEPARATE) & (why == 0)
    return Scored(one[kept], other[kept], w, final, verdict, why, relation, same_name)


def _joined(parts: list[Scored]) -> Scored:
    empty = {
        "one": np.int32, "other": np.int32, "w": np.float32, "score": np.float32, "verdict": np.uint8, "why": np.uint8,
        "relation": np.uint8, "same_name": np.bool_,
    }  # fmt: skip
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) if parts else np.zeros(0, kind)
        for name, kind in empty.items()
    }
    return Scored(**joined)


def _grouped(
    comparer: Comparer,
    scored: Scored,
    customers: Sequence[int] | None,
    apart: Collection[tuple[int, int]],
    together: Collection[tuple[int, int]],
) -> tuple[list[int], list[int], list[int]]:
    groups = Groups(comparer.columns)
    firsts: dict[int, int] = {}
    for record, customer in enumerate(customers or ()):
        first = firsts.setdefault(customer, record)
        if first != record:
            groups.join(first, record, checked=False)
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
    labels = groups.labels()
    asked = namesakes(comparer.columns, comparer.statistics, scored, labels)
    scored.verdict[asked], scored.why[asked] = Verdict.REVIEW, WHYS.index(Why.SAME_NAME)
    scored.score[asked] = policy.NAMESAKES
    questions = _questions(scored, groups)
    return labels, questions, _cases(scored, groups, questions)


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
        low, high = groups.find(one), groups.find(other)
        if low == high:
            scored.verdict[place] = Verdict.AUTO
            continue
        if low > high:
            low, high = high, low
        moot = groups.is_apart(low, high) or (
            scored.why[place] not in about_names and not groups.are_compatible(one, other)
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
