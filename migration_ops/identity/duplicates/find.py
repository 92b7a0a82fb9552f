"""find_duplicates: searches a company, and rebuilds its queue of questions and its plan of automatic merges."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import monotonic

import numpy as np
from django.db import transaction

from crm.models import Company
from migration_ops.identity.duplicates import engine, index, parallel, policy, standing_audit, store, used_values
from migration_ops.identity.duplicates.decisions import decided, rulings_of
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.export import Exporter
from migration_ops.identity.duplicates.outcome import Changes, Outcome
from migration_ops.identity.duplicates.policy import WHYS, Verdict
from migration_ops.identity.duplicates.sorting import distinct, is_first
from migration_ops.identity.duplicates.store import Book
from migration_ops.identity.duplicates.write import Groups, write

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
        threshold = _threshold(company, book.columns.size) if auto_from is None else auto_from
        with used_values.counting(company, contacts=len(book.ids)) as used:
            found = engine.search(
                book.columns,
                customers=book.customers,
                apart=list(store.customers_pairs(book, decisions.apart)),
                together=list(store.customers_pairs(book, decisions.together)),
                threshold=threshold,
                rulings=rulings,
                progress=progress,
            )
        outcome = _outcome(company, book, found)
        outcome.used = used
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
            write(company, book, found, groups, outcome, started)
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


def _groups(book: Book, found: Found) -> Groups:
    """Numbers of customers that are one, and the places of the pairs that hold them together: a tree, surest first."""
    scored = found.scored
    labels, customers = np.array(found.labels, np.int64), np.array(book.customers, np.int64)
    if not len(labels):
        return []
    members = distinct(labels * (customers.max() + 1) + customers)
    of_label, of_customer = np.divmod(members, customers.max() + 1)
    starts = np.flatnonzero(is_first(of_label))
    ends = np.append(starts[1:], len(of_label))
    several = ends - starts > 1
    starts, ends = starts[several], ends[several]
    links: dict[int, list[int]] = {label: [] for label in of_label[starts].tolist()}
    # Customers, each below another of its group or standing for it.
    above = list(range(int(customers.max()) + 1))

    def find(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    auto = np.flatnonzero(scored.verdict == Verdict.AUTO)
    auto = auto[labels[scored.one[auto]] == labels[scored.other[auto]]]
    auto = auto[customers[scored.one[auto]] != customers[scored.other[auto]]]
    auto = auto[np.lexsort((scored.other[auto], scored.one[auto], -scored.score[auto]))]
    one, other = scored.one[auto], scored.other[auto]
    pairs = (auto, labels[one], customers[one], customers[other])
    for place, label, a, b in zip(*(each.tolist() for each in pairs), strict=True):
        a, b = find(a), find(b)
        if a != b:
            above[max(a, b)] = min(a, b)
            links[label].append(place)
    grouped = zip(starts.tolist(), ends.tolist(), links.values(), strict=True)
    return [(of_customer[start:end].tolist(), places) for start, end, places in grouped]


def _changes(company: Company, book: Book, found: Found, groups: Groups) -> Changes:
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
