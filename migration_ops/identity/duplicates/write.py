"""Writes what a search found: questions with their evidence, relations, and the plan of automatic merges."""

import json
from collections.abc import Callable, Iterator
from itertools import chain
from time import monotonic
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.utils import timezone

from crm.models import Company
from migration_ops.identity.duplicates import explain, index, parallel, store
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.outcome import Outcome
from migration_ops.identity.duplicates.policy import RELATIONS, WHYS
from migration_ops.identity.duplicates.reopened import reopened
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.duplicates.weights import ENGINE_VERSION
from migration_ops.models import DedupRun

# Pairs explained in one go.
EXPLAINED = 10_000
T = TypeVar("T")
# Numbers of customers that are one, and the places of the pairs that hold them together.
Groups = list[tuple[list[int], list[int]]]


def write(company: Company, book: Book, found: Found, groups: Groups, outcome: Outcome, started: float) -> None:
    """Replace what the last search of the company left by what this one found, in the caller's transaction.

    Args:
        groups: the customers to merge without asking.
        started: when the search began, by ``time.monotonic``.
    """
    again = list(reopened(company, book, found))
    with store.relating(company, _relations(book, found)):
        # The server is at it for a while; what it is given next is made ready meanwhile.
        questions = [*_questions(book, found), *again]
        plan = list(_plan(company, book, found, groups))
    store.write_questions(company, questions, engine_version=ENGINE_VERSION)
    index.searched(company)
    DedupRun.objects.filter(company=company).delete()
    DedupRun.objects.create(
        company=company, engine_version=ENGINE_VERSION, at=timezone.now(), contacts=outcome.contacts,
        pairs=outcome.compared, auto_from=outcome.auto_from, rates=found.comparer.statistics.rates,
        seconds=monotonic() - started, used=outcome.used,
    )  # fmt: skip
    store.write_groups(plan)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE migration_dedup_conflict, migration_dedup_group")


def _questions(book: Book, found: Found) -> Iterator[tuple[Any, ...]]:
    for place, case, reasons in zip(found.questions, found.cases, _explained(found, found.questions), strict=True):
        a, b = book.ids.text(int(found.scored.one[place])), book.ids.text(int(found.scored.other[place]))
        evidence, counterfactual, fingerprint = reasons
        why = WHYS[int(found.scored.why[place])].value
        yield (
            a, b, why, round(float(found.scored.score[place]), 6), evidence, counterfactual,
            book.customer_ids.text(book.customers[case]), fingerprint,
        )  # fmt: skip


def _explained(found: Found, places: list[int]) -> Iterator[tuple[str, str, str]]:
    """Of each pair the evidence as JSON, what would turn the verdict, and the evidence's fingerprint."""
    scored = found.scored

    def of_chunk(part: npt.NDArray[np.int64]) -> list[tuple[str, str, str]]:
        told = explain.explain(
            found.comparer, scored.one[part], scored.other[part], scored.verdict[part], scored.why[part],
            found.threshold,
        )  # fmt: skip
        return [(json.dumps(each["evidence"]), each["counterfactual"], each["fingerprint"]) for each in told]

    return _in_chunks(of_chunk, places)


def _in_chunks(work: Callable[[npt.NDArray[np.int64]], list[T]], places: list[int]) -> Iterator[T]:
    """What the work makes of each place, in order; many places are shared between processes."""

    def of_chunk(number: int) -> list[T]:
        return work(np.array(places[number * EXPLAINED : (number + 1) * EXPLAINED], np.int64))

    chunks = -(-len(places) // EXPLAINED)
    wanted = parallel.processes() if len(places) > 2 * EXPLAINED else 1
    return chain.from_iterable(parallel.results(of_chunk, chunks, wanted))


def _plan(company: Company, book: Book, found: Found, groups: Groups) -> Iterator[tuple[Any, ...]]:
    scored = found.scored

    def of_chunk(part: npt.NDArray[np.int64]) -> list[str]:
        return list(map(json.dumps, explain.strongest(found.comparer, scored.one[part], scored.other[part])))

    reasons = _in_chunks(of_chunk, [place for _, links in groups for place in links])
    for customers, links in groups:
        told, weakest = [], 1.0
        for place in links:
            a, b = book.ids.dashed(int(scored.one[place])), book.ids.dashed(int(scored.other[place]))
            score = round(float(scored.score[place]), 6)
            weakest = min(weakest, score)
            told.append(f'{{"contact_a": "{a}", "contact_b": "{b}", "score": {score}, "reasons": {next(reasons)}}}')
        # A group that only a person's decision holds together has no pair of its own.
        yield company.pk, [book.customer_ids.text(number) for number in customers], weakest, f"[{', '.join(told)}]"


def _relations(book: Book, found: Found) -> Iterator[tuple[str, str, str]]:
    """Pairs of groups that stay apart and are linked, once for two customers; of employees the person first."""
    scored, columns = found.scored, found.columns
    seen: set[tuple[int, int]] = set()
    for place in np.flatnonzero(scored.relation).tolist():
        one, other = int(scored.one[place]), int(scored.other[place])
        pair = (min(book.customers[one], book.customers[other]), max(book.customers[one], book.customers[other]))
        if pair in seen or found.labels[one] == found.labels[other]:
            continue
        seen.add(pair)
        kind = RELATIONS[int(scored.relation[place])]
        if kind == "works_for" and columns.names.company[columns.name[one]]:
            one, other = other, one
        customer, related = book.customers[one], book.customers[other]
        yield book.customer_ids.text(customer), book.customer_ids.text(related), kind
