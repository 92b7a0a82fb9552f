"""find_duplicates: searches a company, and rebuilds its queue of questions and its plan of automatic merges."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from time import monotonic
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops.identity.duplicates import engine, explain, index, parallel, policy, standing_audit, store, values
from migration_ops.identity.duplicates.decisions import decided, rulings_of
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.export import Exporter
from migration_ops.identity.duplicates.outcome import Changes, Outcome
from migration_ops.identity.duplicates.policy import RELATIONS, WHYS, Verdict
from migration_ops.identity.duplicates.reopened import reopened
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.duplicates.weights import ENGINE_VERSION
from migration_ops.models import DedupRun

# Pairs explained in one go.
EXPLAINED = 10_000
Tell = Callable[[str, float], None]


def find_duplicates(
    company: Company,
    *,
    dry_run: bool = False,
    auto_from: float | None = None,
    with_index: bool = False,
    exporter: Exporter | None = None,
    progress: Tell | None = None,
) -> Outcome:
    """Search a company in one transaction.

    Args:
        dry_run: write nothing; say what would change.
        auto_from: probability for merging without asking, 0 to 1; by the company's size if not given.
        with_index: also rebuild what looking single contacts up needs; in a transaction after the search's own.
        exporter: takes a line for each scored pair.
        progress: told the step and how much of it is done, 0 to 1.
    """
    started = monotonic()
    tell = progress or (lambda step, share: None)
    with parallel.no_collection(), transaction.atomic():
        if not dry_run:
            store.lock(company)
        tell("reading", 0)
        rulings = rulings_of(company)
        book = store.read_book(company, rulings)
        decisions = decided(company)
        found = engine.search(
            book.columns,
            customers=book.customers,
            apart=list(store.customers_pairs(book, decisions.apart)),
            together=list(store.customers_pairs(book, decisions.together)),
            threshold=_threshold(company, book.columns.size) if auto_from is None else auto_from,
            rulings=rulings,
            progress=progress,
        )
        outcome = _outcome(company, book, found)
        groups = _groups(book, found)
        outcome.groups, outcome.grouped_customers = len(groups), sum(len(customers) for customers, _ in groups)
        outcome.changes = _changes(company, book, found, groups)
        if exporter is not None:
            tell("exporting", 0)
            exporter.write(company, book, found)
        if not dry_run:
            tell("writing", 0)
            if not with_index:
                index.refresh(company)
            _write(company, book, found, groups, outcome, started)
    outcome.seconds = monotonic() - started
    if not dry_run:
        tell("indexing", 0)
        if with_index:
            index.write_index(company, book, found)
    outcome.is_dry = dry_run
    return outcome


def _threshold(company: Company, contacts: int) -> float:
    return policy.auto_from(contacts, is_proven=standing_audit.figures(company).is_proven)


def _outcome(company: Company, book: Book, found: Found) -> Outcome:
    return Outcome(
        company=company,
        contacts=len(book.ids),
        customers=len(book.customer_ids),
        compared=found.compared_pairs,
        scored=len(found.scored.one),
        questions=len(found.questions),
        cases=len(set(found.cases)),
        reasons=dict(Counter(WHYS[int(found.scored.why[place])].value for place in found.questions).most_common()),
        generic=list(_generic(found)),
        auto_from=found.threshold,
    )


def _generic(found: Found) -> Iterator[tuple[str, str, int, int]]:
    """(kind, value, records, unlike names) of the values that say nothing, the most used first."""
    known, columns = found.comparer.statistics, found.columns
    rows = []
    for kind, use, texts in (
        ("phone", known.phones, columns.phone_texts),
        ("mailbox", known.mailboxes, columns.mailbox_texts),
        ("address", known.addresses, columns.address_texts),
    ):
        for code in np.flatnonzero(use.generic).tolist():
            rows.append((kind, texts[code], int(use.records[code]), int(use.people[code] + use.companies[code])))
    yield from sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


def _groups(book: Book, found: Found) -> list[tuple[list[int], list[int]]]:
    """Numbers of customers that are one, and the places of the pairs that hold them together: a tree, surest first."""
    scored = found.scored
    customers_of: dict[int, set[int]] = {}
    for record, label in enumerate(found.labels):
        customers_of.setdefault(label, set()).add(book.customers[record])
    several = {label for label, members in customers_of.items() if len(members) > 1}
    if not several:
        return []
    above: dict[int, int] = {}

    def find(number: int) -> int:
        while above.get(number, number) != number:
            number = above[number]
        return number

    links: dict[int, list[int]] = {label: [] for label in several}
    auto = np.flatnonzero(scored.verdict == Verdict.AUTO)
    auto = auto[np.lexsort((scored.other[auto], scored.one[auto], -scored.score[auto]))]
    for place, one, other in zip(auto.tolist(), scored.one[auto].tolist(), scored.other[auto].tolist(), strict=True):
        label = found.labels[one]
        if label not in links or label != found.labels[other]:
            continue
        a, b = sorted((find(book.customers[one]), find(book.customers[other])))
        if a != b:
            above[b] = a
            links[label].append(place)
    return [(sorted(customers_of[label]), places) for label, places in sorted(links.items())]


def _changes(company: Company, book: Book, found: Found, groups: list[tuple[list[int], list[int]]]) -> Changes:
    # Customers and contacts by their numbers; those of the last run that are no more have none.
    planned = store.last_groups(company)
    places = iter(book.customer_ids.places([id for customers in planned for id in customers]))
    last = [[number for number in islice(places, len(customers)) if number >= 0] for customers in planned]
    now = [customers for customers, _ in groups]
    group_now = {customer: number for number, customers in enumerate(now) for customer in customers}
    group_last = {customer: number for number, customers in enumerate(last) for customer in customers}
    asked = {(int(found.scored.one[place]), int(found.scored.other[place])) for place in found.questions}
    ends = iter(book.ids.places([id for pair in store.open_questions(company) for id in pair]))
    before = list(zip(ends, ends, strict=True))
    return Changes(
        merge=sum(_is_divided(each, group_last) for each in now),
        split=sum(len(each) > 1 and _is_divided(each, group_now) for each in last),
        review=len(asked - set(before)),
        settled=sum(pair not in asked for pair in before),
        doubted=_doubted(book, found),
    )


def _is_divided(customers: list[int], groups: dict[int, int]) -> bool:
    """Whether the customers are not in one of these groups, all of them."""
    found = {groups.get(customer, -1) for customer in customers}
    return len(found) > 1 or -1 in found


def _doubted(book: Book, found: Found) -> int:
    """Customers of several contacts that hold a pair the rules would keep apart and none that joins it."""
    scored = found.scored
    customers = np.array(book.customers, np.int32)
    if not len(customers):
        return 0
    inside = customers[scored.one] == customers[scored.other]
    one = customers[scored.one[inside]]
    vetoed = scored.verdict[inside] == Verdict.SEPARATE
    return len(set(one[vetoed].tolist()))


def _write(
    company: Company,
    book: Book,
    found: Found,
    groups: list[tuple[list[int], list[int]]],
    outcome: Outcome,
    started: float,
) -> None:
    # A list: it asks the database, which is busy with the COPY while questions stream into it.
    questions = chain(_questions(book, found), list(reopened(company, book, found)))
    store.write_questions(company, questions, engine_version=ENGINE_VERSION)
    store.write_relations(company, _relations(book, found))
    index.searched(company)
    DedupRun.objects.filter(company=company).delete()
    run = DedupRun.objects.create(
        company=company, engine_version=ENGINE_VERSION, at=timezone.now(), contacts=outcome.contacts,
        pairs=outcome.compared, auto_from=outcome.auto_from, rates=found.comparer.statistics.rates,
        seconds=monotonic() - started,
        used=values.count_used(company) if outcome.contacts > values.COUNTED_UP_TO else [],
    )  # fmt: skip
    store.write_groups(_plan(run, book, found, groups))
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

    def of_chunk(number: int) -> list[tuple[str, str, str]]:
        part = np.array(places[number * EXPLAINED : (number + 1) * EXPLAINED], np.int64)
        told = explain.explain(
            found.comparer, scored.one[part], scored.other[part], scored.verdict[part], scored.why[part],
            found.threshold,
        )  # fmt: skip
        return [(json.dumps(each["evidence"]), each["counterfactual"], each["fingerprint"]) for each in told]

    chunks = -(-len(places) // EXPLAINED)
    wanted = parallel.processes() if len(places) > 2 * EXPLAINED else 1
    yield from chain.from_iterable(parallel.results(of_chunk, chunks, wanted))


def _plan(
    run: DedupRun, book: Book, found: Found, groups: list[tuple[list[int], list[int]]]
) -> Iterator[tuple[Any, ...]]:
    reasons = _explained(found, [place for _, links in groups for place in links])
    for customers, links in groups:
        told, weakest = [], 1.0
        for place in links:
            a, b = book.ids.dashed(int(found.scored.one[place])), book.ids.dashed(int(found.scored.other[place]))
            score = round(float(found.scored.score[place]), 6)
            weakest = min(weakest, score)
            told.append(f'{{"contact_a": "{a}", "contact_b": "{b}", "score": {score}, "evidence": {next(reasons)[0]}}}')
        # A group that only a person's decision holds together has no pair of its own.
        yield run.pk, [book.customer_ids.text(number) for number in customers], weakest, f"[{', '.join(told)}]"


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
        yield book.ids.text(one), book.ids.text(other), kind
